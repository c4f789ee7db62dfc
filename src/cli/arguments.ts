/** argv → a command and its flags: `gotrack [command] [--name value | --name=value] [arguments]`. */

export type Arguments = {
  command: string;
  flags: Record<string, string>;
  rest: string[];
};

/**
 * A flag without a value is `true`; of one that is there twice, the last counts. The first word that is no flag
 * is the command, empty where there is none. Behind `--` there are no flags.
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const flags: Record<string, string> = {};
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const item = argv[i]!;
    if (item === '--') {
      words.push(...argv.slice(i + 1));
      break;
    }
    if (!item.startsWith('--')) {
      words.push(item);
      continue;
    }
    const equals = item.indexOf('=');
    const next = argv[i + 1];
    if (equals !== -1) flags[item.slice(2, equals)] = item.slice(equals + 1);
    else if (next === undefined || next.startsWith('--')) flags[item.slice(2)] = 'true';
    else {
      flags[item.slice(2)] = next;
      i++;
    }
  }
  return { command: words[0] ?? '', flags, rest: words.slice(1) };
}

import { fileURLToPath } from 'node:url';
import type { Command, Context } from './context.ts';

export const version: Command = async (context) => {
  context.print(versionOf(context));
  return 0;
};

export function versionOf({ readFile }: Pick<Context, 'readFile'>): string {
  const manifest = JSON.parse(readFile(fileURLToPath(new URL('../../package.json', import.meta.url))));
  return String(manifest.version);
}

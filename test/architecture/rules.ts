/** The import rules of the house, checked on a tree's text. Each violation is one line that says what to mend. */
import { globSync, readFileSync } from 'node:fs';
import { join, normalize, sep } from 'node:path';

/** Anybody may import a leaf; a leaf imports only leaves before it. */
const LEAVES = ['lib', 'event', 'http', 'token', 'config', 'telemetry'];
const CLIENT_MAY_SHARE = 'src/event/client-event.ts';
/** Where the platform's process is seen: the entry, the table of variables, nothing else. */
const MAY_USE_PROCESS = (file: string) => file === 'src/main.ts' || file.startsWith('src/config/');

type SourceFile = { path: string; code: string; imports: string[] };

export function violationsIn(root: string): string[] {
  const files = globSync('{src,client/src}/**/*.ts', { cwd: root }).map((path) => read(root, path));
  const server = files.filter((file) => file.path.startsWith('src/'));
  return [
    ...server.flatMap(placeViolations),
    ...files.filter((file) => file.path.startsWith('client/')).flatMap(clientViolations),
    ...server.flatMap(processViolations),
    ...loopViolations(files),
  ];
}

function read(root: string, path: string): SourceFile {
  const code = withoutComments(readFileSync(join(root, path), 'utf8'));
  const specifiers = [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map(
    (match) => match[1]!,
  );
  const imports = specifiers.map((specifier) =>
    normalize(join(path, '..', specifier))
      .split(sep)
      .join('/'),
  );
  return { path: path.split(sep).join('/'), code, imports };
}

const withoutComments = (code: string) =>
  code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');

/** `src/proxy/origin/x.ts` is in `proxy`; `src/app.ts` is in `app`. */
function placeOf(path: string): string {
  const inside = path.replace(/^src\//, '');
  return inside.includes('/') ? inside.slice(0, inside.indexOf('/')) : inside.replace(/\.ts$/, '');
}

function placeViolations(file: SourceFile): string[] {
  const from = placeOf(file.path);
  return file.imports
    .filter((path) => path.startsWith('src/'))
    .map(
      (path) =>
        reasonAgainst(from, placeOf(path)) &&
        `${file.path} imports ${path}: ${reasonAgainst(from, placeOf(path))}`,
    )
    .filter((violation) => violation !== null);
}

function reasonAgainst(from: string, to: string): string | null {
  if (from === to || from === 'main') return null;
  if (to === 'app') return from === 'cli' ? null : 'only main and cli import app';
  if (to === 'main' || to === 'cli') return `nobody imports ${to} but main`;
  if (LEAVES.includes(from)) {
    if (!LEAVES.includes(to)) return 'a leaf imports no room';
    return LEAVES.indexOf(to) < LEAVES.indexOf(from) ? null : `the leaf ${from} stands before ${to}`;
  }
  if (from === 'app' || from === 'cli' || LEAVES.includes(to)) return null;
  return 'a room imports no room: app.ts hands it what it needs';
}

function clientViolations(file: SourceFile): string[] {
  return file.imports
    .filter((path) => !path.startsWith('client/') && path !== CLIENT_MAY_SHARE)
    .map((path) => `${file.path} imports ${path}: client shares only ${CLIENT_MAY_SHARE}`);
}

function processViolations(file: SourceFile): string[] {
  if (MAY_USE_PROCESS(file.path)) return [];
  const found = /\bprocess\.(\w+)/.exec(file.code);
  return found
    ? [`${file.path} uses process.${found[1]}: only main.ts and config/ may; take it as a parameter`]
    : [];
}

/** Depth first; a file met again on its own path closes a loop. */
function loopViolations(files: SourceFile[]): string[] {
  const importsOf = new Map(files.map((file) => [file.path, file.imports]));
  const done = new Set<string>();
  const loops: string[] = [];
  function visit(path: string, trail: string[]): void {
    if (trail.includes(path)) {
      loops.push(`import loop: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const next of importsOf.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  }
  for (const file of files) visit(file.path, []);
  return loops;
}

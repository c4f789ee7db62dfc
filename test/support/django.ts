/** Django from PyPI under its own server, in a virtual environment that is gone when the test is. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findProgram } from './needs.ts';
import { freePort } from './nginx.ts';
import { tempFolder } from './temp.ts';

const PACKAGE = 'django==5.2.*';
const SITE = fileURLToPath(new URL('django/site.py', import.meta.url));
const run = promisify(execFile);

export type Django = {
  /** A site with one administrator, `root` with password `secret`; each has a database of its own. */
  start(): Promise<{ port: number; url: string; stop(): Promise<void> }>;
  remove(): void;
};

/** A reason, in words, where this machine cannot have one. */
export async function installDjango(): Promise<Django | string> {
  const python = findProgram('python3');
  if (python === null) return 'no python3 on this machine';
  const folder = tempFolder();
  const own = join(folder.path, 'venv', 'bin', 'python');
  const database = join(folder.path, 'template.sqlite3');
  const manage = (...words: string[]) =>
    run(own, [SITE, ...words], { env: { DATABASE: database, DJANGO_SUPERUSER_PASSWORD: 'secret' } });
  try {
    await run(python, ['-m', 'venv', join(folder.path, 'venv')]);
    await run(own, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PACKAGE]);
  } catch (error) {
    folder.remove();
    return `Django cannot be installed here (Debian: python3-venv, python3-pip): ${(error as Error).message.slice(0, 300)}`;
  }
  await manage('migrate', '--verbosity', '0');
  await manage('createsuperuser', '--noinput', '--username', 'root', '--email', 'root@site.test');
  let sites = 0;
  return {
    start: () => {
      sites += 1;
      const copy = join(folder.path, `site-${sites}.sqlite3`);
      copyFileSync(database, copy);
      return startSite(own, copy);
    },
    remove: folder.remove,
  };
}

async function startSite(python: string, database: string) {
  const port = await freePort();
  const child = spawn(python, [SITE, 'runserver', '--noreload', `127.0.0.1:${port}`], {
    env: { DATABASE: database, PYTHONUNBUFFERED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr.resume();
  for await (const bytes of child.stdout.iterator({ destroyOnReturn: false }))
    if (String(bytes).includes('Quit the server')) break;
  child.stdout.resume();
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';

export type PageFile = { readonly type: string; readonly bytes: Buffer };

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};

/**
 * The files of the live view by the path they are served at, read once: a request can name one of these and
 * nothing else of the disk. Throws where the folder is missing: the installation is broken then.
 */
export function readPageFiles(folder: URL): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(folder)) {
    const type = TYPES[extname(name)];
    if (type !== undefined) files.set(`/live/${name}`, { type, bytes: readFileSync(new URL(name, folder)) });
  }
  files.set('/', files.get('/live/index.html')!);
  files.set('/favicon.ico', files.get('/live/icon.svg')!);
  return files;
}

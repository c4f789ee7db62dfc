import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Reply } from './reply.ts';
import { digest } from './send.ts';

/** The files under `assets/`, read once: a request can only name one of them, never a path of the disk. */
export type StaticFiles = {
  /** The URL of a file, with its digest, so that it can be cached for ever. */
  url(name: string): string;
  /** The reply for a file, or null where there is none of that name. */
  reply(name: string, version: string | null): Reply | null;
};

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
};

type StaticFile = { bytes: Buffer; version: string; type: string };

/** Throws where the folder is missing: the installation is broken then. */
export function readStaticFiles(folder: URL): StaticFiles {
  const files = new Map<string, StaticFile>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const bytes = readFileSync(new URL(name, folder));
    files.set(name.replaceAll('\\', '/'), { bytes, version: digest(bytes).slice(0, 8), type });
  }

  function url(name: string): string {
    const file = files.get(name);
    if (!file) throw new Error(`no asset ${name}`);
    return `/assets/${name}?v=${file.version}`;
  }

  function reply(name: string, version: string | null): Reply | null {
    const file = files.get(name);
    if (!file) return null;
    const life = version === file.version ? 'max-age=31536000, immutable' : 'max-age=300';
    const headers = {
      'Content-Type': file.type,
      'Cache-Control': `public, ${life}`,
      'X-Content-Type-Options': 'nosniff',
    };
    return { status: 200, headers, body: file.bytes, gzip: file.type !== 'image/png' };
  }

  return { url, reply };
}

import { fileURLToPath } from 'node:url';
import type { Command } from './context.ts';

export const version: Command = async ({ print, readFile }) => {
  const manifest = JSON.parse(readFile(fileURLToPath(new URL('../../package.json', import.meta.url))));
  print(String(manifest.version));
  return 0;
};

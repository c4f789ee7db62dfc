import type { Command } from './context.ts';

export const version: Command = async ({ print, readFile }) => {
  const manifest = JSON.parse(readFile(new URL('../../package.json', import.meta.url).pathname));
  print(String(manifest.version));
  return 0;
};

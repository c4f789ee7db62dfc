import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty folder of its own, gone when the caller says so. */
export function tempFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'gotrack-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

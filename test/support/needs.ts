/**
 * What a test needs of the machine beyond npm. Where it is missing the test is skipped and says why;
 * GOTRACK_TEST_REQUIRE=1 (CI) turns such a skip into a failure.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

export const required = () => process.env.GOTRACK_TEST_REQUIRE === '1';

/** Skips (or fails) the test with the reason, and returns true where there is one. */
export function skipFor(t: TestContext, reason: string | null): boolean {
  if (reason === null) return false;
  if (required()) throw new Error(`${reason}, and GOTRACK_TEST_REQUIRE=1 allows no skip`);
  t.skip(reason);
  return true;
}

/** Where a program is, on the PATH or where Debian keeps servers. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** The same for a whole suite: `describe(name, unless(nginxMissing), …)`. */
export function unless(missing: () => string | null): { skip: string | false } {
  const reason = missing();
  if (reason !== null && required()) throw new Error(`${reason}, and GOTRACK_TEST_REQUIRE=1 allows no skip`);
  return { skip: reason ?? false };
}

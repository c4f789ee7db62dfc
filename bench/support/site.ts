/** The origin of all: an nginx that serves files, and what lies in its folder. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { findProgram } from '../../test/support/needs.ts';
import { startOrigin } from './nginx.ts';
import { createVariants, LARGE_PAGE_BYTES, lengthen, readPage } from './pages.ts';

const KIB = 1024;
export const FILES = { '1 KB': KIB, '64 KB': 64 * KIB, '10 MB': 10 * KIB * KIB };
export const fileOf = (bytes: number) => `/${bytes}.bin`;

/** More than the memory of known pages holds (4,096), so that each is forgotten before it comes again. */
export const NEW_PAGES = 6_000;

export type Site = { url: string; stop(): Promise<void> };

export async function startSite(folder: string): Promise<Site> {
  const root = join(folder, 'www');
  for (const name of ['identity', 'gzip', 'new']) mkdirSync(join(root, name), { recursive: true });
  for (const bytes of Object.values(FILES)) writeFileSync(join(root, fileOf(bytes)), randomBytes(bytes));
  writePages(root);
  return startOrigin(join(folder, 'origin'), root);
}

/** Under `/identity` pages as they are; under `/gzip` compressed too; under `/new` many that differ. */
function writePages(root: string): void {
  const page = readPage();
  if (page === null) throw new Error('no page to serve (Debian: python3-doc)');
  for (const [name, text] of Object.entries({ page, large: lengthen(page, LARGE_PAGE_BYTES) })) {
    for (const kind of ['identity', 'gzip']) writeFileSync(join(root, kind, `${name}.html`), text);
    writeFileSync(join(root, 'gzip', `${name}.html.gz`), gzipSync(text));
  }
  const variant = createVariants(page);
  for (let n = 0; n < NEW_PAGES; n++) {
    const path = join(root, 'new', `${n}.html`);
    linkSync(join(root, 'gzip', 'page.html'), path); // for those who want identity, one is as good as another
    writeFileSync(`${path}.gz`, variant(n));
  }
}

/** Self-signed, P-256; paths of its two files. */
export function writeCertificate(folder: string): { key: string; cert: string } {
  const openssl = findProgram('openssl');
  if (openssl === null) throw new Error('openssl is not on this machine (Debian: openssl)');
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=bench', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync(openssl, ['req', ...kind, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key, cert };
}

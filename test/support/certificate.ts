/** A self-signed certificate for one name or address, made by openssl for the test that asks. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from './temp.ts';

/** `subject` as in subjectAltName: `DNS:origin.test` or `IP:127.0.0.1`. */
export function makeCertificate(openssl: string, subject: string): { key: string; cert: string } {
  const folder = tempFolder();
  try {
    const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')];
    const kind = [
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ];
    const names = ['-subj', '/CN=test', '-addext', `subjectAltName=${subject}`];
    execFileSync(openssl, ['req', ...kind, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    folder.remove();
  }
}

/**
 * Takes a renewed certificate into service without dropping a connection: looks at the two files every few
 * seconds, whatever renews them (certbot's and Kubernetes' links are followed), and when it is told to. A pair
 * that cannot be served, such as a half-written one, changes nothing and is looked at again.
 */
import { dateFaultOf, faultOf, type KeyPair } from '../config/certificate.ts';
import type { Clock } from '../lib/clock.ts';
import { closeQuietly, errorText, type Fs, readUpTo } from '../lib/fs.ts';
import type { Logger } from '../telemetry/log.ts';

export type CertificateReloadOptions = {
  readonly certFile: string;
  readonly keyFile: string;
  /** What is served now. */
  readonly keyPair: KeyPair;
  /** Between two looks; 5 s where it is not given. */
  readonly everyMs?: number;
};

export type CertificateReloadDeps = {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Serves the pair on new connections. */
  use(pair: KeyPair): void;
};

export type CertificateReload = {
  /** Looks now. Never rejects. */
  look(): Promise<void>;
  stop(): void;
};

const EVERY_MS = 5_000;
/** A chain has a few kilobytes; whatever is larger is no certificate. */
const MAX_FILE_BYTES = 1024 * 1024;

export function createCertificateReload(
  options: CertificateReloadOptions,
  { fs, clock, log, use }: CertificateReloadDeps,
): CertificateReload {
  let served = options.keyPair;
  let complaint: string | null = null;
  let looking: Promise<void> | null = null;

  async function lookOnce(): Promise<void> {
    try {
      const found = { cert: await readText(fs, options.certFile), key: await readText(fs, options.keyFile) };
      if (found.cert === served.cert && found.key === served.key) complaint = null;
      else take(found);
    } catch (error) {
      complain(errorText(error));
    }
  }

  function take(found: KeyPair): void {
    const fault = faultOf(found);
    if (fault !== null)
      return complain(`${fault.culprit === 'cert' ? options.certFile : options.keyFile} ${fault.problem}`);
    const dateFault = dateFaultOf(found, clock.now());
    if (dateFault !== null) return complain(`the certificate in ${options.certFile} ${dateFault}`);
    use(found);
    served = found;
    complaint = null;
    log.info({ cert: options.certFile }, 'the certificate has changed: new connections get the new one');
  }

  /** Once for each reason: a look comes every few seconds. */
  function complain(reason: string): void {
    if (reason === complaint) return;
    complaint = reason;
    log.warn({ reason }, 'the new certificate cannot be used: the one before it is served on');
  }

  function look(): Promise<void> {
    looking ??= lookOnce().finally(() => {
      looking = null;
    });
    return looking;
  }

  const timer = setInterval(look, options.everyMs ?? EVERY_MS);
  timer.unref();
  return { look, stop: () => clearInterval(timer) };
}

async function readText(fs: Fs, path: string): Promise<string> {
  const fd = await fs.open(path, 'r');
  try {
    return (await readUpTo(fs, { fd, position: 0 }, MAX_FILE_BYTES)).toString('utf8').trim();
  } finally {
    await closeQuietly(fs, fd);
  }
}

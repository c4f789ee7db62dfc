/** CPU of a request of 1 KB over TLS: HTTP/1.1 with keep-alive, and HTTP/2 with four streams at a time. */
import { type Bench, runBenchmarks } from './support/bench.ts';
import type { Setting } from './support/candidates.ts';
import { h2load, wrk } from './support/load.ts';
import { FILES, fileOf, writeCertificate } from './support/site.ts';
import { measureWorks, type Work } from './support/work.ts';

const PATH = fileOf(FILES['1 KB']);

const settingOf =
  (http2: boolean): Work['setting'] =>
  ({ folder, site }: Bench): Setting => ({
    origin: site.url,
    tls: { ...writeCertificate(folder), http2 },
    html: 'no',
  });

export const SECURE = {
  tls: {
    id: 'tls',
    name: 'TLS 1 KB, keep-alive',
    setting: settingOf(false),
    load: ({ url }, seconds) => wrk(url + PATH, { connections: 64, seconds }),
    byPart3: { xNginx: 4.5 },
    inTheEnd: { xNginx: 3 },
  },
  http2: {
    id: 'http2',
    name: 'HTTP/2 1 KB, 16 connections of 4 streams',
    setting: settingOf(true),
    load: ({ url }, seconds) => h2load(url + PATH, { connections: 16, streams: 4, seconds }),
    byPart3: { xNginx: 9 },
    inTheEnd: { xNginx: 6 },
  },
} satisfies Record<string, Work>;

export const secure = measureWorks(Object.values(SECURE));

if (import.meta.main) await runBenchmarks([secure]);

/** CPU of a forwarded request of 1 KB, 64 KB and 10 MB: keep-alive, 64 connections (10 MB: 8). */
import { plainSetting, runBenchmarks } from './support/bench.ts';
import { wrk } from './support/load.ts';
import { FILES, fileOf } from './support/site.ts';
import type { Asked } from './support/table.ts';
import { measureWorks, type Work } from './support/work.ts';

/** Fewer of the large ones: what is under way when time is up has cost CPU and does not count. */
const CONNECTIONS = { '1 KB': 64, '64 KB': 64, '10 MB': 8 };

const work = (size: keyof typeof FILES, byPart3: Asked, inTheEnd: Asked): Work => ({
  id: `forward-${size.replace(' ', '').toLowerCase()}`,
  name: `forward ${size}`,
  setting: ({ site }) => plainSetting(site.url),
  load: ({ url }, seconds) => wrk(url + fileOf(FILES[size]), { connections: CONNECTIONS[size], seconds }),
  byPart3,
  inTheEnd,
});

export const FORWARD = {
  small: work('1 KB', { xNginx: 3.2, xHttpProxy: 0.45 }, { xNginx: 1.8, xHttpProxy: 0.25 }),
  medium: work('64 KB', { xNginx: 1.5 }, { xNginx: 1.15 }),
  large: work('10 MB', { xNginx: 0.95 }, { xNginx: 0.6 }),
};

export const forward = measureWorks(Object.values(FORWARD));

if (import.meta.main) await runBenchmarks([forward]);

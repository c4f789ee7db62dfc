/** Whether the origin has pages of its own where our paths are (protocol: "Which requests are ours"). */
import type { Examination } from '../examination.ts';
import type { Answered } from '../probe.ts';
import { note, ok, type Row, skipped, warning } from '../row.ts';

const NAME = 'reserved paths';
const PATHS = [
  '/px.gif',
  '/collect',
  '/hmac.js',
  '/hmac/public-key',
  '/pixel.js',
  '/pixel.esm.js',
  '/healthz',
  '/readyz',
];
const LOOK_BYTES = 4096;

export async function checkReservedPaths({ origin, config, machine }: Examination): Promise<Row[]> {
  const ask = (target: string) =>
    origin.ask({ target, host: origin.sentHost, encoding: 'identity', maxBytes: LOOK_BYTES });
  // A path that nobody has shows what the origin says of paths that it does not know.
  const unknown = await ask(`${config.pathPrefix}/gotrack-doctor-${machine.random48()}`);
  if (!unknown.ok) return [skipped(NAME, 'the origin gave no answer')];
  const taken: string[] = [];
  for (const path of PATHS) {
    const answer = await ask(config.pathPrefix + path);
    if (answer.ok && isPageOfItsOwn(answer, unknown))
      taken.push(`${config.pathPrefix}${path} (${answer.status})`);
  }
  if (taken.length > 0) {
    const found = `the origin answers on ${taken.join(', ')}, where visitors will meet us instead`;
    const prefix = config.pathPrefix === '/_gt' ? '/_gotrack' : '/_gt';
    return [warning(NAME, found, `PATH_PREFIX=${prefix} moves all of our paths`)];
  }
  const rows = [
    ok(NAME, `nothing of the site is on ${PATHS.map((path) => config.pathPrefix + path).join(', ')}`),
  ];
  if (unknown.status >= 400) return rows;
  return [
    ...rows,
    note(NAME, `the origin answers ${unknown.status} on every path, so this is all that can be said`),
  ];
}

/** 404 and 410 say that nothing is there; an answer like the one to a path that nobody has says no more. */
function isPageOfItsOwn(answer: Answered, unknown: Answered): boolean {
  if (answer.status === 404 || answer.status === 410) return false;
  if (answer.status !== unknown.status) return true;
  return !answer.body.equals(unknown.body) && answer.status < 300 && !alike(answer, unknown);
}

/** The same page but for what varies in it. */
function alike(one: Answered, other: Answered): boolean {
  const type = (answer: Answered) =>
    answer.headers[answer.headers.findIndex((name) => name.toLowerCase() === 'content-type') + 1];
  const difference = Math.abs(one.body.length - other.body.length);
  return type(one) === type(other) && difference <= 64 + 0.05 * other.body.length;
}

/** The public URL, as visitors reach it: whether it answers, by what certificate, and whether we are behind it. */
import { headerList } from '../../http/raw-headers.ts';
import type { Examination } from '../examination.ts';
import { isHtml, pageText } from '../page-text.ts';
import type { Answered } from '../probe.ts';
import { error, note, ok, type Row, skipped, warning } from '../row.ts';
import { counted, daysUntil, milliseconds } from '../words.ts';

const NAME = 'public URL';
const SOON_DAYS = 14;

export async function checkPublicUrl(examination: Examination): Promise<Row[]> {
  const { outside, page } = examination;
  if (outside === null) return [skipped(NAME, 'no URL was given: gotrack doctor https://…')];
  const answer = await outside.page();
  if (!answer.ok) {
    const cure = 'before the site is live: gotrack doctor without a URL';
    return [error(NAME, `${page.url}: ${answer.detail}`, cure)];
  }
  const found = `${answer.address} answers ${answer.status} in ${milliseconds(answer.headMs)}`;
  return [ok(NAME, found), ...certificate(answer, examination), ...(await instance(answer, examination))];
}

function certificate({ tls }: Answered, { machine }: Examination): Row[] {
  if (tls === null) return [];
  if (tls.problem !== null) {
    const found = `its certificate does not verify here (${tls.problem}), it is for ${tls.names || 'no name'}`;
    return [error(NAME, found, 'visitors are warned or turned away: mend it where TLS ends')];
  }
  const days = daysUntil(tls.validUntil, machine.clock.now());
  if (days === null || days >= SOON_DAYS) return [ok(NAME, `${tls.protocol}, certificate verified`)];
  return [
    warning(NAME, `its certificate ends in ${counted(days, 'day', 'days')}`, 'renew it before it does'),
  ];
}

async function instance(answer: Answered, { outside, config, tracker, trial }: Examination): Promise<Row[]> {
  if (!(await outside!.isOurs())) {
    const found = `no gotrack answers at ${config.pathPrefix}/collect there: what needs the running instance is skipped`;
    const cure =
      'point the load balancer or the DNS at gotrack; if it is there, PATH_PREFIX differs from its own';
    return [note(NAME, found, cure)];
  }
  if (!(await outside!.pageIsOurs())) {
    const found = `gotrack answers at ${config.pathPrefix}/collect, and the page does not come through it`;
    return [
      warning(
        NAME,
        found,
        'let the front send pages to gotrack too; a cache may hold older copies: empty it',
      ),
    ];
  }
  const rows = [
    ok(NAME, `the page comes through gotrack (Via: ${headerList(answer.headers, 'via') ?? 'removed'})`),
  ];
  if (!isHtml(answer)) return rows;
  if (pageText(answer)?.includes(tracker)) return [...rows, ok(NAME, 'the page bears the tracker')];
  const tried = await trial.page();
  if (tried.ok && !pageText(tried)?.includes(tracker)) return rows; // injection says why
  return [
    ...rows,
    note(
      NAME,
      'the page does not bear this version’s tracker',
      'another version or configuration is running, or a cache holds an older copy: empty it',
    ),
  ];
}

/**
 * Whether the origin answers for the Host that visitors send, which it gets from us unchanged
 * (HOST_HEADER=client), or only for its own name: then HOST_HEADER=origin is needed.
 */
import { headerValue } from '../../http/raw-headers.ts';
import type { Examination } from '../examination.ts';
import { PAGE_BYTES } from '../page-headers.ts';
import { isHtml, pageText } from '../page-text.ts';
import type { Answered } from '../probe.ts';
import { error, note, ok, type Row, skipped, warning } from '../row.ts';
import { withoutQuery } from '../words.ts';

const NAME = 'host';
/** RFC 6761 §6.4: a name that nobody can have. */
const NOBODY = 'gotrack-doctor.invalid';
const CURE =
  'HOST_HEADER=origin sends the origin its own name and maps it back; or teach the origin this name (server_name, allowed hosts)';

export async function checkHost(examination: Examination): Promise<Row[]> {
  const { origin, page } = examination;
  if (origin.sentHost === origin.ownHost) {
    const answer = await origin.page();
    if (!answer.ok) return [skipped(NAME, 'the origin gave no answer')];
    return [ok(NAME, `the origin is called by its own name, ${origin.ownHost}`), ...toHttps(answer, page)];
  }
  const [asClient, asItself] = [await origin.page(), await origin.pageByOwnName()];
  if (!asClient.ok || !asItself.ok) return [skipped(NAME, 'the origin gave no answer')];
  const away = leadsAway(asClient, origin);
  if (away !== null) {
    return [fault(examination, `asked for ${page.host} it sends visitors past us, to ${away}`)];
  }
  const difference = await differenceOf(examination, asClient, asItself);
  if (difference !== null) {
    const found = `the origin does not know ${page.host}: ${difference} for its own name, ${origin.ownHost}`;
    return [fault(examination, found)];
  }
  const known = ok(NAME, `the origin, ${origin.ownHost} by its own name, answers for ${page.host}`);
  return [known, ...toHttps(asClient, page)];
}

/** On a trial's host that no visitor ever sends, the same is no more than a warning. */
function fault({ page }: Examination, found: string): Row {
  if (page.live) return error(NAME, found, CURE);
  const cure = `name the URL that visitors call (gotrack doctor https://…): only that host counts. For a trial here: HOST_HEADER=origin`;
  return warning(NAME, found, cure);
}

/** Where a redirect goes, if it names the origin itself. */
function leadsAway(answer: Answered, { ownHost, sentHost }: Examination['origin']): string | null {
  const to = redirectOf(answer);
  if (to === null) return null;
  const host = URL.parse(to)?.host ?? sentHost;
  const isOrigin = nameOf(host) === nameOf(ownHost) && nameOf(host) !== nameOf(sentHost);
  return isOrigin || (host === ownHost && host !== sentHost) ? withoutQuery(to) : null;
}

/**
 * Two pages may both be somebody's: what the origin says to a name that nobody has shows which of them is the one
 * for strangers.
 */
async function differenceOf(
  { origin, page }: Examination,
  asClient: Answered,
  asItself: Answered,
): Promise<string | null> {
  if (asClient.status !== asItself.status) {
    // A redirect and a page are two ways of knowing a name.
    if (asClient.status < 400 || asItself.status >= 400) return null;
    return `${asClient.status} instead of the ${asItself.status}`;
  }
  const [one, other] = [titleOf(asClient), titleOf(asItself)];
  if (one === other) return null;
  const ask = { target: page.target, host: NOBODY, maxBytes: PAGE_BYTES };
  const asNobody = await origin.ask(ask);
  if (!asNobody.ok || asNobody.status !== asClient.status || titleOf(asNobody) !== one) return null;
  return `another page (“${one}”) than the one (“${other}”)`;
}

function titleOf(answer: Answered): string {
  if (!isHtml(answer)) return '';
  const text = pageText(answer)?.slice(0, 64 * 1024) ?? '';
  return (/<title[^>]{0,200}>([^<]{0,60})/i.exec(text)?.[1] ?? '').trim();
}

/** The origin wants https and was told http: behind a TLS proxy that is a circle. */
function toHttps(answer: Answered, page: Examination['page']): Row[] {
  const to = redirectOf(answer);
  const url = to === null ? null : URL.parse(to);
  if (url?.protocol !== 'https:' || nameOf(url.host) !== page.hostname) return [];
  const same = url.pathname + url.search === page.target;
  if (page.scheme === 'http' || !same) {
    return [note(NAME, `the origin sends visitors to https://${url.host}`, 'visitors need TLS before us')];
  }
  const found = 'the origin sends https visitors to https again: it believes that they came by http';
  return [
    error(
      NAME,
      found,
      'TRUST_PROXY with the network of the proxy that speaks TLS before us: then X-Forwarded-Proto passes on',
    ),
  ];
}

function redirectOf({ status, headers }: Answered): string | null {
  if (status < 300 || status > 399) return null;
  return headerValue(headers, 'location') ?? null;
}

const nameOf = (host: string) => host.replace(/:\d+$/, '').toLowerCase();

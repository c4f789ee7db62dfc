/** What caches may keep of the page, whether one stands before us, and what that asks of the configuration. */
import { headerList, headerValue, type RawHeaders } from '../../http/raw-headers.ts';
import type { Examination } from '../examination.ts';
import { isHtml, pageGrant, pageText, pixelUrl } from '../page-text.ts';
import type { Answered } from '../probe.ts';
import { error, note, ok, type Row, skipped, warning } from '../row.ts';

const NAME = 'caching';

export async function checkCaching({ origin, trial, outside, config }: Examination): Promise<Row[]> {
  const page = await trial.page();
  if (!page.ok || !(await origin.page()).ok) return [skipped(NAME, 'the page gave no answer')];
  if (!isHtml(page)) return [skipped(NAME, 'the page is not HTML')];
  const rows = [audience(page)];
  const seen = outside === null ? null : await outside.page();
  if (seen === null || !seen.ok) return rows;
  const traces = tracesOf(seen.headers);
  if (traces.length === 0) return [...rows, ok('caches before us', 'the public answer shows none')];
  const found = `the public answer shows ${traces.join(', ')}`;
  if (isShared(page.headers) && config.collectUrl === '') {
    const cure = `COLLECT_URL=${config.pathPrefix}/collect: else each POST to a page makes a strict cache drop the page (RFC 9111 §4.4)`;
    return [...rows, warning('caches before us', found, cure), ...staleCopy(seen, config)];
  }
  return [...rows, note('caches before us', found), ...staleCopy(seen, config)];
}

/** Personal pages carry a token; pages that a shared cache may store must not. */
function audience(page: Answered): Row {
  const text = pageText(page) ?? '';
  const carries = pageGrant(text) !== null || pixelUrl(text) !== null;
  const said = headerList(page.headers, 'cache-control') ?? 'no Cache-Control';
  if (!isShared(page.headers)) {
    return ok(
      NAME,
      `no shared cache may store the page (${said})${carries ? ': it carries a token of its own' : ''}`,
    );
  }
  if (carries) {
    const found = `a shared cache may store the page (${said}), and it carries a token`;
    return error(
      NAME,
      found,
      'a fault of ours: please report it, and send Cache-Control: private until then',
    );
  }
  return note(
    NAME,
    `a shared cache may store the page (${said}): everyone gets the same bytes, the script asks for its token itself`,
    'if no cache should keep it, let the origin send Cache-Control: private; it then carries a document id and a pixel too',
  );
}

function isShared(headers: RawHeaders): boolean {
  const said = (headerList(headers, 'cache-control') ?? '').toLowerCase().split(',');
  return !said.some((directive) => directive.trim() === 'private' || directive.trim() === 'no-store');
}

/** Headers by which caches show themselves. */
const TRACES = [
  'age',
  'x-cache',
  'cf-cache-status',
  'x-varnish',
  'x-served-by',
  'x-proxy-cache',
  'cache-status',
];

function tracesOf(headers: RawHeaders): string[] {
  const found = TRACES.flatMap((name) => {
    const value = headerValue(headers, name);
    return value === undefined ? [] : [`${name}: ${value.slice(0, 60)}`];
  });
  const others = (headerList(headers, 'via') ?? '').split(',').filter((hop) => !/ gotrack\s*$/.test(hop));
  return [
    ...found,
    ...others
      .map((hop) => hop.trim())
      .filter(Boolean)
      .map((hop) => `via: ${hop.slice(0, 60)}`),
  ];
}

/** A page that was kept before we came, or one that a cache will go on giving out after we are gone. */
function staleCopy(seen: Answered, { vary }: Examination['config']): Row[] {
  const age = Number(headerValue(seen.headers, 'age') ?? 0);
  const rows: Row[] = [];
  if (age > 0) {
    rows.push(
      note(
        'caches before us',
        `this copy is ${age} s old`,
        'after a change, empty that cache: until then it gives out what it has',
      ),
    );
  }
  if (!vary) {
    rows.push(
      warning(
        'caches before us',
        'VARY=off: the cache may give a page without the tracker to a browser',
        'VARY=on',
      ),
    );
  }
  return rows;
}

/**
 * Whether a page's path, host and scheme arrive as visitors call them. The path is signed, so a front that
 * rewrites it breaks every signature. The signed POST that tells carries no event: it is refused for its body,
 * which is looked at after its signature.
 */
import type { Examination } from '../examination.ts';
import { pageText, pixelUrl } from '../page-text.ts';
import { error, ok, type Row, skipped, warning } from '../row.ts';
import { signedHeader } from '../sign.ts';

const NAME = 'path as it arrives';
const NO_EVENT = 'gotrack doctor: no event';

export async function checkPublicPath(examination: Examination): Promise<Row[]> {
  const { outside } = examination;
  if (outside === null) return [skipped(NAME, 'needs the public URL')];
  if (!(await outside.pageIsOurs()))
    return [skipped(NAME, 'the page does not come through an instance of ours')];
  return [await signature(examination, outside), ...(await asStated(examination, outside))];
}

type Outside = NonNullable<Examination['outside']>;

async function signature({ page, machine, config }: Examination, outside: Outside): Promise<Row> {
  const hello = await outside.hello();
  if (!hello.ok) {
    const cure =
      'let the front pass POST and X-GoTrack-HMAC on to every path, or set COLLECT_URL to one that it passes on';
    return error(NAME, `a POST to the page brings no token: ${hello.why}`, cure);
  }
  const t = machine.clock.now() + hello.now - hello.at;
  const signing = { path: page.target, body: NO_EVENT, t, n: machine.random48() };
  const answer = await outside.post(signedHeader(hello.grant, signing), NO_EVENT);
  if (!answer.ok)
    return error(NAME, `a signed POST: ${answer.detail}`, 'let the front pass POST on to every path');
  const reason = /"error":"([a-z-]{1,40})"/.exec(answer.body.toString('latin1'))?.[1];
  if (answer.status === 400 && reason === 'not-json')
    return ok(NAME, `a signature over ${page.target} holds`);
  if (answer.status === 401 && reason === 'bad-signature') {
    const cure = `COLLECT_URL=${config.pathPrefix}/collect: events then go to one path, which the front must leave as it is`;
    return error(
      NAME,
      `the front rewrites ${page.target}, or several instances have different secrets: signatures do not hold`,
      cure,
    );
  }
  const found = `a signed POST to the page is answered ${answer.status}${reason === undefined ? '' : `: ${reason}`}`;
  return error(NAME, found, 'let the front pass POST, Content-Type and X-GoTrack-HMAC on unchanged');
}

/** The pixel of a personal page states the page's URL as the instance saw it. */
async function asStated({ page }: Examination, outside: Outside): Promise<Row[]> {
  const answer = await outside.page();
  const stated = answer.ok ? pixelUrl(pageText(answer) ?? '') : null;
  if (stated === null) return [];
  const rows: Row[] = [];
  const target = stated.pathname + stated.search;
  if (target !== page.target) {
    rows.push(
      warning(
        NAME,
        `visitors ask for ${page.target}, the instance sees ${target}`,
        'let the front leave paths as they are',
      ),
    );
  }
  if (stated.host !== page.host) {
    const cure =
      'let the front keep Host (nginx: proxy_set_header Host $host), or send X-Forwarded-Host and set TRUST_PROXY';
    rows.push(warning(NAME, `visitors ask for ${page.host}, the instance sees ${stated.host}`, cure));
  }
  if (stated.protocol !== `${page.scheme}:`) {
    const cure = 'let the front send X-Forwarded-Proto, and set TRUST_PROXY to its network';
    rows.push(
      warning(
        NAME,
        `visitors come by ${page.scheme}, the instance sees ${stated.protocol.slice(0, -1)}`,
        cure,
      ),
    );
  }
  return rows;
}

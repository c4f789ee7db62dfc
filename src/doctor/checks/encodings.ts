/** What the origin answers for each coding that a browser may name, and what becomes of it with us. */
import type { Examination } from '../examination.ts';
import { BROWSER_ENCODINGS, PAGE_BYTES } from '../page-headers.ts';
import { encodingOf, isHtml, pageText } from '../page-text.ts';
import type { Answered } from '../probe.ts';
import { note, ok, type Row, skipped, warning } from '../row.ts';

const NAME = 'encodings';
const ASKED = ['gzip', 'br', 'zstd', 'identity'] as const;
/** Under this no server compresses. */
const WORTH_BYTES = 4096;

export async function checkEncodings({ origin, trial, page }: Examination): Promise<Row[]> {
  const first = await origin.page();
  if (!first.ok) return [skipped(NAME, 'the origin gave no answer')];
  if (!isHtml(first)) return [skipped(NAME, 'the page is not HTML, and passes as it comes')];
  const answers = new Map<string, Answered>();
  for (const encoding of ASKED) {
    const ask = { target: page.target, host: origin.sentHost, encoding, maxBytes: PAGE_BYTES };
    const answer = await origin.ask(ask);
    if (answer.ok) answers.set(encoding, answer);
  }
  const given = [...answers].map(([asked, answer]) => `${asked} → ${encodingOf(answer)}`);
  const passed = await trial.page();
  const ours = passed.ok ? `; a browser (${BROWSER_ENCODINGS}) gets ${encodingOf(passed)} through us` : '';
  const rows = [ok(NAME, `the origin answers ${given.join(', ')}${ours}`), ...faultsOf(answers)];
  const zipped = answers.get('gzip');
  if (!passed.ok || zipped === undefined) return rows;
  return [...rows, ...lostOnTheWay(zipped, passed)];
}

/** Some servers do not compress for proxies, which they know by Via: nginx, as long as nobody tells it to. */
function lostOnTheWay(straight: Answered, passed: Answered): Row[] {
  if (encodingOf(straight) !== 'gzip' || encodingOf(passed) !== 'identity') return [];
  if (passed.status !== straight.status) return [];
  const found = 'the origin compresses for browsers, and not through us: it sees a proxy by Via';
  return [
    warning(
      NAME,
      found,
      'nginx: gzip_proxied any; — Apache: look for SetEnvIf … no-gzip and for rules on Via',
    ),
  ];
}

function faultsOf(answers: ReadonlyMap<string, Answered>): Row[] {
  const rows: Row[] = [];
  for (const [asked, answer] of answers) {
    const coding = encodingOf(answer);
    if (!answer.cut && pageText(answer) === null) {
      const found = `a page that says Content-Encoding: ${coding} does not decode`;
      rows.push(
        warning(NAME, found, 'mend it at the origin: such a page passes as it comes, without the tracker'),
      );
    } else if (coding !== 'identity' && coding !== asked) {
      const found = `asked for ${asked} the origin answers ${coding}, which was not named`;
      rows.push(
        warning(
          NAME,
          found,
          'let the origin heed Accept-Encoding (RFC 9110 §12.5.3), and send Vary: Accept-Encoding',
        ),
      );
    }
  }
  const zipped = answers.get('gzip');
  if (zipped !== undefined && encodingOf(zipped) === 'identity' && zipped.body.length > WORTH_BYTES) {
    rows.push(
      note(
        NAME,
        'pages are not compressed',
        'gzip at the origin makes them about five times smaller; we keep it',
      ),
    );
  }
  return rows;
}

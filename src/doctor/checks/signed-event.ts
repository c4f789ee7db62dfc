/** A signed event through the whole program: from the page's own token to a line of the log, in the trial. */
import { headerValue } from '../../http/raw-headers.ts';
import type { Examination } from '../examination.ts';
import { pageGrant, pageText } from '../page-text.ts';
import type { Answered } from '../probe.ts';
import { readHello } from '../public-side.ts';
import { error, note, ok, type Row } from '../row.ts';
import { type Grant, signedHeader } from '../sign.ts';

const NAME = 'signed event';

export async function checkSignedEvent(examination: Examination): Promise<Row[]> {
  const { trial, page, machine, config } = examination;
  if (!config.tracking)
    return [note(NAME, 'TRACKING=off: no event is recorded', 'TRACKING=on records events')];
  const granted = await grantOf(examination);
  if (!granted.ok) return [error(NAME, `no token: ${granted.why}`, 'gotrack serve logs the reason')];
  const eventId = machine.uuid();
  const body = JSON.stringify([{ event_id: eventId, type: 'pageview', route: { title: 'gotrack doctor' } }]);
  const signing = { path: page.target, body, t: machine.clock.now(), n: machine.random48() };
  const headers = ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body))];
  const hmac = ['X-GoTrack-HMAC', signedHeader(granted.grant, signing)];
  const answer = await trial.post([...headers, ...hmac], body);
  if (!answer.ok) return [error(NAME, `no answer: ${answer.detail}`, 'gotrack serve logs the reason')];
  if (answer.status !== 202) return [refusal(answer)];
  if (headerValue(answer.headers, 'x-gotrack-accepted') === '0') return [dropped(examination)];
  const delivered = await trial.delivered(eventId);
  if (!delivered) {
    return [
      error(
        NAME,
        '202, and then it did not come out of the sink',
        'look at the free space of the temporary folder',
      ),
    ];
  }
  return [
    ok(NAME, `signed with ${granted.from}: 202, in the journal, out of the sink (in a trial beside yours)`),
  ];
}

type Granted = { ok: true; grant: Grant; from: string } | { ok: false; why: string };

async function grantOf({ trial }: Examination): Promise<Granted> {
  const answer = await trial.page();
  const inPage = answer.ok ? pageGrant(pageText(answer) ?? '') : null;
  if (inPage !== null) return { ok: true, grant: inPage, from: 'the page’s own token' };
  const hello = readHello(await trial.post(['Content-Length', '0', 'X-GoTrack-HMAC', 'hello'], ''));
  return hello.ok ? { ok: true, grant: hello.grant, from: 'a token that was asked for' } : hello;
}

function refusal({ status, body }: Answered): Row {
  const reason = /"error":"([a-z-]{1,40})"/.exec(body.toString('latin1'))?.[1] ?? 'no reason given';
  return error(
    NAME,
    `refused with ${status}: ${reason}`,
    'README, “Variables”: collection; gotrack serve logs the rest',
  );
}

function dropped({ config }: Examination): Row {
  if (config.eventsExclude.length > 0 && config.consent === 'optional') {
    return note(NAME, 'accepted and dropped: EVENTS_EXCLUDE leaves it out', null);
  }
  return note(
    NAME,
    'accepted and dropped: no consent was given (CONSENT=required)',
    'nothing: events come once a visitor agrees',
  );
}

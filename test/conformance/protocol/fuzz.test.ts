/**
 * Bodies that nobody would send, to a whole instance, by each kind of sender: no 5xx, every line of the log keeps to
 * the schema, and there are as many of them as were accepted. 100,000 in the full form.
 */
import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import http from 'node:http';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import fc from 'fast-check';
import { body } from '../../collect/support/arbitrary.ts';
import { startApp, type TestApp } from '../../support/app.ts';
import { schemaProblems } from '../../support/envelope-schema.ts';
import { bare, SECRET, v1 } from './support/spec-client.ts';

const BODIES = process.env.TEST_SIZE === 'full' ? 100_000 : 600;
const TOKEN = 'the-token-of-our-servers-32-characters';
const OURS = '127.0.0.1';

type Sender = 'v1' | 'bare' | 'server';
type Answer = { status: number; accepted: number; text: string };

function send(app: TestApp, agent: http.Agent, { by, text }: { by: Sender; text: string }): Promise<Answer> {
  const signature =
    by === 'v1' ? v1({ path: '/collect', body: text, ipKey: OURS }) : bare(text, { ip: OURS });
  const credential = by === 'server' ? { Authorization: `Bearer ${TOKEN}` } : { 'X-GoTrack-HMAC': signature };
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    ...credential,
  };
  return new Promise((resolve, reject) => {
    const request = http.request(`${app.url}/collect`, { method: 'POST', agent, headers }, (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        answer += chunk;
      });
      const accepted = Number(response.headers['x-gotrack-accepted'] ?? 0);
      response.on('end', () => resolve({ status: response.statusCode!, accepted, text: answer }));
    });
    request.on('error', reject);
    request.end(text);
  });
}

/** How many lines the log has, each checked. */
async function checkedLines(path: string): Promise<number> {
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    assert.deepEqual(schemaProblems(JSON.parse(line)), [], line);
    count++;
  }
  return count;
}

async function drained({ url }: TestApp): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const { sinks } = (await (await fetch(`${url}/readyz`)).json()) as {
      sinks: { log: { lag_events: number } };
    };
    if (sinks.log.lag_events === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the log sink did not drain');
}

test(`${BODIES} bodies: no 5xx, no line that breaks the schema, none lost`, async (t) => {
  const env = { HMAC_SECRET: SECRET, INGEST_TOKEN: TOKEN, RATE_COLLECT: '0', LOG_ROTATE_MB: '10000' };
  const app = await startApp('http://127.0.0.1:9', env);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  t.after(async () => {
    agent.destroy();
    await app.close();
  });
  const senders = fc.constantFrom<Sender>('v1', 'bare', 'server');
  let accepted = 0;
  const property = fc.asyncProperty(body, senders, async (given, by) => {
    const text = JSON.stringify(given) ?? '';
    const answer = await send(app, agent, { by, text });
    assert.ok(answer.status === 202 || answer.status === 400, `${answer.status} ${answer.text}`);
    accepted += answer.accepted;
  });
  await fc.assert(property, { numRuns: BODIES });
  await drained(app);
  assert.equal(await checkedLines(app.logPath), accepted);
  assert.ok(accepted > BODIES / 5, `of ${accepted} events something is said`);
  t.diagnostic(`${accepted} events of ${BODIES} bodies`);
});

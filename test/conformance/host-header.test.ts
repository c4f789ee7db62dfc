/** HOST_HEADER=origin: the origin is called by its own name, and what it says of itself is mapped back. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { valuesOf } from '../support/message.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { roundTrip } from '../support/raw-client.ts';
import { answer, get } from './support/messages.ts';

let origin: Origin;
let app: TestApp;
let next = '';
before(async () => {
  origin = await startOrigin((_request, socket) => void socket.write(next));
  app = await startApp(`http://localhost:${origin.port}`, { HOST_HEADER: 'origin' });
});
after(async () => {
  await app.close();
  await origin.close();
});

const name = () => `localhost:${origin.port}`;

/** ORIGIN stands for the origin's name and port, NAME for its name alone. */
const filled = (text: string) => text.replaceAll('ORIGIN', name()).replaceAll('NAME', 'localhost');

async function ask(...lines: string[]) {
  next = answer('302 Found', '', ...lines.map(filled));
  return roundTrip(app.port, get('/x'));
}

describe('HOST_HEADER=origin', () => {
  test('the origin sees its own name, and the client’s in X-Forwarded-Host', async () => {
    await ask();
    const { headers } = origin.requests.at(-1)!;
    assert.deepEqual(valuesOf(headers, 'host'), [name()]);
    assert.deepEqual(valuesOf(headers, 'x-forwarded-host'), ['site.test']);
  });

  const MAPPED: readonly [header: string, origin: string, client: string][] = [
    ['Location', 'http://ORIGIN/a?b#c', 'http://site.test/a?b#c'],
    ['Location', 'http://ORIGIN', 'http://site.test'],
    ['Location', '//ORIGIN/a', '//site.test/a'],
    ['Location', '/a', '/a'],
    ['Location', '../a?u=http://ORIGIN/', '../a?u=http://ORIGIN/'],
    ['Location', 'http://other.test/ORIGIN', 'http://other.test/ORIGIN'],
    ['Location', 'http://NAME.other.test/', 'http://NAME.other.test/'],
    ['Content-Location', 'http://ORIGIN/a', 'http://site.test/a'],
    ['Refresh', '5; url=http://ORIGIN/a', '5; url=http://site.test/a'],
    ['Refresh', '5', '5'],
    ['Set-Cookie', 'a=ORIGIN; Domain=NAME; Path=/', 'a=ORIGIN; Domain=site.test; Path=/'],
    ['Set-Cookie', 'a=b; domain=other.test', 'a=b; domain=other.test'],
    ['Set-Cookie', 'a=b; Path=/', 'a=b; Path=/'],
    ['X-Other', 'http://ORIGIN/a', 'http://ORIGIN/a'],
  ];
  for (const [header, said, seen] of MAPPED) {
    test(`${header}: ${said}`, async () => {
      const response = await ask(`${header}: ${said}`);
      assert.equal(response.header(header), filled(seen));
    });
  }
});

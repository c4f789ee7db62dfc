import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkClientAddress } from '../../src/doctor/checks/client-address.ts';
import { checkPublicPath } from '../../src/doctor/checks/public-path.ts';
import { checkPublicUrl } from '../../src/doctor/checks/public-url.ts';
import { closedPort } from '../support/origin.ts';
import {
  examined,
  faultsIn,
  rowsOf,
  shop,
  shopWith,
  startFront,
  startInstance,
  startSite,
} from './harness.ts';

const CHECKS = [checkPublicUrl, checkClientAddress, checkPublicPath];

test('behind nothing, everything is as it should be', async (t) => {
  const page = `${await startInstance(t, shop)}/p/7?a=1`;
  const examination = await examined(t, shop, { page });
  for (const check of CHECKS) {
    assert.deepEqual(faultsIn(await check(examination), 'note', 'warning', 'error', 'skipped'), []);
  }
});

test('behind a proxy that is trusted and says who the client is, everything is as it should be', async (t) => {
  const instance = await startInstance(t, shop, { TRUST_PROXY: '127.0.0.1' });
  const front = await startFront(t, instance, {
    headers: (headers) => {
      headers['x-forwarded-for'] = '127.0.0.2'; // from where doctor asks
    },
  });
  const examination = await examined(t, shop, { page: front, env: { TRUST_PROXY: '127.0.0.1' } });
  for (const check of CHECKS) assert.deepEqual(faultsIn(await check(examination)), []);
});

test('without a URL nothing is asked of the outside', async (t) => {
  const examination = await examined(t, shop);
  for (const check of CHECKS) {
    assert.deepEqual(
      (await check(examination)).map(({ level }) => level),
      ['skipped'],
    );
  }
});

test('a public URL that does not answer, and one without us, are found', async (t) => {
  const [silent] = await rowsOf(
    checkPublicUrl,
    examined(t, shop, { page: `http://127.0.0.1:${await closedPort()}/` }),
  );
  assert.equal(silent!.level, 'error');
  let posts = 0;
  const counting: typeof shop = (request, response) => {
    if (request.method === 'POST') posts++;
    shop(request, response);
  };
  const site = await startSite(t, counting);
  const examination = await examined(t, shop, { page: site });
  assert.match(faultsIn(await rowsOf(checkPublicUrl, examination), 'note')[0]!.found, /no gotrack answers/);
  for (const check of [checkClientAddress, checkPublicPath]) {
    assert.deepEqual(
      (await check(examination)).map(({ level }) => level),
      ['skipped'],
    );
  }
  assert.equal(posts, 0, 'a site without us gets no POST');
});

test('a page that does not come through us though our paths do is found, and gets no POST', async (t) => {
  const instance = await startInstance(t, shop);
  const posts: string[] = [];
  const site = await startSite(t, (request, response) => {
    if (request.method === 'POST') posts.push(request.url!);
    shop(request, response);
  });
  const front = await startFront(t, instance, {
    goesTo: (target) => (target === '/collect' ? instance : site),
  });
  const examination = await examined(t, shop, { page: front });
  assert.match(
    faultsIn(await rowsOf(checkPublicUrl, examination))[0]!.found,
    /the page does not come through it/,
  );
  assert.equal((await rowsOf(checkPublicPath, examination))[0]!.level, 'skipped');
  await checkClientAddress(examination);
  assert.deepEqual(posts, []);
});

test('a proxy that is not trusted gives all visitors its address', async (t) => {
  const front = await startFront(t, await startInstance(t, shop));
  const [row] = faultsIn(await rowsOf(checkClientAddress, examined(t, shop, { page: front })));
  assert.equal(row!.level, 'error');
  assert.match(row!.found, /takes this machine, 127\.0\.0\.2, for 127\.0\.0\.1/);
  assert.match(row!.cure!, /TRUST_PROXY=127\.0\.0\.1/);
});

test('a forged X-Forwarded-For that is believed is an error', async (t) => {
  const page = await startInstance(t, shop, { TRUST_PROXY: 'true' });
  const [row] = faultsIn(await rowsOf(checkClientAddress, examined(t, shop, { page })));
  assert.equal(row!.level, 'error');
  assert.match(row!.found, /a forged X-Forwarded-For is believed/);
});

test('an address that was named is looked for', async (t) => {
  const page = await startInstance(t, shop, { TRUST_PROXY: 'true' });
  const front = await startFront(t, page, {
    headers: (headers) => {
      headers['x-forwarded-for'] = '198.51.100.7';
    },
  });
  const right = await rowsOf(checkClientAddress, examined(t, shop, { page: front, address: '198.51.100.7' }));
  assert.deepEqual(faultsIn(right), []);
  const [wrong] = await rowsOf(
    checkClientAddress,
    examined(t, shop, { page: front, address: '198.51.100.8' }),
  );
  assert.equal(wrong!.level, 'error');
  const [unknown] = await rowsOf(checkClientAddress, examined(t, shop, { page: front }));
  assert.equal(unknown!.level, 'note');
  assert.match(unknown!.cure!, /--address/);
});

test('an instance with another secret tells nothing, and that is said without either', async (t) => {
  const secret = 'another secret of at least 32 characters';
  const page = await startInstance(t, shop, { HMAC_SECRET: secret });
  const rows = await rowsOf(checkClientAddress, examined(t, shop, { page }));
  assert.deepEqual(
    rows.map(({ level }) => level),
    ['warning'],
  );
  assert.match(rows[0]!.found, /another secret/);
  assert.ok(!JSON.stringify(rows).includes(secret));
});

test('a front that rewrites paths needs COLLECT_URL', async (t) => {
  const front = await startFront(t, await startInstance(t, shopWith({})), {
    path: (target) => target.replace(/^\/shop/, ''),
  });
  const rows = faultsIn(await rowsOf(checkPublicPath, examined(t, shop, { page: `${front}/shop/p` })));
  assert.match(rows[0]!.found, /rewrites \/shop\/p/);
  assert.match(rows[0]!.cure!, /COLLECT_URL=\/collect/);
  assert.match(rows[1]!.found, /ask for \/shop\/p, the instance sees \/p/);
});

test('a front that refuses POST is found', async (t) => {
  const front = await startFront(t, await startInstance(t, shop), { refuses: (method) => method === 'POST' });
  const [row] = faultsIn(await rowsOf(checkPublicPath, examined(t, shop, { page: front })));
  assert.equal(row!.level, 'error');
  assert.match(row!.found, /a POST to the page brings no token: the answer is 403/);
});

test('a front that changes Host is found', async (t) => {
  const front = await startFront(t, await startInstance(t, shop), {
    headers: (headers) => {
      headers.host = 'backend.internal';
    },
  });
  const [row] = faultsIn(await rowsOf(checkPublicPath, examined(t, shop, { page: front })));
  assert.match(row!.found, /the instance sees backend\.internal/);
});

import assert from 'node:assert/strict';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { openShop } from './visitor.ts';

suite('a visit to the demo site', () => {
  let shop: Awaited<ReturnType<typeof openShop>>;
  beforeEach(async () => {
    shop = await openShop();
  });
  afterEach(() => shop.close());

  const basket = async () => JSON.parse((await shop.ask('/api/basket')).text);
  const add = (product: string) => shop.ask('/basket/add', { form: { product } });
  const change = (product: string, quantity: string) =>
    shop.ask('/basket/change', { form: { product, quantity } });

  test('a basket is filled, changed, emptied', async () => {
    const added = await add('tide-mug');
    assert.equal(added.status, 303);
    assert.equal(added.headers.location, '/basket');
    assert.match(added.cookies[0]!, /HttpOnly; SameSite=Lax/);
    await add('tide-mug');
    await add('daybook');
    assert.deepEqual(await basket(), {
      pieces: 3,
      total_cents: 5000,
      lines: [
        { product: 'tide-mug', quantity: 2 },
        { product: 'daybook', quantity: 1 },
      ],
    });
    await change('tide-mug', '0');
    assert.equal((await basket()).pieces, 1);
    await change('daybook', '0');
    assert.match((await shop.ask('/basket')).text, /Your basket is empty/);
    assert.equal(shop.jar.size, 0);
  });

  test('a basket holds nine of a thing and nothing that is not sold', async () => {
    await add('tide-mug');
    await change('tide-mug', '1e9');
    assert.equal((await basket()).pieces, 9);
    await add('tide-mug');
    assert.equal((await basket()).pieces, 9);
    for (const quantity of ['-1', 'x', '', 'NaN']) await change('tide-mug', quantity);
    assert.equal((await basket()).pieces, 0);
    assert.equal((await add('__proto__')).status, 404);
  });

  test('a basket that somebody made up is read as far as it makes sense', async () => {
    shop.jar.set('basket', 'tide-mug.2~tide-mug.5~yacht.1~daybook.99~~.~moss-blanket.1.7');
    assert.deepEqual((await basket()).lines, [
      { product: 'tide-mug', quantity: 2 },
      { product: 'moss-blanket', quantity: 1 },
    ]);
  });

  test('paying empties the basket, and an empty basket cannot be paid', async () => {
    assert.equal((await shop.ask('/checkout', { form: {} })).headers.location, '/basket');
    await add('ember-lamp');
    assert.equal((await shop.ask('/checkout', { form: {} })).headers.location, '/thanks');
    assert.equal((await basket()).pieces, 0);
  });

  test('the right password opens the account by a redirect with a cookie', async () => {
    assert.equal((await shop.ask('/account')).headers.location, '/sign-in');
    const signedIn = await shop.ask('/sign-in', { form: { name: 'wren', password: 'kettle' } });
    assert.equal(signedIn.status, 303);
    assert.equal(signedIn.headers.location, '/account');
    assert.match(
      signedIn.cookies[0]!,
      /^shop_session=[\w-]{24}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=3600$/,
    );
    assert.match((await shop.ask('/account')).text, /Good morning, Wren/);
    await shop.ask('/sign-out', { form: {} });
    assert.equal((await shop.ask('/account')).status, 303);
  });

  test('a cookie of a session that was ended opens nothing', async () => {
    await shop.ask('/sign-in', { form: { name: 'wren', password: 'kettle' } });
    const old = shop.jar.get('shop_session')!;
    await shop.ask('/sign-out', { form: {} });
    shop.jar.set('shop_session', old);
    assert.equal((await shop.ask('/account')).status, 303);
  });

  test('a wrong password says so and keeps the name', async () => {
    const refused = await shop.ask('/sign-in', { form: { name: 'robin', password: 'kettle' } });
    assert.equal(refused.status, 200);
    assert.match(refused.text, /role="alert"/);
    assert.match(refused.text, /value="robin"/);
    assert.deepEqual(refused.cookies, []);
  });

  test('a body that is no form, or too long for one, is refused', async () => {
    const json = await shop.ask('/basket/add', {
      raw: '{}',
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(json.status, 415);
    const long = await shop.ask('/basket/add', { form: { product: 'x'.repeat(5000) } });
    assert.equal(long.status, 413);
  });
});

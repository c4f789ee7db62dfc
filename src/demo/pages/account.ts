import { html, nothing } from '../html.ts';
import { page } from '../layout.ts';
import { findProduct, formatPrice } from '../products.ts';
import { pageReply, type Reply, redirectReply } from '../reply.ts';
import { DEMO_ACCOUNT } from '../sessions.ts';
import type { Shop, Visit } from '../visit.ts';

export function signInPage(visit: Visit, shop: Shop): Reply {
  if (shop.sessions.nameOf(visit.cookies) !== null) return redirectReply('/account');
  return signInForm(visit, shop, null);
}

export function signIn(visit: Visit, shop: Shop): Reply {
  const name = visit.form.get('name') ?? '';
  const cookie = shop.sessions.signIn(name, visit.form.get('password') ?? '');
  return cookie === null ? signInForm(visit, shop, name.slice(0, 80)) : redirectReply('/account', [cookie]);
}

export function signOut(visit: Visit, shop: Shop): Reply {
  return redirectReply('/', [shop.sessions.signOut(visit.cookies)]);
}

export function accountPage(visit: Visit, shop: Shop): Reply {
  const name = shop.sessions.nameOf(visit.cookies);
  if (name === null) return redirectReply('/sign-in');
  const parts = {
    title: 'Your account',
    styles: ['shop.css', 'visit.css'],
    main: html`<section class="narrow">
<p class="over">Your account</p>
<h1>Good morning, ${name}</h1>
<p class="lead">You have been here since the first frost of last year.</p>
<h2>Earlier orders</h2>
<ul class="orders">${ORDERS.map(([date, slug]) => orderLine(date, slug))}</ul>
<form action="/sign-out" method="post"><button class="button plain" data-gotrack-event="sign-out">Sign out</button></form>
</section>`,
  };
  return pageReply(page(parts, visit, shop), { cache: 'no-store', gzip: true });
}

const ORDERS = [
  ['2 November 2026', 'first-light-candle'],
  ['14 August 2026', 'tide-mug'],
  ['30 November 2025', 'moss-blanket'],
] as const;

function orderLine(date: string, slug: string) {
  const product = findProduct(slug)!;
  return html`<li><span>${date}</span><a href="/products/${slug}">${product.name}</a><span class="price">${formatPrice(product.cents)}</span></li>`;
}

/** `wrongName` is what was tried in vain, null at first. The status stays 200: a form that says no is a page. */
function signInForm(visit: Visit, shop: Shop, wrongName: string | null): Reply {
  const problem =
    wrongName === null
      ? nothing
      : html`<p class="problem" role="alert" id="problem">Name and password do not match. The demo account is in the box below.</p>`;
  const described = wrongName === null ? nothing : html` aria-invalid="true" aria-describedby="problem"`;
  const parts = {
    title: 'Sign in',
    styles: ['shop.css', 'visit.css'],
    main: html`<section class="narrow">
<h1>Sign in</h1>
<p class="lead">To see what you bought last winter.</p>
${problem}
<form class="fields" action="/sign-in" method="post">
<label>Name <input name="name" autocomplete="username" required maxlength="80" value="${wrongName ?? ''}"${described}></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required maxlength="80"${described}></label>
<button class="button">Sign in</button>
</form>
<p class="hint">The demo account: name <code>${DEMO_ACCOUNT.name}</code>, password <code>${DEMO_ACCOUNT.password}</code>.</p>
</section>`,
  };
  return pageReply(page(parts, visit, shop), { cache: 'no-store', gzip: true });
}

import {
  type Basket,
  type BasketLine,
  countPieces,
  MAX_QUANTITY,
  quantityOf,
  readBasket,
  totalCents,
  withQuantity,
  writeBasket,
} from '../basket.ts';
import { html } from '../html.ts';
import { artwork, page } from '../layout.ts';
import { findProduct, formatPrice } from '../products.ts';
import { jsonReply, pageReply, type Reply, redirectReply } from '../reply.ts';
import type { Shop, Visit } from '../visit.ts';
import { notFoundPage } from './not-found.ts';

export function basketPage(visit: Visit, shop: Shop): Reply {
  const basket = readBasket(visit.cookies);
  const parts = {
    title: 'Basket',
    styles: ['shop.css', 'visit.css'],
    main: basket.length === 0 ? emptyBasket(shop) : fullBasket(basket, shop),
  };
  return pageReply(page(parts, visit, shop), { cache: 'no-store', gzip: true });
}

/** Adds one piece. */
export function addToBasket(visit: Visit, shop: Shop): Reply {
  const product = findProduct(visit.form.get('product') ?? '');
  if (!product) return notFoundPage(visit, shop);
  const basket = readBasket(visit.cookies);
  const added = withQuantity(basket, product, quantityOf(basket, product) + 1);
  return redirectReply('/basket', [writeBasket(added)]);
}

/** Sets a quantity; 0 removes the line. */
export function changeBasket(visit: Visit, shop: Shop): Reply {
  const product = findProduct(visit.form.get('product') ?? '');
  if (!product) return notFoundPage(visit, shop);
  const changed = withQuantity(readBasket(visit.cookies), product, Number(visit.form.get('quantity')));
  return redirectReply('/basket', [writeBasket(changed)]);
}

export function checkout(visit: Visit): Reply {
  return readBasket(visit.cookies).length === 0
    ? redirectReply('/basket')
    : redirectReply('/thanks', [writeBasket([])]);
}

export function thanksPage(visit: Visit, shop: Shop): Reply {
  const parts = {
    title: 'Thank you',
    styles: ['shop.css', 'visit.css'],
    main: html`<section class="note">
${artwork(shop, { art: 'mug.svg', tint: 'sky' })}
<h1>Thank you, put the kettle on</h1>
<p class="lead">Your order is on its way to nowhere in particular, carefully wrapped. No money has changed hands.</p>
<p class="actions"><a class="button" href="/">Back to the shop</a> <a class="quiet" href="/stories">Read something</a></p>
</section>`,
  };
  return pageReply(page(parts, visit, shop), { cache: 'no-store', gzip: true });
}

/** The count for pages that are shared and cannot carry it. */
export function basketApi(visit: Visit): Reply {
  const basket = readBasket(visit.cookies);
  const lines = basket.map(({ product, quantity }) => ({ product: product.slug, quantity }));
  return jsonReply({ pieces: countPieces(basket), total_cents: totalCents(basket), lines }, 'no-store');
}

function emptyBasket(shop: Shop) {
  return html`<section class="note">
${artwork(shop, { art: 'blanket.svg', tint: 'sage' })}
<h1>Your basket is empty</h1>
<p class="lead">Which is a perfectly good way for a basket to be.</p>
<p class="actions"><a class="button" href="/#things">See the shelf</a></p>
</section>`;
}

function fullBasket(basket: Basket, shop: Shop) {
  return html`<section class="wide">
<h1>Your basket</h1>
<ul class="lines">${basket.map((line) => basketLine(line, shop))}</ul>
<div class="sum">
<p><span>Together</span> <strong class="price big">${formatPrice(totalCents(basket))}</strong></p>
<form action="/checkout" method="post"><button class="button" data-gotrack-event="checkout" data-gotrack-total="${(totalCents(basket) / 100).toFixed(2)}" data-gotrack-pieces="${countPieces(basket)}">Pretend to pay</button></form>
</div>
</section>`;
}

function basketLine({ product, quantity }: BasketLine, shop: Shop) {
  const steps = [
    [quantity - 1, '−', `One ${product.name} less`],
    [quantity + 1, '+', `One ${product.name} more`],
    [0, 'Remove', `Remove ${product.name}`],
  ] as const;
  const [less, more, remove] = steps.map(
    ([to, label, text]) =>
      html`<button name="quantity" value="${to}" aria-label="${text}"${to > MAX_QUANTITY ? html` disabled` : html``}>${label}</button>`,
  );
  return html`<li class="line">
<a class="line-name" href="/products/${product.slug}">${artwork(shop, product)}<span>${product.name}</span></a>
<form class="steps" action="/basket/change" method="post"><input type="hidden" name="product" value="${product.slug}">
${less!}<span class="quantity">${quantity}</span>${more!}${remove!}</form>
<span class="price">${formatPrice(product.cents * quantity)}</span>
</li>`;
}

import { MAX_QUANTITY, quantityOf, readBasket } from '../basket.ts';
import { html } from '../html.ts';
import { artwork, page } from '../layout.ts';
import { findProduct, formatPrice, PRODUCTS, type Product } from '../products.ts';
import { jsonReply, pageReply, type Reply } from '../reply.ts';
import type { Shop, Visit } from '../visit.ts';
import { productCard } from './home.ts';
import { notFoundPage } from './not-found.ts';

/** Sent without compression, whatever the client accepts. */
export function productPage(visit: Visit, shop: Shop): Reply {
  const product = findProduct(visit.params.slug ?? '');
  if (!product) return notFoundPage(visit, shop);
  const parts = {
    title: product.name,
    description: product.line,
    section: 'shop',
    styles: ['shop.css'],
    main: html`${productDetail(product, visit, shop)}
<section class="wide" aria-labelledby="beside">
<h2 id="beside">Goes well with</h2>
<ul class="shelf few">${neighboursOf(product).map((other) => productCard(other, shop))}</ul>
</section>`,
  } as const;
  return pageReply(page(parts, visit, shop), { cache: 'private, no-cache', gzip: false });
}

export function productsApi(): Reply {
  const list = PRODUCTS.map(({ slug, name, cents, kind, line }) => ({ slug, name, cents, kind, line }));
  return jsonReply({ products: list }, 'public, max-age=60');
}

function productDetail(product: Product, visit: Visit, shop: Shop) {
  const full = quantityOf(readBasket(visit.cookies), product) >= MAX_QUANTITY;
  return html`<article class="product">
<div class="product-art">${artwork(shop, product, product.artText)}</div>
<div class="product-text">
<p class="over">${product.kind}</p>
<h1>${product.name}</h1>
<p class="lead">${product.line}</p>
<p class="price big">${formatPrice(product.cents)}</p>
<form action="/basket/add" method="post">
<input type="hidden" name="product" value="${product.slug}">
<button class="button" data-gotrack-event="add-to-basket" data-gotrack-product="${product.slug}" data-gotrack-price="${(product.cents / 100).toFixed(2)}">${full ? 'Nine is all we have' : 'Put it in the basket'}</button>
</form>
${product.story.map((paragraph) => html`<p>${paragraph}</p>`)}
<dl class="facts">${product.facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</div>
</article>`;
}

function neighboursOf(product: Product): readonly Product[] {
  const start = PRODUCTS.indexOf(product);
  return [1, 2, 3, 4].map((step) => PRODUCTS[(start + step) % PRODUCTS.length]!);
}

import { html } from '../html.ts';
import { artwork, page, SHOP_NAME } from '../layout.ts';
import { formatPrice, PRODUCTS, type Product } from '../products.ts';
import { pageReply, type Reply } from '../reply.ts';
import { STORIES } from '../stories.ts';
import type { Shop, Visit } from '../visit.ts';

export function homePage(visit: Visit, shop: Shop): Reply {
  const parts = {
    title: 'Useful things for slow mornings',
    section: 'shop',
    styles: ['shop.css'],
    main: html`${hero(visit, shop)}
<section class="wide" aria-labelledby="things">
<h2 id="things">Eight things, all of them in stock</h2>
<ul class="shelf">${PRODUCTS.map((product) => productCard(product, shop))}</ul>
</section>
${latestStories(shop)}`,
  } as const;
  return pageReply(page(parts, visit, shop), { cache: 'private, no-cache', gzip: true });
}

function hero(visit: Visit, shop: Shop) {
  const welcome = visit.query.get('utm_source') === 'newsletter' ? 'Welcome, reader' : 'Winter catalogue';
  return html`<section class="hero" aria-labelledby="hero">
<div>
<p class="over">${welcome}</p>
<h1 id="hero">Useful things for slow&nbsp;mornings</h1>
<p class="lead">${SHOP_NAME} makes a few objects for the part of the day before the day begins. They are plain, they last, and none of them has an app.</p>
<p class="actions"><a class="button" href="#things">See the shelf</a> <a class="quiet" href="/stories">Read how they are made</a></p>
</div>
<img class="scene" src="${shop.files.url('art/morning.svg')}" width="720" height="560" alt="A kettle steams on a table before a window; outside, the sun comes up over green hills.">
</section>`;
}

export function productCard(product: Product, shop: Shop) {
  return html`<li class="card"><a href="/products/${product.slug}">${artwork(shop, product)}
<span class="card-name">${product.name}</span>
<span class="card-line">${product.line}</span>
<span class="price">${formatPrice(product.cents)}</span></a></li>`;
}

function latestStories(shop: Shop) {
  return html`<section class="wide" aria-labelledby="latest">
<h2 id="latest">From the journal</h2>
<ul class="teasers">${STORIES.slice(0, 3).map(
    (story) => html`<li><a class="teaser" href="/stories/${story.slug}">${artwork(shop, story)}
<span><span class="teaser-title">${story.title}</span>
<span class="card-line">${story.teaser}</span></span></a></li>`,
  )}</ul>
</section>`;
}

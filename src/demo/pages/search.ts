import { setTimeout as sleep } from 'node:timers/promises';
import { html } from '../html.ts';
import { splitPage } from '../layout.ts';
import { searchProducts } from '../products.ts';
import { pageReply, type Reply } from '../reply.ts';
import type { Shop, Visit } from '../visit.ts';
import { productCard } from './home.ts';

/** As a slow index would take: long enough that a proxy must stream the page and cannot wait for its end. */
const SEARCH_MS = 40;

/** The frame of the page goes out at once, the results when they are found. */
export function searchPage(visit: Visit, shop: Shop): Reply {
  const words = visit.query.get('q')?.slice(0, 80) ?? '';
  const parts = { title: 'Search', styles: ['shop.css'] };
  return pageReply(searchChunks(words, splitPage(parts, visit, shop), shop), {
    cache: 'private, no-cache',
    gzip: false,
  });
}

async function* searchChunks(words: string, [before, after]: [string, string], shop: Shop) {
  yield before;
  await sleep(SEARCH_MS);
  yield resultsOf(words, shop).markup;
  yield after;
}

function resultsOf(words: string, shop: Shop) {
  const found = searchProducts(words);
  return html`<section class="wide">
<h1>Search</h1>
<p class="lead">${summaryOf(words, found.length)}</p>
<ul class="shelf">${found.map((product) => productCard(product, shop))}</ul>
</section>`;
}

function summaryOf(words: string, count: number): string {
  if (words.trim() === '') return 'Type a word above: “wool”, “light”, “kitchen”.';
  if (count === 0) return `Nothing is called “${words}” yet.`;
  return `${count === 1 ? 'One thing' : `${count} things`} for “${words}”.`;
}

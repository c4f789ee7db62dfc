import { countPieces, readBasket } from './basket.ts';
import { type Html, html, nothing } from './html.ts';
import type { Product } from './products.ts';
import type { Shop, Visit } from './visit.ts';

export const SHOP_NAME = 'Wren & Kettle';

export type PageParts = {
  title: string;
  description?: string;
  /** Which entry of the navigation is the current one. */
  section?: 'shop' | 'stories' | 'workshop' | 'gift-card';
  /** Asset names of style sheets and module scripts beyond the common ones. */
  styles?: readonly string[];
  scripts?: readonly string[];
  /** On a page with a strict policy every script bears it. */
  nonce?: string;
  /** A page that everybody may share says nothing of the visitor: a script fills the basket's count in. */
  shared?: boolean;
  main: Html;
};

/** A whole page. Where it must be sent in two pieces, see `splitPage`. */
export function page(parts: PageParts, visit: Visit, shop: Shop): Html {
  return html`<!doctype html>
<html lang="en">
${headOf(parts, shop)}
<body>
<a class="skip" href="#main">Skip to the content</a>
${headerOf(parts, visit, shop)}
<main id="main" tabindex="-1">
${parts.main}
</main>
${footerOf()}
</body>
</html>
`;
}

/** The page up to and after its `<main>`, for a body that streams. */
export function splitPage(
  parts: Omit<PageParts, 'main'>,
  visit: Visit,
  shop: Shop,
): [before: string, after: string] {
  const mark = '<!-- main -->';
  const [before, after] = page({ ...parts, main: { markup: mark } }, visit, shop).markup.split(mark);
  return [before!, after!];
}

function headOf(parts: PageParts, shop: Shop): Html {
  const { files } = shop;
  const nonce = parts.nonce === undefined ? nothing : html` nonce="${parts.nonce}"`;
  const styles = ['theme.css', 'frame.css', ...(parts.styles ?? [])];
  const scripts = ['basket-count.js', ...(parts.scripts ?? [])];
  return html`<head>
<meta charset="utf-8">
<title>${parts.title} · ${SHOP_NAME}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="${parts.description ?? 'Useful things for slow mornings.'}">
<meta name="theme-color" media="(prefers-color-scheme: light)" content="#fbf7f0">
<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#151c1a">
<link rel="icon" type="image/svg+xml" href="${files.url('favicon.svg')}">
<link rel="apple-touch-icon" href="${files.url('touch-icon.png')}">
${styles.map((name) => html`<link rel="stylesheet" href="${files.url(name)}">\n`)}${scripts.map(
  (name) => html`<script type="module" src="${files.url(name)}"${nonce}></script>\n`,
)}</head>`;
}

const SECTIONS = [
  ['shop', '/', 'Shop'],
  ['stories', '/stories', 'Stories'],
  ['workshop', '/workshop', 'Workshop'],
  ['gift-card', '/gift-card', 'Gift cards'],
] as const;

function headerOf(parts: PageParts, visit: Visit, shop: Shop): Html {
  const pieces = parts.shared ? 0 : countPieces(readBasket(visit.cookies));
  const name = parts.shared ? null : shop.sessions.nameOf(visit.cookies);
  const fill = parts.shared ? html` data-fill` : nothing;
  const current = html` aria-current="page"`;
  return html`<header class="top">
<div class="top-row">
<a class="brand" href="/"><img src="${shop.files.url('favicon.svg')}" width="34" height="34" alt="">${SHOP_NAME}</a>
<nav aria-label="Main">
<ul>${SECTIONS.map(([id, href, label]) => html`<li><a href="${href}"${id === parts.section ? current : nothing}>${label}</a></li>`)}</ul>
</nav>
<form class="search" action="/search" role="search"><label class="hidden" for="q">Search the shop</label>
<input id="q" name="q" type="search" maxlength="80" placeholder="Search" value="${visit.query.get('q')?.slice(0, 80) ?? ''}"></form>
<div class="mine">
<a href="/account">${name === null ? 'Sign in' : 'Account'}</a>
<a class="basket" href="/basket">Basket <span class="count" data-basket-count${fill}>${pieces}</span></a>
</div>
</div>
</header>`;
}

function footerOf(): Html {
  return html`<footer class="bottom">
<div class="bottom-row">
<section>
<h2>${SHOP_NAME}</h2>
<p>A shop that does not exist, for things that ought to. Nothing here can be bought, and nobody will write to you.</p>
</section>
<section>
<h2>Try the proxy</h2>
<ul class="links">
<li><a href="/?utm_source=newsletter&amp;utm_medium=email&amp;utm_campaign=first-frost">Arrive from a newsletter</a></li>
<li><a href="/products/ember-lamp?utm_source=search&amp;utm_medium=cpc&amp;gclid=demo-click">Arrive from an advert</a></li>
<li><a href="https://www.example.com/" rel="noopener">Leave the site</a></li>
<li><a href="/api/products">Look at some JSON</a></li>
<li><a href="/nowhere">Get lost</a></li>
</ul>
</section>
<section>
<h2>What you are looking at</h2>
<p>This is the origin of the GoTrack demo. It knows nothing of a tracker: the proxy in front of it adds one to the pages, and to nothing else.</p>
</section>
</div>
</footer>`;
}

/** Artwork on its backdrop. The text is empty where the words beside it say the same. */
export function artwork(shop: Shop, art: Pick<Product, 'art' | 'tint'>, text = ''): Html {
  return html`<span class="art" data-tint="${art.tint}"><img src="${shop.files.url(`art/${art.art}`)}" width="240" height="240" alt="${text}"></span>`;
}

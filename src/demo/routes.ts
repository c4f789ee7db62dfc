/** Which request is answered by which page: the table of contents of the demo site. */
import { accountPage, signIn, signInPage, signOut } from './pages/account.ts';
import { addToBasket, basketApi, basketPage, changeBasket, checkout, thanksPage } from './pages/basket.ts';
import { giftCardPage } from './pages/gift-card.ts';
import { homePage } from './pages/home.ts';
import { notFoundPage } from './pages/not-found.ts';
import { productPage, productsApi } from './pages/product.ts';
import { searchPage } from './pages/search.ts';
import { storiesPage, storyApi } from './pages/stories.ts';
import { kilnStream, workshopPage } from './pages/workshop.ts';
import { type Reply, textReply } from './reply.ts';
import type { Handler, Shop, Visit } from './visit.ts';

type Route = { readonly method: 'GET' | 'POST'; readonly path: string; readonly handle: Handler };

const get = (path: string, handle: Handler): Route => ({ method: 'GET', path, handle });
const post = (path: string, handle: Handler): Route => ({ method: 'POST', path, handle });

const ROUTES: readonly Route[] = [
  get('/', homePage),
  get('/products/:slug', productPage),
  get('/search', searchPage),
  get('/basket', basketPage),
  post('/basket/add', addToBasket),
  post('/basket/change', changeBasket),
  post('/checkout', checkout),
  get('/thanks', thanksPage),
  get('/sign-in', signInPage),
  post('/sign-in', signIn),
  post('/sign-out', signOut),
  get('/account', accountPage),
  get('/stories', storiesPage),
  get('/stories/:slug', storiesPage),
  get('/workshop', workshopPage),
  get('/gift-card', giftCardPage),
  get('/api/products', productsApi),
  get('/api/stories/:slug', storyApi),
  get('/api/basket', basketApi),
  get('/api/kiln', kilnStream),
];

/** The reply to a request; a HEAD is a GET whose body is left out later. */
export function answer(visit: Visit, shop: Shop): Reply {
  const file = visit.path.startsWith('/assets/') ? visit.path.slice('/assets/'.length) : null;
  if (file !== null) return shop.files.reply(file, visit.query.get('v')) ?? notFoundPage(visit, shop);
  // Browsers ask for it without being told to when something other than a page is opened.
  if (visit.path === '/favicon.ico') return shop.files.reply('touch-icon.png', null)!;

  const method = visit.method === 'HEAD' ? 'GET' : visit.method;
  const allowed = new Set<string>();
  for (const route of ROUTES) {
    const params = matchPath(route.path, visit.path);
    if (!params) continue;
    if (route.method === method) return route.handle({ ...visit, params }, shop);
    allowed.add(route.method === 'GET' ? 'GET, HEAD' : route.method);
  }
  if (allowed.size === 0) return notFoundPage(visit, shop);
  return textReply(405, 'This method is not served here.', { Allow: [...allowed].join(', ') });
}

/** The names of a pattern's `:segments`, or null where the path is another one. */
function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i]!.startsWith(':') && given[i] !== '') params[wanted[i]!.slice(1)] = given[i]!;
    else if (wanted[i] !== given[i]) return null;
  }
  return params;
}

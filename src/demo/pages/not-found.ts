import { html } from '../html.ts';
import { artwork, page } from '../layout.ts';
import { pageReply, type Reply } from '../reply.ts';
import type { Shop, Visit } from '../visit.ts';

export function notFoundPage(visit: Visit, shop: Shop): Reply {
  const parts = {
    title: 'Not here',
    styles: ['shop.css'],
    main: html`<section class="note">
${artwork(shop, { art: 'fern.svg', tint: 'clay' })}
<h1>There is nothing on this shelf</h1>
<p class="lead">We looked behind the fern as well. The address <code>${visit.path.slice(0, 200)}</code> leads nowhere.</p>
<p class="actions"><a class="button" href="/">Back to the shop</a></p>
</section>`,
  };
  return pageReply(page(parts, visit, shop), { cache: 'no-store', gzip: true, status: 404 });
}

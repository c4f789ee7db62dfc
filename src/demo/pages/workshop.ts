import { html } from '../html.ts';
import { page } from '../layout.ts';
import { pageReply, type Reply, textReply } from '../reply.ts';
import type { Shop, Visit } from '../visit.ts';

/** Public, plain, the same for everybody; its kiln is a stream of server-sent events. */
export function workshopPage(visit: Visit, shop: Shop): Reply {
  const parts = {
    title: 'The workshop',
    description: 'Five people, one kiln, and a wren in the rafters.',
    section: 'workshop',
    styles: ['stories.css'],
    scripts: ['kiln.js'],
    shared: true,
    main: html`<article class="story alone">
<p class="over">Who we are</p>
<h1>Five people, one kiln, and a wren in the rafters</h1>
<p class="lead">The workshop stands at the end of a lane that the map calls unnamed road.</p>
<div class="kiln" data-kiln data-state="waiting">
<div><h2>The kiln, now</h2><p>Read once a second, all the way through the proxy.</p></div>
<p class="kiln-reading"><output data-celsius>····</output> °C</p>
<meter data-meter min="1180" max="1260" value="1180" aria-label="Temperature of the kiln"></meter>
</div>
<h2>How it began</h2>
<p>With a kettle that would not stop shouting, and somebody who took it apart. Everything else on the shelf followed from the same thought: that a thing you meet before breakfast should be on your side.</p>
<p>We make what we can with our own hands, and know by name the people who make the rest.</p>
<h2>The wren</h2>
<p>She came in through the broken pane in the second winter. The pane is still broken.</p>
</article>`,
  } as const;
  return pageReply(page(parts, visit, shop), { cache: 'public, max-age=300', gzip: false });
}

export function kilnStream(_visit: Visit, shop: Shop): Reply {
  const readings = shop.kiln.watch();
  if (!readings) return textReply(503, 'Too many people are looking at the kiln.', { 'Retry-After': '10' });
  const headers = { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store' };
  return { status: 200, headers, body: readings, gzip: false };
}

import { html } from '../html.ts';
import { page } from '../layout.ts';
import { pageReply, type Reply } from '../reply.ts';
import type { Shop, Visit } from '../visit.ts';

/**
 * A page with a strict policy: scripts run by nonce alone, its own inline one too. The nonce is new for each
 * response, so the page may not be stored.
 */
export function giftCardPage(visit: Visit, shop: Shop): Reply {
  const nonce = shop.randomBytes(16).toString('base64');
  const to = visit.query.get('to')?.slice(0, 40) || 'somebody kind';
  const message = visit.query.get('message')?.slice(0, 140) || 'Have a slow morning on me.';
  const parts = {
    title: 'Gift cards',
    section: 'gift-card',
    styles: ['shop.css', 'visit.css'],
    nonce,
    main: html`<section class="gift">
<div>
<p class="over">Gift cards</p>
<h1>A morning, wrapped</h1>
<p class="lead">Write a name and a line; the card changes as you type.</p>
<form class="fields" action="/gift-card">
<label>For <input name="to" maxlength="40" value="${to}"></label>
<label>Message <textarea name="message" maxlength="140" rows="3">${message}</textarea></label>
<button class="button" data-gotrack-event="gift-card">Make the card</button>
</form>
</div>
<figure class="gift-card"><img src="${shop.files.url('favicon.svg')}" width="44" height="44" alt="">
<p class="gift-to">For <span data-echo="to">${to}</span></p>
<blockquote data-echo="message">${message}</blockquote>
<figcaption>Good for one kettle, or three mugs and a candle</figcaption></figure>
</section>
<script nonce="${nonce}">
for (const field of document.querySelectorAll('.fields [name]')) {
  const echo = document.querySelector('[data-echo=' + field.name + ']');
  field.addEventListener('input', () => { echo.textContent = field.value || '\u2026'; });
}
</script>`,
  } as const;
  const headers = { 'Content-Security-Policy': policyFor(nonce) };
  return pageReply(page(parts, visit, shop), { cache: 'no-store', gzip: true, headers });
}

function policyFor(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

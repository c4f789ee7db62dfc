// Pages that everybody shares cannot carry a visitor's own count, so it is asked for here.
const count = document.querySelector('[data-basket-count][data-fill]');
if (count) {
  const answer = await fetch('/api/basket', { cache: 'no-store' });
  if (answer.ok) count.textContent = (await answer.json()).pieces;
}

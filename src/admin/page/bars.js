// A list of named counts as bars: injection outcomes, reasons of refusals.
import { make } from './dom.js';
import { formatCount } from './format.js';

/** Shows the largest counts, at most `limit`; `toneOf` names the colour of a bar. */
export function showBars(list, counts, { limit, toneOf }) {
  const rows = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  const most = rows[0]?.[1] ?? 1;
  list.replaceChildren(
    ...rows.slice(0, limit).map(([name, count]) => bar(name, count, count / most, toneOf(name))),
  );
  return rows.length;
}

function bar(name, count, fraction, tone) {
  const fill = make('span', { className: 'fill', dataset: { tone } });
  fill.style.setProperty('inline-size', `${Math.max(fraction * 100, 1.5)}%`);
  return make(
    'div',
    {},
    make('dt', {}, name),
    make('dd', {}, make('span', { className: 'track' }, fill), make('b', {}, formatCount(count))),
  );
}

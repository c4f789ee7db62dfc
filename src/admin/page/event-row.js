// One event as a row that opens to its JSON.
import { make } from './dom.js';
import { colourOf } from './event-types.js';
import { prettyJson } from './pretty-json.js';

/** `onToggle` hears whether the row is open now. */
export function createRow({ line, summary }, onToggle) {
  const cell = (name, value) => make('span', { className: name, title: value }, make('bdi', {}, value));
  const head = make(
    'summary',
    {},
    cell('time', summary.time),
    make(
      'span',
      { className: 'type', dataset: { type: colourOf(summary.type) } },
      make('bdi', {}, summary.type),
    ),
    cell('page', summary.page),
    cell('about', summary.about),
    make('span', { className: 'client', title: summary.address }, make('bdi', {}, summary.client)),
    make('span', { className: 'scheme', dataset: { scheme: summary.scheme } }, summary.scheme),
  );
  const details = make('details', {}, head);
  details.addEventListener('toggle', () => {
    if (details.open && details.children.length === 1) details.append(detailOf(line));
    onToggle(details.open);
  });
  return make('li', {}, details);
}

function detailOf(line) {
  const json = make('pre', { tabIndex: 0 }, prettyJson(line));
  const copy = make('button', { type: 'button', className: 'copy' }, 'Copy');
  copy.addEventListener('click', async () => {
    // Only secure contexts have a clipboard; elsewhere the text can still be selected.
    const done = await navigator.clipboard?.writeText(line).then(
      () => true,
      () => false,
    );
    copy.textContent = done ? 'Copied' : 'Select the text to copy it';
  });
  return make('div', { className: 'detail' }, copy, json);
}

// The list of events: newest first, at most 300 rows, still while paused or while a row is open.
import { byId, setText } from './dom.js';
import { createRow } from './event-row.js';
import { createEventStore } from './event-store.js';
import { createFilter } from './filter.js';
import { formatCount } from './format.js';

const MAX_ROWS = 300;

export function createEventList() {
  const rows = byId('rows');
  const pause = byId('pause');
  const store = createEventStore();
  const filter = createFilter(render);
  let paused = false;
  let openRows = 0;
  let waiting = 0;
  let missed = 0;

  const isHeld = () => paused || openRows > 0;
  const toRow = (event) => createRow(event, onToggle);

  function add(lines) {
    const added = store.add(lines);
    for (const { summary } of added) filter.count(summary.type);
    const shown = added.filter(filter.matches).slice(-MAX_ROWS);
    if (isHeld()) waiting += shown.length;
    else prepend(shown);
    showNotes();
  }

  function prepend(events) {
    rows.prepend(...events.reverse().map(toRow));
    while (rows.children.length > MAX_ROWS) rows.lastElementChild.remove();
  }

  /** From the store, anew: after a pause, another filter, or a clear. */
  function render() {
    openRows = 0;
    waiting = 0;
    rows.replaceChildren(...store.newest(filter.matches, MAX_ROWS).map(toRow));
    showNotes();
  }

  function onToggle(open) {
    openRows = Math.max(openRows + (open ? 1 : -1), 0);
    if (!isHeld() && waiting > 0) render();
    showNotes();
  }

  function showNotes() {
    setText(pause, isHeld() ? 'Resume' : 'Pause');
    const why = paused ? 'Paused' : 'Held while an event is open';
    setText(byId('held'), isHeld() ? `${why}, ${waiting === 0 ? 'nothing' : formatCount(waiting)} new.` : '');
    byId('missed').hidden = missed === 0;
    setText(byId('missed'), `${formatCount(missed)} events came too fast for this page and are not shown.`);
    showEmpty(rows.children.length === 0);
  }

  function showEmpty(isEmpty) {
    byId('empty').hidden = !isEmpty;
    const hidden = store.size() > 0 && filter.isOn();
    setText(byId('empty').firstElementChild, hidden ? 'No event matches' : 'Nothing has arrived yet');
  }

  pause.addEventListener('click', () => {
    paused = !isHeld();
    if (paused) showNotes();
    else render();
  });

  byId('clear').addEventListener('click', () => {
    store.clear();
    filter.clear();
    missed = 0;
    render();
  });

  return {
    add,
    addMissed(count) {
      missed += count;
      showNotes();
    },
  };
}

// What the viewer wants to see: types as buttons with counts, and a text to find.
import { byId, make, setText } from './dom.js';
import { colourOf } from './event-types.js';
import { formatCount } from './format.js';

// Custom types are named by clients: past this many they are counted together.
const MAX_TYPES = 24;
const OTHERS = 'other types';

export function createFilter(onChange) {
  const box = byId('types');
  const find = byId('find');
  const types = new Map();
  const wanted = new Set();
  let words = '';

  find.addEventListener('input', () => {
    words = find.value.trim().toLowerCase();
    onChange();
  });

  const keyOf = (type) => (types.has(type) || types.size < MAX_TYPES ? type : OTHERS);

  function count(type) {
    const key = keyOf(type);
    const entry = types.get(key) ?? addType(key);
    entry.count++;
    setText(entry.counter, formatCount(entry.count));
  }

  function addType(key) {
    const counter = make('b', {}, '0');
    const name = make('bdi', {}, key);
    const button = make(
      'button',
      { type: 'button', className: 'type', dataset: { type: colourOf(key) } },
      name,
      counter,
    );
    button.setAttribute('aria-pressed', 'false');
    button.addEventListener('click', () => {
      if (!wanted.delete(key)) wanted.add(key);
      button.setAttribute('aria-pressed', String(wanted.has(key)));
      onChange();
    });
    box.append(button);
    const entry = { count: 0, counter, button };
    types.set(key, entry);
    return entry;
  }

  function matches({ line, summary }) {
    if (wanted.size > 0 && !wanted.has(keyOf(summary.type))) return false;
    return words === '' || line.toLowerCase().includes(words);
  }

  /** Forgets the counts; what is chosen stays chosen. */
  function clear() {
    for (const [key, { button }] of types) {
      if (!wanted.has(key)) button.remove();
      if (!wanted.has(key)) types.delete(key);
    }
    for (const entry of types.values()) {
      entry.count = 0;
      setText(entry.counter, '0');
    }
  }

  return { count, matches, clear, isOn: () => wanted.size > 0 || words !== '' };
}

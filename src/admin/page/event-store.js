// The newest events that this page keeps, bounded by number and by characters.
import { summarise } from './summary.js';

const MAX_EVENTS = 1000;
const MAX_CHARACTERS = 8_000_000;

export function createEventStore() {
  let events = [];
  let characters = 0;

  /** Keeps what can be read of the lines and returns it, oldest first. */
  function add(lines) {
    const added = [];
    for (const line of lines) {
      const summary = summarise(line);
      if (summary !== null) added.push({ line, summary });
    }
    events.push(...added);
    for (const { line } of added) characters += line.length;
    let gone = 0;
    while (events.length - gone > MAX_EVENTS || characters > MAX_CHARACTERS)
      characters -= events[gone++].line.length;
    if (gone > 0) events = events.slice(gone);
    return added;
  }

  function clear() {
    events = [];
    characters = 0;
  }

  /** The newest that match, newest first, at most `limit`. */
  function newest(matches, limit) {
    const found = [];
    for (let i = events.length - 1; i >= 0 && found.length < limit; i--) {
      if (matches(events[i])) found.push(events[i]);
    }
    return found;
  }

  return { add, clear, newest, size: () => events.length };
}

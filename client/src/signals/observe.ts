import { quietly, whenIdle } from '../quiet.ts';
import { automation } from './automation.ts';
import { display } from './display.ts';
import type { Source } from './source.ts';

/** In the order in which they run; a name is its key in `results`. */
const SOURCES: Record<string, Source> = { automation, display };

/** Asks the sources, each in an idle moment of its own, and then hands over what they saw. */
export function observe(done: (results: Record<string, unknown>) => void): void {
  const results: Record<string, unknown> = {};
  const sources = Object.entries(SOURCES);
  const step = (): void =>
    whenIdle(() => {
      const next = sources.shift();
      if (!next) return done(results);
      results[next[0]] = quietly(next[1])();
      step();
    });
  step();
}

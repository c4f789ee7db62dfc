import type { ScrollFacts } from '../../src/event/client-event.ts';
import { readDocument } from './natives.ts';
import { listen, whenIdle } from './quiet.ts';

export type Engagement = {
  /** A page view begins, and it is visible. */
  begin(): void;
  /** What came of the view; once, then nothing until the next begins. */
  end(): ScrollFacts | undefined;
};

export function createEngagement(): Engagement {
  /** A sign of life counts for the seconds after it, until the next. */
  const engagedAfterMs = 5_000;
  let begunAt = 0;
  let aliveAt = 0;
  let engagedMs = 0;
  let depth = 0;

  /** Costs no layout: it runs before the handlers of the page that could have made one necessary. */
  const measure = (): void => {
    depth = Math.max(depth, (scrollY + innerHeight) / readDocument('documentElement').scrollHeight);
  };

  const live = (): void => {
    const at = performance.now();
    engagedMs += Math.min(at - aliveAt, engagedAfterMs);
    aliveAt = at;
  };

  for (const type of ['pointermove', 'keydown', 'scroll']) listen(window, type, live);
  listen(window, 'scroll', measure);

  return {
    begin() {
      begunAt = performance.now();
      // So that the first sign of life counts for nothing.
      aliveAt = engagedMs = -engagedAfterMs;
      depth = 0;
      whenIdle(measure);
    },
    end() {
      if (!begunAt) return undefined;
      const visibleMs = performance.now() - begunAt;
      live();
      begunAt = 0;
      return {
        depth: +Math.min(depth, 1).toFixed(3),
        visible_ms: +visibleMs.toFixed(),
        engaged_ms: +engagedMs.toFixed(),
      };
    },
  };
}

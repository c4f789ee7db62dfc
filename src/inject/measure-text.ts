import type { Codec } from './codec.ts';
import { MAX_TEXT } from './recode-whole.ts';
import { openReader } from './text-readers.ts';

/**
 * Reads a body that is all here to its end without keeping its text, and says once, later, whether it is whole
 * and no more than MAX_TEXT. `destroy` makes it say nothing.
 */
export function measureText(
  codec: Codec,
  body: Buffer,
  onMeasured: (fits: boolean) => void,
): { destroy(): void } {
  let bytes = 0;
  let state: 'measuring' | 'over' = 'measuring';
  const reader = openReader(codec, {
    text(chunk) {
      bytes += chunk.length;
      if (bytes > MAX_TEXT) finish(false);
      return true;
    },
    drained() {},
    ended: (end) => finish(end === 'whole'),
  });
  function finish(fits: boolean): void {
    if (state === 'over') return;
    state = 'over';
    reader.destroy();
    onMeasured(fits);
  }
  reader.write(body);
  reader.end();
  return {
    destroy() {
      state = 'over';
      reader.destroy();
    },
  };
}

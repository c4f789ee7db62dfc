import { random32 } from './natives.ts';

/** A UUIDv4 (RFC 9562 §5.4), lower case: of each 0, 1 and 8 only the bits that are 0 become random. */
export const uuid = (): string =>
  '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (digit) =>
    (+digit ^ (random32() & (15 >> (+digit / 4)))).toString(16),
  );

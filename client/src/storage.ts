import { toJson } from './json.ts';
import { quietly } from './quiet.ts';

/**
 * An object under our name in the browser's storage, which may be forbidden, full or gone at any moment:
 * then nothing is read, and what is written is forgotten with the page. The page, too, could have written
 * anything there, but then only its own data suffer.
 */
export type Slot<T> = {
  recall(): T | undefined;
  /** `undefined` removes the object, whether or not we may store. */
  retain(value: T | undefined): void;
};

/** `mayStore` is asked each time: consent can come and go while the page is open. */
export function createSlot<T>(
  area: 'localStorage' | 'sessionStorage',
  name: string,
  mayStore: () => boolean,
): Slot<T> {
  return {
    recall: quietly(() => (mayStore() && JSON.parse(window[area].getItem(name)!)) || undefined),
    retain: quietly((value) => {
      if (!value) window[area].removeItem(name);
      else if (mayStore()) window[area].setItem(name, toJson(value)!);
    }),
  };
}

/**
 * A map with a bound. It keeps at least the half of `maxEntries` that were used last: two generations, of
 * which the older is forgotten when the younger is full. So a use of what is hot costs one look-up, where a
 * list in exact order would be rewritten each time.
 */
export type Lru<K, V> = {
  /** The value, which counts as a use, or undefined. */
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  /** Never above `maxEntries`. */
  size(): number;
};

export function createLru<K, V>(maxEntries: number): Lru<K, V> {
  const half = Math.max(1, Math.floor(maxEntries / 2));
  let young = new Map<K, V>();
  let old = new Map<K, V>();

  function get(key: K): V | undefined {
    const value = young.get(key);
    if (value !== undefined) return value;
    const aged = old.get(key);
    if (aged !== undefined) set(key, aged);
    return aged;
  }

  function set(key: K, value: V): void {
    old.delete(key);
    if (young.size >= half && !young.has(key)) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
  }

  return { get, set, size: () => young.size + old.size };
}

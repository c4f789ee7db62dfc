/**
 * What we use of the page's globals, taken when the script starts: a library that replaces one of them
 * later (a mocked clock, an instrumented `fetch`) then changes nothing of ours, and we call no wrapper of
 * its. Nothing here may throw where one is missing.
 */
export const { fetch: fetchNow, Date: NativeDate } = window;
export const stringify = window.JSON?.stringify;

/** Epoch milliseconds by the client's clock. */
export const now = NativeDate?.now;

/** Cryptographic: `crypto.randomUUID` would be absent on plain HTTP, this is not. */
export const random32 = (): number => crypto.getRandomValues(new Uint32Array(1))[0]!;

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/**
 * A property of the document by its prototype's getter: `<img name="referrer">` would shadow it
 * (HTML §3.1.6: named elements override the document's own properties).
 */
export const readDocument = <Name extends keyof Document>(name: Name): Document[Name] =>
  Reflect.get(Document.prototype, name, document);

import { type JsonObject, setOwn } from './json-object.ts';

/** The pixel's parameters: the seed's `e`, `uid`, `sid`, `url`, `ref`, `utm_*`, and ours. */
export type PixelQuery = {
  /** The image that we put into pages: it holds back the page's `load`. */
  readonly auto: boolean;
  /** `DOCID.MAC`, unverified. */
  readonly proof: string | null;
  /** The rest as the seed's flat form of an event; what has no name there becomes custom properties. */
  readonly event: JsonObject;
};

/** `target` is the request's path and query. Of equal names the last wins, as in JSON. */
export function readPixelQuery(target: string): PixelQuery {
  const start = target.indexOf('?');
  const payload: JsonObject = {};
  for (const [name, value] of new URLSearchParams(start === -1 ? '' : target.slice(start + 1))) {
    setOwn(payload, name, value);
  }
  const { auto, d, url, ...rest } = payload;
  // Our own image is of type `pixel` whatever it says; `e` is there for the seed's consumers.
  if (auto === '1') delete rest.e;
  else if (auto !== undefined) rest.auto = auto;
  return { auto: auto === '1', proof: typeof d === 'string' ? d : null, event: { url, payload: rest } };
}

import { utf8 } from './natives.ts';

/**
 * What goes in one POST. An event is held as its JSON without the end, `{…,"page":{…`, since the time of
 * signing (`page.sent_at`) is all that it still lacks. A batch without events asks for a token.
 */
export type Batch = {
  events: string[];
  /** The page's path and query that the signature covers: a batch that is sent again goes there again. */
  path?: string;
  /** The value of X-GoTrack-HMAC; empty while there is none that the server would take. */
  header?: string;
  /** The client's clock at signing, epoch ms. */
  at?: number;
};

export const bodyOf = ({ events, at }: Batch): Uint8Array<ArrayBuffer> | null =>
  events[0] ? utf8(`[${events.map((event) => `${event},"sent_at":${at}}}`)}]`) : null;

/** By its characters long before a body has 30 KB, which are few where they are long in UTF-8. */
export const isFull = ({ events }: Batch): boolean => events.length > 19 || events.join().length > 9999;

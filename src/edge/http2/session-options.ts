/** What nghttp2 and node bound of a session themselves: header blocks, frames, acknowledgements, streams at once. */
import type { ServerSessionOptions } from 'node:http2';

/** Streams at once. A browser opens about a hundred for a page. */
export const MAX_STREAMS = 128;
/** A browser that leaves a page resets all that it had open; one that does so again and again is none. */
export const RESETS = { burst: 2 * MAX_STREAMS, perSecond: 33 };
/** RFC 9113 §6.5.2: 32 bytes are counted for each header besides its text. What is larger gets 431. */
export const MAX_HEADER_BYTES = 64 * 1024;
/** What is larger than this node resets before we hear of it. */
const HEARD_HEADER_BYTES = 2 * MAX_HEADER_BYTES;

export const SESSION_OPTIONS: ServerSessionOptions = {
  settings: {
    maxConcurrentStreams: MAX_STREAMS,
    maxHeaderListSize: HEARD_HEADER_BYTES,
    enableConnectProtocol: true,
  },
  maxHeaderListPairs: HEARD_HEADER_BYTES / 32, // bounded by bytes
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  // Megabytes. All streams at once may have a piece of their answers waiting.
  maxSessionMemory: 16,
  // nghttp2 looks at each frame, node at what a whole read brought, which may be a thousand streams.
  streamResetBurst: RESETS.burst,
  streamResetRate: RESETS.perSecond,
  // What the origin says twice is passed on twice, as over HTTP/1.1.
  strictSingleValueFields: false,
};

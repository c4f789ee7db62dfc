/** How much of anything an event may hold (events: "Limits"), in characters of JavaScript unless a name says bytes. */

/** url, referrer and title, which are cut; every other text is refused beyond MAX_STRING. */
export const MAX_URL = 2_048;
export const MAX_STRING = 8_192;
export const MAX_KEY = 128;
export const MAX_ARRAY = 256;
/** Serialised. */
export const MAX_PROPS_BYTES = 4_096;
export const MAX_RESULTS_BYTES = 16_384;

/** Of what the proxy itself observes; all of it is cut. */
export const MAX_UA = 1_024;
export const MAX_HOST = 255;
export const MAX_HEADER_NAMES = 64;
export const MAX_HEADER_NAME = 128;

/** What an event may be called. */
export const EVENT_TYPE = '^[a-z0-9_.:-]{1,64}$';

/**
 * Takes what nobody meant to hand out of addresses and titles (events: "Scrubbing"): e-mail addresses, JWTs
 * and card numbers become `[redacted]`, query parameters named like secrets lose their value.
 * Every pass is linear: clients choose these texts.
 */
import { redactCards, redactEmails, redactJwts } from './redact.ts';
import { createIsSecretName } from './secret-names.ts';

export type Scrub = {
  /** An absolute or relative URL: userinfo, query and fragment too. */
  url(text: string): string;
  /** A query without its `?`. */
  query(text: string): string;
  /** A title, or the value of one parameter. */
  text(text: string): string;
  /** The value of one parameter, empty where its name says that it is a secret. */
  parameter(name: string, value: string): string;
};

const PARAMETER = /([?&#;])([^=&#;?]{1,128})=([^&#;]*)/g;
/** The same inside of a parameter that holds a URL: `?next=%2Freset%3Ftoken%3Dabc`. */
const ENCODED_PARAMETER = /(%3F|%26|%23)([A-Za-z0-9_.[\]-]{1,64})%3D((?:[^&#;%]|%(?!26|23))*)/gi;

const asItIs = (text: string): string => text;
const NO_SCRUB: Scrub = { url: asItIs, query: asItIs, text: asItIs, parameter: (_, value) => value };

/** SCRUB. */
export function createScrub(enabled: boolean): Scrub {
  if (!enabled) return NO_SCRUB;
  const isSecretName = createIsSecretName();

  function withoutSecrets(text: string): string {
    const plain = text.includes('=') ? text.replace(PARAMETER, emptySecret) : text;
    const isNested = plain.includes('%3D') || plain.includes('%3d');
    return isNested ? plain.replace(ENCODED_PARAMETER, emptyEncodedSecret) : plain;
  }

  function emptySecret(all: string, before: string, name: string): string {
    return isSecretName(name) ? `${before}${name}=` : all;
  }

  function emptyEncodedSecret(all: string, before: string, name: string): string {
    return isSecretName(name) ? `${before}${name}%3D` : all;
  }

  return {
    url: (text) => redact(withoutSecrets(withoutUserinfo(text))),
    query: (text) => redact(withoutSecrets(`?${text}`).slice(1)),
    text: redact,
    parameter: (name, value) => (isSecretName(name) ? '' : redact(value)),
  };
}

function redact(text: string): string {
  return redactEmails(redactJwts(redactCards(text)));
}

/** `https://user:password@host/` without what stands before the host. */
function withoutUserinfo(text: string): string {
  const scheme = text.indexOf('://');
  if (scheme === -1 || !text.includes('@')) return text;
  const start = scheme + 3;
  const length = text.slice(start).search(/[/?#]/);
  const at = text.lastIndexOf('@', length === -1 ? text.length : start + length);
  return at < start ? text : text.slice(0, start) + text.slice(at + 1);
}

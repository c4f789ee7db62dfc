/** The policies that Chromium is shown (policies.test.ts). */
import { createHash } from 'node:crypto';

/** Who speaks: the tracker (with or without its pixel), the pixel alone, or nobody of ours. */
export type Heard = 'tracker' | 'tracker without pixel' | 'pixel' | 'nobody';

export const CSP = 'Content-Security-Policy';
export const REPORT = 'Content-Security-Policy-Report-Only';
const enforced = (...policies: string[]) => policies.flatMap((policy) => [CSP, policy]);
const reported = (...policies: string[]) => policies.flatMap((policy) => [REPORT, policy]);

/** The page's own inline script. */
export const INLINE = "ran('inline')";
const HASH = `'sha256-${createHash('sha256').update(INLINE).digest('base64')}'`;

/** Stands for a header line: what stands in the page's head is a meta. */
export const META = 'meta';
/** As they stand between double quotes. */
const inMeta = (...policies: string[]) => policies.flatMap((policy) => [META, policy]);

/** Header lines and metas of a page, and who of ours is heard from it. */
export const ROWS: [headers: string[], Heard][] = [
  [[], 'tracker'],
  [enforced("script-src 'self' 'unsafe-inline' 'unsafe-eval'"), 'tracker'],
  [enforced("default-src 'self' 'unsafe-inline'"), 'tracker'],
  [enforced("script-src 'nonce-abc'"), 'tracker'],
  [enforced("script-src 'nonce-abc' 'strict-dynamic' 'unsafe-inline' https:"), 'tracker'],
  [enforced("script-src 'self'"), 'tracker'],
  [enforced("Script-Src  'SELF' ; object-src 'none';"), 'tracker'],
  [enforced(`script-src 'self' ${HASH}`), 'tracker'],
  [enforced(`script-src 'unsafe-inline' 'unsafe-hashes' 'report-sample' ${HASH}`), 'tracker'],
  [enforced("script-src 'strict-dynamic'"), 'tracker'],
  [enforced("script-src 'none'"), 'tracker'],
  [enforced('script-src'), 'tracker'],
  [enforced("script-src 'self'; script-src 'none'"), 'tracker'],
  [enforced("script-src 'unsafe-inline'; script-src-elem 'self'; script-src-attr 'none'"), 'tracker'],
  [enforced("script-src 'none'; script-src-elem 'self' 'unsafe-inline'"), 'tracker'],
  [enforced("default-src 'self'"), 'tracker'],
  [enforced("default-src 'self' 'unsafe-eval' 'wasm-unsafe-eval' 'report-sample';"), 'tracker'],
  [enforced("default-src 'none'; connect-src 'self'; script-src-elem 'self'"), 'tracker without pixel'],
  [enforced("default-src 'none'; connect-src 'self'; img-src 'self'"), 'tracker'],
  [enforced("default-src https: 'unsafe-inline'"), 'tracker without pixel'],
  [enforced("default-src https: 'nonce-abc' 'strict-dynamic' 'unsafe-eval'"), 'tracker without pixel'],
  [enforced(`default-src data: ${HASH} 'unsafe-hashes' 'report-sample'`), 'tracker without pixel'],
  [enforced('connect-src https://api.example'), 'tracker'],
  [enforced("connect-src 'none'"), 'pixel'],
  [enforced('connect-src'), 'pixel'],
  [enforced("default-src 'none'; img-src *; script-src 'self'"), 'pixel'],
  [enforced("default-src 'none'"), 'nobody'],
  [enforced("img-src 'none'"), 'tracker without pixel'],
  [enforced("script-src 'self'; img-src data:"), 'tracker without pixel'],
  [enforced('sandbox'), 'nobody'],
  [enforced('sandbox allow-scripts'), 'nobody'],
  [enforced('sandbox allow-same-origin'), 'pixel'],
  [enforced("sandbox allow-same-origin allow-scripts; script-src 'self'"), 'tracker'],
  [enforced("require-trusted-types-for 'script'; script-src 'self'"), 'tracker'],
  [enforced("require-trusted-types-for 'script'; trusted-types 'none'"), 'tracker'],
  [enforced("base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self'"), 'tracker'],
  [enforced('\u00e9 x; script-src \u00e9', "script-src 'self'"), 'tracker'],
  [reported("script-src 'self'"), 'tracker'],
  [reported("script-src 'nonce-abc'"), 'tracker'],
  [reported("default-src 'self'"), 'tracker'],
  [reported("script-src 'none'; connect-src 'none'"), 'tracker'],
  [reported("default-src 'none'"), 'tracker without pixel'],
  [enforced("script-src 'self'", "script-src 'nonce-abc'"), 'tracker'],
  [enforced("script-src 'nonce-abc', script-src 'nonce-xyz'"), 'tracker'],
  [enforced("default-src 'self', script-src 'none', connect-src https:"), 'tracker'],
  [enforced("script-src 'self' 'unsafe-inline'", "connect-src 'none'"), 'pixel'],
  [[...enforced("script-src 'nonce-abc'"), ...reported("script-src 'nonce-xyz'")], 'tracker'],
  [[...enforced("default-src 'self'"), ...reported("default-src 'self'; script-src 'none'")], 'tracker'],
  [inMeta("script-src 'self' 'unsafe-inline'"), 'tracker'],
  [inMeta("script-src 'self'"), 'tracker'],
  [inMeta('script-src &#39;self&#39;; img-src &#x27;self&#x27;'), 'tracker'],
  [inMeta("script-src 'nonce-abc'"), 'tracker'],
  [inMeta("script-src 'nonce-abc' 'strict-dynamic'"), 'tracker'],
  [inMeta("default-src 'self'"), 'tracker'],
  [inMeta("default-src 'none'; connect-src 'self'; script-src-elem 'self'"), 'tracker without pixel'],
  [inMeta('connect-src https://api.example'), 'tracker'],
  [inMeta("connect-src 'none'"), 'pixel'],
  [inMeta("img-src 'none'"), 'tracker without pixel'],
  [inMeta("default-src 'none'"), 'nobody'],
  [inMeta('sandbox; frame-ancestors https://x.example'), 'tracker'],
  [inMeta("script-src 'self', connect-src 'self' data:"), 'nobody'],
  [inMeta("script-src 'self'", "script-src 'nonce-abc'"), 'tracker'],
  [[...inMeta("script-src 'self'"), ...enforced("script-src 'nonce-abc'")], 'tracker'],
  [[...inMeta("script-src 'nonce-abc'"), ...enforced("default-src 'self'")], 'tracker'],
  [[...inMeta("script-src 'none'"), ...reported("script-src 'self'; connect-src 'none'")], 'tracker'],
  [[...inMeta("connect-src 'none'"), ...enforced("img-src 'none'")], 'nobody'],
];

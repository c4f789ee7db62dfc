/**
 * Validators of an edited page (proxy: "Validators"). It is another representation than the origin's, so
 * its ETag is weak and ends in the snippet's version and the strength that the tag had:
 * `"abc"` → `W/"abc-gts1f2e"`, `W/"abc"` → `W/"abc-gtw1f2e"`.
 */
import { headerList, headerValue, type RawHeaders, removeHeader, setHeader } from '../http/raw-headers.ts';

const TAG = /^(W\/)?"([^"]*)"$/;
const OUR_SUFFIX = /-gt[sw][0-9a-f]+"$/;

/** The tag of the edited page, or null where the origin's is none that can be marked. */
export function editedTag(tag: string, version: string): string | null {
  const parts = TAG.exec(tag.trim());
  if (parts === null) return null;
  return `W/"${parts[2]}-gt${parts[1] === undefined ? 's' : 'w'}${version}"`;
}

/** The origin's own tag, or null where this is not the tag of a page that today's snippet is in. */
export function originTag(tag: string, version: string): string | null {
  const strong = `-gts${version}"`;
  if (!tag.startsWith('W/"')) return null;
  if (tag.endsWith(strong)) return `${tag.slice('W/'.length, -strong.length)}"`;
  return tag.endsWith(`-gtw${version}"`) ? `${tag.slice(0, -strong.length)}"` : null;
}

/**
 * Takes today's suffix off If-None-Match, and drops If-Range with a suffix of ours together with Range, in
 * place. Tags of other versions stay, so that they cannot match. True if a 304 would mean the edited page.
 */
export function unmarkRequest(headers: RawHeaders, version: string): boolean {
  const ifRange = headerValue(headers, 'if-range');
  if (ifRange !== undefined && OUR_SUFFIX.test(ifRange.trim())) {
    removeHeader(headers, 'if-range');
    removeHeader(headers, 'range');
  }
  const ifNoneMatch = headerList(headers, 'if-none-match');
  if (ifNoneMatch === undefined || !ifNoneMatch.includes(version)) return false;
  const tags = parseTags(ifNoneMatch);
  const plain = tags.map((tag) => originTag(tag, version) ?? tag);
  if (plain.every((tag, i) => tag === tags[i])) return false;
  setHeader(headers, 'If-None-Match', plain.join(', '));
  return true;
}

/** Empty where the list is not well formed, `*` too: then the header is not ours to touch. */
function parseTags(list: string): string[] {
  const tags: string[] = [];
  const next = /\s*((?:W\/)?"[^"]*")\s*(?:,|$)/y;
  for (let at = 0; at < list.length; at = next.lastIndex) {
    const match = next.exec(list);
    if (match === null) return [];
    tags.push(match[1]!);
  }
  return tags;
}

/** Marks the head of an edited page, in place; a tag that cannot be marked goes, since it would lie. */
export function markResponse(headers: RawHeaders, version: string): void {
  setHeader(headers, 'Accept-Ranges', 'none');
  markTag(headers, version);
}

/** Puts the suffix on the ETag, in place: of an edited page, and of the 304 that stands for one. */
export function markTag(headers: RawHeaders, version: string): void {
  const tag = headerValue(headers, 'etag');
  if (tag === undefined) return;
  const edited = editedTag(tag, version);
  if (edited === null) removeHeader(headers, 'etag');
  else setHeader(headers, 'ETag', edited);
}

const DIGESTS = new Set(['content-md5', 'digest', 'content-digest', 'repr-digest']);
const DIGEST_LENGTHS = new Set([...DIGESTS].map(({ length }) => length));

/** The fields but for digests, which spoke of the body as the origin sent it. A copy. */
export function withoutDigests(fields: RawHeaders): RawHeaders {
  const kept: RawHeaders = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (DIGEST_LENGTHS.has(name.length) && DIGESTS.has(name.toLowerCase())) continue;
    kept.push(name, fields[i + 1]!);
  }
  return kept;
}

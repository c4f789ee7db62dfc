/** What a page says about itself in the attributes of its html and meta tags. */

const QUOTED = /"[^"]*"|'[^']*'/g;
/** `amp` or the sign U+26A1, as UTF-8 in Latin-1, with its variants and an optional U+FE0F behind the sign. */
const AMP = /(?:^|[\s/])(?:amp|\u00e2\u009a\u00a1(?:\u00ef\u00b8\u008f)?)(?:4ads|4email)?(?=[\s=/]|$)/i;

/** Whether these are the attributes of an AMP page's html tag, which allows no script of others. */
export function isAmp(attributes: string): boolean {
  return AMP.test(attributes.replace(QUOTED, '""'));
}

/** Whether these are the attributes of a meta tag that holds a content security policy. */
export function isPolicy(attributes: string): boolean {
  return /content-security-policy/i.test(attributes);
}

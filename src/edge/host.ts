/** RFC 9110 §7.2, RFC 3986 §3.2.2: a name, an IPv4 or `[IPv6]`, and perhaps a port. Empty is allowed. */
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Za-z.:]+\])(?::\d{0,5})?$/;

/** Whether a text may stand in `Host`: what fits here ends up in our pages and in the origin's links. */
export function isHost(text: string): boolean {
  return HOST.test(text);
}

/** Whether two texts name one authority: case does not count, nor does the port that the scheme implies. */
export function isSameHost(a: string, b: string, scheme: string): boolean {
  const port = scheme.toLowerCase() === 'https' ? ':443' : ':80';
  return withoutSuffix(a.toLowerCase(), port) === withoutSuffix(b.toLowerCase(), port);
}

const withoutSuffix = (text: string, suffix: string) =>
  text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;

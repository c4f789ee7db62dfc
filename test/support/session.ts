/** A visitor's session over raw sockets: cookies are kept and sent back, redirects are read and not followed. */
import { gunzipSync } from 'node:zlib';
import { connect, type RawResponse } from './raw-client.ts';

export type Answer = {
  readonly status: number;
  readonly response: RawResponse;
  /** Decoded, as UTF-8. */
  readonly text: string;
};

export type Session = {
  get(target: string, ...lines: string[]): Promise<Answer>;
  head(target: string): Promise<Answer>;
  /** Fields as a form sends them; a page of its own fields stays in step with `formOf`. */
  post(target: string, fields: Record<string, string>): Promise<Answer>;
  /** As multipart/form-data, with one file. */
  upload(
    target: string,
    fields: Record<string, string>,
    file: { name: string; content: string },
  ): Promise<Answer>;
  cookie(name: string): string | undefined;
};

const NAVIGATION = [
  'Accept: text/html,*/*',
  'Accept-Encoding: gzip',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Dest: document',
];
const BOUNDARY = '----a-boundary-of-the-test';

export function startSession(port: number, host: string): Session {
  const cookies = new Map<string, string>();

  async function ask(method: string, target: string, lines: string[], body = ''): Promise<Answer> {
    const client = await connect(port);
    const sent = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const cookie = sent === '' ? [] : [`Cookie: ${sent}`];
    const head = [
      `${method} ${target} HTTP/1.1`,
      `Host: ${host}`,
      ...NAVIGATION,
      ...cookie,
      ...lines,
      '',
      '',
    ];
    client.send(head.join('\r\n') + body);
    const response = await client.response(method);
    client.destroy();
    for (const [name, value] of response.headers)
      if (name.toLowerCase() === 'set-cookie') keep(cookies, value);
    const zipped = response.header('content-encoding') === 'gzip' && response.content.length > 0;
    const content = zipped ? gunzipSync(response.content) : response.content;
    return { status: response.status, response, text: content.toString() };
  }

  function send(target: string, type: string, body: string): Promise<Answer> {
    const lines = [`Origin: http://${host}`, `Referer: http://${host}${target}`];
    return ask('POST', target, [...lines, `Content-Type: ${type}`, `Content-Length: ${body.length}`], body);
  }

  return {
    get: (target, ...lines) => ask('GET', target, lines),
    head: (target) => ask('HEAD', target, []),
    post: (target, fields) =>
      send(target, 'application/x-www-form-urlencoded', new URLSearchParams(fields).toString()),
    upload(target, fields, { name, content }) {
      const parts = Object.entries(fields).map(
        ([field, value]) =>
          `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`,
      );
      const file = `Content-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/octet-stream`;
      const body = `${parts.join('')}--${BOUNDARY}\r\n${file}\r\n\r\n${content}\r\n--${BOUNDARY}--\r\n`;
      return send(target, `multipart/form-data; boundary=${BOUNDARY}`, body);
    },
    cookie: (name) => cookies.get(name),
  };
}

function keep(cookies: Map<string, string>, line: string): void {
  const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
  if (/max-age=0/i.test(line) || value === '""') cookies.delete(name!);
  else cookies.set(name!, value!);
}

/** What a browser would send of a form that nobody touched. */
export function formOf(page: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [tag] of page.matchAll(/<input\b[^>]*>/g)) {
    const attribute = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
    const name = attribute('name');
    const type = attribute('type') ?? 'text';
    if (name === undefined || type === 'submit' || type === 'file') continue;
    if ((type === 'checkbox' || type === 'radio') && !/\bchecked\b/.test(tag)) continue;
    fields[name] = attribute('value') ?? (type === 'checkbox' ? 'on' : '');
  }
  return fields;
}

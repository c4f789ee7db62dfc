import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { createDemoSite } from '../../src/demo/origin.ts';

export type Answer = {
  status: number;
  headers: Record<string, string | undefined>;
  cookies: string[];
  /** Decoded where it was compressed. */
  text: string;
  /** The body's pieces as they came. */
  pieces: string[];
};

export type Ask = {
  method?: string;
  headers?: Record<string, string>;
  form?: Record<string, string>;
  raw?: string;
};

/** A running shop and somebody who visits it with a jar for its cookies. */
export async function openShop() {
  const site = createDemoSite();
  const { port }: AddressInfo = await site.listen();
  const jar = new Map<string, string>();

  function ask(path: string, { method, headers = {}, form, raw }: Ask = {}): Promise<Answer> {
    const body = raw ?? (form === undefined ? undefined : new URLSearchParams(form).toString());
    const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          port,
          path,
          method: method ?? (body === undefined ? 'GET' : 'POST'),
          headers: { cookie, ...type, ...headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const cookies = response.headers['set-cookie'] ?? [];
            for (const line of cookies) keep(jar, line);
            const whole = Buffer.concat(chunks);
            const plain = response.headers['content-encoding'] === 'gzip' ? gunzipSync(whole) : whole;
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers as Answer['headers'],
              cookies,
              text: plain.toString('utf8'),
              pieces: chunks.map((chunk) => chunk.toString('utf8')),
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  return { ask, jar, port, url: `http://127.0.0.1:${port}`, close: () => site.close() };
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = ''] = line.split(';');
  const equals = pair.indexOf('=');
  const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
  if (/Max-Age=0(;|$)/.test(line)) jar.delete(name);
  else jar.set(name, value);
}

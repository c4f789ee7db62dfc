import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

/** One page with exactly these headers (`fetch` has a Sec-Fetch-Mode of its own): its coding, and its text without. */
export async function getPage(
  url: string,
  headers: Record<string, string>,
): Promise<{ coding: string | null; text: string }> {
  const [response] = (await once(http.get(url, { headers }), 'response')) as [IncomingMessage];
  const body = await buffer(response);
  const coding = response.headers['content-encoding'] ?? null;
  return { coding, text: (coding === 'gzip' ? gunzipSync(body) : body).toString() };
}

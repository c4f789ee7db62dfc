import { fetchNow } from './natives.ts';
import { createToken, type Issued, type Token } from './token.ts';

export type SignedFetch = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;

/**
 * A `fetch` that signs its POSTs, so that the proxy takes them for events (protocol: "request"). It asks for a token
 * where it has none, and once more where the server says that the token is too old. Other methods go out as they
 * are. Rejects as `fetch` does, and where the address gives no token: then no proxy of ours is there.
 */
export function createSignedFetch(): SignedFetch {
  /** By origin: a token is good for every path of one. */
  const tokens: Record<string, Token> = {};

  const tokenFor = async ({ origin, href }: URL): Promise<Token> => {
    tokens[origin] ??= createToken({}, false);
    const token = tokens[origin];
    if (token.isFresh()) return token;
    const headers = { 'X-GoTrack-HMAC': 'hello' };
    const response = await fetchNow(href, { method: 'POST', headers, cache: 'no-store', redirect: 'error' });
    if (await adopt(token, response)) return token;
    throw new TypeError(`gotrack: no token from ${href}: ${response.status}`);
  };

  const send = async (request: Request, body: ArrayBuffer): Promise<Response> => {
    const url = new URL(request.url);
    const token = await tokenFor(url);
    const headers = new Headers(request.headers);
    const path = url.href.slice(url.origin.length).replace(/#.*/, '');
    headers.set('X-GoTrack-HMAC', token.signBody(path, new Uint8Array(body)));
    // What a string gets of its own accord.
    if (/^(text\/plain|$)/.test(headers.get('Content-Type') ?? ''))
      headers.set('Content-Type', 'application/json');
    return fetchNow(new Request(request.clone(), { headers, body, cache: 'no-store' }));
  };

  return async (input, init) => {
    const request = new Request(input, init);
    if (request.method !== 'POST') return fetchNow(request);
    const body = await request.clone().arrayBuffer();
    const response = await send(request, body);
    const { origin } = new URL(request.url);
    const isRenewed = await adopt(tokens[origin]!, response.clone());
    return response.status === 401 && isRenewed ? send(request, body) : response;
  };
}

/** Whether the answer brought a token. */
async function adopt(token: Token, response: Response): Promise<boolean> {
  const type = response.headers.get('Content-Type');
  return type === 'application/json' && token.adopt((await response.json()) as Issued);
}

/**
 * What a page may fetch to send events of its own accord (protocol: "The seed's scripts"): `/hmac.js`, which holds no
 * key, and the tracker as a file, classic and as a module. The same bytes for everybody, so caches may keep them.
 */
import { createHash } from 'node:crypto';
import type { Exchange } from '../http/exchange.ts';
import { answerWrongMethod } from './answer.ts';

export type ScriptName = 'hmac.js' | 'pixel.js' | 'pixel.esm.js';

/** By name the text of a script, ASCII. */
export type ScriptTexts = { readonly [Name in ScriptName]: string };

export type ScriptsDeps = {
  readonly texts: ScriptTexts;
  /** CORS_ORIGINS: their pages may import the module. */
  readonly corsOrigins: ReadonlySet<string>;
  readonly onRejected: (reason: 'wrong-method') => void;
};

export type AnswerScript = (exchange: Exchange, name: ScriptName) => void;

/** An hour: what a page fetched just before an upgrade or another setting is good for that long. */
const CACHE = 'public, max-age=3600';

export function createScripts({ texts, corsOrigins, onRejected }: ScriptsDeps): AnswerScript {
  const tags = {
    'hmac.js': tagOf(texts['hmac.js']),
    'pixel.js': tagOf(texts['pixel.js']),
    'pixel.esm.js': tagOf(texts['pixel.esm.js']),
  };

  return function answerScript(exchange, name) {
    const { method, headers } = exchange.clientReq;
    if (method !== 'GET' && method !== 'HEAD') {
      onRejected('wrong-method');
      return answerWrongMethod(exchange, 'GET, HEAD');
    }
    const common = ['Cache-Control', CACHE, 'ETag', tags[name], ...corsHeaders(headers.origin, corsOrigins)];
    if (headers['if-none-match'] === tags[name]) return void exchange.clientRes.writeHead(304, common).end();
    writeScript(exchange, texts[name], common);
  };
}

function writeScript({ clientReq, clientRes }: Exchange, text: string, common: readonly string[]): void {
  clientRes.writeHead(200, [
    ...['Content-Type', 'text/javascript; charset=utf-8', 'X-Content-Type-Options', 'nosniff'],
    ...common,
    ...['Content-Length', String(text.length)],
  ]);
  if (clientReq.method === 'HEAD') clientRes.end();
  else clientRes.end(text, 'latin1');
}

function corsHeaders(origin: string | undefined, allowed: ReadonlySet<string>): string[] {
  if (allowed.size === 0) return [];
  const isAllowed = origin !== undefined && allowed.has(origin);
  return [...(isAllowed ? ['Access-Control-Allow-Origin', origin] : []), 'Vary', 'Origin'];
}

/** RFC 9110 §8.8.3. */
function tagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 16)}"`;
}

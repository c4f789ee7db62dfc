/**
 * All claims of speed beside nginx and http-proxy, in one table. Needs Linux and Debian's nginx-light, wrk,
 * nghttp2-client, openssl and python3-doc; takes a quarter of an hour.
 *
 *   node bench/all.ts [--rounds 3] [--seconds 4] [--peer http-proxy|http-proxy-3]
 *
 * Each of the programs imported here runs alone too, with the same arguments.
 */
import { firstByte } from './first-byte.ts';
import { forward } from './forward.ts';
import { growth } from './growth.ts';
import { html } from './html.ts';
import { latency } from './latency.ts';
import { memory } from './memory.ts';
import { secure } from './secure.ts';
import { runBenchmarks } from './support/bench.ts';
import { websocket } from './websocket.ts';

await runBenchmarks([forward, secure, websocket, html, growth, latency, firstByte, memory]);

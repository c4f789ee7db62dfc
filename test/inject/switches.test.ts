/** Every way to switch injection off, through the room: the page, its head and what the origin is asked for stay. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InjectDeps, InjectOptions } from '../../src/inject/inject.ts';
import {
  type Answer,
  createTestRoom,
  HTML,
  NAVIGATION,
  PAGE,
  type Request,
  takeSnippet,
  visit,
} from './harness.ts';

type Switch = {
  name: string;
  outcome: string;
  options?: Partial<InjectOptions>;
  deps?: Partial<InjectDeps>;
  request?: Request;
  headers?: string[];
  /** What else must be given up by somebody for the page to be edited again. */
  on: { options?: Partial<InjectOptions>; deps?: Partial<InjectDeps>; request?: Request; headers?: string[] };
};

const FRAME = ['Accept-Encoding', 'br', 'Sec-Fetch-Dest', 'iframe', 'Sec-Fetch-Mode', 'navigate'];
const consent = (analytics: 'granted' | 'denied', security: 'granted' | 'denied'): Partial<InjectDeps> => ({
  consentOf: () => ({ analytics, security }),
});

/** Before the request goes out: the origin is asked for what the client asked for. */
const REQUEST: Switch[] = [
  { name: 'TRACKING=off', outcome: 'off', options: { tracking: false }, on: {} },
  {
    name: 'consent denies both purposes',
    outcome: 'off',
    deps: consent('denied', 'denied'),
    on: { deps: consent('denied', 'granted') },
  },
  {
    name: 'a path that INJECT_PATHS does not name',
    outcome: 'excluded',
    options: { injectPaths: ['/shop/**'] },
    on: { options: { injectPaths: ['/p'] } },
  },
  {
    name: 'a path that INJECT_EXCLUDE names',
    outcome: 'excluded',
    options: { injectExclude: ['/p*'] },
    on: { options: { injectExclude: ['/q*'] } },
  },
  {
    name: 'a frame, without INJECT_FRAMES',
    outcome: 'frame',
    request: { headers: FRAME },
    on: { options: { frames: true }, request: { headers: FRAME } },
  },
  {
    name: 'a fetch',
    outcome: 'not-navigation',
    request: { headers: ['Accept-Encoding', 'br', 'Sec-Fetch-Mode', 'cors'] },
    on: {},
  },
  {
    name: 'a request with no-transform',
    outcome: 'no-transform',
    request: { headers: [...NAVIGATION, 'Cache-Control', 'no-transform'] },
    on: { request: { headers: [...NAVIGATION, 'Cache-Control', 'no-cache'] } },
  },
];

const HEAD: Switch[] = [
  {
    name: 'a response with no-transform',
    outcome: 'no-transform',
    headers: ['Cache-Control', 'private, no-transform'],
    on: { headers: ['Cache-Control', 'private'] },
  },
  {
    name: 'X-GoTrack-Inject: off',
    outcome: 'excluded',
    headers: ['X-GoTrack-Inject', 'off'],
    on: { headers: ['X-GoTrack-Inject', 'on'] },
  },
  {
    name: 'CSP=respect, where a policy would have to be edited',
    outcome: 'csp',
    options: { csp: 'respect' },
    headers: ['Content-Security-Policy', "script-src 'self'"],
    on: { options: { csp: 'edit' }, headers: ['Content-Security-Policy', "script-src 'self'"] },
  },
];

const answerWith = (headers: readonly string[] = []): Answer => ({
  headers: [
    ...HTML,
    'Content-Length',
    String(PAGE.length),
    'ETag',
    '"a"',
    'Accept-Ranges',
    'bytes',
    ...headers,
  ],
});

for (const [stage, switches] of [
  ['request', REQUEST],
  ['head', HEAD],
] as const) {
  describe(`a rule of the ${stage} that does not hold`, () => {
    for (const { name, outcome, options, deps, request, headers, on } of switches) {
      test(`${name}: ${outcome}`, () => {
        const room = createTestRoom({ vary: false, ...options }, deps);
        const answer = answerWith(headers);
        const { client, originHeaders, exchange } = visit(room, request, answer);
        assert.equal(client.body.toString(), PAGE);
        const kept = answer.headers!.filter((_, i, all) => all[i - (i % 2)] !== 'X-GoTrack-Inject');
        assert.deepEqual(client.gotHead!.headers, kept);
        if (stage === 'request') assert.deepEqual(originHeaders, exchange.clientReq.rawHeaders);
        assert.deepEqual(room.outcomes, [outcome]);
      });

      test(`${name}: without it, the page is edited`, () => {
        const room = createTestRoom({ vary: false, ...on.options }, on.deps);
        const { client } = visit(room, on.request, answerWith(on.headers));
        assert.equal(takeSnippet(client.body)!.page, PAGE);
        assert.equal(client.header('accept-ranges'), 'none');
      });
    }
  });
}

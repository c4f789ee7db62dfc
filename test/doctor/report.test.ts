import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../src/doctor/doctor.ts';
import { examine } from '../../src/doctor/doctor.ts';
import { readPageAddress } from '../../src/doctor/page-address.ts';
import { createProbe } from '../../src/doctor/probe.ts';
import { jsonOf, type ReportFacts, reportOf } from '../../src/doctor/report.ts';
import { error, note, ok, type Row, warning } from '../../src/doctor/row.ts';
import { tableOf } from '../../src/doctor/table.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { startOrigin } from '../support/origin.ts';
import { examined, shop } from './harness.ts';

const FACTS = { at: '2026-11-24T10:00:00.000Z', version: '1.2.3', page: 'http://a/', origin: 'http://b' };
const PLAIN = { columns: 60, colours: false };

const found = (...rows: Row[]): Finding[] => rows.map((row) => ({ ...row, check: 'host' }));
const report = (rows: Row[], facts: Partial<ReportFacts> = {}) =>
  reportOf({ ...FACTS, strict: false, findings: found(...rows), ...facts });

test('errors make exit code 1, warnings only with --strict, notes never, no configuration 2', () => {
  const [wrong, unsure, told] = [error('a', 'b', 'c'), warning('a', 'b', 'c'), note('a', 'b')];
  assert.equal(report([wrong]).exit_code, 1);
  assert.equal(report([unsure]).exit_code, 0);
  assert.equal(report([unsure], { strict: true }).exit_code, 1);
  assert.equal(report([told, ok('a', 'b')], { strict: true }).exit_code, 0);
  assert.equal(report([wrong], { origin: null, page: null }).exit_code, 2);
});

test('the JSON has its fields in their places', () => {
  assert.deepEqual(report([warning('host', 'found', 'cure')]), {
    schema: 'gotrack.doctor/1',
    ...FACTS,
    exit_code: 0,
    summary: { ok: 0, note: 0, warning: 1, error: 0, skipped: 0 },
    findings: [{ check: 'host', name: 'host', level: 'warning', found: 'found', cure: 'cure' }],
  });
});

test('the table is aligned, wraps at the width, and gives the cure a line of its own', () => {
  const rows = [
    ok('origin', 'fine'),
    warning('host', 'a text that is longer than one line of it', 'do this'),
  ];
  assert.equal(
    tableOf(report(rows), PLAIN),
    `  page    http://a/
  origin  http://b

  ok       origin  fine
  warning  host    a text that is longer than one line of it
                   → do this

  1 warning`,
  );
  const narrow = tableOf(report(rows), { columns: 44, colours: false }).split('\n');
  assert.ok(
    narrow.every((line) => line.length <= 44),
    narrow.join('\n'),
  );
});

test('a word that is longer than a line is cut, and nothing of it is lost', () => {
  const word = 'x'.repeat(200);
  const lines = tableOf(report([ok('a', word)]), PLAIN).split('\n');
  assert.ok(lines.every((line) => line.length <= 60));
  assert.equal(lines.join('').match(/x/g)!.length, 200);
});

test('colours only where they are asked for', () => {
  assert.doesNotMatch(tableOf(report([error('a', 'b', 'c')]), PLAIN), /\u001b/);
  assert.match(tableOf(report([error('a', 'b', 'c')]), { ...PLAIN, colours: true }), /\u001b\[31merror/);
});

test('what a server says cannot steer the terminal', () => {
  const table = tableOf(report([ok('a', 'x\u001b[2Jy\u009bz\u202e\n')]), { ...PLAIN, colours: true });
  assert.doesNotMatch(table.replaceAll(/\u001b\[\d+m/g, ''), /[\u001b\u009b\u202e]/);
  const json = jsonOf(report([ok('a', 'x\u001b[2Jy\u009bz“')]));
  assert.match(json, /^[\n\x20-\x7e]*$/);
  assert.equal(JSON.parse(json).findings[0].found, 'x\u001b[2Jy\u009bz“');
});

test('a check that fails does not silence the others, and time that is over skips the rest', async (t) => {
  const examination = await examined(t, shop);
  const broken = {
    ...examination,
    origin: { ...examination.origin, page: () => Promise.reject(new Error('boom')) },
  };
  const findings = await examine(broken, AbortSignal.timeout(60_000));
  assert.match(findings.find(({ check }) => check === 'origin')!.found, /itself failed: boom/);
  assert.equal(findings.find(({ check }) => check === 'journal')!.level, 'ok');
  const late = await examine(examination, AbortSignal.abort());
  assert.deepEqual([...new Set(late.map(({ level }) => level))], ['skipped']);
});

const PAGES: [text: string | undefined, url: string | null, live: boolean][] = [
  [undefined, 'http://localhost:19890/', false],
  ['/p/7?a=1', 'http://localhost:19890/p/7?a=1', false],
  ['https://shop.example', 'https://shop.example/', true],
  ['https://shop.example:8443/p', 'https://shop.example:8443/p', true],
  ['shop.example', null, false],
  ['ftp://shop.example', null, false],
  ['https://user:secret@shop.example/', null, false],
  ['https://', null, false],
];
for (const [text, url, live] of PAGES) {
  test(`the page of ${text ?? 'no argument'} is ${url ?? 'refused'}`, () => {
    const reading = readPageAddress(text, 'http://localhost:19890');
    assert.equal(reading.ok ? reading.page.url : null, url);
    assert.equal(reading.ok && reading.page.live, live);
    assert.doesNotMatch(JSON.stringify(reading), /secret/);
  });
}

test('an answer that never comes ends in time', async (t) => {
  const origin = await startOrigin(() => {});
  t.after(origin.close);
  const probe = createProbe({ timeoutMs: 50, signal: new AbortController().signal }, { clock: systemClock });
  const place = { protocol: 'http:' as const, hostname: '127.0.0.1', port: origin.port };
  const answer = await probe(place, { method: 'GET', path: '/', headers: ['Host', 'a'], maxBytes: 10 });
  assert.deepEqual([answer.ok, !answer.ok && answer.reason], [false, 'timeout']);
});

test('a body without an end is cut at its bound', async (t) => {
  const origin = await startOrigin((_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const endless = setInterval(() => socket.write('x'.repeat(1000)), 1);
    socket.once('close', () => clearInterval(endless));
  });
  t.after(origin.close);
  const probe = createProbe(
    { timeoutMs: 10_000, signal: new AbortController().signal },
    { clock: systemClock },
  );
  const place = { protocol: 'http:' as const, hostname: '127.0.0.1', port: origin.port };
  const answer = await probe(place, { method: 'GET', path: '/', headers: ['Host', 'a'], maxBytes: 5000 });
  assert.ok(answer.ok && answer.cut && answer.body.length < 100_000);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments } from '../../src/cli/arguments.ts';

const CASES: [argv: string[], command: string, flags: Record<string, string>, rest: string[]][] = [
  [[], '', {}, []],
  [['serve'], 'serve', {}, []],
  [['schema', 'v1', 'v2'], 'schema', {}, ['v1', 'v2']],
  [['serve', '--server-addr', ':80'], 'serve', { 'server-addr': ':80' }, []],
  [['--server-addr=:80', 'serve'], 'serve', { 'server-addr': ':80' }, []],
  [['--forward-destination=http://a?b=c'], '', { 'forward-destination': 'http://a?b=c' }, []],
  [['--log-path='], '', { 'log-path': '' }, []],
  [['--inject-frames'], '', { 'inject-frames': 'true' }, []],
  [['--inject-frames', '--vary', 'off'], '', { 'inject-frames': 'true', vary: 'off' }, []],
  [['--drain-ms', '-1'], '', { 'drain-ms': '-1' }, []],
  [['--drain-ms', '1', '--drain-ms=2'], '', { 'drain-ms': '2' }, []],
  [['validate', '--', '--file'], 'validate', {}, ['--file']],
  [['--help'], '', { help: 'true' }, []],
];
for (const [argv, command, flags, rest] of CASES) {
  test(`gotrack ${argv.join(' ')}`, () => {
    assert.deepEqual(parseArguments(argv), { command, flags, rest });
  });
}

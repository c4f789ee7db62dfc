import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  createResolveAddress,
  isPrivateAddress,
  normaliseAddress,
  type TrustProxy,
} from '../../src/http/client-address.ts';
import { cpuMs } from '../lib/cpu-time.ts';

const XFF = 'X-Forwarded-For';

type Row = {
  name: string;
  trust: TrustProxy;
  peer?: string;
  headers?: string[];
  ipHeaders?: string[];
  ip: string;
};

const CIDRS = ['10.0.0.0/8', '2001:db8:ffff::/48'];
const ROWS: Row[] = [
  { name: 'nobody is trusted by default', trust: false, headers: [XFF, '1.1.1.1'], ip: '10.0.0.1' },
  { name: 'true: the rightmost entry', trust: true, headers: [XFF, '1.1.1.1, 2.2.2.2'], ip: '2.2.2.2' },
  { name: 'true without the header: the peer', trust: true, ip: '10.0.0.1' },
  {
    name: 'true with something that is no address: the peer',
    trust: true,
    headers: [XFF, '1.1.1.1, unknown'],
    ip: '10.0.0.1',
  },
  { name: 'an empty header: the peer', trust: true, headers: [XFF, ''], ip: '10.0.0.1' },
  { name: 'two hops', trust: 2, headers: [XFF, '1.1.1.1, 2.2.2.2, 3.3.3.3'], ip: '2.2.2.2' },
  { name: 'fewer entries than hops: the peer', trust: 3, headers: [XFF, '1.1.1.1, 2.2.2.2'], ip: '10.0.0.1' },
  {
    name: 'no address among the hops ends the walk: the peer',
    trust: 3,
    headers: [XFF, '1.1.1.1, x, 3.3.3.3'],
    ip: '10.0.0.1',
  },
  {
    name: 'several lines are one list',
    trust: 2,
    headers: [XFF, '1.1.1.1', 'x-forwarded-for', '2.2.2.2, 3.3.3.3'],
    ip: '2.2.2.2',
  },
  {
    name: 'ranges: past trusted peers only',
    trust: CIDRS,
    headers: [XFF, '9.9.9.9, 8.8.8.8, 10.2.2.2'],
    ip: '8.8.8.8',
  },
  {
    name: 'ranges: an untrusted peer speaks for nobody',
    trust: CIDRS,
    peer: '11.0.0.1',
    headers: [XFF, '9.9.9.9'],
    ip: '11.0.0.1',
  },
  {
    name: 'ranges: all are trusted: the leftmost',
    trust: CIDRS,
    headers: [XFF, '10.3.3.3, 10.2.2.2'],
    ip: '10.3.3.3',
  },
  {
    name: 'ranges: what is no address ends the walk',
    trust: CIDRS,
    headers: [XFF, '9.9.9.9, _hidden, 10.2.2.2'],
    ip: '10.2.2.2',
  },
  {
    name: 'ranges hold v4-mapped peers',
    trust: CIDRS,
    peer: '::ffff:10.0.0.9',
    headers: [XFF, '9.9.9.9'],
    ip: '9.9.9.9',
  },
  {
    name: 'ranges of IPv6',
    trust: CIDRS,
    peer: '2001:db8:ffff:1::1',
    headers: [XFF, '9.9.9.9'],
    ip: '9.9.9.9',
  },
  {
    name: 'a v4-mapped range is one of IPv4',
    trust: ['::ffff:10.0.0.0/104'],
    headers: [XFF, '9.9.9.9'],
    ip: '9.9.9.9',
  },
  {
    name: 'a single trusted address',
    trust: ['10.0.0.1'],
    headers: [XFF, '9.9.9.9, 10.0.0.2'],
    ip: '10.0.0.2',
  },
  { name: 'a port is cut off', trust: true, headers: [XFF, '1.2.3.4:5678'], ip: '1.2.3.4' },
  {
    name: 'brackets and port are cut off',
    trust: true,
    headers: [XFF, '[2001:DB8::1]:443'],
    ip: '2001:db8::1',
  },
  { name: 'a zone is cut off', trust: true, headers: [XFF, 'fe80::1%eth0'], ip: 'fe80::1' },
  { name: 'v4-mapped becomes IPv4', trust: true, headers: [XFF, '::ffff:1.2.3.4'], ip: '1.2.3.4' },
  {
    name: 'IPv6 is written as RFC 5952 says',
    trust: true,
    headers: [XFF, '2001:0DB8:0:0:1:0:0:1'],
    ip: '2001:db8::1:0:0:1',
  },
  { name: 'an octal or short IPv4 is none', trust: true, headers: [XFF, '0177.0.0.1'], ip: '10.0.0.1' },
  { name: 'an address with a tail is none', trust: true, headers: [XFF, '1.2.3.4x'], ip: '10.0.0.1' },
  {
    name: 'CLIENT_IP_HEADERS before X-Forwarded-For',
    trust: true,
    ipHeaders: ['CF-Connecting-IP'],
    headers: [XFF, '1.1.1.1', 'CF-Connecting-IP', '5.5.5.5'],
    ip: '5.5.5.5',
  },
  {
    name: 'CLIENT_IP_HEADERS in their order',
    trust: true,
    ipHeaders: ['x-a', 'x-b'],
    headers: ['X-B', '6.6.6.6', 'X-A', '5.5.5.5'],
    ip: '5.5.5.5',
  },
  {
    name: 'CLIENT_IP_HEADERS of an untrusted peer mean nothing',
    trust: false,
    ipHeaders: ['cf-connecting-ip'],
    headers: ['CF-Connecting-IP', '5.5.5.5'],
    ip: '10.0.0.1',
  },
  {
    name: 'a repeated one is not believed',
    trust: true,
    ipHeaders: ['x-a'],
    headers: ['X-A', '5.5.5.5', 'x-a', '6.6.6.6', XFF, '1.1.1.1'],
    ip: '1.1.1.1',
  },
  {
    name: 'one that is a list is not believed',
    trust: true,
    ipHeaders: ['x-a'],
    headers: ['X-A', '5.5.5.5, 6.6.6.6', XFF, '1.1.1.1'],
    ip: '1.1.1.1',
  },
];

describe('the client address', () => {
  for (const { name, trust, peer = '10.0.0.1', headers = [], ipHeaders = [], ip } of ROWS) {
    test(name, () => {
      const resolve = createResolveAddress({ trust, clientIpHeaders: ipHeaders });
      assert.equal(resolve(peer, headers).ip, ip);
      assert.equal(resolve(peer, headers).ip, ip, 'the second time, from what is remembered');
    });
  }

  test('an IPv6 client is known by its /64', () => {
    const resolve = createResolveAddress({ trust: false, clientIpHeaders: [] });
    assert.equal(resolve('2001:db8:1:2:aaaa::1', []).ipKey, '2001:db8:1:2::/64');
    assert.equal(resolve('2001:db8:1:2:bbbb::2', []).ipKey, '2001:db8:1:2::/64');
    assert.equal(resolve('2001:db8:1:3::1', []).ipKey, '2001:db8:1:3::/64');
    assert.equal(resolve('2001:db8::1', []).ipKey, '2001:db8:0:0::/64');
    assert.equal(resolve('::ffff:1.2.3.4', []).ipKey, '1.2.3.4');
  });

  test('says who the peer is, and whether it is trusted', () => {
    const resolve = createResolveAddress({ trust: CIDRS, clientIpHeaders: [] });
    assert.deepEqual(resolve('::ffff:10.0.0.1', [XFF, '1.1.1.1']), {
      ip: '1.1.1.1',
      ipKey: '1.1.1.1',
      peer: '10.0.0.1',
      peerTrusted: true,
    });
    assert.equal(resolve('1.1.1.1', []).peerTrusted, false);
    assert.equal(createResolveAddress({ trust: 0, clientIpHeaders: [] })('1.1.1.1', []).peerTrusted, false);
  });

  test('a socket that is gone has no address', () => {
    const resolve = createResolveAddress({ trust: false, clientIpHeaders: [] });
    assert.equal(resolve(undefined, []).ip, '0.0.0.0');
  });

  test('reads a hostile list of addresses in no time', () => {
    const resolve = createResolveAddress({ trust: ['10.0.0.0/8'], clientIpHeaders: [] });
    const list = Array(6_000).fill('10.1.1.1').join(',');
    const started = cpuMs();
    assert.equal(resolve('10.0.0.1', [XFF, list]).ip, '10.1.1.1');
    assert.ok(cpuMs() - started < 250);
  });

  test('a range that is none is a fault of the configuration', () => {
    assert.throws(() => createResolveAddress({ trust: ['10.0.0.0/33'], clientIpHeaders: [] }));
    assert.throws(() => createResolveAddress({ trust: ['example.com'], clientIpHeaders: [] }));
  });

  test('normalises nothing that is no address', () => {
    for (const text of [
      '',
      ' ',
      'localhost',
      '1.2.3',
      '1.2.3.4:',
      '1.2.3.4:123456',
      '[::1',
      '::1]',
      '[1.2.3.4]x',
    ]) {
      assert.equal(normaliseAddress(text), null, text);
    }
  });

  test('knows private addresses', () => {
    for (const ip of [
      '127.0.0.1',
      '10.1.2.3',
      '192.168.1.1',
      '172.16.0.1',
      '100.64.0.1',
      '::1',
      'fd00::1',
      'fe80::1',
    ]) {
      assert.equal(isPrivateAddress(ip), true, ip);
    }
    for (const ip of ['8.8.8.8', '2606:4700::1', '172.32.0.1', ''])
      assert.equal(isPrivateAddress(ip), false, ip);
  });
});

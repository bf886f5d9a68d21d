import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AddressPolicy, readAllowedNetwork } from './address-policy.js';
import { isPublic, readAddress, readNat64Prefix, readNetwork } from './public-address.js';

/** What is refused, written down here once more, not taken from a library. IANA's special-purpose address registries. */
const REFUSED_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const REFUSED_IPV6 = [
  // Everything outside of 2000::/3, in two halves.
  '::/3',
  '4000::/2',
  '8000::/1',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '2620:4f:8000::/48',
  '3ffe::/16',
  '3fff::/20',
];
/** Known by name, within the networks above or not. */
const REFUSED = ['64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8', ...REFUSED_IPV6];

interface Range {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly last: bigint;
}

const numberOf = (text: string): bigint => {
  if (!text.includes(':')) return text.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
  const [head = '', tail = ''] = text.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const groups = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
  return groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
};
const rangeOf = (cidr: string): Range => {
  const [address = '', length = ''] = cidr.split('/');
  const bits = address.includes(':') ? 128 : 32;
  const size = 1n << BigInt(bits - Number(length));
  return { bits, first: numberOf(address), last: numberOf(address) + size - 1n };
};
const textOf = (value: bigint, bits: 32 | 128): string =>
  bits === 32
    ? [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.')
    : [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => ((value >> shift) & 0xffffn).toString(16)).join(':');
const randomIn = ({ first, last }: Range): bigint => {
  const random = Array.from({ length: 8 }, () => BigInt(randomInt(65_536))).reduce((sum, part) => sum * 65_536n + part, 0n);
  return first + (random % (last - first + 1n));
};
const samples = (range: Range): bigint[] => [range.first, range.last, ...Array.from({ length: 200 }, () => randomIn(range))];
const NAT64 = numberOf('64:ff9b::');
const isRefused = (text: string): boolean => {
  const address = readAddress(text);
  return address === null || !isPublic(address);
};
const isRefusedByNat64 = (text: string): boolean => {
  const prefix = readNat64Prefix('64:ff9b::/96');
  if (prefix === null) throw new Error('the prefix is not read');
  const address = readAddress(text, [prefix]);
  return address === null || !isPublic(address);
};

describe('what is public', () => {
  it.each(REFUSED_IPV4)('nothing of %s is, plain, mapped or behind NAT64', (cidr) => {
    for (const value of samples(rangeOf(cidr))) {
      const text = textOf(value, 32);
      const low = textOf(value, 128).split(':').slice(6).join(':');
      for (const wrapped of [text, `::ffff:${text}`, `::ffff:${low}`, `::${text}`, `::${low}`, textOf(NAT64 + value, 128)]) {
        expect([wrapped, isRefused(wrapped)]).toEqual([wrapped, true]);
      }
      expect([text, isRefusedByNat64(textOf(NAT64 + value, 128))]).toEqual([text, true]);
    }
  });

  it.each(REFUSED)('nothing of %s is', (cidr) => {
    for (const value of samples(rangeOf(cidr))) {
      // A mapped address is the address inside, and may be public.
      if (value >> 32n === 0xffffn) continue;
      const text = textOf(value, 128);
      expect([text, isRefused(text)]).toEqual([text, true]);
    }
  });

  it('the nearest addresses outside of all of them are', () => {
    for (const [refused, low, high] of [
      [REFUSED_IPV4.map(rangeOf), 0n, (1n << 32n) - 1n],
      [REFUSED_IPV6.map(rangeOf), 0n, (1n << 128n) - 1n],
    ] as const) {
      const isInside = (value: bigint): boolean => value < low || value > high || refused.some(({ first, last }) => value >= first && value <= last);
      const edges = refused.flatMap(({ bits, first, last }) => [first - 1n, last + 1n].filter((value) => !isInside(value)).map((value) => textOf(value, bits)));
      expect(edges.length).toBeGreaterThan(8);
      for (const text of edges) expect([text, isRefused(text)]).toEqual([text, false]);
      for (const text of edges.filter((edge) => !edge.includes(':'))) {
        expect([text, isRefused(`::ffff:${text}`)]).toEqual([text, false]);
        expect([text, isRefusedByNat64(textOf(NAT64 + numberOf(text), 128))]).toEqual([text, false]);
      }
    }
  });

  it('ISATAP addresses are not, inside of a global prefix either', () => {
    for (const [prefix, id] of [
      ['2606:4700:0:0', '0:5efe'],
      ['2606:4700:1:2', '200:5efe'],
      ['2a00:1450:0:0', '0:5efe'],
    ] as const) {
      expect(isRefused(`${prefix}:${id}:7f00:1`)).toBe(true);
      expect(isRefused(`${prefix}:${id}:808:808`)).toBe(true);
    }
    expect(isRefused('2606:4700:0:0:400:5efe:7f00:1')).toBe(false);
    expect(isRefused('2606:4700:0:0:0:5eff:7f00:1')).toBe(false);
  });

  it('a public IPv4 address is, also mapped, but not as the tail of an address without a network', () => {
    for (const [text, expected] of [
      ['::ffff:8.8.8.8', false],
      ['::ffff:808:808', false],
      ['::8.8.8.8', true],
      ['::808:808', true],
      ['64:ff9b::8.8.8.8', true],
    ] as const) {
      expect([text, isRefused(text)]).toEqual([text, expected]);
    }
    expect(isRefusedByNat64('64:ff9b::8.8.8.8')).toBe(false);
  });

  it.each(['', 'localhost', '127.1', '0x7f.1', '2130706433', '1.2.3', '01.2.3.4', '[::1]', 'fe80::1%lo', '2606:4700::1%eth0', '1.2.3.4 '])(
    '%j is no address',
    (text) => {
      expect(readAddress(text)).toBeNull();
    },
  );

  it.each(['8.8.8.8', '93.184.216.34', '2606:4700::1111', '2a00:1450:4001:81b::200e'])('%s is', (text) => {
    expect(isRefused(text)).toBe(false);
  });
});

describe('NAT64 prefixes', () => {
  // RFC 6052 §2.4, table 1.
  it.each([
    ['2001:db8::/32', '2001:db8:c000:221::'],
    ['2001:db8:100::/40', '2001:db8:1c0:2:21::'],
    ['2001:db8:122::/48', '2001:db8:122:c000:2:2100::'],
    ['2001:db8:122:300::/56', '2001:db8:122:3c0:0:221::'],
    ['2001:db8:122:344::/64', '2001:db8:122:344:c0:2:2100::'],
    ['2001:db8:122:344::/96', '2001:db8:122:344::c000:221'],
  ])('the address behind %s in %s is found', (prefix, text) => {
    const network = readNat64Prefix(prefix);
    expect(network === null ? null : readAddress(text, [network])?.toString()).toBe('192.0.2.33');
  });

  it.each(['64:ff9b::', '64:ff9b::/95', '10.0.0.0/32', 'nonsense'])('%s is none', (text) => {
    expect(readNat64Prefix(text)).toBeNull();
    expect(() => new AddressPolicy({ allow: [], nat64Prefixes: [text] })).toThrow(TypeError);
  });
});

describe("the operator's list", () => {
  it.each([
    ['10.0.0.5', '10.0.0.5', 443],
    ['10.0.0.0/8', '10.0.0.0/8', 443],
    ['127.0.0.1:8787', '127.0.0.1', 8787],
    ['10.0.0.0/8:80', '10.0.0.0/8', 80],
    ['fd00::/8', 'fd00::/8', 443],
    ['[fd00::/8]:8443', 'fd00::/8', 8443],
    ['[::1]', '::1', 443],
    ['0.0.0.0/0', '0.0.0.0/0', 443],
  ])('%s is read', (text, cidr, port) => {
    expect(readAllowedNetwork(text)).toEqual({ cidr, port });
  });

  it.each(['', 'localhost', 'localhost:80', '10.0.0.0/33', '10.0.0', '10.0.0.1:0', '10.0.0.1:70000', 'fd00::/8:443', '[fd00::1', '10.0.0.0/8/8', '10.0.0.1:'])(
    '%j is no entry',
    (text) => {
      expect(readAllowedNetwork(text)).toBeNull();
    },
  );

  it.each(['169.254.0.0/16', '169.254.169.254', '169.254.1.0/24:80', 'fe80::/10', 'fe80::1', '168.63.129.16', '100.100.100.200', '::ffff:169.254.169.254'])(
    '%s is link-local or metadata, which nobody lets in',
    (text) => {
      expect(readAllowedNetwork(text)).toBeNull();
    },
  );

  it('opens its addresses at its ports and nothing else', () => {
    const policy = new AddressPolicy({
      allow: [
        { cidr: '10.1.0.0/16', port: 8443 },
        { cidr: 'fd00::/8', port: 443 },
        { cidr: '0.0.0.0/0', port: 80 },
        { cidr: '::/0', port: 80 },
      ],
      nat64Prefixes: [],
    });
    const allowed = (text: string, port: number, protocol: 'https:' | 'http:' = 'https:') => policy.isAllowed(text, protocol, port);
    expect(allowed('10.1.2.3', 8443)).toBe(true);
    expect(allowed('::ffff:10.1.2.3', 8443)).toBe(true);
    expect(allowed('10.2.2.3', 8443)).toBe(false);
    expect(allowed('10.1.2.3', 443)).toBe(false);
    expect(allowed('8.8.8.8', 8443)).toBe(false);
    expect(allowed('8.8.8.8', 443)).toBe(true);
    expect(allowed('8.8.8.8', 443, 'http:')).toBe(false);
    expect(allowed('fd00:1::2', 443)).toBe(true);
    expect(allowed('fd00:ec2::254', 443)).toBe(false);
    expect(allowed('127.0.0.1', 80, 'http:')).toBe(true);
    for (const text of ['169.254.169.254', '::ffff:169.254.169.254', '64:ff9b::169.254.169.254', '168.63.129.16', 'fe80::1', '100.100.100.200']) {
      expect(allowed(text, 80)).toBe(false);
    }
    expect(policy.isPortAllowed('https:', 443)).toBe(true);
    expect(policy.isPortAllowed('http:', 80)).toBe(true);
    expect(policy.isPortAllowed('http:', 8080)).toBe(false);
  });

  it('names what is no network', () => {
    expect(() => new AddressPolicy({ allow: [{ cidr: '10.0.0.0/99', port: 443 }], nat64Prefixes: [] })).toThrow('"10.0.0.0/99"');
    expect(readNetwork('10.0.0.0/8')?.[1]).toBe(8);
  });
});

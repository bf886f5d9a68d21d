import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { ERROR_CODES } from '@backlot/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BacklotError, toError } from '../../errors.js';
import { type Answers, IMAGE_HOST, openSafeFetchRig, type SafeFetchRig } from './rig.testing.js';
import type { SafeFetcher, SafeFetcherOptions } from './safe-fetcher.js';

/** The page on fetching a customer's URL numbers what must hold; the numbers in front of the names are its rows. */
const OUTCOMES = {
  invalid_image_url: 'I',
  url_not_allowed: 'N',
  image_fetch_failed: 'F',
  image_too_large: 'L',
  unsupported_image_type: 'U',
} as const;
type Outcome = 'ok' | (typeof OUTCOMES)[keyof typeof OUTCOMES];

const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(64)]);
const MAX_BYTES = 10 * 1024 * 1024;

let rig: SafeFetchRig;
let fetcher: SafeFetcher;
const servers: Server[] = [];

beforeAll(async () => {
  rig = await openSafeFetchRig();
  fetcher = rig.open();
  rig.handle('/a.png', (_request, response) => response.writeHead(200, { 'content-type': 'image/png' }).end(PNG));
  rig.handle('/a', (_request, response) => response.end(PNG));
  rig.handle('/signed', (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(PNG));
  rig.handle('/redirect', (request, response) => {
    const query = new URL(request.url ?? '', 'https://good.test').searchParams;
    response.writeHead(Number(query.get('status') ?? 302), { location: query.get('to') ?? '', 'set-cookie': 'a=b' }).end('elsewhere');
  });
  rig.handle('/chain', (request, response) => {
    const left = Number(new URL(request.url ?? '', 'https://good.test').searchParams.get('left'));
    response.writeHead(302, { location: left === 1 ? '/a.png' : `/chain?left=${left - 1}` }).end();
  });
});
afterEach(() => {
  expect(rig.connections.secret).toBe(0);
});
afterAll(async () => {
  for (const server of servers) server.close();
  expect(rig.connections.secret).toBe(0);
  await rig[Symbol.asyncDispose]();
});

const fetchImage = async (url: unknown, by = fetcher) => by.fetchImage(url, { organizationId: 'org_1', signal: new AbortController().signal });
const errorOf = async (url: unknown, by?: SafeFetcher): Promise<BacklotError | null> => {
  try {
    await fetchImage(url, by);
    return null;
  } catch (thrown) {
    if (thrown instanceof BacklotError) return thrown;
    throw thrown;
  }
};
/** What became of it. Whatever failed is a 422 and says no more than its code does. */
const outcomeOf = async (url: unknown, by?: SafeFetcher): Promise<string> => {
  const error = await errorOf(url, by);
  if (error === null) return 'ok';
  expect(error).toMatchObject({ status: 422, message: ERROR_CODES[error.code].message, details: [] });
  return Object.hasOwn(OUTCOMES, error.code) ? OUTCOMES[error.code as keyof typeof OUTCOMES] : error.code;
};
const withPort = (url: string): string => url.replace(':P', `:${rig.port}`);
const redirectTo = (to: string, status = 302): string => withPort(`https://good.test:P/redirect?status=${status}&to=${encodeURIComponent(withPort(to))}`);
const serving = (path: string, ...args: Parameters<SafeFetchRig['handle']> extends [string, infer Handler] ? [Handler] : never): string => {
  rig.handle(path, ...args);
  return withPort(`https://good.test:P${path}`);
};

describe('what is fetched', () => {
  it.each([
    [1, 'https://good.test:P/a.png'],
    [2, 'https://GOOD.test.:P/a'],
    [3, 'https://münchen.test:P/a'],
    [4, `https://good.test:P/signed?X-Signature=${'x'.repeat(4000)}`],
  ])('%i: %s', async (_row, url) => {
    await expect(fetchImage(withPort(url))).resolves.toEqual({ bytes: new Uint8Array(PNG), mediaType: 'image/png' });
  });

  it('takes the host of the operator by its address, too', async () => {
    expect(await outcomeOf(withPort(`https://${IMAGE_HOST}:P/a.png#there`))).toBe('ok');
    expect(rig.requests.at(-1)?.url).toBe('/a.png');
  });

  it('85: the request as the server sees it', async () => {
    await fetchImage(withPort('https://good.test:P/a.png?q=1#fragment'));
    const seen = rig.requests.at(-1);
    expect(seen?.method).toBe('GET');
    expect(seen?.url).toBe('/a.png?q=1');
    const headers = Object.fromEntries((seen?.headers ?? []).flatMap((name, index, all) => (index % 2 === 0 ? [[name.toLowerCase(), all[index + 1]]] : [])));
    expect(headers).toEqual({
      host: `good.test:${rig.port}`,
      connection: expect.stringMatching(/^(?:keep-alive|close)$/),
      'user-agent': 'Backlot',
      accept: 'image/*',
      'accept-encoding': 'identity',
    });
  });

  it('the log has host, outcome and duration, and neither path nor query', async () => {
    const before = rig.logged.length;
    await fetchImage(withPort('https://good.test:P/a.png?secret=canary'));
    await outcomeOf(withPort('https://good.test:P/canary'));
    const lines = rig.logged.slice(before).map((line): unknown => JSON.parse(line));
    expect(lines).toMatchObject([
      { host: 'good.test', outcome: 'fetched', durationMs: expect.any(Number) },
      { host: 'good.test', outcome: 'image_fetch_failed', durationMs: expect.any(Number) },
    ]);
    expect(JSON.stringify(lines)).not.toContain('canary');
  });
});

describe('addresses that are none, or not ours to fetch', () => {
  const host = (row: number, outcome: Outcome, ...hosts: string[]): [number, Outcome, unknown][] => hosts.map((name) => [row, outcome, `https://${name}/`]);
  const table: [number, Outcome, unknown][] = [
    [5, 'I', 'http://good.test/a'],
    ...['ftp://a.b/', 'file:///etc/passwd', 'data:image/png;base64,AA', 'blob:https://a/b', 'javascript:1'].map((url): [number, Outcome, unknown] => [
      6,
      'I',
      url,
    ]),
    ...['//good.test/a', 'good.test/a', '', 7].map((url): [number, Outcome, unknown] => [7, 'I', url]),
    ...[' https://good.test:P/a', 'https://good.test:P/a\n', 'https://go\tod.test:P/a'].map((url): [number, Outcome, unknown] => [8, 'I', url]),
    ...['https:\\\\good.test\\a', 'https://good.test\\@127.0.0.1/'].map((url): [number, Outcome, unknown] => [9, 'I', url]),
    ...['https://u:p@good.test/a', 'https://good.test:P@127.0.0.1/'].map((url): [number, Outcome, unknown] => [10, 'I', url]),
    ...host(11, 'I', 'good.test:22', 'good.test:0', 'good.test:8443', 'good.test:99999'),
    [12, 'I', `https://good.test/${'a'.repeat(8193 - 'https://good.test/'.length)}`],
    [13, 'N', 'https://127.0.0.1#@good.test/'],
    ...host(14, 'N', '127.0.0.1:P'),
    ...host(15, 'N', '2130706433'),
    ...host(16, 'N', '0x7f000001', '0x7f.1'),
    ...host(17, 'N', '0177.0.0.1'),
    ...host(18, 'N', '127.1', '127.0.1'),
    ...host(19, 'N', '①②⑦.0.0.1'),
    ...host(20, 'N', '127。0。0。1'),
    ...host(21, 'N', '%31%32%37.0.0.1'),
    ...host(22, 'N', '127.0.0.1.'),
    ...host(23, 'N', '0', '0.0.0.0', '0x'),
    ...['https:127.0.0.1', 'https:///127.0.0.1/'].map((url): [number, Outcome, unknown] => [24, 'N', url]),
    ...host(25, 'N', '[::1]', '[::]'),
    ...host(26, 'N', '[::ffff:127.0.0.1]', '[::ffff:a9fe:a9fe]'),
    ...host(27, 'N', '[::127.0.0.1]'),
    ...host(28, 'N', '[64:ff9b::7f00:1]', '[64:ff9b:1::a00:1]'),
    ...host(29, 'N', '[2002:7f00:1::]'),
    ...host(30, 'N', '[2001:0:7f00:1::]'),
    ...host(31, 'N', '[2606:4700::5efe:7f00:1]'),
    ...host(32, 'N', '[fd00:ec2::254]', '[fe80::1]', '[ff02::1]'),
    ...host(33, 'I', '[fe80::1%25lo]'),
    [34, 'N', 'https://169.254.169.254/latest/meta-data/'],
    ...host(35, 'N', '168.63.129.16'),
    ...host(36, 'N', '100.100.100.200'),
    ...host(37, 'N', '10.0.0.1', '192.168.0.1', '172.31.0.1', '198.18.0.1'),
    ...host(38, 'N', '224.0.0.1', '255.255.255.255'),
    ...host(39, 'N', 'localhost', 'localhost.', 'metadata', 'localhost:P', 'metadata:P'),
    ...host(40, 'N', 'a..b', '.example.com', '127.0.0.1..', 'a..b:P', '.example.com:P', '127.0.0.1..:P', `${'a'.repeat(64)}.test:P`),
  ];

  beforeAll(() => {
    // Were they asked for, they would be found.
    for (const name of ['localhost', 'metadata', 'a..b', '.example.com', '127.0.0.1.', `${'a'.repeat(64)}.test`]) rig.resolve(name, [[IMAGE_HOST]]);
  });

  it.each(table)('%i: %s %s', async (_row, outcome, url) => {
    const before = rig.connections.images;
    expect(await outcomeOf(typeof url === 'string' ? withPort(url) : url)).toBe(outcome);
    expect(rig.connections.images).toBe(before);
  });

  it('12: 8192 characters are not too many', async () => {
    const start = withPort('https://good.test:P/signed?');
    expect(await outcomeOf(start + 'a'.repeat(8192 - start.length))).toBe('ok');
  });

  it.each(['https://good.test:P/a', 'https://127.0.0.1:P/'])(
    '87: link-local stays shut although the operator opens it, and so does %s at other ports',
    async (url) => {
      const open = rig.open({
        allow: [
          { cidr: '169.254.0.0/16', port: 443 },
          { cidr: '0.0.0.0/0', port: 80 },
        ],
      });
      expect(await outcomeOf('https://169.254.169.254/', open)).toBe('N');
      expect(await outcomeOf('https://[::ffff:169.254.169.254]/', open)).toBe('N');
      expect(await outcomeOf(withPort(url), open)).toBe('I');
    },
  );
});

describe('names', () => {
  const table: [number, string, Answers][] = [
    [41, '443', [['10.0.0.1']]],
    [42, 'P', [['127.0.0.1']]],
    [43, '443', [['169.254.169.254']]],
    [44, '443', [['168.63.129.16']]],
    [45, 'P', [['::1']]],
    [46, 'P', [['::ffff:127.0.0.1']]],
    [47, 'P', [['64:ff9b::7f00:1']]],
    [48, 'P', [['2002:7f00:1::']]],
    [49, 'P', [['2606:4700::5efe:7f00:1']]],
    [50, 'P', [['::7f00:1']]],
    [50, 'P', [['::127.0.0.1']]],
    [51, 'P', [['0.0.0.0']]],
    [52, '443', [['100.100.100.200']]],
    [52, '443', [['fd00:ec2::254']]],
    [52, '443', [['fe80::1%lo']]],
    [53, 'P', [[IMAGE_HOST, '127.0.0.1']]],
    [53, 'P', [['127.0.0.1', IMAGE_HOST]]],
    [53, '443', [['93.184.216.34', '10.0.0.1']]],
    [57, 'P', Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })],
    [57, 'P', Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' })],
    [57, 'P', [[]]],
    [57, 'P', [['nonsense']]],
  ];
  it.each(table)('%i: port %s of a name that is %o is refused', async (_row, port, answers) => {
    rig.resolve('name.test', answers);
    const before = rig.connections.images;
    expect(await outcomeOf(withPort(`https://name.test:${port}/`))).toBe('N');
    expect(rig.lookups('name.test')).toBe(1);
    expect(rig.connections.images).toBe(before);
  });

  it('47: behind a NAT64 prefix the address inside counts', async () => {
    const open = rig.open({ nat64Prefixes: ['64:ff9b::/96', '2001:db8:1::/48'], limits: { connectTimeoutMs: 100 } });
    for (const [address, outcome] of [
      ['64:ff9b::7f00:1', 'N'],
      // 127.0.0.1 and the image server under a prefix of 48 bits, around the octet that is always zero.
      ['2001:db8:1:7f00:0:100::', 'N'],
      ['2001:db8:1:7f00:0:200::', 'F'],
    ] as const) {
      rig.resolve('name.test', [[address]]);
      expect(await outcomeOf(withPort('https://name.test:P/'), open)).toBe(outcome);
    }
  });

  it('54, 55: a name that changes is asked once for each fetch, and judged by that answer', async () => {
    rig.resolve('rebinding.test', [[IMAGE_HOST], ['127.0.0.1']]);
    const url = withPort('https://rebinding.test:P/a.png');
    expect(await outcomeOf(url)).toBe('ok');
    expect(rig.lookups('rebinding.test')).toBe(1);
    expect(await outcomeOf(url)).toBe('N');
  });

  it('56: what the operator lets in is connected to', async () => {
    rig.resolve('name.test', [['198.18.0.5']]);
    expect(await outcomeOf('https://name.test/')).toBe('N');
    const open = rig.open({ allow: [{ cidr: '198.18.0.0/15', port: 443 }], limits: { connectTimeoutMs: 100 } });
    expect(await outcomeOf('https://name.test/', open)).toBe('F');
  });

  it('58: a resolver that never answers ends at the connect time-out', async () => {
    rig.resolve('name.test', 'never');
    const error = await errorOf('https://name.test/', rig.open({ limits: { connectTimeoutMs: 50, timeoutMs: 60_000 } }));
    expect(error).toMatchObject({ code: 'image_fetch_failed', cause: { code: 'UND_ERR_CONNECT_TIMEOUT' } });
  });

  it('the peer is judged once more when it is connected', async () => {
    // Connecting to 0.0.0.0 reaches 127.0.0.1, which nobody has let in.
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.on('error', () => undefined).end();
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { lookup, ca } = rig;
    const open = rig.open({ allow: [{ cidr: '0.0.0.0', port }], lookup, ca });
    const refused = await open.post(`http://0.0.0.0:${port}/`, { headers: {}, body: '', signal: AbortSignal.timeout(5000) }).catch(toError);
    expect(refused).toMatchObject({ code: 'url_not_allowed' });
    expect(connections).toBe(1);
  });
});

describe('redirects', () => {
  it.each([
    [59, 'N', 'https://127.0.0.1:P/'],
    [60, 'N', 'https://loopback.test:P/'],
    [61, 'N', '//169.254.169.254/'],
    [62, 'I', 'http://good.test/'],
    [63, 'I', 'file:///etc/passwd'],
    [63, 'I', 'data:image/png;base64,AA'],
    [64, 'I', 'https://u:p@good.test/'],
    [66, 'ok', 'https://other.test:P/a.png'],
  ])('%i: %s for one to %s', async (_row, outcome, to) => {
    rig.resolve('loopback.test', [['127.0.0.1']]);
    expect(await outcomeOf(redirectTo(to))).toBe(outcome);
  });

  it.each([301, 302, 303, 307, 308])('65: %i is followed', async (status) => {
    expect(await outcomeOf(redirectTo('/a.png', status))).toBe('ok');
  });

  it('66: no cookie goes along', async () => {
    await fetchImage(redirectTo('https://other.test:P/a.png'));
    const seen = rig.requests.at(-1);
    expect(seen?.headers).toContain(`other.test:${rig.port}`);
    expect(seen?.headers.map((header) => header.toLowerCase())).not.toContain('cookie');
  });

  it('67: three at most', async () => {
    expect(await outcomeOf(withPort('https://good.test:P/chain?left=3'))).toBe('ok');
    expect(await outcomeOf(withPort('https://good.test:P/chain?left=4'))).toBe('F');
    expect(await outcomeOf(serving('/loop', (_request, response) => response.writeHead(302, { location: '/loop' }).end()))).toBe('F');
  });

  it('68: with one address, neither none nor two', async () => {
    expect(await outcomeOf(serving('/nowhere', (_request, response) => response.writeHead(302).end()))).toBe('F');
    expect(await outcomeOf(serving('/two', (_request, response) => response.writeHead(302, ['Location', '/a.png', 'Location', '/a']).end()))).toBe('F');
  });

  it.each([300, 304])('69: %i is none', async (status) => {
    expect(await outcomeOf(redirectTo('/a.png', status))).toBe('F');
  });
});

describe('answers', () => {
  it.each([404, 500, 204, 206, 201])('70: %i fails', async (status) => {
    expect(await outcomeOf(serving('/status', (_request, response) => response.writeHead(status).end(status === 204 ? undefined : PNG)))).toBe('F');
  });

  it('71: 10 MB are taken, and not a byte more', async () => {
    const bytes = Buffer.concat([PNG, Buffer.alloc(MAX_BYTES + 1 - PNG.byteLength)]);
    const chunked = serving('/large', (request, response) =>
      response.write(bytes.subarray(0, request.url?.endsWith('more') === true ? undefined : -1), () => response.end()),
    );
    expect((await fetchImage(chunked)).bytes.byteLength).toBe(MAX_BYTES);
    expect(await outcomeOf(`${chunked}?more`)).toBe('L');
  });

  it('72: a declared length is believed before a byte of the body is there', async () => {
    expect(await outcomeOf(serving('/declared', (_request, response) => response.writeHead(200, { 'content-length': 11 * 1024 * 1024 }).flushHeaders()))).toBe(
      'L',
    );
  });

  it('73: an endless body ends at the limit', async () => {
    const chunk = Buffer.alloc(64 * 1024);
    let written = 0;
    const url = serving('/endless', (_request, response) => {
      const send = (): void => {
        while (!response.destroyed && response.write(chunk)) written += chunk.byteLength;
      };
      response.on('drain', send);
      send();
    });
    expect(await outcomeOf(url)).toBe('L');
    // What the sockets hold beyond it was written, but never taken.
    expect(written).toBeLessThan(4 * MAX_BYTES);
  });

  it('74: nothing is inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024));
    expect(await outcomeOf(serving('/bomb', (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)))).toBe('F');
    expect(await outcomeOf(serving('/plain', (_request, response) => response.writeHead(200, { 'content-encoding': 'identity' }).end(PNG)))).toBe('ok');
  });

  it('75: a body that ends too early fails', async () => {
    const url = serving('/short', (_request, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write(PNG, () => response.destroy());
    });
    expect(await outcomeOf(url)).toBe('F');
  });

  it('76: an empty body fails', async () => {
    expect(await outcomeOf(serving('/empty', (_request, response) => response.end()))).toBe('F');
  });

  it('77: a trickle ends at the deadline', async () => {
    const url = serving('/trickle', (_request, response) => {
      const timer = setInterval(() => response.write('x'), 50);
      response.on('close', () => clearInterval(timer));
    });
    expect(await outcomeOf(url, rig.open({ limits: { timeoutMs: 400 } }))).toBe('F');
  });

  it('78: silence ends at the deadline, in TLS, too', async () => {
    expect(
      await outcomeOf(
        serving('/silent', () => undefined),
        rig.open({ limits: { timeoutMs: 200 } }),
      ),
    ).toBe('F');
    const deaf = createServer((socket) => socket.on('error', () => undefined));
    servers.push(deaf);
    deaf.listen(0, IMAGE_HOST);
    await once(deaf, 'listening');
    const { port } = deaf.address() as AddressInfo;
    for (const limits of [{ timeoutMs: 200 }, { connectTimeoutMs: 200 }]) {
      expect(await outcomeOf(`https://good.test:${port}/`, rig.open({ allow: [{ cidr: IMAGE_HOST, port }], limits }))).toBe('F');
    }
  });

  it('79: headers beyond 16 KB fail', async () => {
    expect(await outcomeOf(serving('/headers', (_request, response) => response.writeHead(200, { 'x-long': 'x'.repeat(20 * 1024) }).end(PNG)))).toBe('F');
  });

  it.each(['wrong-name.test', 'self-signed.test', 'expired.test'])('80: the certificate of %s is refused', async (name) => {
    const before = rig.requests.length;
    expect(await outcomeOf(withPort(`https://${name}:P/a.png`))).toBe('F');
    expect(rig.requests.length).toBe(before);
  });

  const ftyp = (...brands: string[]): Buffer => {
    const box = Buffer.from(`\0\0\0\0ftyp${brands[0] ?? ''}\0\0\0\0${brands.slice(1).join('')}`, 'latin1');
    box.writeUInt32BE(box.byteLength);
    return Buffer.concat([box, Buffer.alloc(64)]);
  };
  it.each([
    [81, 'U', 'HTML', Buffer.from('<html>')],
    [82, 'U', 'SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    [82, 'U', 'AVIF', ftyp('avif', 'mif1')],
    [82, 'U', 'BMP', Buffer.from('BM')],
    [82, 'U', 'mif1 alone', ftyp('mif1', 'mif1')],
    [82, 'ok', 'mif1 with heic', ftyp('mif1', 'heic')],
    [82, 'ok', 'JPEG', Buffer.from('ffd8ffe0', 'hex')],
    [82, 'ok', 'GIF', Buffer.from('GIF89a')],
    [82, 'ok', 'WebP', Buffer.from('RIFF\0\0\0\0WEBPVP8 ')],
  ])('%i: %s for %s labelled image/png', async (_row, outcome, _name, bytes) => {
    expect(await outcomeOf(serving('/labelled', (_request, response) => response.writeHead(200, { 'content-type': 'image/png' }).end(bytes)))).toBe(outcome);
  });

  it('a caller who goes away while it connects ends it at once', async () => {
    const caller = new AbortController();
    const deaf = createServer((socket) => {
      socket.on('error', () => undefined);
      caller.abort(new Error('gone'));
    });
    servers.push(deaf);
    deaf.listen(0, IMAGE_HOST);
    await once(deaf, 'listening');
    const { port } = deaf.address() as AddressInfo;
    const open = rig.open({ allow: [{ cidr: IMAGE_HOST, port }], limits: { timeoutMs: 60_000, connectTimeoutMs: 60_000 } });
    await expect(open.fetchImage(`https://good.test:${port}/`, { organizationId: 'org_1', signal: caller.signal })).rejects.toThrow('gone');
  });

  it('a caller who goes away ends it, with their own reason', async () => {
    const caller = new AbortController();
    const url = serving('/leaving', () => caller.abort(new Error('gone')));
    await expect(fetcher.fetchImage(url, { organizationId: 'org_1', signal: caller.signal })).rejects.toThrow('gone');
  });
});

describe('the process', () => {
  it('84: no proxy is taken from the environment', async () => {
    let seen = 0;
    const proxy = createHttpServer((_request, response) => response.writeHead(500).end());
    proxy.on('connection', () => seen++);
    servers.push(proxy);
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const script = fileURLToPath(new URL('../../../dist/http/safe-fetch/fetch-once.testing.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script, withPort('https://good.test:P/a.png'), IMAGE_HOST, String(rig.port), rig.ca], {
      env: {
        ...process.env,
        NODE_USE_ENV_PROXY: '1',
        HTTP_PROXY: address,
        HTTPS_PROXY: address,
        http_proxy: address,
        https_proxy: address,
        NO_PROXY: '',
        no_proxy: '',
      },
    });
    expect(stdout).toBe('image/png 72');
    expect(seen).toBe(0);
  });

  it('86: a thousand refusals connect to nothing and leave nothing', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    rig.resolve('loopback.test', [['127.0.0.1']]);
    const urls = [withPort('https://loopback.test:P/'), 'https://169.254.169.254/', 'https://absent.test/', 'http://good.test/'];
    const refuse = async (times: number): Promise<void> => {
      for (let index = 0; index < times; index++) expect(await outcomeOf(urls[index % urls.length])).toMatch(/^[NI]$/);
    };
    // Sockets that were never connected close in the next rounds of the event loop; the poll's own timer counts, too.
    const handles = (): number => process.getActiveResourcesInfo().length;
    await refuse(200);
    await expect.poll(handles).toBeLessThan(50);
    collectGarbage();
    const before = { heap: process.memoryUsage().heapUsed, connections: rig.connections.images };
    await refuse(1000);
    await expect.poll(handles).toBeLessThan(50);
    collectGarbage();
    expect(rig.connections.images).toBe(before.connections);
    expect(process.memoryUsage().heapUsed - before.heap).toBeLessThan(8 * 1024 * 1024);
  });

  it('what waits for its turn comes through; what waits too long is told to come back', async () => {
    const gate = new AbortController();
    let underWay = 0;
    let most = 0;
    const url = serving('/gate', (_request, response) => {
      most = Math.max(most, ++underWay);
      const answer = (): void => {
        underWay--;
        response.end(PNG);
      };
      if (gate.signal.aborted) answer();
      else gate.signal.addEventListener('abort', answer);
    });
    const open = rig.open({ limits: { maxWaitMs: 100, maxWaiting: 1, timeoutMs: 60_000 } });
    const running = [1, 2, 3, 4].map(async () => fetchImage(url, open));
    await expect.poll(() => underWay).toBe(4);
    const late = errorOf(url, open);
    expect(await errorOf(url, open)).toMatchObject({ code: 'image_fetch_busy', status: 429, retryAfterSeconds: 2 });
    expect(await late).toMatchObject({ code: 'image_fetch_busy', status: 429 });
    const patient = rig.open({ limits: { maxWaitMs: 60_000, timeoutMs: 60_000 } });
    const many = Array.from({ length: 40 }, async () => fetchImage(url, patient));
    await expect.poll(() => underWay).toBe(8);
    gate.abort();
    expect((await Promise.all([...running, ...many])).length).toBe(44);
    expect(most).toBe(8);
  });
});

describe('webhooks', () => {
  const options = (changes: Partial<SafeFetcherOptions> = {}) => rig.open(changes);
  const post = async (url: string, by = options()) =>
    by.post(withPort(url), { headers: { 'x-test': '1' }, body: '{"a":1}', signal: AbortSignal.timeout(5000) });
  const codeOf = async (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'ok',
      (thrown: unknown) => (thrown instanceof BacklotError ? thrown.code : thrown),
    );

  it('are posted, and answered by status and Retry-After', async () => {
    let body = '';
    serving('/hook', (request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => response.writeHead(503, { 'retry-after': '7' }).end('x'));
    });
    expect(await post('https://good.test:P/hook')).toEqual({ status: 503, retryAfter: '7' });
    expect(body).toBe('{"a":1}');
    expect(rig.requests.at(-1)).toMatchObject({ method: 'POST', headers: expect.arrayContaining(['x-test', '1']) as unknown });
  });

  it('a redirect is an answer, and not followed', async () => {
    const before = rig.requests.length;
    expect(await post('https://good.test:P/redirect?to=/a.png')).toEqual({ status: 302, retryAfter: null });
    expect(rig.requests.length).toBe(before + 1);
  });

  it('of an endless answer the status is enough', async () => {
    let isClosed = false;
    const url = serving('/chatty', (_request, response) => {
      const send = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16 * 1024)));
      };
      response.on('drain', send).on('close', () => (isClosed = true));
      send();
    });
    expect(await post(url)).toEqual({ status: 200, retryAfter: null });
    await expect.poll(() => isClosed).toBe(true);
  });

  it.each([
    ['invalid_webhook_url', 'http://good.test/'],
    ['invalid_webhook_url', 'https://u:p@good.test/'],
    ['invalid_webhook_url', 'https://good.test:8443/'],
    ['invalid_webhook_url', 'ftp://good.test/'],
    ['url_not_allowed', 'https://127.0.0.1/'],
    ['url_not_allowed', 'http://127.0.0.1:P/'],
    ['url_not_allowed', 'http://localhost:P/'],
    ['url_not_allowed', 'https://loopback.test:P/'],
    ['url_not_allowed', 'https://absent.test/'],
  ])('%s for %s, when it is set and when it is used', async (code, url) => {
    rig.resolve('loopback.test', [['127.0.0.1']]);
    expect(await codeOf(options().check(withPort(url)))).toBe(code);
    expect(await codeOf(post(url))).toBe(code);
  });

  it('http is for what the operator lets in by address and port', async () => {
    const server = createHttpServer((_request, response) => response.writeHead(204).end());
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const open = options({ allow: [{ cidr: '127.0.0.1', port }] });
    rig.resolve('public.test', [['93.184.216.34']]);
    await open.check(`http://127.0.0.1:${port}/hook`);
    expect(await post(`http://127.0.0.1:${port}/hook`, open)).toEqual({ status: 204, retryAfter: null });
    expect(await codeOf(open.check(`http://public.test:${port}/`))).toBe('url_not_allowed');
    expect(await codeOf(fetchImage(`http://127.0.0.1:${port}/a.png`, open))).toBe('invalid_image_url');
  });

  it('a name server in trouble does not stand in the way of setting one', async () => {
    rig.resolve('later.test', Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }));
    expect(await codeOf(options().check('https://later.test/'))).toBe('ok');
    rig.resolve('later.test', 'never');
    expect(await codeOf(options({ limits: { connectTimeoutMs: 20 } }).check('https://later.test/'))).toBe('ok');
  });

  it('a time-out of the caller ends it, with their own reason', async () => {
    const caller = new AbortController();
    const url = serving('/slow', () => caller.abort(new Error('too slow')));
    await expect(options().post(url, { headers: {}, body: '', signal: caller.signal })).rejects.toThrow('too slow');
  });
});

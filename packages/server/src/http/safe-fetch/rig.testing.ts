import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { LookupAddress } from 'node:dns';
import { pino } from 'pino';
import { createAuthority, createSelfSigned } from './certificates.testing.js';
import type { Lookup } from './guarded-agent.js';
import { SafeFetcher, type SafeFetcherOptions } from './safe-fetcher.js';

/** Where the servers that may be reached listen; the secret is on 127.0.0.1. */
export const IMAGE_HOST = '127.0.0.2';

/** Names whose certificate is in order. */
const NAMES = ['good.test', 'other.test', 'xn--mnchen-3ya.test', 'rebinding.test', 'both.test', 'both-reversed.test', IMAGE_HOST];

/** Answers a request in its own way. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;
/** What the resolver says: addresses, one list for each question (the last one stays), or an error. */
export type Answers = readonly (readonly string[])[] | Error | 'never';

/** A request as a server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
}

/** Servers and a resolver of the test's own: nothing here needs a network. */
export interface SafeFetchRig extends AsyncDisposable {
  /** Port of the image server and of the secret one. */
  readonly port: number;
  readonly ca: string;
  readonly lookup: Lookup;
  /** TCP connections so far. */
  readonly connections: { readonly images: number; readonly secret: number };
  readonly requests: readonly SeenRequest[];
  /** Questions for a name so far. */
  readonly lookups: (name: string) => number;
  readonly handle: (path: string, handler: Handler) => void;
  readonly resolve: (name: string, answers: Answers) => void;
  readonly logged: readonly string[];
  readonly open: (options?: Partial<SafeFetcherOptions>) => SafeFetcher;
}

const listen = async (server: Server, host: string, port = 0): Promise<number> => {
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const notFound = (): Error => Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });

/** Opens the rig. The fetchers that it opens may reach the image server, and that by the operator's list alone. */
export const openSafeFetchRig = async (): Promise<SafeFetchRig> => {
  const authority = createAuthority();
  const handlers = new Map<string, Handler>();
  const requests: SeenRequest[] = [];
  const connections = { images: 0, secret: 0 };
  const sockets = new Set<Socket>();
  const contexts = new Map([
    ['expired.test', createSecureContext(authority.issue({ names: ['expired.test'], expiresAt: new Date(Date.now() - 60_000) }))],
    ['self-signed.test', createSecureContext(createSelfSigned({ names: ['self-signed.test'] }))],
  ]);
  const certificate = authority.issue({ names: NAMES });
  const usual = createSecureContext(certificate);
  const images = createServer({ ...certificate, SNICallback: (name, done) => done(null, contexts.get(name) ?? usual) }, (request, response) => {
    const url = request.url ?? '';
    requests.push({ method: request.method ?? '', url, headers: request.rawHeaders });
    const handler = handlers.get(url.replace(/\?.*/, ''));
    if (handler === undefined) response.writeHead(404).end();
    else handler(request, response);
  });
  images.on('connection', () => connections.images++);

  // The secret answers to everything that is not encrypted, too.
  const secret = createHttpServer((_request, response) => response.end('secret'));
  secret.on('connection', () => connections.secret++);
  for (const server of [images, secret]) {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    });
  }
  let port = await listen(images, IMAGE_HOST);
  for (let tries = 0; ; tries++) {
    try {
      await listen(secret, '127.0.0.1', port);
      break;
    } catch (error) {
      // Somebody has that port there: another one, then.
      if (tries === 10) throw error;
      images.close();
      port = await listen(images, IMAGE_HOST);
    }
  }

  const answers = new Map<string, Answers>();
  const asked = new Map<string, number>();
  const lookup: Lookup = async (name) => {
    const count = asked.get(name) ?? 0;
    asked.set(name, count + 1);
    const known = answers.get(name.replace(/\.$/, ''));
    if (known === undefined) throw notFound();
    if (known === 'never') return new Promise(() => undefined);
    if (known instanceof Error) throw known;
    const addresses = known[Math.min(count, known.length - 1)] ?? [];
    return addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  for (const name of [...NAMES, ...contexts.keys(), 'wrong-name.test']) answers.set(name, [[IMAGE_HOST]]);

  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  return {
    port,
    ca: authority.ca,
    lookup,
    connections,
    requests,
    lookups: (name) => asked.get(name) ?? 0,
    handle: (path, handler) => handlers.set(path, handler),
    resolve: (name, next) => {
      answers.set(name, next);
      asked.delete(name);
    },
    logged,
    open: (options = {}) => new SafeFetcher({ allow: [{ cidr: IMAGE_HOST, port }], lookup, ca: authority.ca, log, ...options }),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([images, secret].map(async (server) => new Promise((resolve) => server.close(resolve))));
    },
  };
};

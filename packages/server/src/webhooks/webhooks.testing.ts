import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import type { Database } from '../database/database.js';
import { organizations, webhookEndpoints, webhookEvents } from '../database/schema.js';
import type { TestCertificate } from '../http/safe-fetch/certificates.testing.js';
import { SafeFetcher, type SafeFetcherOptions } from '../http/safe-fetch/safe-fetcher.js';
import { createSealer } from '../identity/sealer.js';
import { WebhookDispatcher, type WebhookDispatcherOptions } from './dispatcher.js';
import { publishEvent } from './outbox.js';
import type { WebhookSender } from './sender.js';
import { WebhookService } from './service.js';

/** Whose webhooks these are. */
export const ORGANIZATION = 'org_test';
/** Seals secrets in tests, in every process of one. */
export const SEALER = createSealer(new Uint8Array(32).fill(7));

/** A delivery as a receiver saw it. */
export interface Received {
  readonly id: string;
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Answers a delivery; `nth` is 1 for the first. */
export type Answer = (response: ServerResponse, nth: number, request: IncomingMessage) => void;

/** A service of a customer's that takes deliveries. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** Default: 204. */
  answer: Answer;
  /** Resolves once so many deliveries have come. */
  readonly wait: (count: number) => Promise<readonly Received[]>;
}

/** Polls until something holds, for at most ten seconds. */
export const until = async (holds: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  const deadlineMs = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain: ${what}`);
    await sleep(5);
  }
};

/** Starts a receiver on 127.0.0.1, by https when it has a certificate. */
export const openReceiver = async (certificate?: TestCertificate): Promise<Receiver> => {
  const received: Received[] = [];
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      received.push({ id: headers['webhook-id'] ?? '', url: request.url ?? '', body: Buffer.concat(chunks).toString('utf8'), headers });
      receiver.answer(response, received.length, request);
    });
  };
  const server = certificate === undefined ? createServer(handle) : createTlsServer(certificate, handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}/hook`,
    port,
    received,
    answer: (response) => response.writeHead(204).end(),
    wait: async (count) => {
      await until(() => received.length >= count, `${count} deliveries, ${received.length} came`);
      return received;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
};

/** Verifies a delivery as a customer would, by the library. Throws when its signature is wrong. */
export const verify = (secret: string, { body, headers }: Received): unknown => new Webhook(secret).verify(body, headers);

/** A client that may reach the given ports of this machine. */
export const openSender = (receivers: readonly { readonly port: number }[], options: Partial<SafeFetcherOptions> = {}): WebhookSender =>
  new SafeFetcher({ allow: receivers.map(({ port }) => ({ cidr: '127.0.0.1', port })), log: pino({ level: 'silent' }), ...options });

/** Webhooks on a database. */
export interface TestWebhooks {
  readonly service: WebhookService;
  /** Makes a dispatcher that looks when it is woken, not by itself. It is not started. */
  readonly dispatcher: (options?: Partial<WebhookDispatcherOptions>) => WebhookDispatcher;
  /** Publishes `background_image.deleted` for so many images. */
  readonly publish: (count?: number) => Promise<void>;
}

/** Empties the webhooks of a database and opens them for one organization. */
export const openTestWebhooks = async (database: Database, sender: WebhookSender): Promise<TestWebhooks> => {
  for (const table of [webhookEvents, webhookEndpoints]) await database.executor.delete(table);
  await database.executor.insert(organizations).values({ id: ORGANIZATION, name: 'Test', createdAt: new Date() }).onConflictDoNothing();
  return {
    service: new WebhookService({ database, sealer: SEALER, sender, wake: () => undefined }),
    dispatcher: (options = {}) => new WebhookDispatcher({ database, sealer: SEALER, sender, log: pino({ level: 'silent' }), random: () => 0, ...options }),
    publish: async (count = 1) => {
      for (let index = 0; index < count; index++) {
        const data = { id: `bg_${String(index).padStart(20, '2')}`, title: 'Office' };
        await database.transaction(async (transaction) =>
          publishEvent(transaction, { organizationId: ORGANIZATION, type: 'background_image.deleted', data }, new Date()),
        );
      }
    },
  };
};

import { MAX_WEBHOOK_ENDPOINTS } from '@backlot/contract';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database, Executor } from '../database/database.js';
import { type Cluster, findPostgres, startCluster } from '../database/postgres/cluster.testing.js';
import { openPostgresDatabase } from '../database/postgres/postgres-database.js';
import { claimDue } from './repository.js';
import { WebhookService } from './service.js';
import { openReceiver, openSender, openTestWebhooks, ORGANIZATION, SEALER, until } from './webhooks.testing.js';

const bin = findPostgres();
const DISPATCHERS = 3;
const PER_ENDPOINT = 2;
const AT_ONCE = DISPATCHERS * PER_ENDPOINT;

/** Each dispatcher has a pool of its own, as in a process of its own. */
describe.skipIf(bin === undefined)('several dispatchers on one database', () => {
  let cluster: Cluster;
  const databases: Database[] = [];
  beforeAll(async () => {
    cluster = await startCluster(bin ?? '');
    const url = await cluster.createDatabase();
    for (let index = 0; index < DISPATCHERS; index++) databases.push(await openPostgresDatabase({ url, log: pino({ level: 'silent' }) }));
  });
  afterAll(async () => {
    for (const database of databases) await database[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  it('share the work: every event comes once, and an endpoint gets no more at a time than it may', async () => {
    const [database] = databases;
    if (database === undefined) throw new Error('no database');
    await using receiver = await openReceiver();
    await using other = await openReceiver();
    const webhooks = await openTestWebhooks(database, openSender([receiver, other]));
    for (const { url } of [receiver, other]) await webhooks.service.createEndpoint(ORGANIZATION, { url, event_types: null, enabled: true });
    let most = 0;
    let open = 0;
    const held: (() => void)[] = [];
    receiver.answer = (response, nth) => {
      most = Math.max(most, ++open);
      held.push(() => {
        open--;
        response.writeHead(204).end();
      });
      // The first are answered together, once each dispatcher has sent as many as it may.
      if (nth >= AT_ONCE) for (const answer of held.splice(0)) answer();
    };
    await webhooks.publish(40);
    const dispatchers = databases.map((own) => webhooks.dispatcher({ database: own, maxAttemptsPerEndpoint: PER_ENDPOINT }));
    try {
      for (const dispatcher of dispatchers) dispatcher.wake();
      const isDone = async (): Promise<boolean> =>
        (await webhooks.service.listEvents(ORGANIZATION, { limit: 100 })).every(({ view }) => view.deliveries.every(({ state }) => state === 'delivered'));
      await until(isDone, 'all to be delivered');
    } finally {
      for (const dispatcher of dispatchers) await dispatcher[Symbol.asyncDispose]();
    }
    for (const { received } of [receiver, other]) {
      expect(received).toHaveLength(40);
      expect(new Set(received.map(({ id }) => id)).size).toBe(40);
    }
    expect(most).toBe(AT_ONCE);
  });

  it('claim past each other, without waiting', async () => {
    const [first, second] = databases;
    if (first === undefined || second === undefined) throw new Error('no databases');
    await using receiver = await openReceiver();
    const webhooks = await openTestWebhooks(first, openSender([receiver]));
    await webhooks.service.createEndpoint(ORGANIZATION, { url: receiver.url, event_types: null, enabled: true });
    await webhooks.publish(6);
    const now = new Date();
    const claim = async (executor: Executor): Promise<string[]> => {
      const attempts = await claimDue(executor, now, new Date(now.getTime() + 60_000), { total: 10, perEndpoint: 4, underWay: new Map() });
      return attempts.map(({ eventId }) => eventId);
    };
    // The second claims while the first has not committed.
    const [mine, theirs] = await first.transaction(async (transaction) => [await claim(transaction), await claim(second.executor)]);
    expect([mine?.length, theirs?.length]).toEqual([4, 2]);
    expect(new Set([...(mine ?? []), ...(theirs ?? [])]).size).toBe(6);
  });

  it('make no more endpoints than there may be', async () => {
    const [database] = databases;
    if (database === undefined) throw new Error('no database');
    await using receiver = await openReceiver();
    const sender = openSender([receiver]);
    await openTestWebhooks(database, sender);
    const services = databases.map((own) => new WebhookService({ database: own, sealer: SEALER, sender, wake: () => undefined }));
    const outcomes = await Promise.allSettled(
      Array.from({ length: MAX_WEBHOOK_ENDPOINTS + 10 }, async (_, index) =>
        services[index % services.length]?.createEndpoint(ORGANIZATION, { url: receiver.url, event_types: null, enabled: true }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(MAX_WEBHOOK_ENDPOINTS);
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as { code?: string }] : []));
    expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['webhook_endpoints_full']));
  });
});

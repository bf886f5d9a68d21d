import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../database/database.js';
import { type Cluster, findPostgres, startCluster } from '../database/postgres/cluster.testing.js';
import { openPostgresDatabase } from '../database/postgres/postgres-database.js';
import { openReceiver, openSender, openTestWebhooks, ORGANIZATION, until } from './webhooks.testing.js';

const bin = findPostgres();

/** Each dispatcher has a pool of its own, as in a process of its own. */
describe.skipIf(bin === undefined)('several dispatchers on one database', () => {
  let cluster: Cluster;
  const databases: Database[] = [];
  beforeAll(async () => {
    cluster = await startCluster(bin ?? '');
    const url = await cluster.createDatabase();
    for (let index = 0; index < 3; index++) databases.push(await openPostgresDatabase({ url, log: pino({ level: 'silent' }) }));
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
    receiver.answer = (response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        response.writeHead(204).end();
      }, 5);
    };
    await webhooks.publish(40);
    const dispatchers = databases.map((own) => webhooks.dispatcher({ database: own, maxAttemptsPerEndpoint: 2 }));
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
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThanOrEqual(6);
  });
});

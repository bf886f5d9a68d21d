import { eq, sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeDatabase } from '../database.contract.js';
import { organizations } from '../schema.js';
import { isDatabaseUnavailable } from '../unavailable.js';
import { type Cluster, findPostgres, startCluster } from './cluster.testing.js';
import { openPostgresDatabase } from './postgres-database.js';

const log = pino({ level: 'silent' });
const bin = findPostgres();

describe.skipIf(bin === undefined)('PostgreSQL', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster(bin ?? '');
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  describeDatabase('PostgreSQL', async () => openPostgresDatabase({ url: await cluster.createDatabase(), log }));

  it('is migrated by one of several that start together', async () => {
    const url = await cluster.createDatabase();
    const databases = await Promise.all(Array.from({ length: 4 }, async () => openPostgresDatabase({ url, log })));
    for (const database of databases) {
      expect(await database.executor.select().from(organizations)).toEqual([]);
      await database[Symbol.asyncDispose]();
    }
  });

  it('repeats a transaction that lost against another, and both take effect', async () => {
    await using database = await openPostgresDatabase({ url: await cluster.createDatabase(), log });
    await database.executor.insert(organizations).values({ id: 'org_1', name: '0', createdAt: new Date() });
    let tries = 0;
    let waiting = 0;
    let release: () => void = () => undefined;
    const bothHaveRead = new Promise<void>((resolve) => {
      release = resolve;
    });
    const increment = async () =>
      database.transaction(async (transaction) => {
        tries++;
        await transaction.execute(sql`set transaction isolation level serializable`);
        const [row] = await transaction.select().from(organizations).where(eq(organizations.id, 'org_1'));
        if (++waiting === 2) release();
        await bothHaveRead;
        await transaction
          .update(organizations)
          .set({ name: String(Number(row?.name) + 1) })
          .where(eq(organizations.id, 'org_1'));
      });
    await Promise.all([increment(), increment()]);
    expect(tries).toBe(3);
    expect((await database.executor.select().from(organizations))[0]?.name).toBe('2');
  });

  it('says so when the server is gone, and works again when it is back', async () => {
    await using database = await openPostgresDatabase({ url: await cluster.createDatabase(), log });
    const read = async () => database.executor.select().from(organizations);
    await read();
    await cluster.stop();
    await expect(database.transaction(async (transaction) => transaction.select().from(organizations))).rejects.toMatchObject({ code: 'database_unavailable' });
    await expect(read()).rejects.toSatisfy(isDatabaseUnavailable);
    await cluster.start();
    expect(await read()).toEqual([]);
  });

  it("can't be opened where no server is", async () => {
    await expect(openPostgresDatabase({ url: 'postgres://backlot@127.0.0.1:1/none', log })).rejects.toMatchObject({ code: 'database_unavailable' });
  });
});

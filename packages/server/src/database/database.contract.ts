import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asc, eq } from 'drizzle-orm';
import type { Database } from './database.js';
import { installation, organizations } from './schema.js';

const organization = (id: string) => ({ id, name: id, createdAt: new Date('2026-11-20T12:00:00.123Z') });

/** What every adapter of the database guarantees. `open` gives an empty one. */
export const describeDatabase = (name: string, open: () => Promise<Database>): void => {
  describe(`database on ${name}`, () => {
    let database: Database;
    beforeAll(async () => {
      database = await open();
    });
    afterAll(async () => database[Symbol.asyncDispose]());

    const names = async (): Promise<string[]> =>
      (await database.executor.select({ id: organizations.id }).from(organizations).orderBy(asc(organizations.id))).map(({ id }) => id);

    it('is migrated', async () => {
      expect(await names()).toEqual([]);
    });

    it('commits what resolves and hands its result on', async () => {
      const result = await database.transaction(async (transaction) => {
        await transaction.insert(organizations).values(organization('org_kept'));
        return 7;
      });
      expect(result).toBe(7);
      expect(await names()).toContain('org_kept');
    });

    it('rolls back what rejects, and rejects with the same error', async () => {
      const error = new Error('changed my mind');
      await expect(
        database.transaction(async (transaction) => {
          await transaction.insert(organizations).values(organization('org_lost'));
          throw error;
        }),
      ).rejects.toBe(error);
      expect(await names()).not.toContain('org_lost');
    });

    it('refuses its root handle inside a transaction, and works on afterwards', async () => {
      await expect(database.transaction(async () => names())).rejects.toThrow(/inside a transaction/);
      expect(await names()).toContain('org_kept');
    });

    it('keeps a time to the millisecond and bytes as they are', async () => {
      const secret = Uint8Array.from({ length: 32 }, (_, index) => index * 8);
      const createdAt = new Date('2026-11-20T12:00:00.123Z');
      await database.executor.insert(installation).values({ installationId: 'test', secret, createdAt });
      const [row] = await database.executor.select().from(installation);
      expect(row?.createdAt).toEqual(createdAt);
      expect(Uint8Array.from(row?.secret ?? [])).toEqual(secret);
    });

    it('loses nothing of transactions that run at once', async () => {
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) =>
          database.transaction(async (transaction) => transaction.insert(organizations).values(organization(`org_many_${index}`))),
        ),
      );
      expect((await names()).filter((id) => id.startsWith('org_many_'))).toHaveLength(20);
    });

    it('refuses a row twice', async () => {
      await expect(database.executor.insert(organizations).values(organization('org_kept'))).rejects.toThrow(/Failed query: insert/);
      expect(await database.executor.select().from(organizations).where(eq(organizations.id, 'org_kept'))).toHaveLength(1);
    });
  });
};

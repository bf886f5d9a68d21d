import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { organizations } from '../schema.js';
import { openPgliteDatabase } from './pglite-database.js';

const organization = (id: string) => ({ id, name: id, createdAt: new Date() });

describe('the embedded database', () => {
  test('is made whole in spite of what a killed start left, keeps its rows over a restart, and migrates twice without harm', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'backlot-database-'));
    const folder = join(parent, 'database');
    await mkdir(`${folder}.new`);
    await writeFile(join(`${folder}.new`, 'PG_VERSION'), 'half');
    const first = await openPgliteDatabase(folder);
    await first.executor.insert(organizations).values(organization('org_1'));
    await first[Symbol.asyncDispose]();
    const second = await openPgliteDatabase(folder);
    expect(await second.executor.select({ id: organizations.id }).from(organizations)).toEqual([{ id: 'org_1' }]);
    await second[Symbol.asyncDispose]();
    expect(await readdir(parent)).toEqual(['database']);
    await rm(parent, { recursive: true });
  });

  test('rolls back what throws, refuses its root inside a transaction, and takes turns', async () => {
    await using database = await openPgliteDatabase();
    const count = async (): Promise<number> => (await database.executor.select().from(organizations)).length;
    await expect(
      database.transaction(async (transaction) => {
        await transaction.insert(organizations).values(organization('org_lost'));
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect(await count()).toBe(0);

    await expect(database.transaction(async () => database.executor.select().from(organizations))).rejects.toThrow(/inside a transaction/);

    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        database.transaction(async (transaction) => transaction.insert(organizations).values(organization(`org_${index}`))),
      ),
    );
    expect(await count()).toBe(10);
  });
});

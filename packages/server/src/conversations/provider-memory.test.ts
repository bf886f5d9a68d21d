import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../database/database.js';
import { openPgliteDatabase } from '../database/pglite/pglite-database.js';
import { messagingState } from '../database/schema.js';
import { createSealer } from '../identity/sealer.js';
import { createLog } from '../logging.js';
import { createProviderMemory } from './provider-memory.js';

let database: Database;
beforeAll(async () => {
  database = await openPgliteDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const logged: string[] = [];
const log = createLog('debug', { write: (line: string) => void logged.push(line) });
const sealerOf = (fill: number) => createSealer(new Uint8Array(32).fill(fill));

it('gives back what was written last, to the same provider only, and keeps it sealed', async () => {
  const memory = createProviderMemory(database, sealerOf(1), 'blooio', log);
  expect(await memory.read()).toEqual({});
  await memory.write({ webhookSecret: 'whsec_first' });
  await memory.write({ webhookSecret: 'whsec_second' });
  expect(await createProviderMemory(database, sealerOf(1), 'blooio', log).read()).toEqual({ webhookSecret: 'whsec_second' });
  expect(await createProviderMemory(database, sealerOf(1), 'photon', log).read()).toEqual({});
  const [row] = await database.executor.select().from(messagingState);
  expect(Buffer.from(row?.sealed ?? []).toString('latin1')).not.toContain('whsec_');
  expect(logged).toEqual([]);
});

it('begins anew, with a word in the log, where it was sealed under another secret', async () => {
  await createProviderMemory(database, sealerOf(1), 'blooio', log).write({ webhookSecret: 'whsec_lost' });
  const memory = createProviderMemory(database, sealerOf(2), 'blooio', log);
  expect(await memory.read()).toEqual({});
  expect(logged).toHaveLength(1);
  await memory.write({ webhookSecret: 'whsec_new' });
  expect(await memory.read()).toEqual({ webhookSecret: 'whsec_new' });
});

import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import type { Database } from '../database.js';
import { migrationsFolder } from '../migrations.js';
import * as schema from '../schema.js';
import { createTransactionGuard } from '../transaction-guard.js';

/**
 * Opens the embedded database (PostgreSQL as WebAssembly, in this process) and brings it up to date.
 * The folder must be locked by the caller: two processes on one folder lose each other's rows.
 *
 * @param folder where the database lives; made when absent. Without one it lives in memory.
 */
export const openPgliteDatabase = async (folder?: string): Promise<Database> => {
  const engine = await PGlite.create(folder === undefined ? {} : { dataDir: folder });
  const root = drizzle(engine, { schema });
  await migrate(root, { migrationsFolder });
  const guard = createTransactionGuard(root);
  return {
    engine: 'pglite',
    executor: guard.executor,
    // A transaction on PGlite holds its one connection: others wait until it ends.
    transaction: (work) => guard.run(() => root.transaction((transaction) => work(transaction))),
    [Symbol.asyncDispose]: async () => {
      if (!engine.closed) await engine.close();
    },
  };
};

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PGlite, types } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import type { Database } from '../database.js';
import { migrationsFolder } from '../migrations.js';
import * as schema from '../schema.js';
import { createTransactionGuard } from '../transaction-guard.js';

/** The built script, seen from `src/database/pglite` and `dist/database/pglite` alike. */
const createFolderScript = fileURLToPath(new URL('../../../dist/database/pglite/create-folder.js', import.meta.url));
const CREATE_TIMEOUT_MS = 120_000;

/** Makes the folder under another name and puts it in its place whole, so that a killed start leaves none half made. */
const createFolder = async (folder: string): Promise<void> => {
  const draft = `${folder}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await promisify(execFile)(process.execPath, [createFolderScript, draft], { timeout: CREATE_TIMEOUT_MS, env: {} });
  await rename(draft, folder);
};

/**
 * Opens the embedded database (PostgreSQL as WebAssembly, in this process) and brings it up to date.
 * The folder must be locked by the caller: two processes on one folder lose each other's rows.
 *
 * @param folder where the database lives; made when absent. Without one it lives in memory.
 */
export const openPgliteDatabase = async (folder?: string): Promise<Database> => {
  if (folder !== undefined && !existsSync(folder)) await createFolder(folder);
  const engine = await PGlite.create(folder === undefined ? {} : { dataDir: folder });
  // Without the hundreds of parsers for arrays, of which we have none: Drizzle makes PGlite copy all of them in every query.
  engine.parsers = { ...types.parsers };
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

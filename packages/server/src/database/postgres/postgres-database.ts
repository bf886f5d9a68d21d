import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import type { Logger } from 'pino';
import { BacklotError, toError } from '../../errors.js';
import type { Database, Executor } from '../database.js';
import { migrationsFolder } from '../migrations.js';
import * as schema from '../schema.js';
import { createTransactionGuard } from '../transaction-guard.js';
import { databaseCodeOf, isDatabaseUnavailable } from '../unavailable.js';

/** Names the lock that one process holds while it migrates: "backlot" as a number. */
const MIGRATION_LOCK = 27_692_814_158;
const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 15_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000;
/** Serialization failure and deadlock: the whole transaction again. */
const RETRYABLE = new Set(['40001', '40P01']);
const MAX_TRIES = 3;

export interface PostgresOptions {
  /** `postgres://…` */
  readonly url: string;
  readonly log: Logger;
}

/**
 * Connects to a PostgreSQL server (15 or newer) and brings the database up to date; of several processes that start
 * together one migrates and the others wait.
 *
 * @throws BacklotError `database_unavailable` when the server can't be reached
 */
export const openPostgresDatabase = async ({ url, log }: PostgresOptions): Promise<Database> => {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'backlot',
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
  });
  // A connection that breaks while idle is replaced at the next query; unheard, the event would end the process.
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection broke'));
  const root = drizzle({ client: pool, schema });
  try {
    await migrateAlone(pool);
  } catch (error) {
    await pool.end();
    throw translate(error);
  }
  const guard = createTransactionGuard(root);

  const transaction = async <Result>(work: (transaction: Executor) => Promise<Result>): Promise<Result> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await guard.run(async () => root.transaction(async (executor) => work(executor)));
      } catch (error) {
        const isRetryable = RETRYABLE.has(databaseCodeOf(error) ?? '');
        if (!isRetryable || attempt >= MAX_TRIES) throw translate(error);
        log.debug({ attempt }, 'transaction tried again');
      }
    }
  };
  return {
    engine: 'postgres',
    executor: guard.executor,
    transaction,
    [Symbol.asyncDispose]: async () => {
      if (!pool.ended) await pool.end();
    },
  };
};

const translate = (thrown: unknown): Error => (isDatabaseUnavailable(thrown) ? new BacklotError('database_unavailable', { cause: thrown }) : toError(thrown));

/** Migrates on one connection under an advisory lock. */
const migrateAlone = async (pool: pg.Pool): Promise<void> => {
  const client = await pool.connect();
  try {
    // Waiting for another's migration, and a migration itself, may take longer than any query.
    await client.query('set statement_timeout = 0');
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await migrate(drizzle({ client }), { migrationsFolder });
  } finally {
    // Closed, not returned: with it go the lock and the setting.
    client.release(true);
  }
};

import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import type * as schema from './schema.js';

/** A handle or a transaction: what repositories take as their first argument. */
export type Executor = PgDatabase<PgQueryResultHKT, typeof schema>;

/**
 * The database, on whichever engine.
 *
 * Every adapter guarantees: migrations have run; `transaction` commits when the callback resolves and rolls back when
 * it rejects; using the root `executor` inside a transaction throws instead of hanging (PGlite) or leaving the
 * transaction (Postgres). Never await the network, a disk or a child inside a transaction.
 */
export interface Database extends AsyncDisposable {
  readonly engine: 'pglite' | 'postgres';
  readonly executor: Executor;
  transaction<Result>(work: (transaction: Executor) => Promise<Result>): Promise<Result>;
}

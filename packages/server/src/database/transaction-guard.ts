import { AsyncLocalStorage } from 'node:async_hooks';
import type { Executor } from './database.js';

/**
 * Keeps the root handle out of transactions: inside of one it would hang for ever on PGlite (one connection) and
 * silently leave the transaction on Postgres.
 */
export const createTransactionGuard = (root: Executor): { readonly executor: Executor; run<Result>(work: () => Promise<Result>): Promise<Result> } => {
  const inside = new AsyncLocalStorage<true>();
  const executor = new Proxy(root, {
    get: (target, property) => {
      if (inside.getStore() === true && typeof property === 'string' && property !== 'then') {
        throw new Error(`The root executor's \`${property}\` was used inside a transaction; use the transaction that was handed in.`);
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { executor, run: (work) => inside.run(true, work) };
};

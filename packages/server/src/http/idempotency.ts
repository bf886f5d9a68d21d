import { createHash } from 'node:crypto';
import { and, eq, lt } from 'drizzle-orm';
import type { MiddlewareHandler } from 'hono';
import { z } from 'zod';
import type { Database } from '../database/database.js';
import { idempotencyKeys } from '../database/schema.js';
import { BacklotError } from '../errors.js';
import { readWholeBody } from './body-limit.js';
import type { AppEnv } from './context.js';

const DAY_MS = 24 * 60 * 60_000;
/** A request that has not finished by then was lost with its process. */
const LOCK_MS = 60_000;
const KEPT_HEADERS = ['content-type', 'location'];
const headersSchema = z.record(z.string(), z.string());

/** JSON with its keys in order, so that two spellings of one value are equal. */
const sortKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  // A list of pairs, marked so that it differs from a list that came as one.
  return { object: entries.map(([key, inner]) => [key, sortKeys(inner)]) };
};

/** What is the same in every repetition of a request, whichever client wrote it. */
const canonicalBody = (contentType: string, body: Buffer): Buffer | string => {
  // A form's boundary is random in most clients, so a repeated upload may differ there and only there.
  const boundary = /boundary="?([^";]+)/.exec(contentType)?.[1];
  if (boundary !== undefined) return Buffer.from(body.toString('latin1').replaceAll(boundary, ''), 'latin1');
  if (!contentType.startsWith('application/json')) return body;
  try {
    return JSON.stringify(sortKeys(JSON.parse(body.toString('utf8'))));
  } catch {
    // The route refuses it in its own words.
    return body;
  }
};

export interface IdempotencyOptions {
  readonly database: Database;
  readonly now?: () => Date;
}

/**
 * `Idempotency-Key`: the same key and request of one organization take effect once in 24 hours, and give the same
 * reply (draft-ietf-httpapi-idempotency-key-header). Replies that say "try again" are not kept.
 */
export const idempotency = ({ database, now = () => new Date() }: IdempotencyOptions): MiddlewareHandler<AppEnv> => {
  const { executor } = database;

  /** Claims the key. Resolves to the kept reply when the request was answered before. */
  const claim = async (organizationId: string, key: string, fingerprint: string): Promise<Response | null> => {
    const at = now();
    await executor.delete(idempotencyKeys).where(lt(idempotencyKeys.expiresAt, at));
    const claimed = { state: 'running' as const, fingerprint, lockedUntil: new Date(at.getTime() + LOCK_MS), expiresAt: new Date(at.getTime() + DAY_MS) };
    const inserted = await executor
      .insert(idempotencyKeys)
      .values({ organizationId, key, ...claimed })
      .onConflictDoNothing()
      .returning({ key: idempotencyKeys.key });
    if (inserted.length > 0) return null;
    const mine = and(eq(idempotencyKeys.organizationId, organizationId), eq(idempotencyKeys.key, key));
    const [row] = await executor.select().from(idempotencyKeys).where(mine);
    if (row === undefined) throw new BacklotError('idempotency_key_in_use');
    if (row.fingerprint !== fingerprint) throw new BacklotError('idempotency_key_reused');
    if (row.state === 'finished') {
      const headers = new Headers(headersSchema.parse(row.headers));
      headers.set('Idempotency-Replayed', 'true');
      return new Response(row.body === '' ? null : row.body, { status: row.status ?? 200, headers });
    }
    const takenOver = await executor
      .update(idempotencyKeys)
      .set(claimed)
      .where(and(mine, eq(idempotencyKeys.state, 'running'), lt(idempotencyKeys.lockedUntil, at)))
      .returning({ key: idempotencyKeys.key });
    if (takenOver.length === 0) throw new BacklotError('idempotency_key_in_use');
    return null;
  };

  return async (context, next) => {
    const key = context.req.header('idempotency-key');
    if (context.req.method !== 'POST' || key === undefined) return next();
    if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw new BacklotError('idempotency_key_invalid');
    const { organizationId } = context.var.principal;
    const body = canonicalBody(context.req.header('content-type') ?? '', Buffer.from(await readWholeBody(context)));
    const fingerprint = createHash('sha256').update(`${context.req.method} ${context.req.path}\n`).update(body).digest('hex');
    const replay = await claim(organizationId, key, fingerprint);
    if (replay !== null) return replay;
    const mine = and(eq(idempotencyKeys.organizationId, organizationId), eq(idempotencyKeys.key, key));
    await next();
    const { status } = context.res;
    if (status === 429 || status >= 500) {
      await executor.delete(idempotencyKeys).where(mine);
      return;
    }
    const kept = Object.fromEntries(
      KEPT_HEADERS.map((name) => [name, context.res.headers.get(name)]).filter((entry): entry is [string, string] => entry[1] !== null),
    );
    await executor
      .update(idempotencyKeys)
      .set({ state: 'finished', status, headers: kept, body: await context.res.clone().text() })
      .where(mine);
  };
};

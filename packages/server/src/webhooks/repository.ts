import type { WebhookDeliveryError } from '@backlot/contract';
import { and, asc, count, desc, eq, inArray, isNull, lt, lte, or, sql } from 'drizzle-orm';
import type { Executor } from '../database/database.js';
import { organizations, webhookDeliveries, webhookEndpoints, webhookEvents } from '../database/schema.js';
import { createId } from '../ids.js';

/** An endpoint as the database has it. */
export type EndpointRecord = typeof webhookEndpoints.$inferSelect;
/** An event as the database has it. */
export type EventRecord = typeof webhookEvents.$inferSelect;
/** A delivery as the database has it. */
export type DeliveryRecord = typeof webhookDeliveries.$inferSelect;

/** Where a page starts: after this row. */
export interface WebhookPosition {
  readonly createdAt: Date;
  readonly id: string;
}

/** An attempt that was claimed: nobody else makes it before the lease has run out. */
export interface Attempt {
  readonly deliveryId: string;
  readonly eventId: string;
  /** 1 for the first. */
  readonly number: number;
  readonly leasedUntil: Date;
  readonly body: string;
  readonly endpoint: EndpointRecord;
}

const ownEndpoint = (organizationId: string, id: string) => and(eq(webhookEndpoints.id, id), eq(webhookEndpoints.organizationId, organizationId));

/** Ids of the enabled endpoints that ask for a type. They can't be deleted before the transaction ends. */
export const findSubscribers = async (transaction: Executor, organizationId: string, type: string): Promise<string[]> => {
  const rows = await transaction
    .select({ id: webhookEndpoints.id })
    .from(webhookEndpoints)
    .where(
      and(
        eq(webhookEndpoints.organizationId, organizationId),
        webhookEndpoints.isEnabled,
        or(isNull(webhookEndpoints.eventTypes), sql`${webhookEndpoints.eventTypes} @> ${JSON.stringify([type])}::jsonb`),
      ),
    )
    .for('key share');
  return rows.map(({ id }) => id);
};

/** Makes transactions of one organization take turns. */
export const lockOrganization = async (transaction: Executor, organizationId: string): Promise<void> => {
  await transaction.select({ id: organizations.id }).from(organizations).where(eq(organizations.id, organizationId)).for('no key update');
};

export const insertEndpoint = async (executor: Executor, endpoint: EndpointRecord): Promise<void> => {
  await executor.insert(webhookEndpoints).values(endpoint);
};

export const countEndpoints = async (executor: Executor, organizationId: string): Promise<number> => {
  const [row] = await executor.select({ endpoints: count() }).from(webhookEndpoints).where(eq(webhookEndpoints.organizationId, organizationId));
  return row?.endpoints ?? 0;
};

/** An organization's endpoint; null when there is none or it is another's. In a transaction, `lock` keeps it as it is until that ends. */
export const findEndpoint = async (
  executor: Executor,
  organizationId: string,
  id: string,
  options: { readonly lock?: boolean } = {},
): Promise<EndpointRecord | null> => {
  const query = executor.select().from(webhookEndpoints).where(ownEndpoint(organizationId, id)).limit(1);
  const [row] = await (options.lock === true ? query.for('update') : query);
  return row ?? null;
};

/** An organization's endpoints, newest first. */
export const listEndpoints = async (
  executor: Executor,
  filter: { readonly organizationId: string; readonly after?: WebhookPosition | undefined; readonly limit: number },
): Promise<EndpointRecord[]> => {
  const { after } = filter;
  return executor
    .select()
    .from(webhookEndpoints)
    .where(
      and(
        eq(webhookEndpoints.organizationId, filter.organizationId),
        after === undefined
          ? undefined
          : or(lt(webhookEndpoints.createdAt, after.createdAt), and(eq(webhookEndpoints.createdAt, after.createdAt), lt(webhookEndpoints.id, after.id))),
      ),
    )
    .orderBy(desc(webhookEndpoints.createdAt), desc(webhookEndpoints.id))
    .limit(filter.limit);
};

/** Changes an endpoint. Null when there is none. */
export const updateEndpoint = async (
  executor: Executor,
  organizationId: string,
  id: string,
  change: Partial<EndpointRecord> & { readonly updatedAt: Date },
): Promise<EndpointRecord | null> => {
  const [row] = await executor.update(webhookEndpoints).set(change).where(ownEndpoint(organizationId, id)).returning();
  return row ?? null;
};

/** Deletes an endpoint with its deliveries. False when there is none. */
export const deleteEndpoint = async (executor: Executor, organizationId: string, id: string): Promise<boolean> => {
  const rows = await executor.delete(webhookEndpoints).where(ownEndpoint(organizationId, id)).returning({ id: webhookEndpoints.id });
  return rows.length > 0;
};

export const insertEvent = async (transaction: Executor, event: EventRecord): Promise<void> => {
  await transaction.insert(webhookEvents).values(event);
};

/** An organization's event; null when there is none or it is another's. In a transaction, `lock` keeps it from being removed. */
export const findEvent = async (
  executor: Executor,
  organizationId: string,
  id: string,
  options: { readonly lock?: boolean } = {},
): Promise<EventRecord | null> => {
  const query = executor
    .select()
    .from(webhookEvents)
    .where(and(eq(webhookEvents.id, id), eq(webhookEvents.organizationId, organizationId)))
    .limit(1);
  const [row] = await (options.lock === true ? query.for('key share') : query);
  return row ?? null;
};

/** An organization's events, newest first. */
export const listEvents = async (
  executor: Executor,
  filter: { readonly organizationId: string; readonly type?: string | undefined; readonly after?: WebhookPosition | undefined; readonly limit: number },
): Promise<EventRecord[]> => {
  const { after, type } = filter;
  return executor
    .select()
    .from(webhookEvents)
    .where(
      and(
        eq(webhookEvents.organizationId, filter.organizationId),
        type === undefined ? undefined : eq(webhookEvents.type, type),
        after === undefined
          ? undefined
          : or(lt(webhookEvents.createdAt, after.createdAt), and(eq(webhookEvents.createdAt, after.createdAt), lt(webhookEvents.id, after.id))),
      ),
    )
    .orderBy(desc(webhookEvents.createdAt), desc(webhookEvents.id))
    .limit(filter.limit);
};

/** Removes up to `limit` events, made before a time, with their deliveries. Returns how many. */
export const deleteOldEvents = async (executor: Executor, before: Date, limit: number): Promise<number> => {
  const old = executor.select({ id: webhookEvents.id }).from(webhookEvents).where(lt(webhookEvents.createdAt, before)).limit(limit);
  const rows = await executor.delete(webhookEvents).where(inArray(webhookEvents.id, old)).returning({ id: webhookEvents.id });
  return rows.length;
};

/** The deliveries of events, in the order in which they were made. */
export const listDeliveries = async (executor: Executor, eventIds: readonly string[]): Promise<DeliveryRecord[]> =>
  eventIds.length === 0
    ? []
    : executor
        .select()
        .from(webhookDeliveries)
        .where(inArray(webhookDeliveries.eventId, [...eventIds]))
        .orderBy(asc(webhookDeliveries.createdAt), asc(webhookDeliveries.id));

/** Puts an event on its way to endpoints, due at once; one that was there before starts over. */
export const startDeliveries = async (transaction: Executor, eventId: string, endpointIds: readonly string[], now: Date): Promise<void> => {
  if (endpointIds.length === 0) return;
  const fresh = { state: 'pending' as const, attempts: 0, nextAttemptAt: now, lastStatus: null, lastError: null, lastDurationMs: null, finishedAt: null };
  await transaction
    .insert(webhookDeliveries)
    .values(endpointIds.map((endpointId) => ({ id: createId('dlv'), eventId, endpointId, ...fresh, createdAt: now })))
    .onConflictDoUpdate({ target: [webhookDeliveries.eventId, webhookDeliveries.endpointId], set: fresh });
};

/** Gives up what is on its way to an endpoint. */
export const failPending = async (transaction: Executor, endpointId: string, now: Date): Promise<void> => {
  await transaction
    .update(webhookDeliveries)
    .set({ state: 'failed', lastError: 'endpoint_disabled' satisfies WebhookDeliveryError, nextAttemptAt: null, finishedAt: now })
    .where(and(eq(webhookDeliveries.endpointId, endpointId), eq(webhookDeliveries.state, 'pending')));
};

/**
 * Claims due deliveries, oldest first, until `leasedUntil`: several processes never claim the same one, and what a
 * killed one had claimed is due again when the lease has run out.
 *
 * @param limits most in all, most for an endpoint, and what is under way already by endpoint
 */
export const claimDue = async (
  executor: Executor,
  now: Date,
  leasedUntil: Date,
  limits: { readonly total: number; readonly perEndpoint: number; readonly underWay: ReadonlyMap<string, number> },
): Promise<Attempt[]> => {
  const underWay = JSON.stringify(Object.fromEntries(limits.underWay));
  const isDue = and(sql`${webhookDeliveries.endpointId} = endpoints.id`, eq(webhookDeliveries.state, 'pending'), lte(webhookDeliveries.nextAttemptAt, now));
  const due = sql`(with due as materialized (
    select candidates.id from ${webhookEndpoints} endpoints
    cross join lateral (
      select ${webhookDeliveries.id}, ${webhookDeliveries.nextAttemptAt} from ${webhookDeliveries} where ${isDue}
      order by ${webhookDeliveries.nextAttemptAt}
      limit greatest(0, ${limits.perEndpoint}::int - coalesce((${underWay}::jsonb ->> endpoints.id)::int, 0))
      for update skip locked
    ) candidates
    order by candidates.next_attempt_at limit ${limits.total}
  ) select id from due)`;
  const claimed = await executor
    .update(webhookDeliveries)
    .set({ attempts: sql`${webhookDeliveries.attempts} + 1`, nextAttemptAt: leasedUntil })
    .where(sql`${webhookDeliveries.id} in ${due}`)
    .returning({ id: webhookDeliveries.id });
  if (claimed.length === 0) return [];
  const rows = await executor
    .select({ delivery: webhookDeliveries, body: webhookEvents.body, endpoint: webhookEndpoints })
    .from(webhookDeliveries)
    .innerJoin(webhookEvents, eq(webhookEvents.id, webhookDeliveries.eventId))
    .innerJoin(webhookEndpoints, eq(webhookEndpoints.id, webhookDeliveries.endpointId))
    .where(
      inArray(
        webhookDeliveries.id,
        claimed.map(({ id }) => id),
      ),
    );
  return rows.map(({ delivery, body, endpoint }) => ({
    deliveryId: delivery.id,
    eventId: delivery.eventId,
    number: delivery.attempts,
    leasedUntil,
    body,
    endpoint,
  }));
};

/** Stores what came of an attempt. False when it is no longer ours: the lease ran out, or the delivery was started over or given up. */
export const storeAttempt = async (
  executor: Executor,
  attempt: Attempt,
  outcome: Pick<DeliveryRecord, 'state' | 'nextAttemptAt' | 'lastStatus' | 'lastError' | 'lastDurationMs' | 'finishedAt'>,
): Promise<boolean> => {
  const rows = await executor.update(webhookDeliveries).set(outcome).where(isOurs(attempt)).returning({ id: webhookDeliveries.id });
  return rows.length > 0;
};

/** Gives an attempt back that was not made to its end; it is due at once and does not count. */
export const returnAttempt = async (executor: Executor, attempt: Attempt, now: Date): Promise<void> => {
  await executor
    .update(webhookDeliveries)
    .set({ nextAttemptAt: now, attempts: attempt.number - 1 })
    .where(isOurs(attempt));
};

const isOurs = ({ deliveryId, number, leasedUntil }: Attempt) =>
  and(
    eq(webhookDeliveries.id, deliveryId),
    eq(webhookDeliveries.state, 'pending'),
    eq(webhookDeliveries.attempts, number),
    eq(webhookDeliveries.nextAttemptAt, leasedUntil),
  );

/** Stops sending to an endpoint that answered that it is gone, unless it was changed since. */
export const disableGone = async (transaction: Executor, endpoint: EndpointRecord, now: Date): Promise<void> => {
  const rows = await transaction
    .update(webhookEndpoints)
    .set({ isEnabled: false, disabledReason: 'gone', updatedAt: now })
    .where(and(eq(webhookEndpoints.id, endpoint.id), eq(webhookEndpoints.url, endpoint.url), webhookEndpoints.isEnabled))
    .returning({ id: webhookEndpoints.id });
  if (rows.length > 0) await failPending(transaction, endpoint.id, now);
};

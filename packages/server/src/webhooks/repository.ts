import { and, eq, isNull, or, sql } from 'drizzle-orm';
import type { Executor } from '../database/database.js';
import { webhookDeliveries, webhookEndpoints, webhookEvents } from '../database/schema.js';
import { createId } from '../ids.js';

/** An event as the database has it. */
export type EventRecord = typeof webhookEvents.$inferSelect;

export const insertEvent = async (transaction: Executor, event: EventRecord): Promise<void> => {
  await transaction.insert(webhookEvents).values(event);
};

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

/** Puts an event on its way to endpoints, due at once. */
export const insertDeliveries = async (transaction: Executor, eventId: string, endpointIds: readonly string[], now: Date): Promise<void> => {
  if (endpointIds.length === 0) return;
  await transaction
    .insert(webhookDeliveries)
    .values(
      endpointIds.map((endpointId) => ({
        id: createId('dlv'),
        eventId,
        endpointId,
        state: 'pending' as const,
        attempts: 0,
        nextAttemptAt: now,
        createdAt: now,
      })),
    );
};

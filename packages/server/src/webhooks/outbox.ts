import type { WebhookMessage } from '@backlot/contract';
import type { Executor } from '../database/database.js';
import { createId } from '../ids.js';
import { findSubscribers, insertEvent, startDeliveries } from './repository.js';

/** Something that happened in an organization. */
export type PublishedEvent = WebhookMessage & { readonly organizationId: string };

/**
 * Writes an event, and a delivery for every enabled endpoint that asks for its type, in the transaction that makes it
 * happen: it is told if and only if that commits. Afterwards `WebhookDispatcher.wake()` sends at once; else the timer does.
 * Resolves to whether anybody asks for it.
 */
export const publishEvent = async (transaction: Executor, { organizationId, type, data }: PublishedEvent, now: Date): Promise<boolean> => {
  const eventId = createId('evt');
  const body = JSON.stringify({ type, timestamp: now.toISOString(), data });
  await insertEvent(transaction, { id: eventId, organizationId, type, body, createdAt: now });
  const subscribers = await findSubscribers(transaction, organizationId, type);
  await startDeliveries(transaction, eventId, subscribers, now);
  return subscribers.length > 0;
};

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../database/database.js';
import { openPgliteDatabase } from '../database/pglite/pglite-database.js';
import { organizations, webhookDeliveries, webhookEndpoints, webhookEvents } from '../database/schema.js';
import { publishEvent } from './outbox.js';

const now = new Date('2026-11-20T12:00:00.123Z');
const deleted = { organizationId: 'org_one', type: 'background_image.deleted', data: { id: 'bg_7kq2mx9cvt4wz8hn3pdr', title: 'Office' } } as const;

describe('outbox', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openPgliteDatabase();
    await database.executor.insert(organizations).values(['org_one', 'org_two'].map((id) => ({ id, name: id, createdAt: now })));
  });
  afterAll(async () => database[Symbol.asyncDispose]());
  beforeEach(async () => {
    for (const table of [webhookEvents, webhookEndpoints]) await database.executor.delete(table);
  });

  const addEndpoint = async (id: string, changes: Partial<typeof webhookEndpoints.$inferInsert> = {}): Promise<void> => {
    const endpoint = { id, organizationId: 'org_one', url: 'https://example.com/', sealedSecret: new Uint8Array(1), isEnabled: true };
    await database.executor.insert(webhookEndpoints).values({ ...endpoint, createdAt: now, updatedAt: now, ...changes });
  };

  it('sends to enabled endpoints of the organization that ask for the type or for all', async () => {
    await addEndpoint('whe_all');
    await addEndpoint('whe_asks', { eventTypes: ['session.started', 'background_image.deleted'] });
    await addEndpoint('whe_asks_not', { eventTypes: ['background_image.created'] });
    await addEndpoint('whe_off', { isEnabled: false });
    await addEndpoint('whe_foreign', { organizationId: 'org_two' });
    expect(await database.transaction(async (transaction) => publishEvent(transaction, deleted, now))).toBe(true);
    const [event] = await database.executor.select().from(webhookEvents);
    expect(event?.body).toBe(
      '{"type":"background_image.deleted","timestamp":"2026-11-20T12:00:00.123Z","data":{"id":"bg_7kq2mx9cvt4wz8hn3pdr","title":"Office"}}',
    );
    const deliveries = await database.executor.select().from(webhookDeliveries);
    expect(deliveries.map(({ endpointId, eventId, state, nextAttemptAt }) => ({ endpointId, eventId, state, nextAttemptAt }))).toEqual(
      ['whe_all', 'whe_asks'].map((endpointId) => ({ endpointId, eventId: event?.id, state: 'pending', nextAttemptAt: now })),
    );
  });

  it('keeps an event that nobody asks for, so that it can be sent later', async () => {
    expect(await database.transaction(async (transaction) => publishEvent(transaction, deleted, now))).toBe(false);
    expect(await database.executor.$count(webhookEvents)).toBe(1);
    expect(await database.executor.$count(webhookDeliveries)).toBe(0);
  });

  it('tells nothing of a change that was rolled back', async () => {
    await addEndpoint('whe_all');
    const change = database.transaction(async (transaction) => {
      await publishEvent(transaction, deleted, now);
      throw new Error('changed my mind');
    });
    await expect(change).rejects.toThrow('changed my mind');
    expect(await database.executor.$count(webhookEvents)).toBe(0);
    expect(await database.executor.$count(webhookDeliveries)).toBe(0);
  });
});

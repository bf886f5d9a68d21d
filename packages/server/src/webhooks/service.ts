import {
  type CreatedWebhookEndpoint,
  type CreateWebhookEndpoint,
  MAX_WEBHOOK_ENDPOINTS,
  type UpdateWebhookEndpoint,
  WEBHOOK_EVENT_TYPES,
  WEBHOOK_SECRET_OVERLAP_MS,
  WEBHOOK_TEST_TYPE,
  type WebhookDelivery,
  webhookDeliveryError,
  type WebhookEndpoint,
  type WebhookEvent,
  type WebhookSecret,
} from '@backlot/contract';
import { z } from 'zod';
import type { Database, Executor } from '../database/database.js';
import { BacklotError } from '../errors.js';
import { createId } from '../ids.js';
import type { Sealer } from '../identity/sealer.js';
import {
  countEndpoints,
  deleteEndpoint,
  type DeliveryRecord,
  type EndpointRecord,
  type EventRecord,
  failPending,
  findEndpoint,
  findEvent,
  findSubscribers,
  insertEndpoint,
  insertEvent,
  listDeliveries,
  listEndpoints,
  listEvents,
  lockOrganization,
  startDeliveries,
  updateEndpoint,
  type WebhookPosition,
} from './repository.js';
import { openSecrets, sealSecret } from './secrets.js';
import type { WebhookSender } from './sender.js';
import { createWebhookSecret } from './signature.js';

export interface WebhookServiceOptions {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly sender: WebhookSender;
  /** Called when something may be due. */
  readonly wake: () => void;
  readonly now?: () => Date;
}

const eventTypesSchema = z.array(z.enum(WEBHOOK_EVENT_TYPES)).nullable();
const bodySchema = z.object({ data: z.record(z.string(), z.unknown()) });

/** Where organizations want to be told of events, and what they were told. */
export class WebhookService {
  readonly #options: WebhookServiceOptions;
  readonly #now: () => Date;

  constructor(options: WebhookServiceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
  }

  /** Throws `invalid_webhook_url`, `url_not_allowed`, `webhook_endpoints_full`. */
  async createEndpoint(organizationId: string, input: CreateWebhookEndpoint): Promise<CreatedWebhookEndpoint> {
    const { database, sealer, sender } = this.#options;
    await sender.check(input.url);
    const secret = createWebhookSecret();
    const now = this.#now();
    const record: EndpointRecord = {
      id: createId('whe'),
      organizationId,
      url: input.url,
      eventTypes: input.event_types,
      sealedSecret: sealSecret(sealer, secret),
      previousSealedSecret: null,
      previousSecretExpiresAt: null,
      isEnabled: input.enabled,
      disabledReason: null,
      createdAt: now,
      updatedAt: now,
    };
    await database.transaction(async (transaction) => {
      await lockOrganization(transaction, organizationId);
      if ((await countEndpoints(transaction, organizationId)) >= MAX_WEBHOOK_ENDPOINTS) throw new BacklotError('webhook_endpoints_full');
      await insertEndpoint(transaction, record);
    });
    return { ...viewEndpoint(record), secret };
  }

  async listEndpoints(
    organizationId: string,
    filter: { readonly after?: WebhookPosition | undefined; readonly limit: number },
  ): Promise<{ record: EndpointRecord; view: WebhookEndpoint }[]> {
    const records = await listEndpoints(this.#options.database.executor, { organizationId, ...filter });
    return records.map((record) => ({ record, view: viewEndpoint(record) }));
  }

  /** Throws `webhook_endpoint_not_found`. */
  async getEndpoint(organizationId: string, id: string): Promise<WebhookEndpoint> {
    return viewEndpoint(await this.#findEndpoint(organizationId, id));
  }

  /** Disabling gives up what is on its way. Throws `webhook_endpoint_not_found`, `invalid_webhook_url`, `url_not_allowed`. */
  async updateEndpoint(organizationId: string, id: string, { url, event_types: eventTypes, enabled }: UpdateWebhookEndpoint): Promise<WebhookEndpoint> {
    const { database, sender } = this.#options;
    const before = await this.#findEndpoint(organizationId, id);
    if (url !== undefined && url !== before.url) await sender.check(url);
    const now = this.#now();
    const record = await database.transaction(async (transaction) => {
      const changed = await updateEndpoint(transaction, organizationId, id, {
        updatedAt: now,
        ...(url === undefined ? {} : { url }),
        ...(eventTypes === undefined ? {} : { eventTypes }),
        ...(enabled === undefined ? {} : { isEnabled: enabled, disabledReason: null }),
      });
      if (changed === null) throw new BacklotError('webhook_endpoint_not_found');
      if (enabled === false) await failPending(transaction, id, now);
      return changed;
    });
    return viewEndpoint(record);
  }

  /** Throws `webhook_endpoint_not_found`. */
  async deleteEndpoint(organizationId: string, id: string): Promise<void> {
    if (!(await deleteEndpoint(this.#options.database.executor, organizationId, id))) throw new BacklotError('webhook_endpoint_not_found');
  }

  /** Throws `webhook_endpoint_not_found`. */
  async getSecret(organizationId: string, id: string): Promise<WebhookSecret> {
    return this.#viewSecret(await this.#findEndpoint(organizationId, id));
  }

  /** Makes a new secret; the old one signs beside it for a day. Throws `webhook_endpoint_not_found`. */
  async rotateSecret(organizationId: string, id: string): Promise<WebhookSecret> {
    const { database, sealer } = this.#options;
    const now = this.#now();
    const record = await database.transaction(async (transaction) => {
      const before = await this.#findEndpoint(organizationId, id, transaction);
      const changed = await updateEndpoint(transaction, organizationId, id, {
        sealedSecret: sealSecret(sealer, createWebhookSecret()),
        previousSealedSecret: before.sealedSecret,
        previousSecretExpiresAt: new Date(now.getTime() + WEBHOOK_SECRET_OVERLAP_MS),
        updatedAt: now,
      });
      if (changed === null) throw new BacklotError('webhook_endpoint_not_found');
      return changed;
    });
    return this.#viewSecret(record);
  }

  /** Sends an event that is about nothing. Throws `webhook_endpoint_not_found`, `webhook_endpoint_disabled`. */
  async testEndpoint(organizationId: string, id: string): Promise<WebhookEvent> {
    const now = this.#now();
    const event: EventRecord = {
      id: createId('evt'),
      organizationId,
      type: WEBHOOK_TEST_TYPE,
      body: JSON.stringify({ type: WEBHOOK_TEST_TYPE, timestamp: now.toISOString(), data: { endpoint_id: id } }),
      createdAt: now,
    };
    await this.#options.database.transaction(async (transaction) => {
      await this.#assertEnabled(transaction, organizationId, id);
      await insertEvent(transaction, event);
      await startDeliveries(transaction, event.id, [id], now);
    });
    this.#options.wake();
    return this.getEvent(organizationId, event.id);
  }

  async listEvents(
    organizationId: string,
    filter: { readonly type?: string | undefined; readonly after?: WebhookPosition | undefined; readonly limit: number },
  ): Promise<{ record: EventRecord; view: WebhookEvent }[]> {
    const records = await listEvents(this.#options.database.executor, { organizationId, ...filter });
    return this.#viewEvents(records);
  }

  /** Throws `webhook_event_not_found`. */
  async getEvent(organizationId: string, id: string): Promise<WebhookEvent> {
    const record = await findEvent(this.#options.database.executor, organizationId, id);
    const [found] = await this.#viewEvents(record === null ? [] : [record]);
    if (found === undefined) throw new BacklotError('webhook_event_not_found');
    return found.view;
  }

  /**
   * Sends an event once more, to an endpoint or to all that ask for its type now.
   * Throws `webhook_event_not_found`, `webhook_endpoint_not_found`, `webhook_endpoint_disabled`.
   */
  async replayEvent(organizationId: string, id: string, endpointId: string | undefined): Promise<WebhookEvent> {
    const { database, wake } = this.#options;
    await database.transaction(async (transaction) => {
      const event = await findEvent(transaction, organizationId, id, { lock: true });
      if (event === null) throw new BacklotError('webhook_event_not_found');
      if (endpointId !== undefined) await this.#assertEnabled(transaction, organizationId, endpointId);
      const endpointIds = endpointId === undefined ? await findSubscribers(transaction, organizationId, event.type) : [endpointId];
      await startDeliveries(transaction, id, endpointIds, this.#now());
    });
    wake();
    return this.getEvent(organizationId, id);
  }

  async #findEndpoint(organizationId: string, id: string, transaction?: Executor): Promise<EndpointRecord> {
    const record = await findEndpoint(transaction ?? this.#options.database.executor, organizationId, id, { lock: transaction !== undefined });
    if (record === null) throw new BacklotError('webhook_endpoint_not_found');
    return record;
  }

  async #assertEnabled(transaction: Executor, organizationId: string, id: string): Promise<void> {
    const { isEnabled } = await this.#findEndpoint(organizationId, id, transaction);
    if (!isEnabled) throw new BacklotError('webhook_endpoint_disabled');
  }

  #viewSecret(record: EndpointRecord): WebhookSecret {
    const now = this.#now();
    const [secret = '', previous] = openSecrets(this.#options.sealer, record, now);
    return { secret, previous_secret_expires_at: previous === undefined ? null : (record.previousSecretExpiresAt?.toISOString() ?? null) };
  }

  async #viewEvents(records: readonly EventRecord[]): Promise<{ record: EventRecord; view: WebhookEvent }[]> {
    const deliveries = await listDeliveries(
      this.#options.database.executor,
      records.map(({ id }) => id),
    );
    return records.map((record) => ({
      record,
      view: {
        id: record.id,
        type: record.type,
        data: bodySchema.parse(JSON.parse(record.body)).data,
        deliveries: deliveries.filter(({ eventId }) => eventId === record.id).map(viewDelivery),
        created_at: record.createdAt.toISOString(),
      },
    }));
  }
}

const viewEndpoint = (record: EndpointRecord): WebhookEndpoint => ({
  id: record.id,
  url: record.url,
  event_types: eventTypesSchema.parse(record.eventTypes),
  enabled: record.isEnabled,
  disabled_reason: record.disabledReason,
  created_at: record.createdAt.toISOString(),
  updated_at: record.updatedAt.toISOString(),
});

const viewDelivery = (record: DeliveryRecord): WebhookDelivery => ({
  endpoint_id: record.endpointId,
  state: record.state,
  attempts: record.attempts,
  next_attempt_at: record.nextAttemptAt?.toISOString() ?? null,
  last_status: record.lastStatus,
  last_error: webhookDeliveryError.nullable().parse(record.lastError),
  last_duration_ms: record.lastDurationMs,
  finished_at: record.finishedAt?.toISOString() ?? null,
});

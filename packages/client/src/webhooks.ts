import type {
  CreatedWebhookEndpoint,
  CreateWebhookEndpointInput,
  UpdateWebhookEndpoint,
  WEBHOOK_TEST_TYPE,
  WebhookEndpoint,
  WebhookEvent,
  WebhookEventType,
  WebhookSecret,
} from '@backlot/contract';
import type { Page, PageOptions } from './client.js';
import type { CallOptions, CreateOptions, Transport } from './transport.js';

/** Which events. */
export interface ListWebhookEventsOptions extends PageOptions {
  readonly type?: WebhookEventType | typeof WEBHOOK_TEST_TYPE;
}

/** Where to be told of events. Every method throws `BacklotApiError`. */
export interface WebhookEndpointsApi {
  create(endpoint: CreateWebhookEndpointInput, options?: CreateOptions): Promise<CreatedWebhookEndpoint>;
  list(options?: PageOptions): Promise<Page<WebhookEndpoint>>;
  get(id: string, options?: CallOptions): Promise<WebhookEndpoint>;
  update(id: string, change: UpdateWebhookEndpoint, options?: CallOptions): Promise<WebhookEndpoint>;
  delete(id: string, options?: CallOptions): Promise<void>;
  secret(id: string, options?: CallOptions): Promise<WebhookSecret>;
  /** For a day the old secret signs as well. */
  rotateSecret(id: string, options?: CreateOptions): Promise<WebhookSecret>;
  /** Sends an event of the type `webhook.test`. */
  test(id: string, options?: CreateOptions): Promise<WebhookEvent>;
}

/** What happened, and whom it was told. Every method throws `BacklotApiError`. */
export interface WebhookEventsApi {
  list(options?: ListWebhookEventsOptions): Promise<Page<WebhookEvent>>;
  get(id: string, options?: CallOptions): Promise<WebhookEvent>;
  /** Sends it once more, to one endpoint or to all that ask for its type. */
  replay(id: string, to?: { readonly endpointId?: string }, options?: CreateOptions): Promise<WebhookEvent>;
}

const ENDPOINTS = '/v1/webhook-endpoints';
const EVENTS = '/v1/webhook-events';
const endpointPath = (id: string, rest = ''): string => `${ENDPOINTS}/${encodeURIComponent(id)}${rest}`;
const eventPath = (id: string, rest = ''): string => `${EVENTS}/${encodeURIComponent(id)}${rest}`;

/** The part of the client that is about endpoints. */
export const createWebhookEndpointsApi = (transport: Transport): WebhookEndpointsApi => ({
  create: async (endpoint, options) => transport.send({ method: 'POST', path: ENDPOINTS, body: endpoint, ...options }),
  list: async ({ limit, cursor, ...options } = {}) => transport.send({ method: 'GET', path: ENDPOINTS, query: { limit, cursor }, ...options }),
  get: async (id, options) => transport.send({ method: 'GET', path: endpointPath(id), ...options }),
  update: async (id, change, options) => transport.send({ method: 'PATCH', path: endpointPath(id), body: change, ...options }),
  delete: async (id, options) => transport.send({ method: 'DELETE', path: endpointPath(id), ...options }),
  secret: async (id, options) => transport.send({ method: 'GET', path: endpointPath(id, '/secret'), ...options }),
  rotateSecret: async (id, options) => transport.send({ method: 'POST', path: endpointPath(id, '/secret'), ...options }),
  test: async (id, options) => transport.send({ method: 'POST', path: endpointPath(id, '/test'), ...options }),
});

/** The part of the client that is about events. */
export const createWebhookEventsApi = (transport: Transport): WebhookEventsApi => ({
  list: async ({ limit, cursor, type, ...options } = {}) => transport.send({ method: 'GET', path: EVENTS, query: { limit, cursor, type }, ...options }),
  get: async (id, options) => transport.send({ method: 'GET', path: eventPath(id), ...options }),
  replay: async (id, { endpointId } = {}, options) =>
    transport.send({ method: 'POST', path: eventPath(id, '/replay'), body: endpointId === undefined ? {} : { endpoint_id: endpointId }, ...options }),
});

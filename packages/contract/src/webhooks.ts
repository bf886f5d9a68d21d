import { createRoute, z } from '@hono/zod-openapi';
import { backgroundImageId, idReference, idSchema, pageOf, pageQuery, sessionId, time } from './common.js';
import { message } from './conversations.js';
import { errors, idempotent, json, secured } from './route.js';
import { avatar, color, endReason, sessionStatus } from './sessions.js';

const sessionFacts = z
  .object({
    session_id: sessionId,
    status: sessionStatus,
    reason: endReason.nullable(),
    avatar,
    metadata: z.record(z.string(), z.string()),
    created_at: time,
    live_at: time.nullable(),
    ended_at: time.nullable(),
  })
  .openapi('WebhookSession');

/**
 * The `data` of each event that an organization is told, by its type. Deliveries are repeated and unordered: a
 * background carries its version, a session its state with the times that led to it.
 */
export const webhookEventData = {
  'session.started': sessionFacts,
  'session.ended': sessionFacts,
  'session.failed': sessionFacts,
  'session.background.updated': z.object({
    session_id: sessionId,
    has_background: z.boolean(),
    background_id: backgroundImageId.nullable(),
    background_version: z.number().int(),
    color: color.nullable(),
  }),
  'background_image.created': z.object({
    id: backgroundImageId,
    title: z.string(),
    width: z.number().int(),
    height: z.number().int(),
    size_bytes: z.number().int(),
    media_type: z.string(),
    sha256: z.string(),
    created_at: time,
  }),
  'background_image.deleted': z.object({ id: backgroundImageId, title: z.string() }),
  'conversation.background.updated': z.object({
    conversationId: z.string(),
    hasBackground: z.boolean(),
    backgroundId: z.string().nullable(),
    backgroundVersion: z.number().int().nullable(),
    isForeign: z.boolean().openapi({ description: 'Somebody else changed it: on a phone, or with another program.' }),
  }),
  'message.received': z.object({ conversationId: z.string(), message }),
};

/** Name of an event that endpoints can ask for. */
export type WebhookEventType = keyof typeof webhookEventData;
/** Names of the events that endpoints can ask for. */
export const WEBHOOK_EVENT_TYPES = Object.keys(webhookEventData) as [WebhookEventType, ...WebhookEventType[]];

/** Something that an organization is told, told apart by its type. */
export type WebhookMessage = {
  [Type in WebhookEventType]: { readonly type: Type; readonly data: z.infer<(typeof webhookEventData)[Type]> };
}[WebhookEventType];

/** Type of the event that `POST …/test` sends to one endpoint, whatever it asks for. Its `data` is `{endpoint_id}`. */
export const WEBHOOK_TEST_TYPE = 'webhook.test';
/** Most endpoints of an organization. */
export const MAX_WEBHOOK_ENDPOINTS = 50;
/** How long a rotated secret goes on signing beside the new one, in milliseconds. */
export const WEBHOOK_SECRET_OVERLAP_MS = 24 * 60 * 60_000;

const endpointId = idSchema('whe', 'whe_7kq2mx9cvt4wz8hn3pdr');
const url = z.string().max(2048).openapi({ description: 'An https address that anybody on the internet can reach.', example: 'https://example.com/backlot' });
const eventTypes = z
  .array(z.enum(WEBHOOK_EVENT_TYPES))
  .min(1, 'must not be empty; null means all')
  .refine((types) => new Set(types).size === types.length, 'must not name a type twice')
  .nullable()
  .openapi({ description: 'The events that it gets; null: all, future ones too.' });

/** Where an organization wants to be told of events. */
export const webhookEndpoint = z
  .object({
    id: endpointId,
    url: z.string(),
    event_types: eventTypes,
    enabled: z.boolean(),
    disabled_reason: z.enum(['gone']).nullable().openapi({ description: '`gone`: it answered 410, so Backlot stopped sending. Null when it was not Backlot.' }),
    created_at: time,
    updated_at: time,
  })
  .openapi('WebhookEndpoint');

/** What an endpoint's deliveries are signed with. */
export const webhookSecret = z
  .object({
    secret: z
      .string()
      .openapi({ example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', description: 'As Standard Webhooks has it: `whsec_` and the key in base64.' }),
    previous_secret_expires_at: time.nullable().openapi({ description: 'Until then deliveries are signed with the secret before the last rotation as well.' }),
  })
  .openapi('WebhookSecret');

/** A new endpoint with its secret. */
export const createdWebhookEndpoint = webhookEndpoint.extend({ secret: webhookSecret.shape.secret }).openapi('CreatedWebhookEndpoint');

/** Body that makes an endpoint. */
export const createWebhookEndpoint = z
  .strictObject({ url, event_types: eventTypes.default(null), enabled: z.boolean().default(true) })
  .openapi('CreateWebhookEndpoint');
/** Body that changes an endpoint; absent fields stay. */
export const updateWebhookEndpoint = z
  .strictObject({ url: url.optional(), event_types: eventTypes.optional(), enabled: z.boolean().optional() })
  .openapi('UpdateWebhookEndpoint');

/** Where an event is on its way to an endpoint; `delivered` and `failed` are final until it is replayed. */
export const webhookDeliveryState = z.enum(['pending', 'delivered', 'failed']);

/** Why the last attempt did not deliver. */
export const webhookDeliveryError = z.enum(['bad_status', 'timeout', 'connection_failed', 'url_not_allowed', 'endpoint_disabled']);

/** One event on its way to one endpoint. */
export const webhookDelivery = z
  .object({
    endpoint_id: endpointId,
    state: webhookDeliveryState,
    attempts: z.number().int(),
    next_attempt_at: time.nullable(),
    last_status: z.number().int().nullable().openapi({ description: 'HTTP status of the last answer; null when there was none.' }),
    last_error: webhookDeliveryError.nullable(),
    last_duration_ms: z.number().int().nullable(),
    finished_at: time.nullable(),
  })
  .openapi('WebhookDelivery');

/** An event with its deliveries. `id` is the `webhook-id` of each of them. */
export const webhookEvent = z
  .object({
    id: idSchema('evt', 'evt_7kq2mx9cvt4wz8hn3pdr'),
    type: z.string().openapi({ example: 'session.started' }),
    data: z.record(z.string(), z.unknown()),
    deliveries: z.array(webhookDelivery),
    created_at: time,
  })
  .openapi('WebhookEvent');

/** A page of endpoints. */
export const webhookEndpointPage = pageOf(webhookEndpoint).openapi('WebhookEndpointPage');
/** A page of events. */
export const webhookEventPage = pageOf(webhookEvent).openapi('WebhookEventPage');

/** Body of a replay. */
export const replayWebhookEvent = z
  .strictObject({
    endpoint_id: idReference('whe_7kq2mx9cvt4wz8hn3pdr').optional().openapi({ description: 'Default: every enabled endpoint that asks for the type.' }),
  })
  .openapi('ReplayWebhookEvent');

const tag = { tags: ['Webhooks'], ...secured };
const params = z.strictObject({ id: idReference('whe_7kq2mx9cvt4wz8hn3pdr') });
const eventParams = z.strictObject({ id: idReference('evt_7kq2mx9cvt4wz8hn3pdr') });
const unknownEndpoint = ['unauthenticated', 'webhook_endpoint_not_found'] as const;
const badAddress = ['invalid_webhook_url', 'url_not_allowed', 'invalid_request'] as const;

/**
 * Routes of webhooks that Backlot sends, by Standard Webhooks: headers `webhook-id` (the same in every attempt),
 * `webhook-timestamp` and `webhook-signature`, body `{type, timestamp, data}`. At least once, in no promised order.
 */
export const webhookRoutes = {
  createEndpoint: createRoute({
    ...tag,
    method: 'post',
    path: '/v1/webhook-endpoints',
    operationId: 'createWebhookEndpoint',
    summary: 'Be told of events at an address',
    description:
      'Deliveries follow Standard Webhooks: `webhook-id` is the same in every attempt, `webhook-signature` is made with the secret. A delivery is repeated for about two days until the endpoint answers 2xx within 15 seconds; 410 disables it. Events may arrive twice and in another order than they happened: compare the versions and times in `data`.',
    request: { headers: idempotent, body: { required: true, content: { 'application/json': { schema: createWebhookEndpoint } } } },
    responses: { 201: json(createdWebhookEndpoint, 'The endpoint with its secret.'), ...errors('unauthenticated', ...badAddress, 'webhook_endpoints_full') },
  }),
  listEndpoints: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/webhook-endpoints',
    operationId: 'listWebhookEndpoints',
    summary: 'List webhook endpoints, newest first',
    request: { query: pageQuery },
    responses: { 200: json(webhookEndpointPage, 'A page of endpoints.'), ...errors('unauthenticated', 'invalid_request') },
  }),
  getEndpoint: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/webhook-endpoints/{id}',
    operationId: 'getWebhookEndpoint',
    summary: 'View a webhook endpoint',
    request: { params },
    responses: { 200: json(webhookEndpoint, 'The endpoint.'), ...errors(...unknownEndpoint) },
  }),
  updateEndpoint: createRoute({
    ...tag,
    method: 'patch',
    path: '/v1/webhook-endpoints/{id}',
    operationId: 'updateWebhookEndpoint',
    summary: 'Change, disable or enable a webhook endpoint',
    description: 'Disabling ends the deliveries that are on their way; they can be replayed.',
    request: { params, body: { required: true, content: { 'application/json': { schema: updateWebhookEndpoint } } } },
    responses: { 200: json(webhookEndpoint, 'The endpoint as it is now.'), ...errors(...unknownEndpoint, ...badAddress) },
  }),
  deleteEndpoint: createRoute({
    ...tag,
    method: 'delete',
    path: '/v1/webhook-endpoints/{id}',
    operationId: 'deleteWebhookEndpoint',
    summary: 'Delete a webhook endpoint with its deliveries',
    request: { params },
    responses: { 204: { description: 'Deleted.' }, ...errors(...unknownEndpoint) },
  }),
  getSecret: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/webhook-endpoints/{id}/secret',
    operationId: 'getWebhookSecret',
    summary: "View an endpoint's signing secret",
    request: { params },
    responses: { 200: json(webhookSecret, 'The secret.'), ...errors(...unknownEndpoint) },
  }),
  rotateSecret: createRoute({
    ...tag,
    method: 'post',
    path: '/v1/webhook-endpoints/{id}/secret',
    operationId: 'rotateWebhookSecret',
    summary: "Replace an endpoint's signing secret",
    description: 'For 24 hours deliveries carry a signature of the old secret as well.',
    request: { params, headers: idempotent },
    responses: { 200: json(webhookSecret, 'The new secret.'), ...errors(...unknownEndpoint) },
  }),
  testEndpoint: createRoute({
    ...tag,
    method: 'post',
    path: '/v1/webhook-endpoints/{id}/test',
    operationId: 'testWebhookEndpoint',
    summary: 'Send a test event to an endpoint',
    description: 'Its type is `webhook.test`, its `data` `{endpoint_id}`.',
    request: { params, headers: idempotent },
    responses: { 202: json(webhookEvent, 'It is on its way.'), ...errors(...unknownEndpoint, 'webhook_endpoint_disabled') },
  }),
  listEvents: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/webhook-events',
    operationId: 'listWebhookEvents',
    summary: 'List events with their deliveries, newest first',
    description: 'Events are kept for 30 days.',
    request: { query: pageQuery.extend({ type: z.enum([...WEBHOOK_EVENT_TYPES, WEBHOOK_TEST_TYPE]).optional() }) },
    responses: { 200: json(webhookEventPage, 'A page of events.'), ...errors('unauthenticated', 'invalid_request') },
  }),
  getEvent: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/webhook-events/{id}',
    operationId: 'getWebhookEvent',
    summary: 'View an event with its deliveries',
    request: { params: eventParams },
    responses: { 200: json(webhookEvent, 'The event.'), ...errors('unauthenticated', 'webhook_event_not_found') },
  }),
  replayEvent: createRoute({
    ...tag,
    method: 'post',
    path: '/v1/webhook-events/{id}/replay',
    operationId: 'replayWebhookEvent',
    summary: 'Send an event once more',
    description: 'With the same `webhook-id`, so that receivers who have it can drop it.',
    request: { params: eventParams, headers: idempotent, body: { required: true, content: { 'application/json': { schema: replayWebhookEvent } } } },
    responses: {
      202: json(webhookEvent, 'It is on its way.'),
      ...errors('unauthenticated', 'webhook_event_not_found', 'webhook_endpoint_not_found', 'webhook_endpoint_disabled', 'invalid_request'),
    },
  }),
};

export type WebhookEndpoint = z.infer<typeof webhookEndpoint>;
export type CreatedWebhookEndpoint = z.infer<typeof createdWebhookEndpoint>;
export type WebhookSecret = z.infer<typeof webhookSecret>;
export type CreateWebhookEndpoint = z.infer<typeof createWebhookEndpoint>;
export type CreateWebhookEndpointInput = z.input<typeof createWebhookEndpoint>;
export type UpdateWebhookEndpoint = z.infer<typeof updateWebhookEndpoint>;
export type WebhookDelivery = z.infer<typeof webhookDelivery>;
export type WebhookDeliveryError = z.infer<typeof webhookDeliveryError>;
export type WebhookDeliveryState = z.infer<typeof webhookDeliveryState>;
export type WebhookEvent = z.infer<typeof webhookEvent>;

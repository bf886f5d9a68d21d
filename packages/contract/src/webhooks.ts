import { z } from '@hono/zod-openapi';
import { backgroundImageId, sessionId, time } from './common.js';
import { message } from './conversations.js';
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

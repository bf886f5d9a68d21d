import { createRoute, z } from '@hono/zod-openapi';
import { idReference, time } from './common.js';
import { errors, idempotent, IMAGE_URL_ERRORS, json, secured } from './route.js';

/** Longest address of an image, in characters: signed addresses are long. */
export const MAX_IMAGE_URL_LENGTH = 8192;
/** Largest `metadata` of a conversation, in bytes of JSON. */
export const MAX_CONVERSATION_METADATA_BYTES = 16 * 1024;

/** Bytes of well-formed text in UTF-8. */
const utf8SizeOf = (text: string): number => encodeURIComponent(text).replace(/%../g, '-').length;

/** How a message travels. */
export const messageChannel = z.enum(['imessage', 'sms', 'mms', 'rcs', 'whatsapp', 'voice']);

/** Somebody in a conversation. */
export const participant = z.object({ identifier: z.string().openapi({ example: '+14155550123' }), name: z.string().nullable() }).openapi('Participant');

const reaction = z.object({
  id: z.string(),
  reactionType: z.string(),
  fromNumber: z.string(),
  direction: z.enum(['inbound', 'outbound']),
  createdAt: time,
});

/** A message of a conversation. */
export const message = z
  .object({
    id: z.string().openapi({ example: 'msg_7kq2mx9cvt4wz8hn3pdr' }),
    body: z.string().openapi({ description: 'Empty when there is only media.' }),
    fromNumber: z.string(),
    toNumber: z.string(),
    direction: z.enum(['inbound', 'outbound']),
    senderIdentifier: z.string().nullable(),
    channel: messageChannel,
    mediaUrl: z.string().nullable().openapi({ description: 'The first of `mediaUrls`.' }),
    mediaUrls: z.array(z.string()),
    reactions: z.array(reaction),
    replyTo: z.object({ messageId: z.string(), message: z.string(), mediaUrls: z.array(z.string()).optional() }).nullable(),
    receivedAt: time.openapi({ description: 'Unique in its conversation, so that it can be a cursor.' }),
  })
  .openapi('Message');

const conversationFields = {
  id: z.string().openapi({ example: 'conv_7kq2mx9cvt4wz8hn3pdr' }),
  agentId: z.string().nullable(),
  phoneNumberId: z.string(),
  phoneNumber: z.string(),
  participant: z.string().openapi({ description: "The other person's address; of a group its id." }),
  participants: z.array(participant),
  isGroup: z.boolean(),
  groupId: z.string().nullable(),
  groupName: z.string().nullable(),
  groupIconUrl: z.string().nullable(),
  channel: messageChannel,
  metadata: z.record(z.string(), z.unknown()).nullable(),
  messageCount: z.number().int(),
  lastMessageAt: time,
  createdAt: time,
};

/** A conversation in a list. */
export const conversationSummary = z
  .object({
    ...conversationFields,
    lastMessagePreview: z.string(),
    background: z
      .object({ hasBackground: z.boolean(), imageUrl: z.string().nullable() })
      .optional()
      .openapi({ description: "As Backlot knows it, without asking the provider. `imageUrl`: a small picture of it, signed; null where it isn't ours." }),
  })
  .openapi('ConversationSummary');

/** A conversation with its newest messages, and what can be done with it. */
export const conversationDetail = z
  .object({
    ...conversationFields,
    messages: z.array(message).openapi({ description: 'Newest first.' }),
    capabilities: z.object({
      background: z.object({ set: z.boolean(), get: z.boolean(), remove: z.boolean() }),
      typing: z.boolean(),
      messages: z.boolean(),
    }),
  })
  .openapi('ConversationDetail');

/** A page of conversations, newest message first. */
export const conversationPage = z.object({ data: z.array(conversationSummary), hasMore: z.boolean(), total: z.number().int() }).openapi('ConversationPage');
/** A page of messages, newest first. */
export const messagePage = z.object({ data: z.array(message), hasMore: z.boolean() }).openapi('MessagePage');

/** What the recipient will see, in words: advice, never a refusal. */
export const backgroundWarning = z
  .object({
    code: z.enum([
      'image_not_portrait',
      'image_smaller_than_screen',
      'image_zoomed',
      'image_animated',
      'image_transparent',
      'image_rotated',
      'group_chat',
      'older_systems_show_default',
    ]),
    message: z.string(),
  })
  .openapi('BackgroundWarning');

/** Facts of the image that was sent. */
export const backgroundImageFacts = z.object({
  width: z.number().int(),
  height: z.number().int(),
  format: z.enum(['jpeg', 'png', 'gif', 'webp', 'heic']),
  sizeBytes: z.number().int(),
});

const backgroundFields = {
  conversationId: z.string(),
  channel: z.string().openapi({ example: 'iMessage' }),
  hasBackground: z.boolean(),
  changed: z.boolean().openapi({ description: 'False when it was so already.' }),
  backgroundId: z.string().nullable(),
  backgroundVersion: z.number().int().nullable().openapi({ description: 'Rises with every change; null until the first one.' }),
  image: backgroundImageFacts.nullable().openapi({ description: 'Null where the image is not ours, or there is none.' }),
  imageUrl: z.string().nullable().openapi({ description: 'The image as Backlot sent it; signed, valid for at least a day.' }),
  warnings: z.array(backgroundWarning),
};

/** The background of a conversation after a change. */
export const conversationBackground = z.object(backgroundFields).openapi('ConversationBackground');
/** The background of a conversation as it is now. */
export const liveConversationBackground = z
  .object({
    ...backgroundFields,
    source: z.enum(['provider', 'recorded']).openapi({ description: '`provider`: asked just now. `recorded`: what Backlot did last.' }),
    checkedAt: time.nullable(),
  })
  .openapi('LiveConversationBackground');

/** Body that sets a background: an address or an image of the library. Unknown fields are ignored, as AgentPhone's clients expect. */
export const setConversationBackground = z
  .object({
    image_url: z.string().nullable().optional().openapi({ description: 'An https address of a JPEG, PNG, GIF, WebP or HEIC of at most 10 MB.' }),
    background_image: idReference('bg_7kq2mx9cvt4wz8hn3pdr').nullable().optional(),
    fit: z.enum(['original', 'phone']).default('original').openapi({ description: '`phone`: a portrait rendition that survives the zoom of the phones.' }),
  })
  .refine((body) => typeof body.image_url === 'string' || typeof body.background_image === 'string', {
    message: 'must have exactly one of image_url and background_image',
    path: ['image_url'],
  })
  .refine((body) => typeof body.image_url !== 'string' || typeof body.background_image !== 'string', {
    message: 'must have exactly one of image_url and background_image',
    path: ['background_image'],
  })
  .openapi('SetConversationBackground');

/** Body of a change; absent fields stay. */
export const updateConversation = z
  .object({
    metadata: z
      .record(z.string(), z.unknown())
      .refine((value) => utf8SizeOf(JSON.stringify(value)) <= MAX_CONVERSATION_METADATA_BYTES, 'must have at most 16 KB')
      .nullable()
      .optional()
      .openapi({ description: 'Replaces all of it; null clears it.' }),
    group_name: z.string().trim().min(1).max(200).nullable().optional().openapi({ description: 'For groups only.' }),
  })
  .openapi('UpdateConversation');

/** Answer of the typing call: best effort. */
export const typingStatus = z
  .object({
    conversationId: z.string(),
    channel: z.string(),
    status: z.enum(['typing indicator sent', 'typing indicator not sent']),
    warning: z.string().optional(),
  })
  .openapi('TypingStatus');

/** Events of `GET /v1/conversation-events`, by their SSE name: what to load again. */
export const conversationEvents = {
  conversation: z.object({ conversationId: z.string() }),
  message: z.object({ conversationId: z.string(), message }),
  background: z.object({ conversationId: z.string(), backgroundVersion: z.number().int().nullable(), hasBackground: z.boolean() }),
};

const count = (least: number, most: number, byDefault: number) => z.coerce.number().int().min(least).max(most).default(byDefault);
/** A moment in a query. An empty one is none; a space stands for a raw `+` that was lost. */
const cursor = z.preprocess(
  (value) => (value === '' ? undefined : typeof value === 'string' ? value.replace(/ (?=\d\d:\d\d$)/, '+') : value),
  z.iso.datetime({ offset: true }).optional(),
);

const tag = { tags: ['Conversations'], ...secured };
const params = z.object({ id: z.string().openapi({ example: 'conv_7kq2mx9cvt4wz8hn3pdr' }) });
const known = ['unauthenticated', 'conversation_not_found'] as const;
const provider = ['provider_unsupported', 'provider_not_ready', 'provider_error', 'provider_unavailable'] as const;
const backgroundPath = '/v1/conversations/{id}/background';

/** Routes of conversations: AgentPhone's wire, camelCase in answers. */
export const conversationRoutes = {
  list: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/conversations',
    operationId: 'listConversations',
    summary: 'List conversations, newest message first',
    request: { query: z.object({ limit: count(1, 100, 20), offset: z.coerce.number().int().min(0).default(0) }) },
    responses: { 200: json(conversationPage, 'A page of conversations.'), ...errors('unauthenticated', 'invalid_request') },
  }),
  get: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/conversations/{id}',
    operationId: 'getConversation',
    summary: 'View a conversation',
    request: { params, query: z.object({ message_limit: count(1, 100, 50) }) },
    responses: { 200: json(conversationDetail, 'The conversation.'), ...errors(...known, 'invalid_request') },
  }),
  update: createRoute({
    ...tag,
    method: 'patch',
    path: '/v1/conversations/{id}',
    operationId: 'updateConversation',
    summary: "Change a conversation's metadata or a group's name",
    request: { params, body: { required: true, content: { 'application/json': { schema: updateConversation } } } },
    responses: { 200: json(conversationDetail, 'The conversation.'), ...errors(...known, 'malformed_request', 'invalid_request', ...provider) },
  }),
  messages: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/conversations/{id}/messages',
    operationId: 'listMessages',
    summary: 'List messages, newest first',
    description: '`before` and `after` are exclusive. With `after` alone: the messages nearest to it.',
    request: { params, query: z.object({ limit: count(1, 200, 50), before: cursor, after: cursor }) },
    responses: { 200: json(messagePage, 'A page of messages.'), ...errors(...known, 'invalid_request') },
  }),
  typing: createRoute({
    ...tag,
    method: 'post',
    path: '/v1/conversations/{id}/typing',
    operationId: 'showTyping',
    summary: 'Show that an answer is being written',
    description: 'Best effort, at most 3 seconds. No body.',
    request: { params },
    responses: { 200: json(typingStatus, 'Sent, or not and why.'), ...errors(...known, 'channel_not_supported') },
  }),
  setBackground: createRoute({
    ...tag,
    method: 'post',
    path: backgroundPath,
    operationId: 'setConversationBackground',
    summary: "Set an iMessage chat's background",
    request: { params, headers: idempotent, body: { required: true, content: { 'application/json': { schema: setConversationBackground } } } },
    responses: {
      200: json(conversationBackground, 'The provider has it.'),
      ...errors(
        ...known,
        'malformed_request',
        'channel_not_supported',
        'group_not_supported',
        'invalid_request',
        ['background_image_not_found', 422],
        ...IMAGE_URL_ERRORS,
        'image_unreadable',
        'image_dimensions_too_large',
        'provider_rejected_image',
        'background_update_in_progress',
        ...provider,
      ),
    },
  }),
  getBackground: createRoute({
    ...tag,
    method: 'get',
    path: backgroundPath,
    operationId: 'getConversationBackground',
    summary: "View a chat's background, live from the provider where it can tell",
    request: { params },
    responses: {
      200: json(liveConversationBackground, 'The background.'),
      ...errors(...known, 'background_update_in_progress', 'provider_not_ready', 'provider_error', 'provider_unavailable'),
    },
  }),
  removeBackground: createRoute({
    ...tag,
    method: 'delete',
    path: backgroundPath,
    operationId: 'removeConversationBackground',
    summary: "Remove a chat's background",
    request: { params },
    responses: { 204: { description: 'Removed, or none was set.' }, ...errors(...known, 'background_update_in_progress', ...provider) },
  }),
  events: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/conversation-events',
    operationId: 'conversationEvents',
    summary: 'Follow all conversations live',
    description: 'Server-sent events: `conversation`, `message`, `background`.',
    responses: { 200: { description: 'The stream.', content: { 'text/event-stream': { schema: z.string() } } }, ...errors('unauthenticated') },
  }),
};

export type MessageChannel = z.infer<typeof messageChannel>;
export type Participant = z.infer<typeof participant>;
export type Message = z.infer<typeof message>;
export type ConversationPage = z.infer<typeof conversationPage>;
export type MessagePage = z.infer<typeof messagePage>;
export type ConversationSummary = z.infer<typeof conversationSummary>;
export type ConversationDetail = z.infer<typeof conversationDetail>;
export type ConversationBackground = z.infer<typeof conversationBackground>;
export type LiveConversationBackground = z.infer<typeof liveConversationBackground>;
export type SetConversationBackground = z.infer<typeof setConversationBackground>;
export type SetConversationBackgroundInput = z.input<typeof setConversationBackground>;
export type UpdateConversation = z.infer<typeof updateConversation>;
export type TypingStatus = z.infer<typeof typingStatus>;
export type BackgroundWarning = z.infer<typeof backgroundWarning>;
export type BackgroundImageFacts = z.infer<typeof backgroundImageFacts>;
/** An event of `GET /v1/conversation-events`, told apart by its name. */
export type ConversationEvent = {
  [Name in keyof typeof conversationEvents]: { event: Name; data: z.infer<(typeof conversationEvents)[Name]> };
}[keyof typeof conversationEvents];

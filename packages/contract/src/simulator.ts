import { createRoute, z } from '@hono/zod-openapi';
import { time } from './common.js';
import { participant } from './conversations.js';
import { errors, idempotent, json, secured } from './route.js';

/**
 * How a phone on iOS 26 shows a wallpaper that a program has set, in pixels of an image of the screen's size: it sees
 * only `seen`, which fills the screen's width (twofold zoom); the strip of the screen that is left at the bottom is a
 * mirrored blur. Set by hand, the whole image fills the screen. Measured: photon-hq/spectrum-ts#122.
 */
export const WALLPAPER_ON_SCREEN = {
  screen: { width: 1179, height: 2556 },
  seen: { left: 215, top: 1353, width: 589.5, height: 1203 },
} as const;

/** Longest message of the other person, in characters. */
export const MAX_SIMULATED_MESSAGE_LENGTH = 20_000;

/** How a simulated chat's messages travel. */
export const simulatedProtocol = z.enum(['imessage', 'sms', 'rcs']);

/** A message on a simulated phone. `outbound`: ours. */
export const simulatedMessage = z
  .object({
    message_id: z.string(),
    direction: z.enum(['inbound', 'outbound']),
    text: z.string(),
    sender: z.string().nullable().openapi({ description: 'Null: we.' }),
    sent_at: time,
  })
  .openapi('SimulatedMessage');

/** A wallpaper on a simulated phone. */
export const simulatedWallpaper = z
  .object({
    wallpaper_id: z.string(),
    media_type: z.string(),
    size_bytes: z.number().int(),
    set_by: z.enum(['program', 'hand']).openapi({ description: '`program`: shown with twofold zoom. `hand`: shown whole.' }),
    set_at: time,
    url: z.string().openapi({ description: 'Path of the bytes; another one after each change.' }),
  })
  .openapi('SimulatedWallpaper');

const chatFields = {
  chat_id: z.string().openapi({ example: '+12025550142' }),
  phone_number: z.string().openapi({ description: 'Our own number in it.' }),
  is_group: z.boolean(),
  group_name: z.string().nullable(),
  protocol: simulatedProtocol,
  people: z.array(participant).openapi({ description: 'Everybody but us.' }),
  typing_until: time.nullable().openapi({ description: 'Our typing dots show until then; null: they do not.' }),
  wallpaper: simulatedWallpaper.nullable(),
  wallpaper_version: z.number().int().openapi({ description: 'Rises with every change, removals included.' }),
  last_message_at: time.nullable(),
};

/** A chat on the simulated phone. */
export const simulatedChat = z.object(chatFields).openapi('SimulatedChat');
/** A chat with its newest messages, oldest first. */
export const simulatedChatDetail = z.object({ ...chatFields, messages: z.array(simulatedMessage) }).openapi('SimulatedChatDetail');

/** Body that begins a chat: with one person, or with several as a group. */
export const beginSimulatedChat = z
  .strictObject({
    people: z
      .array(
        z.strictObject({
          identifier: z
            .string()
            .regex(/^(?:\+[1-9]\d{6,14}|[^\s@,]{1,64}@[^\s@,]{1,189})$/, 'must be a phone number such as +12025550142, or an e-mail address')
            .openapi({ example: '+12025550150' }),
          name: z.string().trim().min(1).max(100).nullable().default(null),
        }),
      )
      .min(1)
      .max(31),
    group_name: z.string().trim().min(1).max(200).nullable().default(null),
    protocol: simulatedProtocol.default('imessage'),
  })
  .openapi('BeginSimulatedChat');

/** Body of a message that another person writes. */
export const writeSimulatedMessage = z
  .strictObject({
    text: z.string().trim().min(1).max(MAX_SIMULATED_MESSAGE_LENGTH),
    sender: z.string().optional().openapi({ description: 'Who of the people; the first one unless said.' }),
  })
  .openapi('WriteSimulatedMessage');

/** How the simulated provider misbehaves; what is left out is well. */
export const simulatorFaults = z
  .strictObject({
    status: z.number().int().min(400).max(599).nullable().default(null).openapi({ description: 'Answered instead of doing anything.' }),
    retry_after_seconds: z.number().int().min(1).max(3600).nullable().default(null).openapi({ description: 'Sent with such an answer.' }),
    delay_ms: z.number().int().min(0).max(60_000).default(0).openapi({ description: 'Before every answer.' }),
    hang: z.boolean().default(false).openapi({ description: 'Takes requests and never answers.' }),
  })
  .openapi('SimulatorFaults');

/** Events of `GET /v1/simulator/events`, by their SSE name: which chat to load again. */
export const simulatorEvents = { chat: z.object({ chat_id: z.string() }) };

const tag = { tags: ['Simulator'], ...secured };
const params = z.strictObject({ id: z.string().min(1).max(320).openapi({ example: '+12025550142' }) });
const known = ['unauthenticated', 'chat_not_found'] as const;

/** Routes of the simulator's phone; there only while the messaging provider is the simulator. */
export const simulatorRoutes = {
  list: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/simulator/chats',
    operationId: 'listSimulatedChats',
    summary: 'List the chats on the simulated phone',
    responses: { 200: json(z.object({ data: z.array(simulatedChat) }), 'The chats, newest message first.'), ...errors('unauthenticated') },
  }),
  begin: createRoute({
    ...tag,
    method: 'post',
    path: '/v1/simulator/chats',
    operationId: 'beginSimulatedChat',
    summary: 'Let somebody begin a chat with us',
    request: { headers: idempotent, body: { required: true, content: { 'application/json': { schema: beginSimulatedChat } } } },
    responses: { 201: json(simulatedChatDetail, 'The chat.'), ...errors('unauthenticated', 'invalid_request', 'chat_exists') },
  }),
  get: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/simulator/chats/{id}',
    operationId: 'getSimulatedChat',
    summary: 'View a chat as the other person sees it',
    request: { params },
    responses: { 200: json(simulatedChatDetail, 'The chat.'), ...errors(...known) },
  }),
  write: createRoute({
    ...tag,
    method: 'post',
    path: '/v1/simulator/chats/{id}/messages',
    operationId: 'writeSimulatedMessage',
    summary: 'Write as the other person',
    request: { params, headers: idempotent, body: { required: true, content: { 'application/json': { schema: writeSimulatedMessage } } } },
    responses: { 201: json(simulatedMessage, 'The message is on its way to us.'), ...errors(...known, 'invalid_request') },
  }),
  wallpaper: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/simulator/chats/{id}/wallpaper',
    operationId: 'getSimulatedWallpaper',
    summary: "The wallpaper's bytes as they were sent",
    request: { params },
    responses: { 200: { description: 'The image.', content: { 'image/*': { schema: z.string() } } }, ...errors(...known) },
  }),
  setWallpaper: createRoute({
    ...tag,
    method: 'put',
    path: '/v1/simulator/chats/{id}/wallpaper',
    operationId: 'setSimulatedWallpaper',
    summary: 'Change the wallpaper by hand, on the phone',
    request: {
      params,
      body: { required: true, content: { 'multipart/form-data': { schema: z.object({ image: z.any().openapi({ type: 'string', format: 'binary' }) }) } } },
    },
    responses: {
      200: json(simulatedChatDetail, 'The chat.'),
      ...errors(...known, 'image_missing', 'image_too_large', 'unsupported_image_type', 'unsupported_media_type'),
    },
  }),
  removeWallpaper: createRoute({
    ...tag,
    method: 'delete',
    path: '/v1/simulator/chats/{id}/wallpaper',
    operationId: 'removeSimulatedWallpaper',
    summary: 'Remove the wallpaper by hand, on the phone',
    request: { params },
    responses: { 200: json(simulatedChatDetail, 'The chat.'), ...errors(...known) },
  }),
  faults: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/simulator/faults',
    operationId: 'getSimulatorFaults',
    summary: 'How the simulated provider misbehaves',
    responses: { 200: json(simulatorFaults, 'The faults.'), ...errors('unauthenticated') },
  }),
  setFaults: createRoute({
    ...tag,
    method: 'put',
    path: '/v1/simulator/faults',
    operationId: 'setSimulatorFaults',
    summary: 'Make the simulated provider fail, wait or hang',
    description: 'Until it is told otherwise or Backlot restarts. `{}`: it is well.',
    request: { body: { required: true, content: { 'application/json': { schema: simulatorFaults } } } },
    responses: { 200: json(simulatorFaults, 'The faults from now on.'), ...errors('unauthenticated', 'invalid_request') },
  }),
  events: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/simulator/events',
    operationId: 'simulatorEvents',
    summary: 'Follow the simulated phone live',
    description: 'Server-sent events: `chat`, which names the chat that changed.',
    responses: { 200: { description: 'The stream.', content: { 'text/event-stream': { schema: z.string() } } }, ...errors('unauthenticated') },
  }),
};

export type SimulatedProtocol = z.infer<typeof simulatedProtocol>;
export type SimulatedMessage = z.infer<typeof simulatedMessage>;
export type SimulatedWallpaper = z.infer<typeof simulatedWallpaper>;
export type SimulatedChat = z.infer<typeof simulatedChat>;
export type SimulatedChatDetail = z.infer<typeof simulatedChatDetail>;
export type BeginSimulatedChatInput = z.input<typeof beginSimulatedChat>;
export type SimulatorFaults = z.infer<typeof simulatorFaults>;
export type SimulatorFaultsInput = z.input<typeof simulatorFaults>;
/** An event of `GET /v1/simulator/events`. */
export type SimulatorEvent = { readonly event: 'chat'; readonly data: z.infer<typeof simulatorEvents.chat> };

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { MAX_IMAGE_BYTES } from '@backlot/contract';
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { multipartBoundary, parseMultipart } from '../../http/multipart.js';
import type { FaultSwitch } from './faults.js';
import type { PhoneChat, SimulatedPhones } from './phones.js';
import type { StoredMessage } from './state-folder.js';

/** The form around an image. */
const MAX_BODY_BYTES = MAX_IMAGE_BYTES + 64 * 1024;
const IMAGE_TYPES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/heic', 'image/heif']);

export interface SimulatorServerOptions {
  readonly phones: SimulatedPhones;
  readonly faults: FaultSwitch;
  /** What callers must bear. */
  readonly apiKey: string;
}

/** The simulated provider, on a free port of 127.0.0.1. */
export interface SimulatorServer extends AsyncDisposable {
  /** Base address of its API. */
  readonly url: string;
}

type Env = { Bindings: HttpBindings };
type Status = 400 | 401 | 404 | 409 | 413 | 503;

const refuse = (context: Context<Env>, status: number, message: string, code?: string): Response =>
  context.json({ error: 'ApiError', message, status, ...(code === undefined ? {} : { code }) }, status as Status);
const noChat = (context: Context<Env>): Response => refuse(context, 404, 'There is no such chat.', 'chat_not_found');

const page = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).default(0),
  sort: z.string().optional(),
  direction: z.enum(['inbound', 'outbound']).optional(),
  since: z.coerce.number().optional(),
  until: z.coerce.number().optional(),
  q: z.string().optional(),
});
const newMessage = z.object({ text: z.string().trim().min(1).max(20_000) });
const newWebhook = z.object({
  webhook_url: z.url({ protocol: /^https?$/ }),
  webhook_type: z.enum(['message', 'status', 'all']).default('message'),
});
const newName = z.object({ name: z.string().trim().max(200).optional() });

const backgroundOf = ({ chatId, wallpaper, wallpaperVersion }: PhoneChat) => ({
  chat_id: chatId,
  has_background: wallpaper !== null,
  background_id: wallpaper?.wallpaperId ?? null,
  background_url: null,
  background_version: wallpaperVersion === 0 ? null : wallpaperVersion,
});

const chatOf = (chat: PhoneChat) => {
  const [first] = chat.people;
  const last = chat.messages.at(-1);
  const timeOf = (direction: StoredMessage['direction']) => chat.messages.findLast((message) => message.direction === direction)?.sentMs ?? null;
  return {
    id: chat.chatId,
    type: chat.isGroup ? 'group' : chat.chatId.includes('@') ? 'email' : 'phone',
    is_group: chat.isGroup,
    group_id: chat.isGroup ? chat.chatId : null,
    group_name: chat.groupName,
    member_count: chat.isGroup ? chat.people.length : undefined,
    contact: chat.isGroup || first === undefined ? null : { contact_id: `con_${first.identifier}`, identifier: first.identifier, name: first.name },
    message_count: chat.messages.length,
    last_message_time: last?.sentMs ?? null,
    last_inbound_time: timeOf('inbound'),
    last_outbound_time: timeOf('outbound'),
    last_message: last === undefined ? null : { message_id: last.messageId, text: last.text, direction: last.direction, time_sent: last.sentMs },
  };
};

const messageOf = (chat: PhoneChat, phoneNumber: string, message: StoredMessage) => ({
  message_id: message.messageId,
  direction: message.direction,
  external_id: chat.chatId,
  internal_id: phoneNumber,
  text: message.text,
  attachments: [],
  sender: chat.isGroup ? message.sender : null,
  reactions: [],
  time_sent: message.sentMs,
  time_delivered: message.sentMs,
  status: message.direction === 'inbound' ? 'received' : 'delivered',
  protocol: chat.protocol,
  error: null,
});

/** Ends when the caller has gone, or after a while. */
const callerGone = async (outgoing: ServerResponse, ms?: number): Promise<void> =>
  new Promise((resolve) => {
    if (outgoing.destroyed) return resolve();
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    outgoing.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });

const readForm = async (context: Context<Env>): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string } | string> => {
  const boundary = multipartBoundary(context.req.header('content-type') ?? null);
  if (boundary === null) return 'Send multipart/form-data with the image in the field `background`.';
  if (Number(context.req.header('content-length') ?? Number.NaN) > MAX_BODY_BYTES) return 'The image is larger than 10 MB.';
  const body = Buffer.from(await context.req.arrayBuffer());
  try {
    const file = parseMultipart(body, boundary).find(({ name }) => name === 'background');
    if (file?.filename == null) return 'The field `background` must be a file, not text.';
    const mediaType = file.contentType?.toLowerCase() ?? '';
    if (!IMAGE_TYPES.has(mediaType)) return 'The image must be a JPEG, PNG, GIF, WebP or HEIC.';
    if (file.bytes.byteLength === 0 || file.bytes.byteLength > MAX_IMAGE_BYTES) return 'The image must have 1 byte to 10 MB.';
    return { bytes: file.bytes, mediaType };
  } catch {
    return "The form can't be read.";
  }
};

/** Blooio's v2 wire, over phones that don't exist. Statuses and error bodies are Blooio's. */
const createWire = ({ phones, faults, apiKey }: SimulatorServerOptions): Hono<Env> => {
  const app = new Hono<Env>().basePath('/v2/api');

  app.use(async (context, next) => {
    if (context.req.header('authorization') !== `Bearer ${apiKey}`) return refuse(context, 401, 'Invalid or missing API key.');
    const { status, retryAfterSeconds, delayMs, isHanging } = faults.current;
    if (isHanging) {
      await callerGone(context.env.outgoing);
      return refuse(context, 503, 'Nobody waits for this.');
    }
    if (delayMs > 0) await callerGone(context.env.outgoing, delayMs);
    if (status === null) return next();
    if (retryAfterSeconds !== null) context.header('Retry-After', String(retryAfterSeconds));
    return refuse(context, status, 'The simulator was told to answer this.');
  });

  const parse = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> | null => schema.safeParse(value).data ?? null;
  const body = async (context: Context<Env>): Promise<unknown> => context.req.json<unknown>().catch(() => undefined);
  const invalid = (context: Context<Env>): Response => refuse(context, 400, 'Invalid request parameters.');

  app.get('/chats', (context) => {
    const query = parse(page, context.req.query());
    if (query === null) return invalid(context);
    const search = query.q?.toLowerCase() ?? '';
    const found = phones
      .chats()
      .filter((chat) => [chat.chatId, chat.groupName, ...chat.people.map(({ name }) => name)].some((text) => text?.toLowerCase().includes(search) ?? false));
    if (query.sort === 'oldest') found.reverse();
    const { limit, offset } = query;
    return context.json({ chats: found.slice(offset, offset + limit).map(chatOf), pagination: { limit, offset, total: found.length } });
  });
  app.get('/chats/:chatId', (context) => {
    const chat = phones.chat(context.req.param('chatId'));
    return chat === null ? noChat(context) : context.json(chatOf(chat));
  });

  app.get('/chats/:chatId/messages', (context) => {
    const query = parse(page, context.req.query());
    const chat = phones.chat(context.req.param('chatId'));
    if (chat === null) return noChat(context);
    if (query === null) return invalid(context);
    const { limit, offset, direction, since = -Infinity, until = Infinity } = query;
    const found = chat.messages.filter(({ sentMs, direction: its }) => sentMs > since && sentMs < until && (direction ?? its) === its);
    if (query.sort !== 'asc') found.reverse();
    const messages = found.slice(offset, offset + limit).map((message) => messageOf(chat, phones.phoneNumber, message));
    return context.json({ chat_id: chat.chatId, messages, pagination: { limit, offset, total: found.length } });
  });
  app.post('/chats/:chatId/messages', async (context) => {
    const wanted = parse(newMessage, await body(context));
    if (wanted === null) return invalid(context);
    const message = await phones.write(context.req.param('chatId'), wanted.text, null);
    return message === null ? noChat(context) : context.json({ message_id: message.messageId, status: 'queued' }, 202);
  });

  app.on(['POST', 'DELETE'], '/chats/:chatId/typing', (context) => {
    const chatId = context.req.param('chatId');
    const isStart = context.req.method === 'POST';
    const chat = phones.chat(chatId);
    if (chat === null || !phones.setTyping(chatId, isStart)) return noChat(context);
    return context.json({
      chat_id: chatId,
      typing: isStart,
      [isStart ? 'started_at' : 'stopped_at']: Date.now(),
      ...(chat.protocol === 'imessage' ? {} : { warning: `${chat.protocol.toUpperCase()} chats do not support composing indicators` }),
    });
  });

  app.put('/chats/:chatId/background', async (context) => {
    const chat = phones.chat(context.req.param('chatId'));
    if (chat === null) return noChat(context);
    const form = await readForm(context);
    if (typeof form === 'string') return refuse(context, 400, form);
    if (chat.protocol !== 'imessage') return refuse(context, 400, 'Backgrounds exist in iMessage chats only.');
    const set = await phones.setWallpaper(chat.chatId, form, 'program');
    return set === null ? noChat(context) : context.json({ ...backgroundOf(set.chat), changed: set.isChanged });
  });
  app.get('/chats/:chatId/background', (context) => {
    const chat = phones.chat(context.req.param('chatId'));
    return chat === null ? noChat(context) : context.json(backgroundOf(chat));
  });
  app.delete('/chats/:chatId/background', async (context) => {
    const removed = await phones.removeWallpaper(context.req.param('chatId'));
    return removed === null ? noChat(context) : context.json(backgroundOf(removed.chat));
  });

  app.patch('/groups/:groupId', async (context) => {
    const wanted = parse(newName, await body(context));
    if (wanted === null) return invalid(context);
    const chat = await phones.renameGroup(context.req.param('groupId'), wanted.name ?? null);
    if (chat === null) return refuse(context, 404, 'There is no such group.');
    return context.json({ group_id: chat.chatId, name: chat.groupName, member_count: chat.people.length, device_sync: { synced: true, error: null } });
  });
  app.get('/groups/:groupId/members', (context) => {
    const chat = phones.chat(context.req.param('groupId'));
    if (chat === null || !chat.isGroup) return refuse(context, 404, 'There is no such group.');
    return context.json({ group_id: chat.chatId, members: chat.people.map(({ identifier, name }) => ({ contact_id: `con_${identifier}`, identifier, name })) });
  });

  app.post('/webhooks', async (context) => {
    const wanted = parse(newWebhook, await body(context));
    if (wanted === null) return invalid(context);
    const { webhook, isNew } = await phones.addWebhook(wanted.webhook_url, wanted.webhook_type);
    const facts = { webhook_id: webhook.webhookId, webhook_url: webhook.url, scope: 'organization' };
    return isNew ? context.json({ ...facts, signing_secret: webhook.secret }, 201) : context.json(facts);
  });
  app.post('/webhooks/:webhookId/secret/rotate', async (context) => {
    const secret = await phones.rotateWebhookSecret(context.req.param('webhookId'));
    return secret === null ? refuse(context, 404, 'There is no such webhook.') : context.json({ signing_secret: secret, rotated_at: Date.now() });
  });

  app.notFound((context) => refuse(context, 404, 'There is no such call.'));
  return app;
};

/** Starts the simulated provider. */
export const startSimulatorServer = async (options: SimulatorServerOptions): Promise<SimulatorServer> => {
  const app = createWire(options);
  const listen = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((incoming, outgoing) => void listen(incoming, outgoing));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/api`,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      await closed;
    },
  };
};

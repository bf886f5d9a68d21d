import { MAX_IMAGE_BYTES, type SimulatedChat, type SimulatedChatDetail, type SimulatedMessage, simulatorRoutes } from '@backlot/contract';
import type { Context, MiddlewareHandler } from 'hono';
import { BacklotError } from '../../errors.js';
import { readWholeBody } from '../../http/body-limit.js';
import type { App, AppEnv } from '../../http/context.js';
import type { EventStreams } from '../../http/event-stream.js';
import { multipartBoundary, parseMultipart } from '../../http/multipart.js';
import type { PhoneChat } from './phones.js';
import type { Simulator } from './simulator.js';
import type { StoredMessage } from './state-folder.js';

export interface SimulatorRoutesOptions {
  readonly simulator: Simulator;
  readonly eventStreams: EventStreams;
  /** Authentication of the organization, and idempotency. */
  readonly guard: MiddlewareHandler<AppEnv>;
}

/** A page of the phone's screen and then some. */
const MAX_MESSAGES = 200;
const IMAGE_TYPES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/heic', 'image/heif']);

const timeOf = (ms: number): string => new Date(ms).toISOString();

const messageOf = ({ messageId, direction, text, sender, sentMs }: StoredMessage): SimulatedMessage => ({
  message_id: messageId,
  direction,
  text,
  sender,
  sent_at: timeOf(sentMs),
});

const chatOf = (chat: PhoneChat, phoneNumber: string): SimulatedChat => {
  const last = chat.messages.at(-1);
  return {
    chat_id: chat.chatId,
    phone_number: phoneNumber,
    is_group: chat.isGroup,
    group_name: chat.groupName,
    protocol: chat.protocol,
    people: chat.people,
    typing_until: chat.typingUntilMs === null ? null : timeOf(chat.typingUntilMs),
    wallpaper:
      chat.wallpaper === null
        ? null
        : {
            wallpaper_id: chat.wallpaper.wallpaperId,
            media_type: chat.wallpaper.mediaType,
            size_bytes: chat.wallpaper.sizeBytes,
            set_by: chat.wallpaper.setBy,
            set_at: timeOf(chat.wallpaper.setMs),
            url: `/v1/simulator/chats/${encodeURIComponent(chat.chatId)}/wallpaper?version=${chat.wallpaperVersion}`,
          },
    wallpaper_version: chat.wallpaperVersion,
    last_message_at: last === undefined ? null : timeOf(last.sentMs),
  };
};

/** The picture in the field `image`. Its type is as the browser says: nobody but the phone's own page shows it. */
const readPicture = async (context: Context<AppEnv>): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string }> => {
  const boundary = multipartBoundary(context.req.header('content-type') ?? null);
  if (boundary === null) throw new BacklotError('unsupported_media_type', { message: 'Send multipart/form-data with one file in the field `image`.' });
  const body = Buffer.from(await readWholeBody(context));
  let file: ReturnType<typeof parseMultipart>[number] | undefined;
  try {
    file = parseMultipart(body, boundary).find(({ name, filename }) => name === 'image' && filename !== null);
  } catch (error) {
    throw new BacklotError('image_missing', { cause: error });
  }
  if (file === undefined || file.bytes.byteLength === 0) throw new BacklotError('image_missing');
  if (file.bytes.byteLength > MAX_IMAGE_BYTES) throw new BacklotError('image_too_large');
  const mediaType = file.contentType?.toLowerCase() ?? '';
  if (!IMAGE_TYPES.has(mediaType)) throw new BacklotError('unsupported_image_type');
  return { bytes: file.bytes, mediaType };
};

/** The simulated phone by REST, for the console and for tests. */
export const registerSimulatorRoutes = (app: App, { simulator, eventStreams, guard }: SimulatorRoutesOptions): void => {
  const { phones, faults } = simulator;
  const detailOf = (chat: PhoneChat | null): SimulatedChatDetail => {
    if (chat === null) throw new BacklotError('chat_not_found');
    return { ...chatOf(chat, phones.phoneNumber), messages: chat.messages.slice(-MAX_MESSAGES).map(messageOf) };
  };

  app.use('/v1/simulator/*', guard);

  app.openapi(simulatorRoutes.list, (context) => context.json({ data: phones.chats().map((chat) => chatOf(chat, phones.phoneNumber)) }, 200));

  app.openapi(simulatorRoutes.begin, async (context) => {
    const { people, group_name: groupName, protocol } = context.req.valid('json');
    const chat = await phones.begin({ people, groupName, protocol });
    if (chat === null) throw new BacklotError('chat_exists');
    return context.json(detailOf(chat), 201, { Location: `/v1/simulator/chats/${encodeURIComponent(chat.chatId)}` });
  });

  app.openapi(simulatorRoutes.get, (context) => context.json(detailOf(phones.chat(context.req.valid('param').id)), 200));

  app.openapi(simulatorRoutes.write, async (context) => {
    const { text, sender } = context.req.valid('json');
    const chat = phones.chat(context.req.valid('param').id);
    if (chat === null) throw new BacklotError('chat_not_found');
    const writer = sender ?? chat.people[0]?.identifier;
    if (writer === undefined || chat.people.every(({ identifier }) => identifier !== writer)) {
      throw new BacklotError('invalid_request', { details: [{ field: 'sender', message: 'must be one of the people in the chat' }] });
    }
    const message = await phones.write(chat.chatId, text, writer);
    if (message === null) throw new BacklotError('chat_not_found');
    return context.json(messageOf(message), 201);
  });

  app.openAPIRegistry.registerPath(simulatorRoutes.wallpaper);
  app.get(simulatorRoutes.wallpaper.getRoutingPath(), async (context) => {
    const found = await phones.readWallpaper(context.req.param('id'));
    if (found === null) throw new BacklotError('chat_not_found', { message: 'There is no such chat on the simulated phone, or it has no wallpaper.' });
    // The address names a version, so that no browser shows an old one: but it answers with what is there now.
    return context.body(found.bytes, 200, {
      'Content-Type': found.wallpaper.mediaType,
      'Cache-Control': 'private, no-cache',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "default-src 'none'; sandbox",
    });
  });

  app.openAPIRegistry.registerPath(simulatorRoutes.setWallpaper);
  app.put(simulatorRoutes.setWallpaper.getRoutingPath(), async (context) => {
    const id = context.req.param('id');
    if (phones.chat(id) === null) throw new BacklotError('chat_not_found');
    const set = await phones.setWallpaper(id, await readPicture(context), 'hand');
    return context.json(detailOf(set?.chat ?? null), 200);
  });

  app.openapi(simulatorRoutes.removeWallpaper, async (context) =>
    context.json(detailOf((await phones.removeWallpaper(context.req.valid('param').id))?.chat ?? null), 200),
  );

  const faultsNow = () => ({
    status: faults.current.status,
    retry_after_seconds: faults.current.retryAfterSeconds,
    delay_ms: faults.current.delayMs,
    hang: faults.current.isHanging,
  });
  app.openapi(simulatorRoutes.faults, (context) => context.json(faultsNow(), 200));
  app.openapi(simulatorRoutes.setFaults, (context) => {
    const { status, retry_after_seconds: retryAfterSeconds, delay_ms: delayMs, hang: isHanging } = context.req.valid('json');
    faults.set({ status, retryAfterSeconds, delayMs, isHanging });
    return context.json(faultsNow(), 200);
  });

  app.openAPIRegistry.registerPath(simulatorRoutes.events);
  app.get(simulatorRoutes.events.getRoutingPath(), async (context) =>
    eventStreams.respond(context, async (sink) => phones.follow((chatId) => sink.send('chat', { chat_id: chatId }))),
  );
};

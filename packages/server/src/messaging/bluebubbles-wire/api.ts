import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { BacklotError } from '../../errors.js';
import {
  type ChatReference,
  type InboundEvent,
  OutcomeUnknownError,
  type ProviderBackground,
  type ProviderChat,
  type ProviderImage,
  type ProviderMessage,
} from '../port.js';
import { PROVIDER_TIMEOUTS, type ProviderCall, ProviderClient, type ProviderTimeouts, type ReadRefusal } from '../provider-client.js';
import { KnownGuids } from './chat-guid.js';
import { UnknownGuidError } from './unknown-guid-error.js';
import { type Reader, readListedChat, readMessage, type WireEvent, withReactions } from './reading.js';
import {
  backgroundAnswer,
  type chat,
  chatAnswer,
  envelope,
  errorAnswer,
  listedChat,
  message,
  messageAnswer,
  pageAnswer,
  serverInfoAnswer,
  webhookAnswer,
} from './wire.js';

export interface BlueBubblesApiOptions {
  readonly baseUrl: string;
  /** How it knows us; one of the two. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Our own number. */
  readonly phoneNumber: string;
  readonly log: Logger;
  readonly timeouts?: ProviderTimeouts | undefined;
}

/** What a server tells of itself. */
export interface ServerInfo {
  readonly serverVersion: string;
  /** Of its Mac; null where it doesn't say. */
  readonly osVersion: string | null;
  /** Whether the Private API is on and connected: typing and group names need it. */
  readonly hasPrivateApi: boolean;
}

type Chat = z.infer<typeof chat>;

const CHATS_PER_PAGE = 500;
const MESSAGES_PER_PAGE = 100;
/** Against a server whose pages never end. */
const MAX_PAGES = 200;
/** A change takes its time on the phone's side: how long to wait before each look whether it is there. */
const LOOK_AFTER_MS = [0, 250, 750, 1500];

const readRefusal: ReadRefusal = ({ status, json }, { operation }) => {
  const { message: text, error } = errorAnswer.safeParse(json).data ?? {};
  const type = /^[A-Za-z ]{1,40}$/.exec(error?.type ?? '')?.[0];
  const cause = new Error(`${operation}: answered ${status}${type === undefined ? '' : ` (${type})`}`);
  if (status === 404) return new UnknownGuidError(cause);
  // 500 `iMessage Error`: it is switched off, or its helper is not connected. Nothing has happened.
  if (status === 500 && /private api/i.test(`${text ?? ''} ${error?.message ?? ''}`)) return new BacklotError('provider_not_ready', { cause });
  if (operation === 'set background' && [400, 413, 415, 422].includes(status)) return new BacklotError('provider_rejected_image', { cause });
  return undefined;
};

/**
 * The calls of BlueBubbles' HTTP API, which Photon's server shares and extends by backgrounds.
 * Sources: BlueBubblesApp/bluebubbles-server 1.9.9, httpRoutes.ts; photon-hq/advanced-imessage-kit 1.15, modules/chat.ts.
 */
export class BlueBubblesApi {
  readonly #client: ProviderClient;
  readonly #timeouts: ProviderTimeouts;
  readonly #reader: Reader;
  readonly #log: Logger;
  readonly #guids = new KnownGuids();

  constructor({ baseUrl, headers = {}, query = {}, phoneNumber, log, timeouts = PROVIDER_TIMEOUTS }: BlueBubblesApiOptions) {
    this.#client = new ProviderClient({ baseUrl, headers, query, readRefusal, log });
    this.#timeouts = timeouts;
    this.#log = log;
    const base = baseUrl.replace(/\/+$/, '');
    this.#reader = { phoneNumber, attachmentUrl: (guid) => `${base}/api/v1/attachment/${encodeURIComponent(guid)}/download` };
  }

  /** Uploads the bytes: an address would have the Mac fetch it, behind our checks. The answer tells nothing, so the background is read again. */
  async setBackground(given: ChatReference, image: ProviderImage, signal: AbortSignal): Promise<ProviderBackground> {
    const { buffer, byteOffset, byteLength } = image.bytes;
    const json = { fileData: Buffer.from(buffer, byteOffset, byteLength).toString('base64') };
    const call = { operation: 'set background', method: 'POST', json, isChange: true, timeoutMs: this.#timeouts.uploadMs, signal } as const;
    return this.#atChat(given, async (path) => {
      await this.#send(envelope, { ...call, path: `${path}/background` });
      return this.#seen(path, true, call);
    });
  }

  async getBackground(given: ChatReference, signal: AbortSignal): Promise<ProviderBackground> {
    return this.#atChat(given, async (path) => this.#background(path, signal));
  }

  /** How it answers where there is none is not documented: whatever it says, it is the state afterwards that counts. */
  async removeBackground(given: ChatReference, signal: AbortSignal): Promise<ProviderBackground> {
    const call = { operation: 'remove background', method: 'DELETE', isChange: true, timeoutMs: this.#timeouts.callMs, signal } as const;
    return this.#atChat(given, async (path) => {
      try {
        await this.#send(envelope, { ...call, path: `${path}/background` });
      } catch (error) {
        if (!(error instanceof BacklotError) || error.code !== 'provider_error') throw error;
        const now = await this.#background(path, signal).catch(() => null);
        if (now?.hasBackground !== false) throw error;
        return now;
      }
      return this.#seen(path, false, call);
    });
  }

  /** Needs the name by which the server knows the chat: to a wrong one it says yes and nothing shows. */
  async startTyping(given: ChatReference, signal: AbortSignal): Promise<void> {
    if (!this.#guids.has(given.chatId)) {
      await this.#atChat(given, async (path) => this.#send(chatAnswer, this.#question('find chat', path, signal)));
    }
    await this.#atChat(given, async (path) =>
      this.#send(envelope, { operation: 'start typing', method: 'POST', path: `${path}/typing`, isChange: true, timeoutMs: this.#timeouts.callMs, signal }),
    );
  }

  async renameGroup(given: ChatReference, name: string, signal: AbortSignal): Promise<void> {
    await this.#atChat(given, async (path) =>
      this.#send(chatAnswer, {
        operation: 'rename group',
        method: 'PUT',
        path,
        json: { displayName: name },
        isChange: true,
        timeoutMs: this.#timeouts.callMs,
        signal,
      }),
    );
  }

  /** Newest first. The server sorts only within a page, so all pages are read. */
  async listChats(limit: number, signal: AbortSignal): Promise<readonly ProviderChat[]> {
    const listed: { readonly guid: string; readonly chat: ProviderChat; readonly newestMs: number }[] = [];
    for await (const item of this.#pages(
      'list chats',
      '/api/v1/chat/query',
      { with: ['lastMessage', 'participants'], sort: 'lastmessage' },
      CHATS_PER_PAGE,
      signal,
    )) {
      const parsed = listedChat.safeParse(item);
      if (parsed.success) listed.push({ guid: parsed.data.guid, ...readListedChat(parsed.data, this.#reader) });
    }
    listed.sort((left, right) => right.newestMs - left.newestMs);
    // A Mac that was brought to macOS 26 may know a chat by its old and its new name.
    const newest = new Map<string, ProviderChat>();
    for (const { guid, chat: provided } of listed) {
      if (provided.participants.length === 0 || newest.has(provided.chatId)) continue;
      newest.set(provided.chatId, provided);
      this.#guids.remember(guid);
    }
    return [...newest.values()].slice(0, limit);
  }

  /** Oldest first, each once. */
  async listMessages(since: Date, limit: number, signal: AbortSignal): Promise<readonly ProviderMessage[]> {
    const events: WireEvent[] = [];
    let count = 0;
    for await (const event of this.#events(since, signal)) {
      if (event.kind === 'message' && ++count > limit) break;
      events.push(event);
    }
    return withReactions(events);
  }

  /** Everything worth keeping that happened since a moment, oldest first, each once. */
  async *eventsSince(since: Date, signal: AbortSignal): AsyncGenerator<InboundEvent> {
    for await (const event of this.#events(since, signal)) {
      if (event.kind === 'message' || event.kind === 'background') yield event;
    }
  }

  /**
   * A message by its guid; null: nothing that is kept.
   *
   * @throws UnknownGuidError
   */
  async findEvent(guid: string, signal: AbortSignal): Promise<InboundEvent | null> {
    const call = this.#question('read message', `/api/v1/message/${encodeURIComponent(guid)}?with=chats,chats.participants,attachments`, signal);
    const { data } = await this.#send(messageAnswer, call);
    const parsed = message.safeParse(data);
    if (!parsed.success || parsed.data.guid !== guid) throw this.#client.unreadable(call);
    const event = await this.#read(parsed.data, signal);
    return event?.kind === 'message' || event?.kind === 'background' ? event : null;
  }

  /** A message as a trusted channel pushed it; read by its guid where the push leaves something out. */
  async eventOf(pushed: unknown, signal: AbortSignal): Promise<InboundEvent | null> {
    const parsed = message.safeParse(pushed);
    const [inChat] = parsed.data?.chats ?? [];
    if (!parsed.success || inChat === undefined) {
      const guid = typeof pushed === 'object' && pushed !== null && 'guid' in pushed ? pushed.guid : undefined;
      return typeof guid === 'string' ? this.findEvent(guid, signal) : null;
    }
    const event = await this.#read(parsed.data, signal);
    return event?.kind === 'message' || event?.kind === 'background' ? event : null;
  }

  async getServerInfo(signal: AbortSignal): Promise<ServerInfo> {
    const { data } = await this.#send(serverInfoAnswer, this.#question('read server info', '/api/v1/server/info', signal));
    return {
      serverVersion: data.server_version,
      osVersion: data.os_version ?? null,
      hasPrivateApi: data.private_api && data.helper_connected !== false,
    };
  }

  /** Registers an address for new messages, once; gives its id. */
  async registerWebhook(url: string, signal: AbortSignal): Promise<number> {
    const json = { url, events: ['new-message'] };
    const call = {
      operation: 'register webhook',
      method: 'POST',
      path: '/api/v1/webhook',
      json,
      isChange: true,
      timeoutMs: this.#timeouts.callMs,
      signal,
    } as const;
    return (await this.#send(webhookAnswer, call)).data.id;
  }

  /** Takes an address back; one that is gone is no error. */
  async removeWebhook(id: number, signal: AbortSignal): Promise<void> {
    const call = {
      operation: 'remove webhook',
      method: 'DELETE',
      path: `/api/v1/webhook/${id}`,
      isChange: true,
      timeoutMs: this.#timeouts.callMs,
      signal,
    } as const;
    await this.#send(envelope, call).catch((error: unknown) => {
      if (!(error instanceof UnknownGuidError)) throw error;
    });
  }

  #question(operation: string, path: string, signal: AbortSignal): ProviderCall {
    return { operation, method: 'GET', path, isChange: false, timeoutMs: this.#timeouts.callMs, signal };
  }

  async #send<Schema extends z.ZodType>(schema: Schema, call: ProviderCall): Promise<z.output<Schema>> {
    const { json } = await this.#client.send(call);
    const parsed = schema.safeParse(json);
    if (!parsed.success) throw this.#client.unreadable(call);
    return parsed.data;
  }

  /** Tries the names that the server may know a chat by, and keeps the one that it does. */
  async #atChat<Answer>({ chatId }: Pick<ChatReference, 'chatId'>, call: (path: string) => Promise<Answer>): Promise<Answer> {
    let failure: Error = new BacklotError('provider_error');
    for (const guid of this.#guids.candidates(chatId)) {
      try {
        const answer = await call(`/api/v1/chat/${encodeURIComponent(guid)}`);
        this.#guids.remember(guid);
        return answer;
      } catch (error) {
        if (!(error instanceof UnknownGuidError)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async #background(path: string, signal: AbortSignal): Promise<ProviderBackground> {
    const { data } = await this.#send(backgroundAnswer, this.#question('get background', `${path}/background`, signal));
    const backgroundId = data.hasBackground ? (data.backgroundId ?? data.backgroundChannelGUID ?? null) : null;
    return { hasBackground: data.hasBackground, backgroundId, version: null, changed: null };
  }

  /** Looks until a change is there. Until then it is in doubt. */
  async #seen(path: string, hasBackground: boolean, { operation, signal }: Pick<ProviderCall, 'operation' | 'signal'>): Promise<ProviderBackground> {
    try {
      for (const waitMs of LOOK_AFTER_MS) {
        if (waitMs > 0) await delay(waitMs, undefined, { signal });
        const background = await this.#background(path, signal);
        if (background.hasBackground === hasBackground) return background;
      }
    } catch (error) {
      throw new OutcomeUnknownError(
        { cause: error },
        error instanceof BacklotError && error.code === 'provider_error' ? 'provider_error' : 'provider_unavailable',
      );
    }
    throw new OutcomeUnknownError({ cause: new Error(`${operation}: accepted, but it does not show`) }, 'provider_error');
  }

  /** Reads a list page by page, as it is wanted. */
  async *#pages(operation: string, path: string, query: Readonly<Record<string, unknown>>, pageSize: number, signal: AbortSignal): AsyncGenerator<unknown> {
    for (let page = 0; page < MAX_PAGES; page++) {
      const json = { ...query, limit: pageSize, offset: page * pageSize };
      const { data } = await this.#send(pageAnswer, { operation, method: 'POST', path, json, isChange: false, timeoutMs: this.#timeouts.callMs, signal });
      yield* data;
      if (data.length < pageSize) return;
    }
  }

  async *#events(since: Date, signal: AbortSignal): AsyncGenerator<WireEvent> {
    const query = { with: ['chats', 'chats.participants', 'attachments'], convertAttachments: false, sort: 'ASC', after: since.getTime() };
    const seen = new Set<string>();
    const groups = new Map<string, Chat | null>();
    let unread = 0;
    for await (const item of this.#pages('list messages', '/api/v1/message/query', query, MESSAGES_PER_PAGE, signal)) {
      const parsed = message.safeParse(item);
      if (!parsed.success) unread++;
      else if (!seen.has(parsed.data.guid)) {
        seen.add(parsed.data.guid);
        const event = await this.#read(parsed.data, signal, groups);
        if (event !== null) yield event;
      }
    }
    if (unread > 0) this.#log.warn({ unread }, "messages of the messaging provider can't be read");
  }

  /** Null: it belongs to no chat. `groups`: those that were asked for, null where the server knows none. */
  async #read(given: z.infer<typeof message>, signal: AbortSignal, groups = new Map<string, Chat | null>()): Promise<WireEvent | null> {
    const [inChat] = given.chats ?? [];
    if (inChat === undefined) return null;
    const { guid } = inChat;
    this.#guids.remember(guid);
    const event = readMessage(given, inChat, this.#reader);
    if (event.kind !== 'message' || !event.message.chat.isGroup || event.message.chat.participants.length > 0) return event;
    // BlueBubbles leaves a group's participants out at times, and knows none of a group that we left.
    const group = groups.get(guid) ?? (groups.has(guid) ? null : await this.#findGroup(guid, signal));
    groups.set(guid, group);
    return group === null ? event : readMessage(given, group, this.#reader);
  }

  async #findGroup(guid: string, signal: AbortSignal): Promise<Chat | null> {
    const call = this.#question('find chat', `/api/v1/chat/${encodeURIComponent(guid)}?with=participants`, signal);
    try {
      return (await this.#send(chatAnswer, call)).data;
    } catch (error) {
      if (error instanceof UnknownGuidError) return null;
      throw error;
    }
  }
}

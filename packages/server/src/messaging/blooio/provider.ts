import { MAX_IMAGE_BYTES } from '@backlot/contract';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { BacklotError } from '../../errors.js';
import type { ChatReference, MessagingCapabilities, MessagingProvider, ProviderBackground, ProviderChat, ProviderMessage } from '../port.js';
import { encodeFileForm } from '../../http/outgoing.js';
import { PROVIDER_TIMEOUTS, type ProviderCall, ProviderClient, type ProviderTimeouts, type ReadRefusal } from '../provider-client.js';
import { readDelivery } from './delivery.js';
import { verifyDelivery } from './signature.js';
import { WebhookRegistration } from './webhook-registration.js';
import {
  backgroundAnswer,
  channelOf,
  chatsAnswer,
  errorAnswer,
  groupAnswer,
  mediaUrlsOf,
  membersAnswer,
  messagesAnswer,
  reactionsOf,
  replyToOf,
  typingAnswer,
} from './wire.js';

/** Where Blooio's v2 API lives. Older accounts: `https://backend.blooio.com/v2/api`. */
export const BLOOIO_BASE_URL = 'https://api.blooio.com/v2/api';

export interface BlooioProviderOptions {
  /** Default: `BLOOIO_BASE_URL`. */
  readonly baseUrl?: string;
  readonly apiKey: string;
  /** Our own number, where an answer doesn't name it. */
  readonly phoneNumber: string;
  /** Of a webhook that was registered by hand; without it the provider registers one of its own. */
  readonly webhookSecret?: string | undefined;
  readonly log: Logger;
  readonly timeouts?: ProviderTimeouts;
  /** Whose name it goes by: the simulator speaks the same wire. */
  readonly name?: 'blooio' | 'simulator';
}

const CAPABILITIES: MessagingCapabilities = {
  background: { set: true, get: true, remove: true, groups: true, reportsChanged: true, maxBytes: MAX_IMAGE_BYTES },
  typing: true,
  renameGroup: true,
  history: true,
};

/** Blooio's own largest page. */
const MAX_PAGE = 200;
/** Quotas of the plan: waiting doesn't help. */
const QUOTA_CODES = new Set(['outbound_limit_reached', 'new_conversation_limit_reached']);

const readRefusal: ReadRefusal = ({ status, json }, { operation }) => {
  const { code } = errorAnswer.safeParse(json).data ?? {};
  const because = (): { cause: Error } => ({ cause: new Error(`${operation}: answered ${status}${code == null ? '' : ` ${code.slice(0, 60)}`}`) });
  if (status === 429 && QUOTA_CODES.has(code ?? '')) return new BacklotError('provider_not_ready', because());
  if (operation === 'set background' && (status === 400 || status === 413 || status === 415 || status === 422)) {
    return new BacklotError('provider_rejected_image', because());
  }
  // At most 64 webhooks in an organization.
  if (operation === 'register webhook' && status === 409) return new BacklotError('provider_not_ready', because());
  return undefined;
};

const chatPath = ({ chatId }: Pick<ChatReference, 'chatId'>): string => `/chats/${encodeURIComponent(chatId)}`;

/** iMessage by Blooio, API v2. Source: docs.blooio.com/reference/v2. */
export class BlooioProvider implements MessagingProvider {
  readonly name: 'blooio' | 'simulator';
  readonly capabilities = CAPABILITIES;
  readonly #options: BlooioProviderOptions;
  readonly #client: ProviderClient;
  readonly #timeouts: ProviderTimeouts;
  #registration: WebhookRegistration | null = null;

  constructor(options: BlooioProviderOptions) {
    const { baseUrl = BLOOIO_BASE_URL, apiKey, log, timeouts = PROVIDER_TIMEOUTS, name = 'blooio' } = options;
    this.name = name;
    this.#options = options;
    this.#timeouts = timeouts;
    this.#client = new ProviderClient({ baseUrl, headers: { authorization: `Bearer ${apiKey}` }, readRefusal, log });
  }

  async start({ memory, webhookUrl }: Parameters<MessagingProvider['start']>[0]): Promise<void> {
    const { webhookSecret, log } = this.#options;
    if (webhookUrl === null || webhookSecret !== undefined) return;
    this.#registration = new WebhookRegistration({ client: this.#client, memory, webhookUrl, timeoutMs: this.#timeouts.callMs, log });
    await this.#registration.start();
  }

  async receive({ headers, rawBody }: Parameters<MessagingProvider['receive']>[0], now: Date): ReturnType<MessagingProvider['receive']> {
    const secrets = [this.#options.webhookSecret, this.#registration?.secret].filter((secret) => typeof secret === 'string');
    verifyDelivery(secrets, headers, rawBody, now);
    return readDelivery(rawBody, this.#options.phoneNumber);
  }

  async setBackground(...[chat, image, signal]: Parameters<MessagingProvider['setBackground']>): Promise<ProviderBackground> {
    return this.#background(chat, {
      operation: 'set background',
      method: 'PUT',
      body: encodeFileForm('background', image),
      isChange: true,
      timeoutMs: this.#timeouts.uploadMs,
      signal,
    });
  }

  async getBackground(chat: ChatReference, signal: AbortSignal): Promise<ProviderBackground> {
    return this.#background(chat, { operation: 'get background', method: 'GET', isChange: false, timeoutMs: this.#timeouts.callMs, signal });
  }

  async removeBackground(chat: ChatReference, signal: AbortSignal): Promise<ProviderBackground> {
    return this.#background(chat, { operation: 'remove background', method: 'DELETE', isChange: true, timeoutMs: this.#timeouts.callMs, signal });
  }

  async startTyping(chat: ChatReference, signal: AbortSignal): ReturnType<MessagingProvider['startTyping']> {
    const answer = await this.#call(typingAnswer, {
      operation: 'start typing',
      method: 'POST',
      path: `${chatPath(chat)}/typing`,
      isChange: true,
      timeoutMs: this.#timeouts.callMs,
      signal,
    });
    return { isSent: answer.typing, warning: answer.warning ?? null };
  }

  async renameGroup({ chatId, isGroup }: ChatReference, name: string, signal: AbortSignal): Promise<void> {
    // A chat with several addresses is no group of Blooio's, and has no name there.
    if (!isGroup || chatId.includes(',')) throw new BacklotError('provider_unsupported');
    const call = {
      operation: 'rename group',
      method: 'PATCH',
      path: `/groups/${encodeURIComponent(chatId)}`,
      json: { name },
      isChange: true,
      timeoutMs: this.#timeouts.callMs,
      signal,
    } as const;
    const answer = await this.#call(groupAnswer, call);
    if (answer.device_sync?.synced === false) throw new BacklotError('provider_error', { cause: new Error('rename group: the phone was not told') });
  }

  async listChats(limit: number, signal: AbortSignal): Promise<readonly ProviderChat[]> {
    const chats: ProviderChat[] = [];
    for await (const chat of this.#chats(limit, signal)) {
      // The list tells neither the channel nor our own number: the newest message does.
      const [newest] = await this.#messages(chat.id, 'limit=1', signal);
      chats.push(await this.#chatOf(chat, newest, signal));
    }
    return chats;
  }

  async listMessages(since: Date, limit: number, signal: AbortSignal): Promise<readonly ProviderMessage[]> {
    const found: ProviderMessage[] = [];
    for await (const chat of this.#chats(Infinity, signal)) {
      if ((chat.last_message_time ?? 0) < since.getTime()) break;
      const messages = await this.#messagesSince(chat.id, since, limit, signal);
      if (messages.length === 0) continue;
      const provided = await this.#chatOf(chat, messages[0], signal);
      for (const message of messages) {
        const { direction } = message;
        const phoneNumber = message.internal_id ?? provided.phoneNumber;
        found.push({
          messageId: message.message_id,
          chat: { ...provided, phoneNumber, channel: channelOf(message.protocol) },
          direction,
          text: message.text ?? '',
          sender: direction === 'outbound' ? phoneNumber : (message.sender ?? (provided.isGroup ? null : provided.chatId)),
          mediaUrls: mediaUrlsOf(message.attachments),
          reactions: reactionsOf(message, phoneNumber),
          replyTo: replyToOf(message.reply_to),
          sentAt: new Date(message.time_sent),
        });
      }
    }
    return found.sort((left, right) => left.sentAt.getTime() - right.sentAt.getTime()).slice(0, limit);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registration?.[Symbol.asyncDispose]();
  }

  async #call<Schema extends z.ZodType>(schema: Schema, call: ProviderCall): Promise<z.output<Schema>> {
    const { json } = await this.#client.send(call);
    const parsed = schema.safeParse(json);
    if (!parsed.success) throw this.#client.unreadable(call);
    return parsed.data;
  }

  async #read<Schema extends z.ZodType>(schema: Schema, operation: string, path: string, signal: AbortSignal): Promise<z.output<Schema>> {
    return this.#call(schema, { operation, method: 'GET', path, isChange: false, timeoutMs: this.#timeouts.callMs, signal });
  }

  async #background(chat: ChatReference, call: Omit<ProviderCall, 'path'>): Promise<ProviderBackground> {
    const answer = await this.#call(backgroundAnswer, { ...call, path: `${chatPath(chat)}/background` });
    return {
      hasBackground: answer.has_background,
      backgroundId: answer.background_id ?? null,
      version: answer.background_version == null ? null : String(answer.background_version),
      changed: answer.changed ?? null,
    };
  }

  /** Chats from the newest on, page by page as they are wanted. */
  async *#chats(limit: number, signal: AbortSignal): AsyncGenerator<z.output<typeof chatsAnswer>['chats'][number]> {
    const pageSize = Math.min(limit, MAX_PAGE);
    for (let offset = 0; offset < limit; offset += pageSize) {
      const { chats } = await this.#read(chatsAnswer, 'list chats', `/chats?limit=${pageSize}&offset=${offset}&sort=recent`, signal);
      yield* chats.slice(0, limit - offset);
      if (chats.length < pageSize) return;
    }
  }

  async #messages(chatId: string, query: string, signal: AbortSignal): Promise<z.output<typeof messagesAnswer>['messages']> {
    return (await this.#read(messagesAnswer, 'list messages', `${chatPath({ chatId })}/messages?${query}`, signal)).messages;
  }

  async #messagesSince(chatId: string, since: Date, limit: number, signal: AbortSignal): Promise<z.output<typeof messagesAnswer>['messages']> {
    const found: z.output<typeof messagesAnswer>['messages'] = [];
    const pageSize = Math.min(limit, MAX_PAGE);
    while (found.length < limit) {
      const page = await this.#messages(chatId, `limit=${pageSize}&offset=${found.length}&sort=asc&since=${since.getTime()}`, signal);
      found.push(...page);
      if (page.length < pageSize) break;
    }
    return found;
  }

  async #chatOf(
    chat: z.output<typeof chatsAnswer>['chats'][number],
    newest: z.output<typeof messagesAnswer>['messages'][number] | undefined,
    signal: AbortSignal,
  ): Promise<ProviderChat> {
    const isGroup = chat.is_group === true;
    const phoneNumber = newest?.internal_id ?? this.#options.phoneNumber;
    const members = isGroup
      ? (await this.#read(membersAnswer, 'list members', `/groups/${encodeURIComponent(chat.id)}/members`, signal)).members
      : [{ identifier: chat.contact?.identifier ?? chat.id, name: chat.contact?.name }];
    return {
      chatId: chat.id,
      isGroup,
      channel: channelOf(newest?.protocol),
      phoneNumber,
      participants: members.filter(({ identifier }) => identifier !== phoneNumber).map(({ identifier, name }) => ({ identifier, name: name ?? null })),
      groupName: isGroup ? (chat.group_name ?? null) : null,
    };
  }
}

/** Connects to Blooio. */
export const createBlooioProvider = (options: BlooioProviderOptions): MessagingProvider => new BlooioProvider(options);

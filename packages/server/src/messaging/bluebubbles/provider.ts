import type { Logger } from 'pino';
import { BacklotError } from '../../errors.js';
import { BlueBubblesApi } from '../bluebubbles-wire/api.js';
import { parseChatGuid } from '../bluebubbles-wire/chat-guid.js';
import { UnknownGuidError } from '../bluebubbles-wire/unknown-guid-error.js';
import { deliveredMessage, delivery } from '../bluebubbles-wire/wire.js';
import type {
  ChatReference,
  InboundDelivery,
  InboundEvent,
  MessagingCapabilities,
  MessagingProvider,
  ProviderBackground,
  ProviderChat,
  ProviderMessage,
} from '../port.js';
import type { ProviderTimeouts } from '../provider-client.js';
import type { Backoff } from '../repeater.js';
import { BlueBubblesHost } from './host.js';
import { WebhookRegistration } from './webhook-registration.js';

/** Where BlueBubbles listens on its own Mac. */
export const BLUEBUBBLES_BASE_URL = 'http://127.0.0.1:1234';

export interface BlueBubblesProviderOptions {
  /** Default: `BLUEBUBBLES_BASE_URL`. */
  readonly baseUrl?: string | undefined;
  /** The server's password. It travels in the query, where logs of others may keep it: use https between machines. */
  readonly password: string;
  /** Our own number. */
  readonly phoneNumber: string;
  readonly log: Logger;
  readonly timeouts?: ProviderTimeouts | undefined;
  /** Between attempts to reach a server that doesn't answer. Default: 5 s to 300 s. */
  readonly backoff?: Backoff | undefined;
}

const CAPABILITIES: MessagingCapabilities = {
  background: { set: false, get: false, remove: false, groups: false, reportsChanged: false, maxBytes: 0 },
  typing: true,
  renameGroup: true,
  history: true,
};

const parseBody = (rawBody: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(rawBody).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
};

/**
 * iMessage by BlueBubbles: chats, messages, typing, but no backgrounds. Typing and names of groups are
 * `provider_not_ready` while its Private API is off. Source: BlueBubblesApp/bluebubbles-server 1.9.9.
 */
export class BlueBubblesProvider implements MessagingProvider {
  readonly name = 'bluebubbles';
  readonly capabilities = CAPABILITIES;
  readonly #options: BlueBubblesProviderOptions;
  readonly #backoff: Backoff;
  readonly #api: BlueBubblesApi;
  readonly #host: BlueBubblesHost;
  readonly #abort = new AbortController();
  #registration: WebhookRegistration | null = null;

  constructor(options: BlueBubblesProviderOptions) {
    this.#options = options;
    const { baseUrl = BLUEBUBBLES_BASE_URL, password, phoneNumber, log, timeouts, backoff = { firstMs: 5000, lastMs: 300_000 } } = options;
    this.#backoff = backoff;
    this.#api = new BlueBubblesApi({ baseUrl, query: { password }, phoneNumber, log, timeouts });
    this.#host = new BlueBubblesHost({ api: this.#api, backoff, log });
  }

  async start({ memory, webhookUrl }: Parameters<MessagingProvider['start']>[0]): Promise<void> {
    await this.#host.start();
    if (webhookUrl === null) return;
    this.#registration = new WebhookRegistration({ api: this.#api, memory, webhookUrl, backoff: this.#backoff, log: this.#options.log });
    await this.#registration.start();
  }

  /** Nobody signs deliveries: one counts only at the secret address, and of what it says only the guid, by which the message is read. */
  async receive({ rawBody, hasSecretPath }: InboundDelivery): Promise<readonly InboundEvent[]> {
    if (!hasSecretPath) throw new BacklotError('webhook_refused');
    const parsed = delivery.safeParse(parseBody(rawBody));
    if (!parsed.success) throw new BacklotError('invalid_request', { message: "The delivery is not in BlueBubbles' form." });
    if (parsed.data.type !== 'new-message') return [];
    const told = deliveredMessage.safeParse(parsed.data.data);
    if (!told.success) throw new BacklotError('invalid_request', { message: 'The delivery names no message.' });
    try {
      const event = await this.#api.findEvent(told.data.guid, this.#abort.signal);
      return event === null ? [] : [event];
    } catch (error) {
      if (!(error instanceof UnknownGuidError)) throw error;
      throw new BacklotError('webhook_refused', { message: 'BlueBubbles knows no such message.', cause: error });
    }
  }

  async setBackground(): Promise<ProviderBackground> {
    throw new BacklotError('provider_unsupported');
  }

  async getBackground(): Promise<ProviderBackground> {
    throw new BacklotError('provider_unsupported');
  }

  /** Never sent: `DELETE` of a chat's `background` means to BlueBubbles to delete the message of that name. */
  async removeBackground(): Promise<ProviderBackground> {
    throw new BacklotError('provider_unsupported');
  }

  /** Starts only: in 1.9.9 the call that should stop it starts it, too. */
  async startTyping(chat: ChatReference, signal: AbortSignal): ReturnType<MessagingProvider['startTyping']> {
    this.#needPrivateApi();
    await this.#api.startTyping(chat, signal);
    return { isSent: true, warning: null };
  }

  async renameGroup(chat: ChatReference, name: string, signal: AbortSignal): Promise<void> {
    if (parseChatGuid(chat.chatId)?.isGroup !== true) throw new BacklotError('provider_unsupported');
    this.#needPrivateApi();
    return this.#api.renameGroup(chat, name, signal);
  }

  async listChats(limit: number, signal: AbortSignal): Promise<readonly ProviderChat[]> {
    return this.#api.listChats(limit, signal);
  }

  async listMessages(since: Date, limit: number, signal: AbortSignal): Promise<readonly ProviderMessage[]> {
    return this.#api.listMessages(since, limit, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#registration?.[Symbol.asyncDispose]();
    await this.#host[Symbol.asyncDispose]();
  }

  /** As long as it is not known, the call goes out, and the server itself may refuse it. */
  #needPrivateApi(): void {
    if (this.#host.hasPrivateApi === false) throw new BacklotError('provider_not_ready', { cause: new Error("BlueBubbles' Private API is off") });
  }
}

/** Connects to BlueBubbles. */
export const createBlueBubblesProvider = (options: BlueBubblesProviderOptions): MessagingProvider => new BlueBubblesProvider(options);

import { MAX_IMAGE_BYTES } from '@backlot/contract';
import type { Logger } from 'pino';
import { BacklotError } from '../../errors.js';
import { BlueBubblesApi } from '../bluebubbles-wire/api.js';
import { parseChatGuid } from '../bluebubbles-wire/chat-guid.js';
import type { ChatReference, MessagingCapabilities, MessagingProvider, ProviderBackground, ProviderChat, ProviderMessage } from '../port.js';
import type { ProviderTimeouts } from '../provider-client.js';
import type { Backoff } from '../repeater.js';
import { PhotonSocket } from './socket.js';

/** Where Photon's server listens on its own Mac; not `localhost`, which may be `::1`. */
export const PHOTON_BASE_URL = 'http://127.0.0.1:1234';

export interface PhotonProviderOptions {
  /** Default: `PHOTON_BASE_URL`. */
  readonly baseUrl?: string | undefined;
  readonly apiKey: string;
  /** Our own number. */
  readonly phoneNumber: string;
  readonly log: Logger;
  readonly timeouts?: ProviderTimeouts | undefined;
  /** Between attempts to connect for messages. Default: 1 s to 60 s. */
  readonly backoff?: Backoff | undefined;
}

const CAPABILITIES: MessagingCapabilities = {
  background: { set: true, get: true, remove: true, groups: true, reportsChanged: false, maxBytes: MAX_IMAGE_BYTES },
  typing: true,
  renameGroup: true,
  history: true,
};

/** iMessage by Photon's server over HTTP. Source: photon-hq/advanced-imessage-kit 1.15. */
export class PhotonProvider implements MessagingProvider {
  readonly name = 'photon';
  readonly capabilities = CAPABILITIES;
  readonly #options: PhotonProviderOptions;
  readonly #api: BlueBubblesApi;
  #socket: PhotonSocket | null = null;

  constructor(options: PhotonProviderOptions) {
    this.#options = options;
    const { baseUrl = PHOTON_BASE_URL, apiKey, phoneNumber, log, timeouts } = options;
    this.#api = new BlueBubblesApi({ baseUrl, headers: { 'x-api-key': apiKey }, phoneNumber, log, timeouts });
  }

  async start({ listener }: Parameters<MessagingProvider['start']>[0]): Promise<void> {
    const { baseUrl = PHOTON_BASE_URL, apiKey, log, backoff = { firstMs: 1000, lastMs: 60_000 } } = this.#options;
    this.#socket = new PhotonSocket({ baseUrl, apiKey, api: this.#api, listener, log, backoff });
    this.#socket.start();
  }

  /** Photon tells of messages over its socket: whoever posts to us is somebody else. */
  async receive(): ReturnType<MessagingProvider['receive']> {
    throw new BacklotError('webhook_refused');
  }

  async setBackground(...given: Parameters<MessagingProvider['setBackground']>): Promise<ProviderBackground> {
    return this.#api.setBackground(...given);
  }

  async getBackground(chat: ChatReference, signal: AbortSignal): Promise<ProviderBackground> {
    return this.#api.getBackground(chat, signal);
  }

  async removeBackground(chat: ChatReference, signal: AbortSignal): Promise<ProviderBackground> {
    return this.#api.removeBackground(chat, signal);
  }

  async startTyping(chat: ChatReference, signal: AbortSignal): ReturnType<MessagingProvider['startTyping']> {
    await this.#api.startTyping(chat, signal);
    return { isSent: true, warning: null };
  }

  async renameGroup(chat: ChatReference, name: string, signal: AbortSignal): Promise<void> {
    if (parseChatGuid(chat.chatId)?.isGroup !== true) throw new BacklotError('provider_unsupported');
    return this.#api.renameGroup(chat, name, signal);
  }

  async listChats(limit: number, signal: AbortSignal): Promise<readonly ProviderChat[]> {
    return this.#api.listChats(limit, signal);
  }

  async listMessages(since: Date, limit: number, signal: AbortSignal): Promise<readonly ProviderMessage[]> {
    return this.#api.listMessages(since, limit, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket?.[Symbol.asyncDispose]();
  }
}

/** Connects to Photon's server. */
export const createPhotonProvider = (options: PhotonProviderOptions): MessagingProvider => new PhotonProvider(options);

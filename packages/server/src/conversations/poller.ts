import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import type { MessagingProvider, ProviderMessage } from '../messaging/port.js';
import { type Backoff, Repeater } from '../messaging/repeater.js';
import type { Inbox } from './inbox.js';
import { type ConversationOwner, findNewestMessageTime } from './repository.js';

export interface PollerOptions {
  readonly database: Database;
  readonly owner: ConversationOwner;
  readonly provider: Pick<MessagingProvider, 'capabilities' | 'listChats' | 'listMessages'>;
  readonly inbox: Inbox;
  readonly log: Logger;
  readonly now: () => Date;
  /** From one look to the next, in milliseconds. Default: 30 s. */
  readonly everyMs?: number;
  /** After failures. Default: 30 s to 5 min. */
  readonly backoff?: Backoff;
}

const MAX_CHATS = 200;
/** Messages asked for at once. */
const PAGE = 500;
const MAX_PAGES = 100;
const DAY_MS = 24 * 60 * 60_000;
/** How far back the first look goes. */
const HISTORY_MS = 30 * DAY_MS;
/** Messages may appear at the provider after later ones. */
const OVERLAP_MS = 5 * 60_000;
const RUN_TIMEOUT_MS = 120_000;

/** Asks the provider for chats and messages again and again: webhooks are known to get lost. */
export class Poller implements AsyncDisposable {
  readonly #options: PollerOptions;
  readonly #repeater: Repeater;
  /** When the newest message that asking has found was sent; what came in otherwise says nothing of what got lost. */
  #newest: Date | null = null;
  #isHistory = false;
  /** Chats as they were told last. */
  #chats: ReadonlyMap<string, string> = new Map();

  constructor(options: PollerOptions) {
    const { everyMs = 30_000, backoff = { firstMs: 30_000, lastMs: 300_000 }, log } = options;
    this.#options = options;
    this.#repeater = new Repeater({ name: 'asking for messages', task: async (signal) => this.#run(signal), everyMs, backoff, log });
  }

  /** Finds out what is known already, before anything new comes in, and resolves; then asks for the first time. */
  async start(): Promise<void> {
    const { database, owner, provider } = this.#options;
    if (!provider.capabilities.history) return;
    this.#newest = await findNewestMessageTime(database.executor, owner);
    this.#isHistory = this.#newest === null;
    void this.#repeater.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#repeater[Symbol.asyncDispose]();
  }

  async #run(stopped: AbortSignal): Promise<void> {
    const { provider, inbox, now } = this.#options;
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(RUN_TIMEOUT_MS)]);
    const chats = await provider.listChats(MAX_CHATS, signal);
    await inbox.keepChats(chats.filter((chat) => this.#chats.get(chat.chatId) !== JSON.stringify(chat)));
    this.#chats = new Map(chats.map((chat) => [chat.chatId, JSON.stringify(chat)]));
    let since = new Date(this.#newest === null ? now().getTime() - HISTORY_MS : this.#newest.getTime() - OVERLAP_MS);
    for (let page = 0; page < MAX_PAGES; page++) {
      const found = await provider.listMessages(since, PAGE, signal);
      for (const message of found) {
        signal.throwIfAborted();
        await inbox.keep(message, this.#isHistory);
      }
      const next = newestOf(found, since);
      if (this.#newest === null || next > this.#newest) this.#newest = next;
      if (found.length < PAGE) break;
      // More of one moment than a page holds would be asked for again and again.
      since = new Date(Math.max(next.getTime() - 1, since.getTime() + 1));
    }
    this.#isHistory = false;
  }
}

const newestOf = (messages: readonly ProviderMessage[], least: Date): Date =>
  messages.reduce((newest, { sentAt }) => (sentAt > newest ? sentAt : newest), least);

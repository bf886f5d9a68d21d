import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import { toError } from '../errors.js';
import type { MessagingProvider, ProviderMemory, ProviderMessage } from '../messaging/port.js';
import { type Backoff, Repeater } from '../messaging/repeater.js';
import type { Inbox } from './inbox.js';
import { type ConversationOwner, findNewestMessageTime } from './repository.js';

export interface PollerOptions {
  readonly database: Database;
  readonly owner: ConversationOwner;
  readonly provider: Pick<MessagingProvider, 'capabilities' | 'listChats' | 'listMessages'>;
  readonly inbox: Inbox;
  /** Keeps over restarts how far asking has come. The poller's own, not the provider's. */
  readonly memory: ProviderMemory;
  readonly log: Logger;
  readonly now: () => Date;
  /** From one look to the next, in milliseconds. Default: 30 s. */
  readonly everyMs?: number;
  /** From one look at the list of chats to the next: providers want many requests for it. Default: 5 min. */
  readonly chatsEveryMs?: number | undefined;
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
  /** What was sent before is history: nobody waits for word of it. */
  #begunAt: Date | null = null;
  /** When the list of chats was read last, by the monotonic clock. */
  #chatsAtMs = -Infinity;
  /** Chats as they were told last. */
  #chats: ReadonlyMap<string, string> = new Map();

  constructor(options: PollerOptions) {
    const { everyMs = 30_000, backoff = { firstMs: 30_000, lastMs: 300_000 }, log } = options;
    this.#options = options;
    this.#repeater = new Repeater({ name: 'asking for messages', task: async (signal) => this.#run(signal), everyMs, backoff, log });
  }

  /** Finds out what is known already, before anything new comes in, and resolves; then asks for the first time. */
  async start(): Promise<void> {
    const { database, owner, provider, memory, now } = this.#options;
    if (!provider.capabilities.history) return;
    const { newest, begunAt } = await memory.read();
    const known = newest === undefined ? await findNewestMessageTime(database.executor, owner) : new Date(newest);
    this.#newest = known === null ? null : earlierOf(known, now());
    if (begunAt !== undefined) this.#begunAt = new Date(begunAt);
    else if (this.#newest === null) await this.#remember({ begunAt: now() });
    void this.#repeater.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#repeater[Symbol.asyncDispose]();
  }

  async #run(stopped: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(RUN_TIMEOUT_MS)]);
    // Neither waits for the other: with many chats their list takes long.
    const outcomes = await Promise.allSettled([this.#askForMessages(signal), this.#askForChats(signal)]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw toError(outcome.reason);
  }

  async #askForChats(signal: AbortSignal): Promise<void> {
    const { provider, inbox, chatsEveryMs = 300_000 } = this.#options;
    if (performance.now() - this.#chatsAtMs < chatsEveryMs) return;
    const chats = await provider.listChats(MAX_CHATS, signal);
    await inbox.keepChats(chats.filter((chat) => this.#chats.get(chat.chatId) !== JSON.stringify(chat)));
    this.#chats = new Map(chats.map((chat) => [chat.chatId, JSON.stringify(chat)]));
    this.#chatsAtMs = performance.now();
  }

  async #askForMessages(signal: AbortSignal): Promise<void> {
    const { provider, inbox, now } = this.#options;
    let since = new Date(this.#newest === null ? now().getTime() - HISTORY_MS : this.#newest.getTime() - OVERLAP_MS);
    for (let page = 0; page < MAX_PAGES; page++) {
      const found = await provider.listMessages(since, PAGE, signal);
      for (const message of found) {
        signal.throwIfAborted();
        await inbox.keep(message, this.#begunAt !== null && message.sentAt < this.#begunAt);
      }
      const next = newestOf(found, since);
      // A phone whose clock is ahead would hide all that is written until then.
      const newest = earlierOf(next, now());
      if (this.#newest === null || newest > this.#newest) await this.#remember({ newest });
      if (found.length < PAGE) return;
      // More of one moment than a page holds would be asked for again and again.
      since = new Date(Math.max(next.getTime() - 1, since.getTime() + 1));
    }
  }

  async #remember({ newest = this.#newest, begunAt = this.#begunAt }: { readonly newest?: Date | null; readonly begunAt?: Date | null }): Promise<void> {
    await this.#options.memory.write({
      ...(newest === null ? {} : { newest: newest.toISOString() }),
      ...(begunAt === null ? {} : { begunAt: begunAt.toISOString() }),
    });
    this.#newest = newest;
    this.#begunAt = begunAt;
  }
}

const earlierOf = (left: Date, right: Date): Date => (left < right ? left : right);

const newestOf = (messages: readonly ProviderMessage[], least: Date): Date =>
  messages.reduce((newest, { sentAt }) => (sentAt > newest ? sentAt : newest), least);

import type { Logger } from 'pino';
import type { Database, Executor } from '../database/database.js';
import { toError } from '../errors.js';
import type { InboundEvent, ProviderChat, ProviderMessage } from '../messaging/port.js';
import { publishEvent } from '../webhooks/outbox.js';
import type { ConversationFeed } from './feed.js';
import { type ConversationOwner, type ConversationRecord, ensureConversation, findConversationByChat, insertMessage } from './repository.js';
import { viewMessage } from './views.js';

export interface InboxOptions {
  readonly database: Database;
  readonly owner: ConversationOwner;
  readonly feed: ConversationFeed;
  /** Called when webhook events have been written. */
  readonly onPublished: () => void;
  /** Called when a chat's background is no longer what it was. */
  readonly onBackgroundNotice: (conversation: ConversationRecord) => Promise<void>;
  readonly log: Logger;
  readonly now: () => Date;
}

/** Keeps what the messaging provider tells. Whatever comes twice, by webhook, socket or asking, counts once. */
export class Inbox {
  readonly #options: InboxOptions;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Takes an event. Rejects when a message could not be kept: then the provider should tell it again. */
  readonly listener = async (event: InboundEvent): Promise<void> => {
    if (event.kind === 'message') await this.keep(event.message);
    else await this.#notice(event.chatId);
  };

  /**
   * Keeps a message, and tells of it: whoever follows, and by webhook when somebody else wrote it. False: it was there.
   * `isHistory`: it is from before our time, and nobody waits for word of it.
   */
  async keep(message: ProviderMessage, isHistory = false): Promise<boolean> {
    const { database, owner, feed, onPublished, now } = this.#options;
    const { organizationId } = owner;
    const isTold = message.direction === 'inbound' && !isHistory;
    const kept = await database.transaction(async (transaction) => {
      const { record } = await ensureConversation(transaction, owner, message.chat, now());
      const inserted = await insertMessage(transaction, record, message);
      if (inserted === null) return null;
      const data = { conversationId: record.id, message: viewMessage(inserted) };
      if (isTold) await publishEvent(transaction, { organizationId, type: 'message.received', data }, now());
      return data;
    });
    if (kept === null) return false;
    if (isTold) onPublished();
    feed.publish(organizationId, { event: 'message', data: kept });
    return true;
  }

  /** Makes sure that there is a conversation for each chat. */
  async keepChats(chats: readonly ProviderChat[]): Promise<void> {
    const { database, owner, feed, now } = this.#options;
    for (const chat of chats) {
      const ensure = async (transaction: Executor) => ensureConversation(transaction, owner, chat, now());
      const { record, isNews } = await database.transaction(ensure);
      if (isNews) feed.publish(owner.organizationId, { event: 'conversation', data: { conversationId: record.id } });
    }
  }

  async #notice(chatId: string): Promise<void> {
    const { database, owner, onBackgroundNotice, log } = this.#options;
    const conversation = await findConversationByChat(database.executor, owner, chatId);
    if (conversation === null) return;
    // A missed change is found at the next touch.
    await onBackgroundNotice(conversation).catch((thrown: unknown) => log.warn({ err: toError(thrown) }, "a chat's background was not looked at"));
  }
}

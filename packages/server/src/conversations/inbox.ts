import type { Logger } from 'pino';
import type { Database, Executor } from '../database/database.js';
import { toError } from '../errors.js';
import type { InboundEvent, ProviderChat, ProviderMessage } from '../messaging/port.js';
import { publishEvent } from '../webhooks/outbox.js';
import type { ConversationFeed } from './feed.js';
import {
  type ConversationOwner,
  type ConversationRecord,
  ensureConversation,
  filterChatsWithNews,
  findConversationByChat,
  insertMessage,
} from './repository.js';
import { storableChat, storableMessage } from './storable.js';
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
  async keep(told: ProviderMessage, isHistory = false): Promise<boolean> {
    const { database, owner, feed, onPublished, now } = this.#options;
    const { organizationId } = owner;
    const message = storableMessage(told, now());
    const isEvent = message.direction === 'inbound' && !isHistory;
    const { conversationId, isNews, kept } = await database.transaction(async (transaction) => {
      const { record, isNews: isNewConversation } = await ensureConversation(transaction, owner, message.chat, now(), message.sentAt);
      const inserted = await insertMessage(transaction, record, message);
      const view = inserted === null ? null : viewMessage(inserted);
      if (view !== null && isEvent) {
        await publishEvent(transaction, { organizationId, type: 'message.received', data: { conversationId: record.id, message: view } }, now());
      }
      return { conversationId: record.id, isNews: isNewConversation, kept: view };
    });
    if (kept !== null && isEvent) onPublished();
    if (isNews) feed.publish(organizationId, { event: 'conversation', data: { conversationId } });
    if (kept !== null) feed.publish(organizationId, { event: 'message', data: { conversationId, message: kept } });
    return kept !== null;
  }

  /** Makes sure that there is a conversation for each chat. */
  async keepChats(chats: readonly ProviderChat[]): Promise<void> {
    const { database, owner, feed, now } = this.#options;
    // After a restart hardly any has news, and a transaction for each would keep requests waiting.
    for (const chat of await filterChatsWithNews(database.executor, owner, chats.map(storableChat))) {
      const ensure = async (transaction: Executor) => ensureConversation(transaction, owner, chat, now());
      const { record, isNews } = await database.transaction(ensure);
      if (isNews) feed.publish(owner.organizationId, { event: 'conversation', data: { conversationId: record.id } });
    }
  }

  async #notice(chatId: string): Promise<void> {
    const { database, owner, onBackgroundNotice, log } = this.#options;
    try {
      const conversation = await findConversationByChat(database.executor, owner, chatId);
      if (conversation !== null) await onBackgroundNotice(conversation);
    } catch (thrown) {
      // A missed change is found at the next touch.
      log.warn({ err: toError(thrown) }, "a chat's background was not looked at");
    }
  }
}

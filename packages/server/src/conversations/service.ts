import type {
  ConversationBackground,
  ConversationDetail,
  ConversationPage,
  LiveConversationBackground,
  MessagePage,
  SetConversationBackground,
  TypingStatus,
  UpdateConversation,
} from '@backlot/contract';
import type { Database } from '../database/database.js';
import { BacklotError } from '../errors.js';
import type { ChatReference, MessagingProvider } from '../messaging/port.js';
import { findBackgrounds } from './background-repository.js';
import { channelName, type ConversationBackgrounds } from './background.js';
import type { ConversationFeed, ConversationFollower } from './feed.js';
import { chatOf, type ConversationRecord, findConversation, listConversations, listMessages, updateConversation } from './repository.js';
import { viewDetail, viewMessage, viewSummary } from './views.js';

export interface ConversationServiceOptions {
  readonly database: Database;
  readonly provider: MessagingProvider;
  readonly backgrounds: ConversationBackgrounds;
  readonly feed: ConversationFeed;
}

/** Typing dots are worth no more of an answer's time than that, in milliseconds. */
const TYPING_TIMEOUT_MS = 3_000;
const RENAME_TIMEOUT_MS = 10_000;
/** Messages in the answer to a change: as many as a detail has without being told. */
const DETAIL_MESSAGES = 50;

/** Which messages, in moments; both ends are exclusive. */
export interface MessageFilter {
  readonly limit: number;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** There are no messages before 1970; the database doesn't read every year that can be written. */
const momentOf = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(Math.max(0, Date.parse(text))));

/**
 * Conversations at the messaging provider, as AgentPhone's clients know them. Those of a provider that was configured
 * before are kept and not shown. Every call throws `conversation_not_found`, also for another organization's.
 */
export class ConversationService {
  readonly #options: ConversationServiceOptions;

  constructor(options: ConversationServiceOptions) {
    this.#options = options;
  }

  /** A page of conversations, newest message first. */
  async list(organizationId: string, page: { readonly limit: number; readonly offset: number }): Promise<ConversationPage> {
    const { backgrounds, database, provider } = this.#options;
    const { records, total } = await listConversations(database.executor, { organizationId, provider: provider.name }, page);
    const known = await findBackgrounds(
      database.executor,
      records.map(({ id }) => id),
    );
    const summaryOf = (id: string) => {
      const background = known.get(id);
      return background === undefined ? undefined : backgrounds.summarize(background);
    };
    return { data: records.map((record) => viewSummary(record, summaryOf(record.id))), hasMore: page.offset + records.length < total, total };
  }

  /** A conversation with its newest messages. */
  async get(organizationId: string, id: string, messageLimit: number): Promise<ConversationDetail> {
    return this.#detail(await this.#find(organizationId, id), messageLimit);
  }

  /**
   * Changes the metadata and the name of an iMessage group; a name is ignored anywhere else. Throws the provider's codes,
   * and then nothing has changed.
   */
  async update(organizationId: string, id: string, { metadata, group_name: groupName }: UpdateConversation): Promise<ConversationDetail> {
    const { database, feed, provider } = this.#options;
    const conversation = await this.#find(organizationId, id);
    const isRenamed = conversation.isGroup && conversation.channel === 'imessage' && typeof groupName === 'string' && groupName !== conversation.groupName;
    if (isRenamed) {
      if (!provider.capabilities.renameGroup) throw new BacklotError('provider_unsupported');
      await provider.renameGroup(chatOf(conversation), groupName, AbortSignal.timeout(RENAME_TIMEOUT_MS));
    }
    await updateConversation(database.executor, id, { ...(metadata === undefined ? {} : { metadata }), ...(isRenamed ? { groupName } : {}) });
    feed.publish(organizationId, { event: 'conversation', data: { conversationId: id } });
    return this.get(organizationId, id, DETAIL_MESSAGES);
  }

  /** A page of messages, newest first. With `after` alone those nearest to it, else the newest. */
  async messages(organizationId: string, id: string, filter: MessageFilter): Promise<MessagePage> {
    const { database, provider } = this.#options;
    const { limit } = filter;
    const before = momentOf(filter.before);
    const after = momentOf(filter.after);
    const found = await listMessages(database.executor, { organizationId, provider: provider.name }, id, { limit: limit + 1, before, after });
    // A message has a conversation; without any there may be none.
    if (found.length === 0) await this.#find(organizationId, id);
    const hasMore = found.length > limit;
    // The one too many is the farthest from where the page starts.
    const isForward = after !== undefined && before === undefined;
    const page = hasMore && isForward ? found.slice(1) : found.slice(0, limit);
    return { data: page.map(viewMessage), hasMore };
  }

  /** Shows the typing indicator, if that can be done at once. Throws `channel_not_supported`, and nothing of the provider's. */
  async showTyping(organizationId: string, id: string): Promise<TypingStatus> {
    const conversation = await this.#find(organizationId, id);
    if (conversation.channel !== 'imessage') throw new BacklotError('channel_not_supported');
    const { isSent, warning } = await this.#type(chatOf(conversation));
    return {
      conversationId: id,
      channel: channelName(conversation.channel),
      status: isSent ? 'typing indicator sent' : 'typing indicator not sent',
      ...(warning === null ? {} : { warning }),
    };
  }

  /** Sets the background. Throws the codes of `ConversationBackgrounds.set`. */
  async setBackground(organizationId: string, id: string, request: SetConversationBackground, signal: AbortSignal): Promise<ConversationBackground> {
    return this.#options.backgrounds.set(await this.#find(organizationId, id), request, signal);
  }

  /** The background as it is now. Throws the provider's codes. */
  async getBackground(organizationId: string, id: string): Promise<LiveConversationBackground> {
    return this.#options.backgrounds.get(await this.#find(organizationId, id));
  }

  /** Removes the background. Throws the codes of `ConversationBackgrounds.remove`. */
  async removeBackground(organizationId: string, id: string): Promise<void> {
    await this.#options.backgrounds.remove(await this.#find(organizationId, id));
  }

  /** Follows all conversations of an organization. Returns how to stop. */
  follow(organizationId: string, follower: ConversationFollower): () => void {
    return this.#options.feed.follow(organizationId, follower);
  }

  async #type(chat: ChatReference): Promise<{ readonly isSent: boolean; readonly warning: string | null }> {
    const { provider } = this.#options;
    if (!provider.capabilities.typing) return { isSent: false, warning: "The messaging provider can't show typing." };
    try {
      return await provider.startTyping(chat, AbortSignal.timeout(TYPING_TIMEOUT_MS));
    } catch (error) {
      if (!(error instanceof BacklotError)) throw error;
      return { isSent: false, warning: error.message };
    }
  }

  async #detail(conversation: ConversationRecord, messageLimit: number): Promise<ConversationDetail> {
    const { database, provider } = this.#options;
    const messages = await listMessages(database.executor, conversation, conversation.id, { limit: messageLimit });
    return viewDetail(conversation, messages, provider.capabilities);
  }

  async #find(organizationId: string, id: string): Promise<ConversationRecord> {
    const { database, provider } = this.#options;
    const found = await findConversation(database.executor, { organizationId, provider: provider.name }, id);
    if (found === null) throw new BacklotError('conversation_not_found');
    return found;
  }
}

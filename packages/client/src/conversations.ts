import type {
  ConversationBackground,
  ConversationDetail,
  ConversationEvent,
  ConversationPage,
  LiveConversationBackground,
  MessagePage,
  SetConversationBackgroundInput,
  TypingStatus,
  UpdateConversation,
} from '@backlot/contract';
import { type EventsOptions, followEvents } from './event-stream.js';
import type { CallOptions, CreateOptions, Transport } from './transport.js';

/** Which conversations. */
export interface ListConversationsOptions extends CallOptions {
  /** Conversations a page, 1 to 100. Default 20. */
  readonly limit?: number;
  /** How many to leave out. Default 0. */
  readonly offset?: number;
}

/** Which messages. */
export interface ListMessagesOptions extends CallOptions {
  /** Messages a page, 1 to 200. Default 50. */
  readonly limit?: number;
  /** Only older ones: `receivedAt` of the oldest that is known. */
  readonly before?: string;
  /** Only newer ones: `receivedAt` of the newest that is known. */
  readonly after?: string;
}

/** Chats with people, in AgentPhone's form. Every method throws `BacklotApiError`. */
export interface ConversationsApi {
  /** Newest message first. */
  list(options?: ListConversationsOptions): Promise<ConversationPage>;
  get(id: string, options?: CallOptions & { readonly messageLimit?: number }): Promise<ConversationDetail>;
  update(id: string, change: UpdateConversation, options?: CallOptions): Promise<ConversationDetail>;
  /** Newest first. */
  messages(id: string, options?: ListMessagesOptions): Promise<MessagePage>;
  /** Shows that an answer is being written; best effort. */
  showTyping(id: string, options?: CallOptions): Promise<TypingStatus>;
  /** Sets the wallpaper of an iMessage chat: `image_url`, or `background_image` of the library. May take 45 s. */
  setBackground(id: string, background: SetConversationBackgroundInput, options?: CreateOptions): Promise<ConversationBackground>;
  /** As it is now: asked of the provider where it can tell. */
  getBackground(id: string, options?: CallOptions): Promise<LiveConversationBackground>;
  removeBackground(id: string, options?: CallOptions): Promise<void>;
  /** What happens to all conversations; survives lost connections, `onOpen` says when something may have been missed. */
  events(options?: EventsOptions): AsyncGenerator<ConversationEvent, void, undefined>;
}

const CONVERSATIONS = '/v1/conversations';
const NAMES: readonly ConversationEvent['event'][] = ['conversation', 'message', 'background'];
/** Backlot fetches the image (10 s), looks at it (5 s) and forwards it (30 s). */
const SET_TIMEOUT_MS = 60_000;

const pathOf = (id: string, rest = ''): string => `${CONVERSATIONS}/${encodeURIComponent(id)}${rest}`;

/** Conversations by REST. */
export const createConversationsApi = (transport: Transport): ConversationsApi => ({
  list: async ({ limit, offset, ...options } = {}) => transport.send({ method: 'GET', path: CONVERSATIONS, query: { limit, offset }, ...options }),
  get: async (id, { messageLimit, ...options } = {}) => transport.send({ method: 'GET', path: pathOf(id), query: { message_limit: messageLimit }, ...options }),
  update: async (id, change, options) => transport.send({ method: 'PATCH', path: pathOf(id), body: change, ...options }),
  messages: async (id, { limit, before, after, ...options } = {}) =>
    transport.send({ method: 'GET', path: pathOf(id, '/messages'), query: { limit, before, after }, ...options }),
  showTyping: async (id, options) => transport.send({ method: 'POST', path: pathOf(id, '/typing'), ...options }),
  setBackground: async (id, background, options) =>
    transport.send({ method: 'POST', path: pathOf(id, '/background'), body: background, timeoutMs: SET_TIMEOUT_MS, ...options }),
  getBackground: async (id, options) => transport.send({ method: 'GET', path: pathOf(id, '/background'), ...options }),
  removeBackground: async (id, options) => transport.send({ method: 'DELETE', path: pathOf(id, '/background'), ...options }),
  events: (options) => followEvents<ConversationEvent>(transport, '/v1/conversation-events', NAMES, options),
});

import { conversationBackgrounds, conversations, messages, messagingState, surfaces, webhookEvents } from '../database/schema.js';
import { openTestApp, type TestApp } from '../http/http.testing.js';
import { createSealer } from '../identity/sealer.js';
import { createLog } from '../logging.js';
import { createBlooioProvider } from '../messaging/blooio/provider.js';
import { signDelivery } from '../messaging/blooio/signature.js';
import type { MessagingProvider, ProviderMemory } from '../messaging/port.js';
import { startWireServer, type WireReply, type WireRequest, type WireServer } from '../http/wire-server.testing.js';
import { ConversationFeed } from './feed.js';
import { inboundPath, registerInboundRoutes } from './inbound-routes.js';
import { Inbox } from './inbox.js';
import { createProviderMemory } from './provider-memory.js';
import type { ConversationOwner, ConversationRecord } from './repository.js';

/** Our own number. */
export const OUR_NUMBER = '+12025550100';
/** What the provider was told beside the address. */
export const INBOUND_SECRET = 'a-secret-that-only-the-provider-was-told';
const SIGNING_SECRET = 'whsec_test';

/** A message at the provider, as Blooio's list has it. */
export interface WireMessage {
  readonly message_id: string;
  readonly text: string;
  readonly time_sent: number;
  readonly direction?: 'inbound' | 'outbound';
  readonly protocol?: string;
  readonly sender?: string;
}

/** A chat at the provider. A group has a name. */
export interface WireChat {
  readonly id: string;
  readonly people: readonly { readonly identifier: string; readonly name: string | null }[];
  readonly groupName?: string;
  readonly messages: WireMessage[];
}

/** What comes in, from Blooio's adapter in front of a server that speaks its wire, to a real database. */
export interface TestInbound extends AsyncDisposable {
  readonly test: TestApp;
  readonly provider: MessagingProvider;
  readonly wire: WireServer;
  /** What the provider has. */
  readonly chats: WireChat[];
  readonly owner: ConversationOwner;
  readonly inbox: Inbox;
  /** How far asking has come. */
  readonly memory: ProviderMemory;
  /** Events of the feed, in order. */
  readonly told: { event: string; data: unknown }[];
  /** Conversations whose background was said to have changed. */
  readonly noticed: ConversationRecord[];
  /** Lines that inbox and provider logged. */
  readonly logged: string[];
  /** Forgets everything that came in, and the provider's chats. */
  readonly clear: () => Promise<void>;
  /** Delivers a webhook, signed now. */
  readonly deliver: (delivery: object) => Promise<Response>;
}

const byTime = (left: WireMessage, right: WireMessage): number => left.time_sent - right.time_sent;

const answerFrom = (chats: readonly WireChat[], { path }: WireRequest): WireReply => {
  const { pathname, searchParams } = new URL(path, 'http://wire.test');
  const number = (name: string, otherwise: number): number => Number(searchParams.get(name) ?? otherwise);
  const [offset, limit] = [number('offset', 0), number('limit', 50)];
  if (pathname === '/chats') {
    const listed = chats.map(({ id, groupName, people, messages }) => ({
      id,
      is_group: groupName !== undefined,
      group_name: groupName ?? null,
      contact: groupName === undefined ? { identifier: id, name: people[0]?.name ?? null } : null,
      last_message_time: Math.max(0, ...messages.map(({ time_sent: sentMs }) => sentMs)),
    }));
    listed.sort((left, right) => right.last_message_time - left.last_message_time);
    return { body: { chats: listed.slice(offset, offset + limit) } };
  }
  const [, kind, encoded = '', list] = pathname.split('/');
  const chat = chats.find(({ id }) => id === decodeURIComponent(encoded));
  if (chat === undefined) return { status: 404, body: {} };
  if (kind === 'groups' && list === 'members') return { body: { members: chat.people } };
  const sinceMs = number('since', 0);
  const found = chat.messages.filter(({ time_sent: sentMs }) => sentMs >= sinceMs).sort(byTime);
  if (searchParams.get('sort') !== 'asc') found.reverse();
  const messages = found.slice(offset, offset + limit).map((message) => ({ direction: 'inbound', internal_id: OUR_NUMBER, protocol: 'imessage', ...message }));
  return { body: { messages } };
};

/** Opens it. */
export const openTestInbound = async (
  options: { readonly onBackgroundNotice?: (conversation: ConversationRecord) => Promise<void> } = {},
): Promise<TestInbound> => {
  const test = await openTestApp();
  const wire = await startWireServer();
  const chats: WireChat[] = [];
  wire.answer = (request) => answerFrom(chats, request);
  const logged: string[] = [];
  const log = createLog('debug', { write: (line: string) => void logged.push(line) });
  const provider = createBlooioProvider({ baseUrl: wire.url, apiKey: 'key', phoneNumber: OUR_NUMBER, webhookSecret: SIGNING_SECRET, log });
  const owner = { organizationId: test.organizationId, provider: provider.name };
  const feed = new ConversationFeed();
  const told: TestInbound['told'] = [];
  feed.follow(owner.organizationId, (event) => told.push(event));
  const noticed: ConversationRecord[] = [];
  const inbox = new Inbox({
    database: test.database,
    owner,
    feed,
    onPublished: () => undefined,
    onBackgroundNotice:
      options.onBackgroundNotice ??
      (async (conversation) => {
        noticed.push(conversation);
      }),
    log,
    now: () => new Date(),
  });
  registerInboundRoutes(test.app, { provider, secret: INBOUND_SECRET, listener: inbox.listener });
  return {
    test,
    provider,
    wire,
    chats,
    owner,
    inbox,
    memory: createProviderMemory(test.database, createSealer(new Uint8Array(32)), 'blooio asked', log),
    told,
    noticed,
    logged,
    clear: async () => {
      wire.fault = null;
      wire.answer = (request) => answerFrom(chats, request);
      for (const list of [chats, told, noticed, logged, wire.requests]) list.length = 0;
      for (const table of [messages, conversationBackgrounds, surfaces, conversations, webhookEvents, messagingState]) {
        await test.database.executor.delete(table);
      }
    },
    deliver: async (delivery) => {
      const body = Buffer.from(JSON.stringify(delivery));
      const headers = { 'content-type': 'application/json', 'x-blooio-signature': signDelivery(SIGNING_SECRET, body, new Date()) };
      return test.app.request(inboundPath(provider.name, INBOUND_SECRET), { method: 'POST', headers, body });
    },
    [Symbol.asyncDispose]: async () => {
      await provider[Symbol.asyncDispose]();
      await wire[Symbol.asyncDispose]();
      await test[Symbol.asyncDispose]();
    },
  };
};

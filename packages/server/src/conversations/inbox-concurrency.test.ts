import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../database/database.js';
import { conversations, messages, organizations, webhookEvents } from '../database/schema.js';
import { type Cluster, findPostgres, startCluster } from '../database/postgres/cluster.testing.js';
import { openPostgresDatabase } from '../database/postgres/postgres-database.js';
import type { ProviderChat, ProviderMessage } from '../messaging/port.js';
import { ConversationFeed } from './feed.js';
import { Inbox } from './inbox.js';

// The embedded database has one connection, where nothing is ever at once. Here two processes' worth of connections
// bring the same messages of one moment to one conversation that none of them knows, while a list brings the chat.

const bin = findPostgres();
const log = pino({ level: 'silent' });
const CHAT: ProviderChat = {
  chatId: '+12025550142',
  isGroup: false,
  channel: 'imessage',
  phoneNumber: '+12025550100',
  participants: [{ identifier: '+12025550142', name: 'Maya Lindqvist' }],
  groupName: null,
};
const SENT_AT = new Date('2026-11-20T12:00:00.000Z');
const COUNT = 40;

describe.skipIf(bin === undefined)('an inbox on PostgreSQL', () => {
  let cluster: Cluster;
  let databases: Database[];
  beforeAll(async () => {
    cluster = await startCluster(bin ?? '');
    const url = await cluster.createDatabase();
    databases = [await openPostgresDatabase({ url, log }), await openPostgresDatabase({ url, log })];
    await databases[0]?.executor.insert(organizations).values({ id: 'org_1', name: 'One', createdAt: SENT_AT });
  });
  afterAll(async () => {
    for (const database of databases) await database[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  it('keeps every message once and each at a moment of its own, whoever brings them at once', async () => {
    const kept: string[] = [];
    const inboxes = databases.map((database) => {
      const feed = new ConversationFeed();
      feed.follow('org_1', (event) => event.event === 'message' && kept.push(event.data.message.body));
      const owner = { organizationId: 'org_1', provider: 'blooio' };
      return new Inbox({ database, owner, feed, onPublished: () => undefined, onBackgroundNotice: async () => undefined, log, now: () => SENT_AT });
    });
    const told = Array.from({ length: COUNT }, (_, index): ProviderMessage => ({
      messageId: `msg_${index}`,
      chat: CHAT,
      direction: 'inbound',
      text: `Text ${index}`,
      sender: CHAT.chatId,
      mediaUrls: [],
      reactions: [],
      replyTo: null,
      sentAt: SENT_AT,
    }));
    await Promise.all(
      inboxes.flatMap((inbox) => [
        inbox.keepChats([CHAT]),
        ...told.map(async (message) => inbox.listener({ kind: 'message', message })),
        ...told.toReversed().map(async (message) => inbox.listener({ kind: 'message', message })),
      ]),
    );
    const [database] = databases;
    const rows = (await database?.executor.select().from(messages)) ?? [];
    const bodies = told.map(({ text }) => text).sort();
    expect(rows.map(({ body }) => body).sort()).toEqual(bodies);
    expect(kept.sort()).toEqual(bodies);
    expect(rows.map(({ receivedAt }) => receivedAt.getTime() - SENT_AT.getTime()).sort((a, b) => a - b)).toEqual(bodies.map((_, index) => index));
    expect(await database?.executor.select().from(conversations)).toMatchObject([
      { messageCount: COUNT, lastMessageAt: new Date(SENT_AT.getTime() + COUNT - 1) },
    ]);
    expect(await database?.executor.select().from(webhookEvents)).toHaveLength(COUNT);
  });
});

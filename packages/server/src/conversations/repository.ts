import { messageChannel, type MessageChannel, participant, type Participant } from '@backlot/contract';
import { and, asc, count, desc, eq, getTableColumns, gt, gte, inArray, lt, sql, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import type { Executor } from '../database/database.js';
import { conversationBackgrounds, conversations, messages } from '../database/schema.js';
import { createId } from '../ids.js';
import type { ChatReference, ProviderChat, ProviderMessage } from '../messaging/port.js';
import { createSurface } from '../surfaces/background.js';

/** A conversation as the database has it, without its background. */
export interface ConversationRecord {
  readonly id: string;
  readonly organizationId: string;
  readonly provider: string;
  readonly providerChatId: string;
  readonly channel: MessageChannel;
  readonly phoneNumber: string;
  readonly isGroup: boolean;
  readonly groupName: string | null;
  readonly groupIconUrl: string | null;
  readonly participants: readonly Participant[];
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly messageCount: number;
  readonly lastMessageAt: Date;
  readonly lastMessagePreview: string;
  readonly createdAt: Date;
}

/** Its chat, in the provider's words. */
export const chatOf = ({ providerChatId, isGroup }: ConversationRecord): ChatReference => ({ chatId: providerChatId, isGroup });

const reactionSchema = z.object({
  id: z.string(),
  reactionType: z.string(),
  fromNumber: z.string(),
  direction: z.enum(['inbound', 'outbound']),
  createdAt: z.string(),
});
const replySchema = z.object({ messageId: z.string(), message: z.string() });

/** A message as the database has it. */
export interface MessageRecord {
  readonly id: string;
  readonly conversationId: string;
  readonly providerMessageId: string;
  readonly direction: 'inbound' | 'outbound';
  readonly body: string;
  readonly fromNumber: string;
  readonly toNumber: string;
  readonly senderIdentifier: string | null;
  readonly channel: MessageChannel;
  readonly mediaUrls: readonly string[];
  readonly reactions: readonly z.infer<typeof reactionSchema>[];
  readonly replyTo: z.infer<typeof replySchema> | null;
  readonly receivedAt: Date;
}

// Made once: making a schema costs more than a row's check by it.
const participantsSchema = z.array(participant);
const metadataSchema = z.record(z.string(), z.unknown()).nullable();
const messagesSchema = z.array(
  z.object({
    id: z.string(),
    conversationId: z.string(),
    providerMessageId: z.string(),
    direction: z.enum(['inbound', 'outbound']),
    body: z.string(),
    fromNumber: z.string(),
    toNumber: z.string(),
    senderIdentifier: z.string().nullable(),
    channel: messageChannel,
    mediaUrls: z.array(z.string()),
    reactions: z.array(reactionSchema),
    replyTo: replySchema.nullable(),
    receivedAt: z.string().transform((text) => new Date(text)),
  }),
);

const PREVIEW_LENGTH = 120;

const toRecord = (row: typeof conversations.$inferSelect): ConversationRecord => ({
  ...row,
  channel: messageChannel.parse(row.channel),
  participants: participantsSchema.parse(row.participants),
  metadata: metadataSchema.parse(row.metadata),
});

/** All columns of messages under our own names, which the database's JSON has, too. */
const messageColumns = sql.raw(
  Object.entries(getTableColumns(messages))
    .map(([name, { name: column }]) => `"${column}" as "${name}"`)
    .join(', '),
);

/** Whose conversations: those that an organization has at a provider. */
export interface ConversationOwner {
  readonly organizationId: string;
  readonly provider: string;
}

const isOwnedBy = ({ organizationId, provider }: ConversationOwner): SQL | undefined =>
  and(eq(conversations.organizationId, organizationId), eq(conversations.provider, provider));

const conversationIs = (owner: ConversationOwner, id: string): SQL | undefined => and(eq(conversations.id, id), isOwnedBy(owner));

/** A conversation; null when there is none or it is another's. */
export const findConversation = async (executor: Executor, owner: ConversationOwner, id: string): Promise<ConversationRecord | null> => {
  const [row] = await executor.select().from(conversations).where(conversationIs(owner, id)).limit(1);
  return row === undefined ? null : toRecord(row);
};

const chatIs = (owner: ConversationOwner, chatId: string): SQL | undefined => and(isOwnedBy(owner), eq(conversations.providerChatId, chatId));

/** A conversation by the provider's name for it. */
export const findConversationByChat = async (executor: Executor, owner: ConversationOwner, chatId: string): Promise<ConversationRecord | null> => {
  const [row] = await executor.select().from(conversations).where(chatIs(owner, chatId)).limit(1);
  return row === undefined ? null : toRecord(row);
};

/** A page of conversations, newest message first, and how many there are in all. */
export const listConversations = async (
  executor: Executor,
  owner: ConversationOwner,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ readonly records: ConversationRecord[]; readonly total: number }> => {
  const mine = isOwnedBy(owner);
  const rows = await executor
    .select()
    .from(conversations)
    .where(mine)
    .orderBy(desc(conversations.lastMessageAt), desc(conversations.id))
    .limit(page.limit)
    .offset(page.offset);
  const [counted] = await executor.select({ total: count() }).from(conversations).where(mine);
  return { records: rows.map(toRecord), total: counted?.total ?? 0 };
};

/** What a provider's chat says of its conversation. A name that isn't told is no name that was taken away. */
const readFacts = (chat: ProviderChat, known: ConversationRecord | null, isWhole: boolean) => {
  const names = new Map(known?.participants.map(({ identifier, name }) => [identifier, name]));
  const told = chat.participants.map(({ identifier, name }) => ({ identifier, name: name ?? names.get(identifier) ?? null }));
  const participants = known === null || isWhole || told.length >= known.participants.length ? told : [...known.participants];
  return { channel: chat.channel, groupName: chat.groupName ?? known?.groupName ?? null, participants };
};

/** The facts of a chat where they are others than its conversation has; null where they are the same. */
const findNews = (chat: ProviderChat, known: ConversationRecord, isWhole: boolean): ReturnType<typeof readFacts> | null => {
  const { channel, groupName, participants } = known;
  const facts = readFacts(chat, known, isWhole);
  return JSON.stringify(facts) === JSON.stringify({ channel, groupName, participants }) ? null : facts;
};

/**
 * Finds the conversation of a provider's chat, or makes it with a surface that has no background. Follows changes of
 * channel, name and members. `sentAt`: of the message that brings the chat. It is followed when it is newer than all
 * others, and it may name fewer people than there are; the provider's list, without `sentAt`, names all.
 */
export const ensureConversation = async (
  transaction: Executor,
  owner: ConversationOwner,
  chat: ProviderChat,
  now: Date,
  sentAt?: Date,
): Promise<{ readonly record: ConversationRecord; readonly isNews: boolean }> => {
  const { organizationId, provider } = owner;
  const id = createId('conv');
  const inserted = await transaction
    .insert(conversations)
    .values({
      id,
      organizationId,
      provider,
      providerChatId: chat.chatId,
      phoneNumber: chat.phoneNumber,
      isGroup: chat.isGroup,
      messageCount: 0,
      lastMessageAt: now,
      lastMessagePreview: '',
      createdAt: now,
      ...readFacts(chat, null, true),
    })
    .onConflictDoNothing()
    .returning();
  const [made] = inserted;
  if (made !== undefined) {
    await createSurface(transaction, { surfaceId: id, organizationId, now }, { kind: 'none' });
    await transaction.insert(conversationBackgrounds).values({ conversationId: id, isForeign: false, isInDoubt: false });
    return { record: toRecord(made), isNews: true };
  }
  const [row] = await transaction.select().from(conversations).where(chatIs(owner, chat.chatId));
  if (row === undefined) throw new Error('a conversation vanished while it was looked up');
  const found = toRecord(row);
  const facts = sentAt !== undefined && sentAt <= found.lastMessageAt ? null : findNews(chat, found, sentAt === undefined);
  if (facts === null) return { record: found, isNews: false };
  await transaction.update(conversations).set(facts).where(eq(conversations.id, found.id));
  return { record: { ...found, ...facts }, isNews: true };
};

/** Those of the chats in a provider's list that have no conversation yet, or tell something else than it does. */
export const filterChatsWithNews = async (executor: Executor, owner: ConversationOwner, chats: readonly ProviderChat[]): Promise<ProviderChat[]> => {
  const chatIds = chats.map(({ chatId }) => chatId);
  const rows = await executor
    .select()
    .from(conversations)
    .where(and(isOwnedBy(owner), inArray(conversations.providerChatId, chatIds)));
  const known = new Map(rows.map((row) => [row.providerChatId, toRecord(row)]));
  return chats.filter((chat) => {
    const record = known.get(chat.chatId);
    return record === undefined || findNews(chat, record, true) !== null;
  });
};

/** Changes what clients may change. Absent fields stay. */
export const updateConversation = async (
  executor: Executor,
  id: string,
  changes: { readonly metadata?: Readonly<Record<string, unknown>> | null; readonly groupName?: string },
): Promise<void> => {
  if (Object.keys(changes).length > 0) await executor.update(conversations).set(changes).where(eq(conversations.id, id));
};

/**
 * Keeps a message, and the conversation's count, preview and place in the list with it. Null when it is kept already.
 * Messages of one conversation take turns, so that each gets a millisecond of its own.
 */
export const insertMessage = async (transaction: Executor, conversation: ConversationRecord, message: ProviderMessage): Promise<MessageRecord | null> => {
  const { id: conversationId } = conversation;
  const [current] = await transaction.select().from(conversations).where(eq(conversations.id, conversationId)).for('update');
  if (current === undefined) return null;
  const ofProvider = (providerMessageId: string) => and(eq(messages.conversationId, conversationId), eq(messages.providerMessageId, providerMessageId));
  const [known] = await transaction.select({ id: messages.id }).from(messages).where(ofProvider(message.messageId)).limit(1);
  if (known !== undefined) return null;
  const [answered] = message.replyTo === null ? [] : await transaction.select().from(messages).where(ofProvider(message.replyTo)).limit(1);

  let receivedAtMs = message.sentAt.getTime();
  const later = await transaction
    .select({ receivedAt: messages.receivedAt })
    .from(messages)
    .where(and(eq(messages.conversationId, conversationId), gte(messages.receivedAt, message.sentAt)))
    .orderBy(asc(messages.receivedAt));
  for (const { receivedAt } of later) {
    if (receivedAt.getTime() > receivedAtMs) break;
    receivedAtMs++;
  }
  const receivedAt = new Date(receivedAtMs);

  const other = conversation.isGroup ? conversation.providerChatId : (conversation.participants[0]?.identifier ?? conversation.providerChatId);
  const isInbound = message.direction === 'inbound';
  const row = {
    id: createId('msg'),
    conversationId,
    providerMessageId: message.messageId,
    direction: message.direction,
    body: message.text,
    fromNumber: isInbound ? (message.sender ?? other) : conversation.phoneNumber,
    toNumber: isInbound ? conversation.phoneNumber : other,
    senderIdentifier: message.sender,
    channel: message.chat.channel,
    mediaUrls: [...message.mediaUrls],
    reactions: message.reactions.map(({ createdAt, ...reaction }) => ({ ...reaction, createdAt: createdAt.toISOString() })),
    replyTo: answered === undefined ? null : { messageId: answered.id, message: answered.body },
    receivedAt,
  };
  await transaction.insert(messages).values(row);
  // A conversation's first message may be older than the conversation is here.
  const isNewest = current.messageCount === 0 || receivedAt > current.lastMessageAt;
  await transaction
    .update(conversations)
    .set({
      messageCount: current.messageCount + 1,
      ...(isNewest ? { lastMessageAt: receivedAt, lastMessagePreview: Array.from(message.text).slice(0, PREVIEW_LENGTH).join('') } : {}),
    })
    .where(eq(conversations.id, conversationId));
  return row;
};

/**
 * Messages of a conversation, newest first, at most `limit`. `before` and `after` are exclusive. With `after` alone the
 * messages nearest to it, else the newest. None when there is no such conversation or it is another's.
 */
export const listMessages = async (
  executor: Executor,
  owner: ConversationOwner,
  conversationId: string,
  filter: { readonly limit: number; readonly before?: Date | undefined; readonly after?: Date | undefined },
): Promise<MessageRecord[]> => {
  const { limit, before, after } = filter;
  const isForward = after !== undefined && before === undefined;
  const mine = executor.select({ id: conversations.id }).from(conversations).where(conversationIs(owner, conversationId));
  const page = executor
    .select({ columns: messageColumns })
    .from(messages)
    .where(
      and(
        eq(messages.conversationId, mine),
        before === undefined ? undefined : lt(messages.receivedAt, before),
        after === undefined ? undefined : gt(messages.receivedAt, after),
      ),
    )
    .orderBy(isForward ? asc(messages.receivedAt) : desc(messages.receivedAt))
    .limit(limit)
    .as('page');
  // As one text: reading field after field takes the embedded database longer than finding them all.
  const [row] = await executor.select({ text: sql<string>`coalesce(json_agg("page"), '[]')::text` }).from(page);
  const found: MessageRecord[] = messagesSchema.parse(JSON.parse(row?.text ?? '[]'));
  return isForward ? found.reverse() : found;
};

/** When a provider's newest kept message was sent; null when there is none. */
export const findNewestMessageTime = async (executor: Executor, owner: ConversationOwner): Promise<Date | null> => {
  const mine = executor.select({ id: conversations.id }).from(conversations).where(isOwnedBy(owner));
  const [row] = await executor
    .select({ receivedAt: messages.receivedAt })
    .from(messages)
    .where(inArray(messages.conversationId, mine))
    .orderBy(desc(messages.receivedAt))
    .limit(1);
  return row?.receivedAt ?? null;
};

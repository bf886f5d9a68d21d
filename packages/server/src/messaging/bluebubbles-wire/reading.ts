import type { MessageChannel } from '@backlot/contract';
import type { z } from 'zod';
import type { ProviderChat, ProviderMessage, ProviderReaction } from '../port.js';
import { chatIdOf, parseChatGuid } from './chat-guid.js';
import type { chat, listedChat, message } from './wire.js';

type Chat = z.infer<typeof chat>;
type Message = z.infer<typeof message>;

/** What a message of the wire turns out to be. */
export type WireEvent =
  | { readonly kind: 'message'; readonly message: ProviderMessage }
  | { readonly kind: 'background'; readonly chatId: string }
  /** `isAdded` false: it was taken back. */
  | { readonly kind: 'reaction'; readonly messageId: string; readonly isAdded: boolean; readonly reaction: ProviderReaction }
  /** Somebody joined, left, named the group …: nothing that is kept. */
  | { readonly kind: 'other' };

/** What it takes to read chats and messages. */
export interface Reader {
  /** Our own number. */
  readonly phoneNumber: string;
  /** Where attachments are, without any secret. */
  readonly attachmentUrl: (guid: string) => string;
}

/** `itemType` of what happened to a group's looks, and the `groupActionType` of a new background (seen on macOS 26, not documented). */
const GROUP_ACTION = 3;
const BACKGROUND_CHANGED = 4;

const REACTIONS: Readonly<Record<string, string>> = {
  '2000': 'love',
  '2001': 'like',
  '2002': 'dislike',
  '2003': 'laugh',
  '2004': 'emphasize',
  '2005': 'question',
  '2006': 'emoji',
};
const REACTION_NAMES = new Set(Object.values(REACTIONS));

/** Servers tell a reaction by name, taken back with a minus, or by number, taken back with 1000 more. */
const readReactionType = (type: string): { readonly name: string; readonly isAdded: boolean } | null => {
  const isTakenBack = type.startsWith('-') || /^3\d{3}$/.test(type);
  const bare = type.replace(/^-/, '').replace(/^3(?=\d{3}$)/, '2');
  const name = REACTIONS[bare] ?? bare;
  return REACTION_NAMES.has(name) ? { name, isAdded: !isTakenBack } : null;
};

const channelOf = (guid: string, service: string | null | undefined): MessageChannel => {
  const prefix = parseChatGuid(guid)?.service;
  switch ((prefix === undefined || prefix === 'any' ? service : prefix)?.toLowerCase()) {
    case 'sms':
      return 'sms';
    case 'rcs':
      return 'rcs';
    default:
      return 'imessage';
  }
};

/** A chat. `service`: of its newest message, where its guid doesn't tell. */
export const readChat = (given: Chat, { phoneNumber }: Reader, service?: string | null): ProviderChat => {
  const { isGroup, address } = parseChatGuid(given.guid) ?? { isGroup: false, address: given.guid };
  const others = given.participants ?? [];
  return {
    chatId: chatIdOf(given.guid),
    isGroup,
    channel: channelOf(given.guid, service ?? others[0]?.service),
    phoneNumber,
    participants: isGroup ? others.map((someone) => ({ identifier: someone.address, name: null })) : [{ identifier: address, name: null }],
    groupName: isGroup && given.displayName ? given.displayName : null,
  };
};

/** A chat of the list and the moment of its newest message. */
export const readListedChat = (given: z.infer<typeof listedChat>, reader: Reader): { readonly chat: ProviderChat; readonly newestMs: number } => ({
  chat: readChat(given, reader, given.lastMessage?.handle?.service),
  newestMs: given.lastMessage?.dateCreated ?? 0,
});

/** A message, given its chat. */
export const readMessage = (given: Message, inChat: Chat, reader: Reader): WireEvent => {
  const provided = readChat(inChat, reader, given.handle?.service);
  const { chatId, phoneNumber } = provided;
  const direction = given.isFromMe ? 'outbound' : 'inbound';
  const otherSide = provided.isGroup ? null : (provided.participants[0]?.identifier ?? null);
  const sender = given.isFromMe ? phoneNumber : (given.handle?.address ?? otherSide);
  const itemType = given.itemType ?? 0;
  if (itemType === GROUP_ACTION && given.groupActionType === BACKGROUND_CHANGED) return { kind: 'background', chatId };
  if (itemType !== 0) return { kind: 'other' };
  const reactionType = given.associatedMessageGuid ? readReactionType(String(given.associatedMessageType ?? '')) : null;
  if (reactionType !== null) {
    return {
      kind: 'reaction',
      messageId: (given.associatedMessageGuid ?? '').replace(/^(?:p:\d+\/|bp:)/, ''),
      isAdded: reactionType.isAdded,
      reaction: { id: given.guid, reactionType: reactionType.name, fromNumber: sender ?? '', direction, createdAt: new Date(given.dateCreated) },
    };
  }
  return {
    kind: 'message',
    message: {
      messageId: given.guid,
      chat: provided,
      direction,
      // Where an attachment stands in the text, there is an object replacement character.
      text: (given.text ?? '').replaceAll('\uFFFC', ''),
      sender,
      mediaUrls: (given.attachments ?? []).filter(({ hideAttachment }) => hideAttachment !== true).map(({ guid }) => reader.attachmentUrl(guid)),
      reactions: [],
      replyTo: given.threadOriginatorGuid ?? null,
      sentAt: new Date(given.dateCreated),
    },
  };
};

/** Messages with the reactions that are still there: of each person the last. */
export const withReactions = (events: readonly WireEvent[]): ProviderMessage[] => {
  const reactions = new Map<string, Map<string, ProviderReaction>>();
  for (const event of events) {
    if (event.kind !== 'reaction') continue;
    const ofMessage = reactions.get(event.messageId) ?? new Map<string, ProviderReaction>();
    reactions.set(event.messageId, ofMessage);
    if (event.isAdded) ofMessage.set(event.reaction.fromNumber, event.reaction);
    else ofMessage.delete(event.reaction.fromNumber);
  }
  return events.flatMap((event) =>
    event.kind === 'message' ? [{ ...event.message, reactions: [...(reactions.get(event.message.messageId)?.values() ?? [])] }] : [],
  );
};

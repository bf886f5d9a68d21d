import type { ProviderChat, ProviderMessage } from '../messaging/port.js';

/** PostgreSQL has no NUL in text, and no half of a surrogate pair in JSON; names that were cut may end with one. */
const cleanText = (text: string): string => text.replaceAll('\u0000', '').replaceAll(/\p{Surrogate}/gu, '\ufffd');
const cleanOptional = (text: string | null): string | null => (text === null ? null : cleanText(text));

const LATEST_MS = Date.UTC(10_000, 0) - 1;
/** Microseconds taken for milliseconds are beyond what the database reads, and more than that is no date at all. */
const cleanTime = (time: Date, otherwise: Date): Date => (time.getTime() >= 0 && time.getTime() <= LATEST_MS ? time : otherwise);

/** A chat that the database can hold, whatever the provider told. */
export const storableChat = (chat: ProviderChat): ProviderChat => ({
  ...chat,
  chatId: cleanText(chat.chatId),
  phoneNumber: cleanText(chat.phoneNumber),
  participants: chat.participants.map(({ identifier, name }) => ({ identifier: cleanText(identifier), name: cleanOptional(name) })),
  groupName: cleanOptional(chat.groupName),
});

/**
 * A message that the database can hold, whatever the provider told: one that can't be kept would be told again for
 * ever. `now` stands for a time that is none.
 */
export const storableMessage = (message: ProviderMessage, now: Date): ProviderMessage => {
  const sentAt = cleanTime(message.sentAt, now);
  return {
    ...message,
    messageId: cleanText(message.messageId),
    chat: storableChat(message.chat),
    text: cleanText(message.text),
    sender: cleanOptional(message.sender),
    mediaUrls: message.mediaUrls.map(cleanText),
    reactions: message.reactions.map((reaction) => ({
      ...reaction,
      id: cleanText(reaction.id),
      reactionType: cleanText(reaction.reactionType),
      fromNumber: cleanText(reaction.fromNumber),
      createdAt: cleanTime(reaction.createdAt, sentAt),
    })),
    replyTo: cleanOptional(message.replyTo),
    sentAt,
  };
};

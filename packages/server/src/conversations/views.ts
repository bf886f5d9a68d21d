import type { ConversationDetail, ConversationSummary, Message } from '@backlot/contract';
import type { MessagingCapabilities } from '../messaging/port.js';
import type { ConversationRecord, MessageRecord } from './repository.js';

/** A message on the wire. */
export const viewMessage = (record: MessageRecord): Message => ({
  id: record.id,
  body: record.body,
  fromNumber: record.fromNumber,
  toNumber: record.toNumber,
  direction: record.direction,
  senderIdentifier: record.senderIdentifier,
  channel: record.channel,
  mediaUrl: record.mediaUrls[0] ?? null,
  mediaUrls: [...record.mediaUrls],
  reactions: [...record.reactions],
  replyTo: record.replyTo,
  receivedAt: record.receivedAt.toISOString(),
});

const view = (record: ConversationRecord) => ({
  id: record.id,
  agentId: null,
  // We have one number a provider: the number is its own id.
  phoneNumberId: record.phoneNumber,
  phoneNumber: record.phoneNumber,
  participant: record.isGroup ? record.providerChatId : (record.participants[0]?.identifier ?? record.providerChatId),
  participants: [...record.participants],
  isGroup: record.isGroup,
  groupId: record.isGroup ? record.providerChatId : null,
  groupName: record.groupName,
  groupIconUrl: record.groupIconUrl,
  channel: record.channel,
  metadata: record.metadata === null ? null : { ...record.metadata },
  messageCount: record.messageCount,
  lastMessageAt: record.lastMessageAt.toISOString(),
  createdAt: record.createdAt.toISOString(),
});

/** A conversation in a list, on the wire. */
export const viewSummary = (record: ConversationRecord, background: ConversationSummary['background']): ConversationSummary => ({
  ...view(record),
  lastMessagePreview: record.lastMessagePreview,
  ...(background === undefined ? {} : { background }),
});

/** A conversation with its newest messages, on the wire. */
export const viewDetail = (record: ConversationRecord, messages: readonly MessageRecord[], capabilities: MessagingCapabilities): ConversationDetail => {
  const isImessage = record.channel === 'imessage';
  const { background } = capabilities;
  const hasBackgrounds = isImessage && (!record.isGroup || background.groups);
  return {
    ...view(record),
    messages: messages.map(viewMessage),
    capabilities: {
      background: { set: hasBackgrounds && background.set, get: hasBackgrounds && background.get, remove: hasBackgrounds && background.remove },
      typing: isImessage && capabilities.typing,
      messages: capabilities.history,
    },
  };
};

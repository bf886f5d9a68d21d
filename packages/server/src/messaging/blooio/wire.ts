import type { MessageChannel } from '@backlot/contract';
import { z } from 'zod';
import type { ProviderReaction } from '../port.js';

/** Blooio's error body: `code` tells more than the status where it is there. */
export const errorAnswer = z.object({ code: z.string().nullish() });

/** Answer of the three calls of a background; `changed` comes with a set only. */
export const backgroundAnswer = z.object({
  has_background: z.boolean(),
  background_id: z.string().nullish(),
  background_version: z.number().nullish(),
  changed: z.boolean().nullish(),
});

/** Answer of the typing call. `warning`: accepted, but nothing is shown (RCS). */
export const typingAnswer = z.object({ typing: z.boolean(), warning: z.string().nullish() });

/** Answer of a change to a group. */
export const groupAnswer = z.object({ group_id: z.string(), device_sync: z.object({ synced: z.boolean().nullish() }).nullish() });

const person = z.object({ identifier: z.string().min(1), name: z.string().nullish() });

/** Answer of the list of a group's members. */
export const membersAnswer = z.object({ members: z.array(person) });

/** A chat of the list. */
export const chat = z.object({
  id: z.string().min(1),
  is_group: z.boolean().nullish(),
  group_name: z.string().nullish(),
  contact: z.object({ identifier: z.string().nullish(), name: z.string().nullish() }).nullish(),
  last_message_time: z.number().nullish(),
});
/** Answer of the list of chats, newest first. */
export const chatsAnswer = z.object({ chats: z.array(chat) });

const attachment = z.union([z.string(), z.object({ url: z.string() })]);
const reaction = z.object({ reaction: z.string(), is_added: z.boolean().nullish(), time_sent: z.number().nullish(), sender: z.string().nullish() });

/** A message of a chat's list; times are milliseconds since 1970. */
export const message = z.object({
  message_id: z.string().min(1),
  direction: z.enum(['inbound', 'outbound']),
  internal_id: z.string().nullish(),
  text: z.string().nullish(),
  attachments: z.array(attachment).nullish(),
  sender: z.string().nullish(),
  time_sent: z.number(),
  protocol: z.string().nullish(),
  reactions: z.array(reaction).nullish(),
  reply_to: z.union([z.string(), z.object({ message_id: z.string() })]).nullish(),
});
/** Answer of the list of a chat's messages. */
export const messagesAnswer = z.object({ messages: z.array(message) });

/** Answer to the registration of a webhook: the secret comes once, when it is new. */
export const webhookAnswer = z.object({ webhook_id: z.string().min(1), signing_secret: z.string().min(1).nullish() });
/** Answer to the rotation of a webhook's secret. */
export const rotationAnswer = z.object({ signing_secret: z.string().min(1) });

/** Body of a webhook delivery of a message that came or went. */
export const messageDelivery = z.object({
  message_id: z.string().min(1),
  external_id: z.string().min(1).nullish(),
  internal_id: z.string().nullish(),
  protocol: z.string().nullish(),
  text: z.string().nullish(),
  attachments: z.array(attachment).nullish(),
  is_group: z.boolean().nullish(),
  group_id: z.string().nullish(),
  group_name: z.string().nullish(),
  participants: z.array(z.union([z.string(), person])).nullish(),
  sender: z.string().nullish(),
  timestamp: z.number(),
  received_at: z.number().nullish(),
  sent_at: z.number().nullish(),
  reply_to: z.union([z.string(), z.object({ message_id: z.string() })]).nullish(),
});

type Message = z.infer<typeof message>;

/** How a message travels. What has no way yet (`pending`, `unknown`) is on its way by iMessage. */
export const channelOf = (protocol: string | null | undefined): MessageChannel => {
  switch (protocol) {
    case 'sms':
    case 'non-imessage':
      return 'sms';
    case 'mms':
      return 'mms';
    case 'rcs':
      return 'rcs';
    default:
      return 'imessage';
  }
};

/** Addresses of attachments, which come as text or as an object. */
export const mediaUrlsOf = (attachments: Message['attachments']): string[] => (attachments ?? []).map((item) => (typeof item === 'string' ? item : item.url));

/** The id of the message that another one answers. */
export const replyToOf = (replyTo: Message['reply_to']): string | null => (typeof replyTo === 'string' ? replyTo : (replyTo?.message_id ?? null));

/** The reactions that are still there. Blooio gives them no id; who, what and where make one. */
export const reactionsOf = ({ message_id: messageId, reactions, time_sent: sentMs }: Message, phoneNumber: string): ProviderReaction[] =>
  (reactions ?? [])
    .filter(({ is_added: isAdded }) => isAdded !== false)
    .map(({ reaction: reactionType, sender, time_sent: timeMs }) => ({
      id: `${messageId}:${sender ?? phoneNumber}:${reactionType}`,
      reactionType,
      fromNumber: sender ?? phoneNumber,
      direction: sender === null || sender === undefined || sender === phoneNumber ? 'outbound' : 'inbound',
      createdAt: new Date(timeMs ?? sentMs),
    }));

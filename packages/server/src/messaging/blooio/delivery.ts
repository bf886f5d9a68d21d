import { z } from 'zod';
import { BacklotError } from '../../errors.js';
import type { InboundEvent } from '../port.js';
import { channelOf, mediaUrlsOf, messageDelivery, replyToOf } from './wire.js';

const invalid = (): BacklotError => new BacklotError('invalid_request', { message: "The delivery is not a message in Blooio's form." });

const parseBody = (rawBody: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(rawBody).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
};

/**
 * The message of a webhook delivery: one that came (`message.received`) or that was sent (`message.sent`). Of all
 * other events there is nothing to keep.
 *
 * @throws BacklotError `invalid_request`
 */
export const readDelivery = (rawBody: Uint8Array, ownNumber: string): InboundEvent[] => {
  const body = parseBody(rawBody);
  const named = z.object({ event: z.string() }).safeParse(body);
  if (!named.success) throw invalid();
  const event = named.data.event.toLowerCase();
  if (event !== 'message.received' && event !== 'message.sent') return [];
  const parsed = messageDelivery.safeParse(body);
  if (!parsed.success) throw invalid();
  const delivery = parsed.data;
  const isGroup = delivery.is_group === true;
  const chatId = isGroup ? (delivery.group_id ?? delivery.external_id) : delivery.external_id;
  if (chatId === null || chatId === undefined) throw invalid();
  const direction = event === 'message.received' ? 'inbound' : 'outbound';
  const phoneNumber = delivery.internal_id ?? ownNumber;
  const told = (delivery.participants ?? []).map((someone) =>
    typeof someone === 'string' ? { identifier: someone, name: null } : { identifier: someone.identifier, name: someone.name ?? null },
  );
  const others = told.filter(({ identifier }) => identifier !== phoneNumber);
  return [
    {
      kind: 'message',
      message: {
        messageId: delivery.message_id,
        chat: {
          chatId,
          isGroup,
          channel: channelOf(delivery.protocol),
          phoneNumber,
          participants: isGroup ? others : [others.find(({ identifier }) => identifier === chatId) ?? { identifier: chatId, name: null }],
          groupName: isGroup ? (delivery.group_name ?? null) : null,
        },
        direction,
        text: delivery.text ?? '',
        sender: direction === 'outbound' ? phoneNumber : (delivery.sender ?? (isGroup ? null : chatId)),
        mediaUrls: mediaUrlsOf(delivery.attachments),
        reactions: [],
        replyTo: replyToOf(delivery.reply_to),
        sentAt: new Date((direction === 'inbound' ? delivery.received_at : delivery.sent_at) ?? delivery.timestamp),
      },
    },
  ];
};

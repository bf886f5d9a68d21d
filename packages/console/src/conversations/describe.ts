import type { ConversationSummary } from '@backlot/client';

type Described = Pick<ConversationSummary, 'participant' | 'participants' | 'isGroup' | 'groupName' | 'channel'>;

const CHANNELS: Readonly<Record<ConversationSummary['channel'], string>> = {
  imessage: 'iMessage',
  sms: 'SMS',
  mms: 'MMS',
  rcs: 'RCS',
  whatsapp: 'WhatsApp',
  voice: 'Voice',
};

/** How a conversation's messages travel, as people write it. */
export const channelLabel = ({ channel }: Described): string => CHANNELS[channel];

/** What a conversation is called: the other person's name or number, or the group's name or its people. */
export const conversationTitle = ({ participant, participants, isGroup, groupName }: Described): string => {
  const names = participants.map(({ identifier, name }) => name ?? identifier);
  if (!isGroup) return names[0] ?? participant;
  return groupName ?? (names.length === 0 ? participant : names.join(', '));
};

/** Who somebody in a conversation is. */
export const nameOf = ({ participants }: Described, identifier: string | null): string =>
  participants.find((someone) => someone.identifier === identifier)?.name ?? identifier ?? 'Somebody';

/** One or two letters that stand for somebody; a number has none. */
export const initialsOf = (name: string): string =>
  name
    .split(/\s+/)
    .map((word) => /^\p{L}/u.exec(word)?.[0] ?? '')
    .filter((letter) => letter !== '')
    .slice(0, 2)
    .join('')
    .toUpperCase();

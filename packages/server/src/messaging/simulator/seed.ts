import type { StoredState } from './state-folder.js';

/** Our own number: of the range that is kept for fiction. */
const OWN_NUMBER = '+12025550100';
/** A person who doesn't exist. */
const MAYA = { identifier: '+12025550142', name: 'Maya Lindqvist' } as const;

const SCRIPT = [
  { direction: 'inbound', text: 'Hi! Is this the right number for the studio?', minutesAgo: 14 },
  { direction: 'outbound', text: 'It is. Hello, Maya.', minutesAgo: 13 },
  { direction: 'inbound', text: 'Great, I wanted to ask about Saturday.', minutesAgo: 12 },
  { direction: 'outbound', text: 'Saturday at four is yours.', minutesAgo: 9 },
  { direction: 'inbound', text: 'Lovely. This chat could do with a nicer background, though.', minutesAgo: 4 },
] as const;

/** What waits on a fresh machine: one conversation with a few messages, so that everything can be tried without an account. */
export const seedState = (now: Date): StoredState => ({
  format: 1,
  phoneNumber: OWN_NUMBER,
  chats: [
    {
      chatId: MAYA.identifier,
      isGroup: false,
      groupName: null,
      protocol: 'imessage',
      people: [MAYA],
      wallpaper: null,
      wallpaperVersion: 0,
      messages: SCRIPT.map(({ direction, text, minutesAgo }, index) => ({
        messageId: `sim_welcome_${index + 1}`,
        direction,
        text,
        sender: direction === 'inbound' ? MAYA.identifier : null,
        sentMs: now.getTime() - minutesAgo * 60_000,
      })),
    },
  ],
  webhooks: [],
});

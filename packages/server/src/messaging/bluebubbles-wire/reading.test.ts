import { describe, expect, test } from 'vitest';
import { type Reader, readMessage, type WireEvent, withReactions } from './reading.js';
import { chat, message } from './wire.js';

const reader: Reader = { phoneNumber: '+15550100', attachmentUrl: (guid) => `http://mac/${guid}` };
const NORA = { guid: 'iMessage;-;+15550123' };
const FILM_NIGHT = { guid: 'any;+;chat42', displayName: '', participants: [{ address: '+15550124' }, { address: '+15550125' }] };

/** Read as it would come over the wire, through its schema. */
const read = (given: Record<string, unknown>, inChat: unknown = NORA): WireEvent =>
  readMessage(message.parse({ guid: 'm1', dateCreated: 1000, isFromMe: false, ...given }), chat.parse(inChat), reader);
const reaction = (guid: string, type: string | number, more: Record<string, unknown> = {}): WireEvent =>
  read({ guid, associatedMessageGuid: 'p:0/m1', associatedMessageType: type, handle: { address: '+15550123' }, ...more });

describe('messages of the wire', () => {
  test.each([
    ['love', 'love', true],
    ['-love', 'love', false],
    [2001, 'like', true],
    ['2003', 'laugh', true],
    [3004, 'emphasize', false],
    ['-2005', 'question', false],
    ['emoji', 'emoji', true],
  ])('the reaction %s', (type, reactionType, isAdded) => {
    expect(reaction('r1', type)).toMatchObject({ kind: 'reaction', messageId: 'm1', isAdded, reaction: { id: 'r1', reactionType, fromNumber: '+15550123' } });
  });

  test.each(['p:0/m1', 'p:12/m1', 'bp:m1', 'm1'])('the message that %s means', (associatedMessageGuid) => {
    expect(reaction('r1', 'like', { associatedMessageGuid })).toMatchObject({ messageId: 'm1' });
  });

  test('a sticker on a message, or whatever else is no reaction that we know, is a message', () => {
    for (const type of [1000, 'sticker', '']) expect(reaction('s1', type)).toMatchObject({ kind: 'message', message: { messageId: 's1' } });
  });

  test('of each person the last reaction holds, and none that was taken back', () => {
    const ben = { handle: { address: '+15550124' } };
    const messages = withReactions([
      read({ text: 'Hi' }),
      reaction('r1', 'like'),
      reaction('r2', 'love', ben),
      reaction('r3', 'laugh'),
      reaction('r4', '-love', ben),
      reaction('r5', 'like', { isFromMe: true, handle: null }),
      reaction('r6', 'like', { associatedMessageGuid: 'p:0/elsewhere' }),
    ]);
    expect(messages).toHaveLength(1);
    expect(messages[0]?.reactions.map(({ id, fromNumber, direction }) => [id, fromNumber, direction])).toEqual([
      ['r3', '+15550123', 'inbound'],
      ['r5', '+15550100', 'outbound'],
    ]);
  });

  test('who wrote it: we, whoever is named, in a chat of two the other, and in a group nobody knows', () => {
    const senderOf = (given: Record<string, unknown>, inChat?: unknown): unknown => {
      const event = read(given, inChat);
      return event.kind === 'message' ? event.message.sender : event.kind;
    };
    expect(senderOf({ isFromMe: true, handle: { address: '+15550123' } })).toBe('+15550100');
    expect(senderOf({ handle: { address: '+15550124' } }, FILM_NIGHT)).toBe('+15550124');
    expect(senderOf({})).toBe('+15550123');
    expect(senderOf({}, FILM_NIGHT)).toBeNull();
  });

  test('the channel: as the chat is named, else by whom it came', () => {
    const channelOf = (guid: string, service?: string): unknown => {
      const event = read({ handle: service === undefined ? null : { address: '+15550123', service } }, { guid });
      return event.kind === 'message' ? event.message.chat.channel : event.kind;
    };
    expect([channelOf('SMS;-;1', 'iMessage'), channelOf('RCS;-;1'), channelOf('iMessage;-;1', 'SMS')]).toEqual(['sms', 'rcs', 'imessage']);
    expect([channelOf('any;-;1', 'SMS'), channelOf('any;-;1', 'RCS'), channelOf('any;-;1', 'iMessage'), channelOf('any;-;1')]).toEqual([
      'sms',
      'rcs',
      'imessage',
      'imessage',
    ]);
  });

  test('a background that changed is told apart from all else that happens to a chat', () => {
    expect(read({ itemType: 3, groupActionType: 4 }, FILM_NIGHT)).toEqual({ kind: 'background', chatId: 'iMessage;+;chat42' });
    for (const other of [{ itemType: 3, groupActionType: 1 }, { itemType: 3 }, { itemType: 2, groupActionType: 4 }, { itemType: 1, groupActionType: 0 }]) {
      expect(read(other, FILM_NIGHT)).toEqual({ kind: 'other' });
    }
    expect(read({ itemType: 0, groupActionType: 4 })).toMatchObject({ kind: 'message' });
  });

  test('a group without a name has none, and only media make a message', () => {
    expect(read({ text: '\uFFFC', attachments: [{ guid: 'a' }, { guid: 'b', hideAttachment: true }] }, FILM_NIGHT)).toMatchObject({
      message: { text: '', mediaUrls: ['http://mac/a'], chat: { groupName: null, participants: [{ identifier: '+15550124' }, { identifier: '+15550125' }] } },
    });
  });
});

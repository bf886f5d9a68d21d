import { describe, expect, test } from 'vitest';
import { chatIdOf, guidsOf, KnownGuids, parseChatGuid } from './chat-guid.js';

describe('names of chats', () => {
  test.each([
    ['iMessage;-;+15550123', { service: 'iMessage', isGroup: false, address: '+15550123' }],
    ['any;-;nora@example.com', { service: 'any', isGroup: false, address: 'nora@example.com' }],
    ['SMS;-;72727', { service: 'SMS', isGroup: false, address: '72727' }],
    ['RCS;+;chat42', { service: 'RCS', isGroup: true, address: 'chat42' }],
    // A business, and whatever else may be in an address.
    ['iMessage;-;urn:biz:1;-;2', { service: 'iMessage', isGroup: false, address: 'urn:biz:1;-;2' }],
  ])('%s', (guid, parsed) => {
    expect(parseChatGuid(guid)).toEqual(parsed);
  });

  test.each(['', '+15550123', 'iMessage;-;', 'iMessage;*;+15550123', ';-;+15550123', 'chat42'])('%j is none, and stays as it is', (guid) => {
    expect(parseChatGuid(guid)).toBeNull();
    expect(chatIdOf(guid)).toBe(guid);
    expect(guidsOf(guid)).toEqual([guid]);
  });

  test('a chat is known by one id before and after its Mac is brought to macOS 26', () => {
    for (const [before, after] of [
      ['iMessage;-;+15550123', 'any;-;+15550123'],
      ['iMessage;+;chat42', 'any;+;chat42'],
    ] as const) {
      expect(chatIdOf(after)).toBe(chatIdOf(before));
      expect(guidsOf(chatIdOf(after))).toEqual([before, after]);
    }
    // A group and a person of the same address are two.
    expect(chatIdOf('any;+;x')).not.toBe(chatIdOf('any;-;x'));
  });

  test('the name that was seen last is tried first', () => {
    const known = new KnownGuids();
    const chatId = 'iMessage;-;+15550123';
    expect(known.has(chatId)).toBe(false);
    expect(known.candidates(chatId)).toEqual([chatId, 'any;-;+15550123']);
    known.remember('any;-;+15550123');
    expect(known.has(chatId)).toBe(true);
    expect(known.candidates(chatId)).toEqual(['any;-;+15550123', chatId]);
    known.remember(chatId);
    expect(known.candidates(chatId)).toEqual([chatId, 'any;-;+15550123']);
  });

  test('of too many chats the one that was not seen for longest is forgotten', () => {
    const known = new KnownGuids(2);
    for (const guid of ['any;-;a', 'any;-;b', 'any;-;a', 'any;-;c']) known.remember(guid);
    expect(['a', 'b', 'c'].map((address) => known.has(`iMessage;-;${address}`))).toEqual([true, false, true]);
  });
});

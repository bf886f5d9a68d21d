import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { conversations, messages, webhookEvents } from '../database/schema.js';
import { OUR_NUMBER, openTestInbound, type TestInbound } from './inbound.testing.js';

const MAYA = '+12025550142';
const BEN = '+12025550143';
const START_MS = Date.parse('2026-11-20T12:00:00.000Z');

let rig: TestInbound;
beforeAll(async () => {
  rig = await openTestInbound();
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});
beforeEach(async () => rig.clear());

const delivery = (messageId: string, more: object = {}) => ({
  event: 'message.received',
  message_id: messageId,
  external_id: MAYA,
  internal_id: OUR_NUMBER,
  protocol: 'imessage',
  text: messageId,
  is_group: false,
  sender: MAYA,
  timestamp: START_MS,
  ...more,
});
const inGroup = (messageId: string, more: object = {}) =>
  delivery(messageId, { is_group: true, group_id: 'grp_trip', group_name: 'Trip', participants: [MAYA, BEN].map((identifier) => ({ identifier })), ...more });
const kept = async () => rig.test.database.executor.select().from(messages).orderBy(messages.receivedAt);
const conversation = async () => (await rig.test.database.executor.select().from(conversations))[0];
const eventCount = async () => (await rig.test.database.executor.select().from(webhookEvents)).length;
const namesOf = () => rig.told.map(({ event }) => event);

describe('a message', () => {
  it('tells of the conversation that it makes, and of none that it finds as it was', async () => {
    await rig.deliver(delivery('first'));
    expect(namesOf().sort()).toEqual(['conversation', 'message']);
    await rig.deliver(delivery('second', { timestamp: START_MS + 1_000 }));
    expect(namesOf().sort()).toEqual(['conversation', 'message', 'message']);
  });

  it('that could not be kept is refused, so that the provider tells it again, and is kept then, once', async () => {
    const { executor } = rig.test.database;
    await executor.execute(sql.raw("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$"));
    await executor.execute(sql.raw('CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION refuse()'));
    expect((await rig.deliver(delivery('again'))).status).toBe(500);
    expect([await kept(), await conversation(), await eventCount(), rig.told]).toEqual([[], undefined, 0, []]);
    await executor.execute(sql.raw('DROP TRIGGER refuse ON messages'));
    expect((await rig.deliver(delivery('again'))).status).toBe(200);
    expect((await rig.deliver(delivery('again'))).status).toBe(200);
    expect([(await kept()).length, await eventCount()]).toEqual([1, 1]);
  });

  // PostgreSQL holds no NUL in text and no lone surrogate in JSON; a time may be beyond what a date can be. A message
  // that can't be kept would be repeated for ever, and whatever comes after it would wait when it is found by asking.
  it('of characters and times that the database refuses is kept without them', async () => {
    const participants = ['Tom\u0000my', 'Lone \ud83d'].map((name, index) => ({ identifier: [MAYA, BEN][index], name }));
    const odd = inGroup('odd', { text: 'a\u0000b \ud83d c', group_name: 'Tr\u0000ip', participants, timestamp: 1e20 });
    expect((await rig.deliver(odd)).status).toBe(200);
    // Microseconds for milliseconds: the year 55000.
    expect((await rig.deliver(inGroup('far', { timestamp: START_MS * 1000 }))).status).toBe(200);
    expect((await kept()).map(({ body }) => body).sort()).toEqual(['ab \ufffd c', 'far']);
    for (const { receivedAt } of await kept()) expect(Math.abs(receivedAt.getTime() - Date.now())).toBeLessThan(60_000);
    expect(await conversation()).toMatchObject({ groupName: 'Trip', participants: [{ name: 'Tommy' }, { name: 'Lone \ufffd' }] });
  });
});

describe('what is known of a conversation', () => {
  it('follows a newer message, not one that was repeated or came late', async () => {
    await rig.deliver(inGroup('old', { group_name: 'Before', protocol: 'sms' }));
    await rig.deliver(inGroup('new', { group_name: 'After', timestamp: START_MS + 60_000 }));
    await rig.deliver(inGroup('old', { group_name: 'Before', protocol: 'sms' }));
    await rig.deliver(inGroup('late', { group_name: 'Before', protocol: 'sms', timestamp: START_MS + 1_000 }));
    expect(await conversation()).toMatchObject({ groupName: 'After', channel: 'imessage', messageCount: 3 });
  });

  it('keeps the name of somebody whom a delivery names without it', async () => {
    const chat = { chatId: MAYA, isGroup: false, channel: 'imessage', phoneNumber: OUR_NUMBER, groupName: null } as const;
    await rig.inbox.keepChats([{ ...chat, participants: [{ identifier: MAYA, name: 'Maya Lindqvist' }] }]);
    await rig.deliver(delivery('nameless', { timestamp: Date.now() + 1_000 }));
    expect(await conversation()).toMatchObject({ participants: [{ identifier: MAYA, name: 'Maya Lindqvist' }] });
  });

  it('loses whoever left the group by the list, not by a delivery that names fewer', async () => {
    const people = [MAYA, BEN].map((identifier) => ({ identifier, name: null }));
    const chat = { chatId: 'grp_trip', isGroup: true, channel: 'imessage', phoneNumber: OUR_NUMBER, groupName: 'Trip', participants: people } as const;
    await rig.inbox.keepChats([chat]);
    await rig.deliver(inGroup('fewer', { participants: [BEN], timestamp: Date.now() + 1_000 }));
    expect((await conversation())?.participants).toEqual(people);
    await rig.inbox.keepChats([{ ...chat, participants: people.slice(1) }]);
    expect((await conversation())?.participants).toEqual(people.slice(1));
  });

  it('is told again by the list only where it is new or another', async () => {
    const chatOf = (chatId: string, name: string | null) =>
      ({ chatId, isGroup: false, channel: 'imessage', phoneNumber: OUR_NUMBER, groupName: null, participants: [{ identifier: chatId, name }] }) as const;
    await rig.inbox.keepChats([chatOf(MAYA, 'Maya'), chatOf(BEN, null)]);
    expect(namesOf()).toEqual(['conversation', 'conversation']);
    await rig.inbox.keepChats([chatOf(MAYA, null), chatOf(BEN, 'Ben'), chatOf('+12025550144', null)]);
    expect(namesOf()).toHaveLength(4);
    await rig.inbox.keepChats([]);
    expect(namesOf()).toHaveLength(4);
  });
});

describe('word of a background', () => {
  it('reaches its conversation; of an unknown chat it is none', async () => {
    await rig.deliver(delivery('hello'));
    await rig.inbox.listener({ kind: 'background', chatId: '+12025550199' });
    expect(rig.noticed).toEqual([]);
    await rig.inbox.listener({ kind: 'background', chatId: MAYA });
    expect(rig.noticed).toMatchObject([{ providerChatId: MAYA }]);
  });

  it('that leads to nothing is logged, not thrown', async () => {
    await using other = await openTestInbound({
      onBackgroundNotice: async () => {
        throw new Error('the provider is away');
      },
    });
    await other.deliver(delivery('hello'));
    await other.inbox.listener({ kind: 'background', chatId: MAYA });
    expect(other.logged.join()).toContain('the provider is away');
    // Nor when the conversation can't be looked up.
    const before = other.logged.length;
    await other.test.database[Symbol.asyncDispose]();
    await other.inbox.listener({ kind: 'background', chatId: MAYA });
    expect(other.logged.length).toBeGreaterThan(before);
  });
});

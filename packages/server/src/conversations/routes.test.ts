import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conversationBackgrounds, conversations, messages } from '../database/schema.js';
import { readError } from '../http/http.testing.js';
import type { ProviderMessage } from '../messaging/port.js';
import { NO_FAULTS } from '../messaging/simulator/faults.js';
import { MAYA, openTestConversations, type TestConversations } from './conversations.testing.js';
import { type ConversationRecord, insertMessage } from './repository.js';

let rig: TestConversations;
let maya: ConversationRecord;
let group: ConversationRecord;
let sms: ConversationRecord;
const START_MS = Date.parse('2026-11-20T09:00:00.000Z');

const messageOf = (index: number, sentAt: Date): ProviderMessage => ({
  messageId: `m${index}`,
  chat: MAYA,
  direction: index % 2 === 0 ? 'inbound' : 'outbound',
  text: `Message ${index}`,
  sender: index % 2 === 0 ? MAYA.chatId : null,
  mediaUrls: index === 3 ? ['https://cdn.example/a.jpg', 'https://cdn.example/b.jpg'] : [],
  reactions: [],
  replyTo: index === 4 ? 'm3' : null,
  sentAt,
});
const keep = async (message: ProviderMessage) => rig.test.database.transaction(async (transaction) => insertMessage(transaction, maya, message));

beforeAll(async () => {
  rig = await openTestConversations();
  const film = await rig.simulator.phones.begin({
    people: [
      { identifier: '+12025550151', name: null },
      { identifier: 'cleo@example.com', name: 'Cleo' },
    ],
    groupName: 'Film night',
    protocol: 'imessage',
  });
  maya = await rig.begin(MAYA);
  group = await rig.begin({ ...MAYA, chatId: film?.chatId ?? '', isGroup: true, groupName: 'Film night', participants: film?.people ?? [] });
  sms = await rig.begin({ ...MAYA, chatId: '+12025550143', channel: 'sms' });
  // Three in one millisecond: each gets one of its own.
  for (let index = 0; index < 8; index++) await keep(messageOf(index, new Date(START_MS + 1000 * Math.min(index, 5))));
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

const get = async (path: string, headers?: Record<string, string>): Promise<Response> => rig.send('GET', path, undefined, headers);
const read = async <Body = Record<string, unknown>>(response: Promise<Response>): Promise<Body> => (await response).json() as Promise<Body>;
type Page = { data: { id: string; body: string; receivedAt: string }[]; hasMore: boolean };

describe('listing and viewing', () => {
  it('lists newest message first, with every key of the summary', async () => {
    const page = await read<{ data: Record<string, unknown>[]; hasMore: boolean; total: number }>(get('/v1/conversations'));
    expect(page).toMatchObject({ hasMore: false, total: 3 });
    const summary = page.data.find(({ id }) => id === maya.id);
    expect(summary).toEqual({
      id: maya.id,
      agentId: null,
      phoneNumberId: '+12025550100',
      phoneNumber: '+12025550100',
      participant: MAYA.chatId,
      participants: [{ identifier: MAYA.chatId, name: 'Maya Lindqvist' }],
      isGroup: false,
      groupId: null,
      groupName: null,
      groupIconUrl: null,
      channel: 'imessage',
      metadata: null,
      messageCount: 8,
      lastMessageAt: new Date(START_MS + 5002).toISOString(),
      lastMessagePreview: 'Message 7',
      createdAt: expect.any(String),
      background: { hasBackground: false, imageUrl: null },
    });
    const theGroup = page.data.find(({ id }) => id === group.id);
    expect(theGroup).toMatchObject({ isGroup: true, groupId: group.providerChatId, participant: group.providerChatId, lastMessagePreview: '' });
    expect(theGroup?.['lastMessageAt']).toBe(theGroup?.['createdAt']);
  });

  it('pages by limit and offset', async () => {
    const ids: unknown[] = [];
    for (const offset of [0, 1, 2]) {
      const page = await read<{ data: { id: string }[]; hasMore: boolean }>(get(`/v1/conversations?limit=1&offset=${offset}&unknown=1`));
      expect(page).toMatchObject({ hasMore: offset < 2, total: 3 });
      ids.push(page.data[0]?.id);
    }
    expect(new Set(ids)).toEqual(new Set([maya.id, group.id, sms.id]));
  });

  it('takes a slash at the end without a redirect', async () => {
    expect((await get('/v1/conversations/')).status).toBe(200);
    expect((await get(`/v1/conversations/${maya.id}/`)).status).toBe(200);
    expect((await rig.send('POST', `/v1/conversations/${maya.id}/typing/`)).status).toBe(200);
  });

  it('tells a conversation with its newest messages and what its provider can do', async () => {
    const detail = await read(get(`/v1/conversations/${maya.id}?message_limit=2`));
    expect(detail).toMatchObject({
      id: maya.id,
      messages: [{ body: 'Message 7' }, { body: 'Message 6' }],
      capabilities: { background: { set: true, get: true, remove: true }, typing: true, messages: true },
    });
    expect(detail).not.toHaveProperty('lastMessagePreview');
    expect(await read(get(`/v1/conversations/${sms.id}`))).toMatchObject({
      channel: 'sms',
      capabilities: { background: { set: false, get: false, remove: false }, typing: false },
    });
  });

  it.each([
    ['/v1/conversations?limit=0', 'limit'],
    ['/v1/conversations?limit=101', 'limit'],
    ['/v1/conversations?offset=-1', 'offset'],
    ['/v1/conversations/ID?message_limit=101', 'message_limit'],
    ['/v1/conversations/ID/messages?limit=201', 'limit'],
    ['/v1/conversations/ID/messages?before=yesterday', 'before'],
  ])('%s is out of range: 422 with a list', async (path, field) => {
    const response = await get(path.replace('ID', maya.id));
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      error: { code: 'invalid_request' },
      detail: [{ loc: ['query', field], msg: expect.any(String), type: 'invalid_request' }],
    });
  });

  it('shows nothing of others, and acts for no sub-account', async () => {
    const other = { authorization: `Bearer ${rig.test.otherApiKey}` };
    expect(await read(get('/v1/conversations', other))).toEqual({ data: [], hasMore: false, total: 0 });
    for (const path of ['', '/messages', '/background']) {
      const response = await get(`/v1/conversations/${maya.id}${path}`, other);
      expect(await response.clone().json()).toMatchObject({ detail: 'There is no such conversation.' });
      expect([response.status, (await readError(response)).code]).toEqual([404, 'conversation_not_found']);
    }
    expect((await get('/v1/conversations', { 'x-sub-account-id': 'org_child' })).status).toBe(404);
    expect((await get('/v1/conversations', { 'x-sub-account-id': rig.test.organizationId })).status).toBe(200);
  });

  it('wants a key, and says so in both shapes', async () => {
    const response = await rig.test.app.request('/v1/conversations');
    expect(response.status).toBe(401);
    const body = (await response.json()) as { error: { message: string }; detail: unknown };
    expect(body.detail).toBe(body.error.message);
  });

  it("lets a browser send what AgentPhone's SDK sends", async () => {
    const wanted = 'authorization,content-type,x-fern-language,x-fern-runtime,x-fern-runtime-version,x-fern-sdk-name,x-fern-sdk-version,x-sub-account-id';
    const response = await rig.test.app.request(`/v1/conversations/${maya.id}/background`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST', 'access-control-request-headers': wanted },
    });
    const allowed = (response.headers.get('access-control-allow-headers') ?? '').toLowerCase().split(',');
    expect(allowed).toEqual(expect.arrayContaining(wanted.split(',')));
  });
});

describe('messages', () => {
  const list = (query = '') => read<Page>(get(`/v1/conversations/${maya.id}/messages${query}`));

  it('come newest first, each at a millisecond of its own', async () => {
    const { data, hasMore } = await list();
    expect(hasMore).toBe(false);
    expect(data.map(({ body }) => body)).toEqual([7, 6, 5, 4, 3, 2, 1, 0].map((index) => `Message ${index}`));
    expect(new Set(data.map(({ receivedAt }) => receivedAt)).size).toBe(8);
    expect(data.find(({ body }) => body === 'Message 3')).toMatchObject({
      mediaUrl: 'https://cdn.example/a.jpg',
      mediaUrls: ['https://cdn.example/a.jpg', 'https://cdn.example/b.jpg'],
    });
    expect(data.find(({ body }) => body === 'Message 4')).toMatchObject({ replyTo: { message: 'Message 3' }, mediaUrl: null, mediaUrls: [], reactions: [] });
  });

  it('page backwards from the newest, and forwards from a cursor, without loss', async () => {
    const backwards: string[] = [];
    for (let before = ''; ;) {
      const page = await list(`?limit=3&before=${before}`);
      backwards.push(...page.data.map(({ body }) => body));
      if (!page.hasMore) break;
      // A round trip through a Date of JavaScript must lose nothing.
      before = new Date(page.data.at(-1)?.receivedAt ?? '').toISOString();
    }
    expect(backwards).toEqual([7, 6, 5, 4, 3, 2, 1, 0].map((index) => `Message ${index}`));

    const forwards: string[] = [];
    for (let after = new Date(START_MS - 1).toISOString(); ;) {
      const page = await list(`?limit=3&after=${after}`);
      forwards.push(...page.data.map(({ body }) => body).reverse());
      if (!page.hasMore) break;
      after = page.data[0]?.receivedAt ?? '';
    }
    expect(forwards).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((index) => `Message ${index}`));
  });

  it('between two moments are the newest below the later one', async () => {
    const moment = (index: number) => new Date(START_MS + 1000 * index).toISOString();
    expect((await list(`?limit=2&after=${moment(0)}&before=${moment(5)}`)).data.map(({ body }) => body)).toEqual(['Message 4', 'Message 3']);
  });

  it('take a cursor with an offset whose plus was lost, an empty one, and years without messages', async () => {
    expect((await list('?after=2026-11-20T10:00:04 01:00')).data).toHaveLength(3);
    expect((await list('?before=&after=')).data).toHaveLength(8);
    expect((await list('?after=0001-01-01T00:00:00Z')).data).toHaveLength(8);
    expect((await list('?before=9999-12-31T23:59:59Z&limit=1')).data).toHaveLength(1);
  });
});

describe('changing a conversation', () => {
  const patch = async (id: string, body: unknown, headers?: Record<string, string>) => rig.send('PATCH', `/v1/conversations/${id}`, body, headers);

  it('replaces metadata, keeps it when absent, clears it by null', async () => {
    expect(await read(patch(maya.id, { metadata: { stage: 'lead', score: 3 }, some_new_field: true }))).toMatchObject({
      metadata: { stage: 'lead', score: 3 },
    });
    expect(await read(patch(maya.id, { metadata: { stage: 'won' } }))).toMatchObject({ metadata: { stage: 'won' } });
    expect(await read(patch(maya.id, {}))).toMatchObject({ metadata: { stage: 'won' } });
    expect(await read(patch(maya.id, { metadata: null }))).toMatchObject({ metadata: null });
  });

  it('refuses 16 KB and more, and leaves what was there', async () => {
    await patch(maya.id, { metadata: { kept: true } });
    const response = await patch(maya.id, { metadata: { text: 'ä'.repeat(8_200) } });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ detail: [{ loc: ['body', 'metadata'] }] });
    expect(await read(get(`/v1/conversations/${maya.id}`))).toMatchObject({ metadata: { kept: true } });
  });

  it('renames a group at the provider, and ignores a name elsewhere', async () => {
    expect(await read(patch(group.id, { group_name: 'Cinema', metadata: { a: 1 } }))).toMatchObject({ groupName: 'Cinema', metadata: { a: 1 } });
    expect(rig.simulator.phones.chat(group.providerChatId)?.groupName).toBe('Cinema');
    expect(await read(patch(maya.id, { group_name: 'Us two' }))).toMatchObject({ groupName: null });
    expect(await read(patch(group.id, { group_name: null }))).toMatchObject({ groupName: 'Cinema' });
  });

  it('changes nothing, metadata included, when the provider refuses the name', async () => {
    rig.simulator.faults.set({ ...NO_FAULTS, status: 503 });
    const response = await patch(group.id, { group_name: 'Opera', metadata: { b: 2 } });
    rig.simulator.faults.set(NO_FAULTS);
    expect([response.status, (await readError(response)).code]).toEqual([503, 'provider_unavailable']);
    expect(await read(get(`/v1/conversations/${group.id}`))).toMatchObject({ groupName: 'Cinema', metadata: { a: 1 } });
  });

  it('changes nothing, metadata included, when the provider can’t rename', async () => {
    // Several addresses are no group of Blooio's, and have no name there.
    const several = await rig.begin({ ...MAYA, chatId: '+12025550151,+12025550153', isGroup: true });
    const response = await patch(several.id, { group_name: 'Us', metadata: { c: 3 } });
    expect([response.status, (await readError(response)).code]).toEqual([501, 'provider_unsupported']);
    expect(await read(get(`/v1/conversations/${several.id}`))).toMatchObject({ groupName: null, metadata: null });
    const { executor } = rig.test.database;
    await executor.delete(conversationBackgrounds).where(eq(conversationBackgrounds.conversationId, several.id));
    await executor.delete(conversations).where(eq(conversations.id, several.id));
  });

  it.each(['{"metadata":', '[]', '"text"', 'null', ''])('%j is no JSON object: 400', async (body) => {
    for (const [method, path] of [
      ['PATCH', `/v1/conversations/${maya.id}`],
      ['POST', `/v1/conversations/${maya.id}/background`],
    ] as const) {
      const response = await rig.send(method, path, body);
      expect([response.status, (await readError(response)).code]).toEqual([400, 'malformed_request']);
    }
  });

  it('takes no form', async () => {
    const response = await patch(maya.id, 'metadata=1', { 'content-type': 'application/x-www-form-urlencoded' });
    expect([response.status, (await readError(response)).code]).toEqual([415, 'unsupported_media_type']);
  });
});

describe('typing', () => {
  const type = async (id: string, body?: unknown) => rig.send('POST', `/v1/conversations/${id}/typing`, body);

  it('shows on the phone, with and without a body', async () => {
    expect(await read(type(maya.id))).toEqual({ conversationId: maya.id, channel: 'iMessage', status: 'typing indicator sent' });
    expect(rig.simulator.phones.chat(MAYA.chatId)?.typingUntilMs).not.toBeNull();
    expect((await type(maya.id, {})).status).toBe(200);
    expect((await type(group.id)).status).toBe(200);
    expect((await rig.send('POST', `/v1/conversations/${maya.id}/typing`, undefined, { 'content-type': 'application/json' })).status).toBe(200);
  });

  it.each([{ status: 500 }, { isHanging: true }])('is best effort: %j is no error', async (fault) => {
    rig.simulator.faults.set({ ...NO_FAULTS, ...fault });
    const answer = await type(maya.id);
    rig.simulator.faults.set(NO_FAULTS);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ status: 'typing indicator not sent', warning: expect.stringContaining('provider') });
  });

  it('exists on iMessage only', async () => {
    const response = await type(sms.id);
    expect([response.status, (await readError(response)).code]).toEqual([400, 'channel_not_supported']);
  });
});

it('tells live of what changes', async () => {
  const response = await get('/v1/conversation-events');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const until = async (part: string): Promise<void> => {
    while (!text.includes(part)) text += (await reader?.read())?.value ?? '';
  };
  await until('retry:');
  await rig.send('PATCH', `/v1/conversations/${maya.id}`, { metadata: null });
  await until(`event: conversation\ndata: {"conversationId":"${maya.id}"}`);
  await reader?.cancel();
  expect(text.match(/event: conversation/g)).toHaveLength(1);
});

it("keeps another provider's conversations, and shows them no more", async () => {
  const { executor } = rig.test.database;
  await executor.update(conversations).set({ provider: 'photon' });
  expect(await read(get('/v1/conversations'))).toMatchObject({ total: 0 });
  expect((await get(`/v1/conversations/${maya.id}`)).status).toBe(404);
  await executor.update(conversations).set({ provider: 'simulator' });
  expect(await read(get('/v1/conversations'))).toMatchObject({ total: 3 });
  expect(await executor.select().from(messages)).toHaveLength(8);
});

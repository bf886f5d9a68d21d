import { describe, expect, test } from 'vitest';
import { createLog } from '../../logging.js';
import { awkwardImage, describeMessagingProvider } from '../port.contract.js';
import type { InboundEvent, MessagingProvider, ProviderMemory } from '../port.js';
import type { ProviderTimeouts } from '../provider-client.js';
import { readMultipartExactly, startWireServer, type WireReply, type WireRequest } from '../../http/wire-server.testing.js';
import { createBlooioProvider } from './provider.js';
import { signDelivery } from './signature.js';

const API_KEY = 'bl_live_canary-key-that-nobody-may-see';
const OWN_NUMBER = '+15550100';
const NOW = new Date('2026-11-20T12:00:00.000Z');

const message = {
  message_id: 'm_2',
  direction: 'inbound',
  external_id: '+15550123',
  internal_id: '+15550199',
  text: 'See you there',
  attachments: ['https://cdn.example.com/a.jpg', { url: 'https://cdn.example.com/b.jpg', name: 'b.jpg' }],
  sender: null,
  time_sent: Date.parse('2026-11-20T12:00:05.000Z'),
  time_delivered: null,
  status: 'received',
  protocol: 'imessage',
  reactions: [
    { reaction: 'love', is_added: true, time_sent: Date.parse('2026-11-20T12:00:09.000Z'), sender: null },
    { reaction: 'like', is_added: false, time_sent: Date.parse('2026-11-20T12:00:08.000Z'), sender: '+15550123' },
  ],
  error: null,
  reply_to: { message_id: 'm_1' },
};
const chats = [
  {
    id: '+15550123',
    type: 'phone',
    is_group: false,
    contact: { contact_id: 'c_1', name: 'Nora', identifier: '+15550123' },
    last_message_time: Date.parse('2026-11-20T12:00:05.000Z'),
  },
  {
    id: 'grp_abc',
    type: 'group',
    is_group: true,
    group_id: 'grp_abc',
    group_name: 'Film night',
    contact: null,
    last_message_time: Date.parse('2026-11-20T12:00:03.000Z'),
  },
  { id: 'old@example.com', type: 'email', is_group: false, contact: null, last_message_time: Date.parse('2026-11-01T00:00:00.000Z') },
];
const groupMessage = {
  ...message,
  message_id: 'm_g',
  sender: '+15550124',
  external_id: 'grp_abc',
  text: null,
  attachments: null,
  reactions: [],
  reply_to: null,
  time_sent: Date.parse('2026-11-20T12:00:03.000Z'),
  protocol: 'rcs',
};

const background = (isSet: boolean): Record<string, unknown> => ({
  chat_id: '+15550123',
  has_background: isSet,
  background_id: isSet ? 'obj_1' : null,
  background_url: null,
  background_version: isSet ? 3 : null,
});

const answer = ({ method, path }: WireRequest): WireReply => {
  const [pathname = '', query = ''] = path.split('?');
  switch (`${method} ${pathname.replace('/chats/%2B15550123/', '/chats/one/')}`) {
    case 'PUT /v2/api/chats/one/background':
      return { body: { ...background(true), changed: true } };
    case 'GET /v2/api/chats/one/background':
      return { body: background(true) };
    case 'DELETE /v2/api/chats/one/background':
      return { body: background(false) };
    case 'POST /v2/api/chats/one/typing':
      return { body: { chat_id: '+15550123', typing: true, started_at: 1 } };
    case 'PATCH /v2/api/groups/grp_abc':
      return { body: { group_id: 'grp_abc', name: 'Film night', device_sync: { synced: true } } };
    case 'GET /v2/api/chats':
      return { body: { chats, pagination: { limit: 50, offset: 0, total: chats.length } } };
    case 'GET /v2/api/groups/grp_abc/members':
      return {
        body: {
          group_id: 'grp_abc',
          members: [{ identifier: '+15550124', name: 'Ben' }, { identifier: '+15550125', name: null }, { identifier: '+15550199' }],
        },
      };
    case 'GET /v2/api/chats/one/messages':
      return { body: { messages: query.includes('offset=0') || query === 'limit=1' ? [message] : [] } };
    case 'GET /v2/api/chats/grp_abc/messages':
      return { body: { messages: [groupMessage] } };
    case 'GET /v2/api/chats/old%40example.com/messages':
      return { body: { messages: [] } };
    default:
      return { status: 404, body: { error: 'ApiError', message: 'no such call', status: 404 } };
  }
};

const errorBody = (status: number, code?: string): unknown => ({ error: 'ApiError', message: `Bearer ${API_KEY} was refused`, status, code });

describeMessagingProvider('blooio', {
  open: async (server, { log, timeouts }) => {
    const provider = createBlooioProvider({ baseUrl: `${server.url}/v2/api/`, apiKey: API_KEY, phoneNumber: OWN_NUMBER, log, timeouts });
    return { provider, [Symbol.asyncDispose]: async () => provider[Symbol.asyncDispose]() };
  },
  answer,
  capabilities: {
    background: { set: true, get: true, remove: true, groups: true, reportsChanged: true, maxBytes: 10 * 1024 * 1024 },
    typing: true,
    renameGroup: true,
    history: true,
  },
  chat: { chatId: '+15550123', isGroup: false },
  group: { chatId: 'grp_abc', isGroup: true },
  wire: {
    setBackground: 'PUT /v2/api/chats/%2B15550123/background',
    getBackground: 'GET /v2/api/chats/%2B15550123/background',
    removeBackground: 'DELETE /v2/api/chats/%2B15550123/background',
    startTyping: 'POST /v2/api/chats/%2B15550123/typing',
    renameGroup: 'PATCH /v2/api/groups/grp_abc',
    listChats: 'GET /v2/api/chats?limit=50&offset=0&sort=recent',
    listMessages: `GET /v2/api/chats/%2B15550123/messages?limit=100&offset=0&sort=asc&since=${NOW.getTime()}`,
  },
  checkUpload: (request, image) => {
    const { boundary, parts } = readMultipartExactly(request);
    expect(boundary).toMatch(/^backlot-[0-9a-f-]{36}$/);
    expect(parts.map(({ headers }) => headers)).toEqual([
      [`Content-Disposition: form-data; name="background"; filename="${image.fileName}"`, `Content-Type: ${image.mediaType}`],
    ]);
    expect(parts.map(({ bytes }) => bytes.equals(image.bytes))).toEqual([true]);
  },
  checkAuthentication: ({ headers }) => expect(headers['authorization']).toBe(`Bearer ${API_KEY}`),
  errorBody,
  nonsense: [null, {}, { has_background: 'yes', typing: 1, chats: {}, messages: 3, group_id: 4 }],
  refusals: [
    ...[400, 413, 415, 422].map((status) => ({
      what: `${status} to an image`,
      operation: 'setBackground' as const,
      reply: { status, body: errorBody(status) },
      code: 'provider_rejected_image' as const,
    })),
    { what: '400 to a question', operation: 'getBackground', reply: { status: 400, body: errorBody(400) }, code: 'provider_error' },
    { what: '402, a trial that is over', operation: 'setBackground', reply: { status: 402, body: errorBody(402) }, code: 'provider_not_ready' },
    ...['outbound_limit_reached', 'new_conversation_limit_reached'].map((quota) => ({
      what: `the quota ${quota}`,
      operation: 'setBackground' as const,
      reply: { status: 429, headers: { 'retry-after': '5' }, body: errorBody(429, quota) },
      code: 'provider_not_ready' as const,
    })),
    {
      what: 'any other 429',
      operation: 'startTyping',
      reply: { status: 429, headers: { 'retry-after': '5' }, body: errorBody(429, 'rate_limited') },
      code: 'provider_unavailable',
      retryAfterSeconds: 5,
    },
    {
      what: 'a name that did not reach the phone',
      operation: 'renameGroup',
      reply: { body: { group_id: 'grp_abc', device_sync: { synced: false, error: 'asleep' } } },
      code: 'provider_error',
    },
  ],
  secrets: [API_KEY],
});

const memory = (): ProviderMemory & { values: Readonly<Record<string, string>> } => {
  const kept: { values: Readonly<Record<string, string>> } = { values: {} };
  return Object.assign(kept, {
    read: async () => kept.values,
    write: async (values: Readonly<Record<string, string>>) => {
      kept.values = values;
    },
  });
};

const log = createLog('silent', { write: () => undefined });
const signal = new AbortController().signal;
const listener = async (): Promise<void> => undefined;
const BRIEF: ProviderTimeouts = { uploadMs: 200, callMs: 200 };

const openBlooio = async (given: (request: WireRequest) => WireReply, webhookSecret?: string, timeouts?: ProviderTimeouts) => {
  const server = await startWireServer();
  server.answer = given;
  const provider = createBlooioProvider({
    baseUrl: server.url,
    apiKey: API_KEY,
    phoneNumber: OWN_NUMBER,
    webhookSecret,
    log,
    ...(timeouts === undefined ? {} : { timeouts }),
  });
  return {
    server,
    provider,
    [Symbol.asyncDispose]: async () => {
      await provider[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
};

describe('Blooio: chats and messages', () => {
  const atBase = (request: WireRequest): WireReply => answer({ ...request, path: `/v2/api${request.path}` });

  test('chats come with everybody in them, their channel and our number', async () => {
    await using opened = await openBlooio(atBase);
    expect(await opened.provider.listChats(50, signal)).toEqual([
      {
        chatId: '+15550123',
        isGroup: false,
        channel: 'imessage',
        phoneNumber: '+15550199',
        participants: [{ identifier: '+15550123', name: 'Nora' }],
        groupName: null,
      },
      {
        chatId: 'grp_abc',
        isGroup: true,
        channel: 'rcs',
        phoneNumber: '+15550199',
        participants: [
          { identifier: '+15550124', name: 'Ben' },
          { identifier: '+15550125', name: null },
        ],
        groupName: 'Film night',
      },
      {
        chatId: 'old@example.com',
        isGroup: false,
        channel: 'imessage',
        phoneNumber: OWN_NUMBER,
        participants: [{ identifier: 'old@example.com', name: null }],
        groupName: null,
      },
    ]);
  });

  test('messages come oldest first, from the chats that have new ones', async () => {
    await using opened = await openBlooio(atBase);
    const messages = await opened.provider.listMessages(NOW, 100, signal);
    expect(messages).toMatchObject([
      { messageId: 'm_g', text: '', sender: '+15550124', mediaUrls: [], replyTo: null, chat: { chatId: 'grp_abc', isGroup: true, channel: 'rcs' } },
      {
        messageId: 'm_2',
        direction: 'inbound',
        text: 'See you there',
        sender: '+15550123',
        mediaUrls: ['https://cdn.example.com/a.jpg', 'https://cdn.example.com/b.jpg'],
        reactions: [{ id: 'm_2:+15550199:love', reactionType: 'love', fromNumber: '+15550199', direction: 'outbound' }],
        replyTo: 'm_1',
        sentAt: new Date('2026-11-20T12:00:05.000Z'),
      },
    ]);
    expect(opened.server.requests.filter(({ path }) => path.includes('old%40example.com'))).toEqual([]);
  });

  test('more messages than a page are read page by page, to the limit', async () => {
    const asked: string[] = [];
    await using opened = await openBlooio((request) => {
      if (!request.path.includes('/messages')) return atBase(request);
      asked.push(request.path);
      const offset = Number(/offset=(\d+)/.exec(request.path)?.[1]);
      return {
        body: {
          messages: Array.from({ length: 200 }, (_, index) => ({ ...message, message_id: `m_${offset + index}`, time_sent: NOW.getTime() + offset + index })),
        },
      };
    });
    const messages = await opened.provider.listMessages(NOW, 500, signal);
    expect(messages).toHaveLength(500);
    expect(asked.slice(0, 3).map((path) => path.split('?')[1])).toEqual(
      [0, 200, 400].map((offset) => `limit=200&offset=${offset}&sort=asc&since=${NOW.getTime()}`),
    );
  });

  test("a chat's id is escaped whole: an address, several, a slash", async () => {
    await using opened = await openBlooio(() => ({ body: background(true) }));
    for (const chatId of ['nora@example.com', '+15550123,+15550124', '../../webhooks?x=1'])
      await opened.provider.getBackground({ chatId, isGroup: false }, signal);
    expect(opened.server.requests.map(({ path }) => path)).toEqual([
      '/chats/nora%40example.com/background',
      '/chats/%2B15550123%2C%2B15550124/background',
      '/chats/..%2F..%2Fwebhooks%3Fx%3D1/background',
    ]);
  });

  test('several addresses have no name to change, and nothing goes out', async () => {
    await using opened = await openBlooio(atBase);
    await expect(opened.provider.renameGroup({ chatId: '+15550123,+15550124', isGroup: true }, 'Us', signal)).rejects.toMatchObject({
      code: 'provider_unsupported',
    });
    expect(opened.server.requests).toEqual([]);
  });

  test('it says when nothing of the typing is seen', async () => {
    await using opened = await openBlooio(() => ({ body: { chat_id: 'x', typing: true, warning: 'RCS chats do not support composing indicators' } }));
    expect(await opened.provider.startTyping({ chatId: 'x', isGroup: false }, signal)).toEqual({
      isSent: true,
      warning: 'RCS chats do not support composing indicators',
    });
  });

  test('the answer to a set comes through: id, version, and whether something changed', async () => {
    await using opened = await openBlooio(() => ({ body: { ...background(true), changed: false } }));
    expect(await opened.provider.setBackground({ chatId: 'x', isGroup: false }, awkwardImage(), signal)).toEqual({
      hasBackground: true,
      backgroundId: 'obj_1',
      version: '3',
      changed: false,
    });
  });
});

describe('Blooio: webhook', () => {
  const SECRET = 'whsec_told_once';
  const webhookUrl = 'https://backlot.example/v1/inbound/blooio/secret-path';
  const delivery = {
    event: 'message.received',
    message_id: 'm_9',
    external_id: '+15550123',
    internal_id: '+15550199',
    protocol: 'imessage',
    text: 'Hi',
    attachments: ['https://cdn.example.com/a.jpg', { url: 'https://cdn.example.com/b.jpg', name: 'b' }],
    is_group: false,
    sender: '+15550123',
    timestamp: NOW.getTime(),
    received_at: NOW.getTime() - 900,
  };
  const receive = async (
    provider: MessagingProvider,
    body: unknown,
    options: { readonly secret?: string; readonly signedAt?: Date; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<readonly InboundEvent[]> => {
    const rawBody = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const headers = new Headers(options.headers ?? { 'X-Blooio-Signature': signDelivery(options.secret ?? SECRET, rawBody, options.signedAt ?? NOW) });
    return provider.receive({ headers, rawBody, hasSecretPath: true }, NOW);
  };
  const told = (): WireReply => ({ status: 201, body: { webhook_id: 'wh_1', signing_secret: SECRET } });

  test('it registers its address and keeps the secret that is told once', async () => {
    await using opened = await openBlooio(told);
    const kept = memory();
    await opened.provider.start({ listener, memory: kept, webhookUrl });
    expect(opened.server.requests).toMatchObject([{ method: 'POST', path: '/webhooks' }]);
    expect(JSON.parse(String(opened.server.requests[0]?.body))).toEqual({ webhook_url: webhookUrl, webhook_type: 'all', valid_until: -1 });
    expect(await receive(opened.provider, delivery)).toHaveLength(1);

    // The next start finds it registered, and still knows the secret.
    await using again = await openBlooio(() => ({ status: 200, body: { webhook_id: 'wh_1' } }));
    await again.provider.start({ listener, memory: kept, webhookUrl });
    expect(again.server.requests.map(({ path }) => path)).toEqual(['/webhooks']);
    expect(await receive(again.provider, delivery)).toHaveLength(1);
  });

  test('a secret that was lost is rotated', async () => {
    await using opened = await openBlooio(({ path }) =>
      path === '/webhooks/wh_1/secret/rotate' ? { body: { signing_secret: 'whsec_new' } } : { status: 200, body: { webhook_id: 'wh_1' } },
    );
    const kept = memory();
    await opened.provider.start({ listener, memory: kept, webhookUrl });
    expect(opened.server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /webhooks', 'POST /webhooks/wh_1/secret/rotate']);
    expect(await receive(opened.provider, delivery, { secret: 'whsec_new' })).toHaveLength(1);
    await expect(receive(opened.provider, delivery)).rejects.toMatchObject({ code: 'webhook_refused' });
  });

  test('a provider that is away does not keep it from starting', async () => {
    await using opened = await openBlooio(told, undefined, BRIEF);
    opened.server.fault = { kind: 'hang' };
    await opened.provider.start({ listener, memory: memory(), webhookUrl });
    await expect(receive(opened.provider, delivery)).rejects.toMatchObject({ code: 'webhook_refused' });
  });

  test('with a secret of the configuration it registers nothing', async () => {
    await using opened = await openBlooio(told, 'whsec_by_hand');
    await opened.provider.start({ listener, memory: memory(), webhookUrl });
    expect(opened.server.requests).toEqual([]);
    expect(await receive(opened.provider, delivery, { secret: 'whsec_by_hand' })).toHaveLength(1);
  });

  test('a message of one person', async () => {
    await using opened = await openBlooio(told, SECRET);
    expect(await receive(opened.provider, delivery)).toEqual([
      {
        kind: 'message',
        message: {
          messageId: 'm_9',
          chat: {
            chatId: '+15550123',
            isGroup: false,
            channel: 'imessage',
            phoneNumber: '+15550199',
            participants: [{ identifier: '+15550123', name: null }],
            groupName: null,
          },
          direction: 'inbound',
          text: 'Hi',
          sender: '+15550123',
          mediaUrls: ['https://cdn.example.com/a.jpg', 'https://cdn.example.com/b.jpg'],
          reactions: [],
          replyTo: null,
          sentAt: new Date(NOW.getTime() - 900),
        },
      },
    ]);
  });

  test('a message of a group, one that we sent, one by SMS, one with nothing but what is required', async () => {
    await using opened = await openBlooio(told, SECRET);
    const [group] = await receive(opened.provider, {
      ...delivery,
      is_group: true,
      group_id: 'grp_abc',
      group_name: 'Film night',
      sender: '+15550124',
      participants: ['+15550124', { identifier: '+15550199' }, { identifier: '+15550125', name: 'Cleo' }],
    });
    expect(group).toMatchObject({
      message: {
        sender: '+15550124',
        chat: {
          chatId: 'grp_abc',
          isGroup: true,
          groupName: 'Film night',
          participants: [
            { identifier: '+15550124', name: null },
            { identifier: '+15550125', name: 'Cleo' },
          ],
        },
      },
    });
    const [sent] = await receive(opened.provider, { ...delivery, event: 'message.sent', sender: null, sent_at: NOW.getTime() - 5 });
    expect(sent).toMatchObject({ message: { direction: 'outbound', sender: '+15550199', sentAt: new Date(NOW.getTime() - 5) } });
    for (const [protocol, channel] of [
      ['sms', 'sms'],
      ['rcs', 'rcs'],
      ['non-imessage', 'sms'],
      ['pending', 'imessage'],
    ]) {
      expect(await receive(opened.provider, { ...delivery, protocol })).toMatchObject([{ message: { chat: { channel } } }]);
    }
    const bare = { event: 'message.received', message_id: 'm_10', external_id: '+15550123', timestamp: NOW.getTime() };
    expect(await receive(opened.provider, bare)).toMatchObject([{ message: { text: '', mediaUrls: [], chat: { phoneNumber: OWN_NUMBER }, sentAt: NOW } }]);
  });

  test('events that are no messages are none', async () => {
    await using opened = await openBlooio(told, SECRET);
    for (const event of ['message.delivered', 'message.read', 'message.failed', 'poll.voted', 'something.new']) {
      expect(await receive(opened.provider, { event })).toEqual([]);
    }
  });

  test('what is signed but no message is refused as such', async () => {
    await using opened = await openBlooio(told, SECRET);
    for (const body of [
      '',
      '{"half":',
      '[]',
      'null',
      { event: 7 },
      { event: 'message.received' },
      { ...delivery, external_id: null },
      { ...delivery, timestamp: 'now' },
    ]) {
      await expect(receive(opened.provider, body)).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });

  test('replays pass like the first time: whoever keeps messages knows them by their id', async () => {
    await using opened = await openBlooio(told, SECRET);
    const rawBody = Buffer.from(JSON.stringify(delivery));
    const headers = { 'x-blooio-signature': signDelivery(SECRET, rawBody, NOW), 'x-blooio-replay': 'true', 'x-original-event-id': 'evt_1' };
    expect(await receive(opened.provider, delivery, { headers })).toHaveLength(1);
  });

  test('signatures: five minutes either way, any of several, both names of the header', async () => {
    await using opened = await openBlooio(told, SECRET);
    const rawBody = Buffer.from(JSON.stringify(delivery));
    const at = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);
    for (const seconds of [-300, 0, 300]) expect(await receive(opened.provider, delivery, { signedAt: at(seconds) })).toHaveLength(1);
    const good = signDelivery(SECRET, rawBody, NOW);
    const [time, mac] = good.split(',');
    for (const headers of [
      { 'x-blooio-signature': `${time},v1=${'0'.repeat(64)},${mac}` },
      { 'x-blooio-signature': `${time}, v0=old, ${mac}` },
      { 'blooio-signature': good },
      { 'x-blooio-signature': 'nonsense', 'blooio-signature': good },
    ]) {
      expect(await receive(opened.provider, delivery, { headers })).toHaveLength(1);
    }
    for (const [name, refused] of Object.entries({
      'too old': { 'x-blooio-signature': signDelivery(SECRET, rawBody, at(-301)) },
      'too new': { 'x-blooio-signature': signDelivery(SECRET, rawBody, at(301)) },
      "another's": { 'x-blooio-signature': signDelivery('whsec_other', rawBody, NOW) },
      'of another body': { 'x-blooio-signature': signDelivery(SECRET, Buffer.from(`${JSON.stringify(delivery)} `), NOW) },
      'of another time': { 'x-blooio-signature': `t=${Math.floor(NOW.getTime() / 1000) + 1},${mac}` },
      'no time': { 'x-blooio-signature': `${mac}` },
      'no signature': { 'x-blooio-signature': `${time}` },
      'a short one': { 'x-blooio-signature': `${time},v1=00` },
      empty: { 'x-blooio-signature': '' },
      none: {},
    })) {
      await expect(receive(opened.provider, delivery, { headers: refused }), name).rejects.toMatchObject({ code: 'webhook_refused', status: 401 });
    }
  });
});

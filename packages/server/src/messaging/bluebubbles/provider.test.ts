import { inspect } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createLog } from '../../logging.js';
import { Mac } from '../bluebubbles-wire/mac.testing.js';
import { awkwardImage, describeMessagingProvider } from '../port.contract.js';
import type { InboundEvent, MessagingProvider, ProviderMemory } from '../port.js';
import { startWireServer, type WireFault, type WireRequest } from '../../http/wire-server.testing.js';
import { createBlueBubblesProvider } from './provider.js';

/** Of letters that a query has to escape. */
const PASSWORD = 'canary & p+ssword 100% secret';
const QUERY = 'password=canary+%26+p%2Bssword+100%25+secret';
const SECRETS = [PASSWORD, 'canary+%26+p%2Bssword'];
const OWN_NUMBER = '+15550100';
const NOW_MS = Date.parse('2026-11-20T12:00:00.000Z');
const NORA = { chatId: 'iMessage;-;+15550123', isGroup: false };
const FILM_NIGHT = { chatId: 'iMessage;+;chat42', isGroup: true };
const signal = new AbortController().signal;
const nora = { address: '+15550123', service: 'iMessage' };
const ben = { address: '+15550124', service: 'iMessage' };

const macWithMessages = (): Mac => {
  const mac = new Mac();
  mac.messages.push(
    { guid: 'old', chatGuid: NORA.chatId, text: 'Before', from: nora, dateCreated: NOW_MS - 1 },
    { guid: 'm1', chatGuid: NORA.chatId, text: 'Look', from: nora, dateCreated: NOW_MS + 1000, attachments: [{ guid: 'at_0/1' }] },
    {
      guid: 'r1',
      chatGuid: NORA.chatId,
      text: 'Liked',
      from: null,
      dateCreated: NOW_MS + 2000,
      associatedMessageGuid: 'p:0/m1',
      associatedMessageType: 'like',
    },
    { guid: 'wallpaper', chatGuid: NORA.chatId, text: null, from: nora, dateCreated: NOW_MS + 3000, itemType: 3, groupActionType: 4 },
    { guid: 'left', chatGuid: FILM_NIGHT.chatId, text: null, from: ben, dateCreated: NOW_MS + 4000, itemType: 3, groupActionType: 0 },
    { guid: 'm2', chatGuid: FILM_NIGHT.chatId, text: 'Eight?', from: ben, dateCreated: NOW_MS + 5000 },
  );
  return mac;
};

/** On macOS 26 all chats have other names. */
const renameByMacOs26 = (mac: Mac): void => {
  for (const chat of mac.chats) chat.guid = chat.guid.replace(/^\w+/, 'any');
};

const memory = (): ProviderMemory => {
  let values: Readonly<Record<string, string>> = {};
  return {
    read: async () => values,
    write: async (written) => {
      values = written;
    },
  };
};

const listener = async (): Promise<void> => undefined;

let contractMac = macWithMessages();

describeMessagingProvider('bluebubbles', {
  open: async (server, { log, timeouts }) => {
    contractMac = macWithMessages();
    const provider = createBlueBubblesProvider({ baseUrl: `${server.url}/`, password: PASSWORD, phoneNumber: OWN_NUMBER, log, timeouts });
    await provider.start({ listener, memory: memory(), webhookUrl: null });
    // Typing goes to the name under which the server knows the chat.
    await provider.listChats(50, signal);
    return { provider, [Symbol.asyncDispose]: async () => provider[Symbol.asyncDispose]() };
  },
  answer: (request) => contractMac.answer(request),
  capabilities: {
    background: { set: false, get: false, remove: false, groups: false, reportsChanged: false, maxBytes: 0 },
    typing: true,
    renameGroup: true,
    history: true,
  },
  chat: NORA,
  group: FILM_NIGHT,
  wire: {
    startTyping: `POST /api/v1/chat/iMessage%3B-%3B%2B15550123/typing?${QUERY}`,
    renameGroup: `PUT /api/v1/chat/iMessage%3B%2B%3Bchat42?${QUERY}`,
    listChats: `POST /api/v1/chat/query?${QUERY}`,
    listMessages: `POST /api/v1/message/query?${QUERY}`,
  },
  checkAuthentication: ({ path, headers }) => {
    expect(new URL(path, 'http://mac').searchParams.getAll('password')).toEqual([PASSWORD]);
    expect(JSON.stringify(headers)).not.toContain('canary');
  },
  errorBody: (status) => ({ status, message: `?${QUERY} was refused`, error: { type: 'Authentication Error', message: `${PASSWORD} is wrong` } }),
  nonsense: [null, {}, { status: '200', data: 'yes' }, { data: 3 }],
  refusals: [
    ...['iMessage Private API is not enabled!', 'iMessage Private API Helper is not connected!'].map((message) => ({
      what: `typing, told "${message}"`,
      operation: 'startTyping' as const,
      reply: { status: 500, body: { status: 500, message: 'The server has encountered an error', error: { type: 'iMessage Error', message } } },
      code: 'provider_not_ready' as const,
    })),
    {
      what: 'any other iMessage Error',
      operation: 'renameGroup',
      reply: { status: 500, body: { status: 500, message: 'x', error: { type: 'iMessage Error', message: 'Chat is not a group' } } },
      code: 'provider_error',
    },
  ],
  secrets: SECRETS,
});

const open = async (mac: Mac, options: { readonly level?: string } = {}) => {
  const server = await startWireServer();
  server.answer = mac.answer;
  const logged: string[] = [];
  const log = createLog(options.level ?? 'debug', { write: (line: string) => void logged.push(line) });
  const provider = createBlueBubblesProvider({
    baseUrl: server.url,
    password: PASSWORD,
    phoneNumber: OWN_NUMBER,
    log,
    timeouts: { uploadMs: 5000, callMs: 5000 },
    backoff: { firstMs: 20, lastMs: 100 },
  });
  return {
    server,
    provider,
    logged,
    asked: (): string[] => server.requests.map(({ method, path }) => `${method} ${decodeURIComponent(path).split(/[?&]password=/)[0]}`),
    start: async (webhookUrl: string | null = null, kept = memory()): Promise<void> => provider.start({ listener, memory: kept, webhookUrl }),
    [Symbol.asyncDispose]: async () => {
      await provider[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
};

const bodyOf = (request: WireRequest | undefined): unknown => JSON.parse(String(request?.body));

describe('BlueBubbles: what must never be sent', () => {
  test('no call for a background, no end of typing, and no deletion in a chat, whatever is asked of it', async () => {
    const mac = macWithMessages();
    await using opened = await open(mac);
    const { provider } = opened;
    await opened.start('https://backlot.example/v1/inbound/bluebubbles/secret-path');
    for (const chat of [NORA, FILM_NIGHT]) {
      for (const refused of [
        provider.setBackground(chat, awkwardImage(1000), signal),
        provider.getBackground(chat, signal),
        provider.removeBackground(chat, signal),
      ]) {
        await expect(refused).rejects.toMatchObject({ code: 'provider_unsupported', status: 501 });
      }
      await provider.startTyping(chat, signal);
    }
    await provider.renameGroup(FILM_NIGHT, 'Us', signal);
    await provider.listChats(50, signal);
    await provider.listMessages(new Date(NOW_MS), 100, signal);
    expect(opened.asked().filter((asked) => asked.includes('background') || asked.startsWith('DELETE'))).toEqual([]);
    expect(mac.typing).toEqual([NORA.chatId, FILM_NIGHT.chatId]);
  });

  test.each<[string, WireFault | null]>([
    ['is well', null],
    [
      'quotes what it refuses',
      { kind: 'reply', reply: { status: 401, body: { status: 401, message: `?${QUERY}`, error: { type: PASSWORD, message: PASSWORD } } } },
    ],
    ['fails and quotes', { kind: 'reply', reply: { status: 500, body: `<p>GET /api/v1/server/info?${QUERY}` } }],
    ['sends elsewhere', { kind: 'reply', reply: { status: 302, headers: { location: `/elsewhere?${QUERY}` } } }],
    ['answers nonsense', { kind: 'reply', reply: { status: 200, body: PASSWORD } }],
    ['closes', { kind: 'close' }],
    ['closes in the middle of an answer', { kind: 'close_mid_body' }],
  ])('the password shows in no log line and no error when the server %s', async (_what, fault) => {
    const shown: string[] = [];
    await using opened = await open(macWithMessages(), { level: 'trace' });
    const { provider, server, logged } = opened;
    server.fault = fault;
    await opened.start('https://backlot.example/v1/inbound/bluebubbles/canary-of-the-path');
    const delivery = { headers: new Headers(), rawBody: Buffer.from('{"type":"new-message","data":{"guid":"unknown"}}'), hasSecretPath: true };
    for (const call of [
      async () => provider.startTyping(NORA, signal),
      async () => provider.listChats(50, signal),
      async () => provider.listMessages(new Date(NOW_MS), 10, AbortSignal.abort()),
      async () => provider.receive(delivery, new Date()),
    ]) {
      shown.push(inspect(await call().catch((error: unknown) => error), { depth: 20 }));
    }
    await provider[Symbol.asyncDispose]();
    expect(logged).not.toEqual([]);
    expect(shown.join('\n')).toContain('BacklotError');
    const everything = [...logged, ...shown].join('\n');
    for (const secret of [PASSWORD, QUERY, 'canary']) expect(everything).not.toContain(secret);
  });

  test('nor when the address is none', async () => {
    const logged: string[] = [];
    const log = createLog('trace', { write: (line: string) => void logged.push(line) });
    await using provider = createBlueBubblesProvider({ baseUrl: 'http://[::nonsense', password: PASSWORD, phoneNumber: OWN_NUMBER, log });
    const error: unknown = await provider.listChats(50, signal).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'provider_unavailable' });
    expect(inspect(error, { depth: 20 })).not.toContain('canary');
    expect(logged).toHaveLength(1);
    expect(logged.join('')).not.toContain('canary');
  });

  test("media's addresses hold no password", async () => {
    await using opened = await open(macWithMessages());
    const [first] = await opened.provider.listMessages(new Date(NOW_MS), 100, signal);
    expect(first?.mediaUrls).toEqual([`${opened.server.url}/api/v1/attachment/at_0%2F1/download`]);
  });
});

describe('BlueBubbles: the Private API', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const expectNotReady = async (provider: MessagingProvider): Promise<void> => {
    await expect(provider.startTyping(NORA, signal)).rejects.toMatchObject({ code: 'provider_not_ready', status: 409 });
    await expect(provider.renameGroup(FILM_NIGHT, 'Us', signal)).rejects.toMatchObject({ code: 'provider_not_ready', status: 409 });
  };

  test('off, or without its helper, typing and names are not ready, and nothing goes out; messages are read all the same', async () => {
    for (const lack of [{ isPrivateApiOn: false }, { isHelperConnected: false }]) {
      const mac = Object.assign(macWithMessages(), lack);
      await using opened = await open(mac);
      await opened.start();
      expect(opened.asked()).toEqual(['GET /api/v1/server/info']);
      await expectNotReady(opened.provider);
      expect(opened.server.requests).toHaveLength(1);
      expect(await opened.provider.listMessages(new Date(NOW_MS), 100, signal)).toHaveLength(2);
      expect(opened.logged.join('')).toContain('"osVersion":"26.1"');
    }
  });

  test('switched off since it was asked, the refusal of the server says the same', async () => {
    const mac = macWithMessages();
    await using opened = await open(mac);
    await opened.start();
    mac.isPrivateApiOn = false;
    await expectNotReady(opened.provider);
    expect(mac.typing).toEqual([]);
  });

  test('switched on later, it is noticed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const mac = Object.assign(macWithMessages(), { isPrivateApiOn: false });
    await using opened = await open(mac);
    await opened.start();
    await expectNotReady(opened.provider);
    mac.isPrivateApiOn = true;
    vi.advanceTimersByTime(300_000);
    vi.useRealTimers();
    await expect.poll(async () => opened.provider.startTyping(NORA, signal).catch(() => null)).toEqual({ isSent: true, warning: null });
  });

  test('a server that is away at the start does not keep it from starting, and is asked again', async () => {
    const mac = Object.assign(macWithMessages(), { isPrivateApiOn: false });
    await using opened = await open(mac);
    opened.server.fault = { kind: 'close' };
    await opened.start();
    // It is not known yet, so the call is made.
    await expect(opened.provider.startTyping(NORA, signal)).rejects.toMatchObject({ code: 'provider_unavailable' });
    opened.server.fault = null;
    await expect.poll(() => opened.logged.join('')).toContain('Private API is off');
    opened.server.requests.length = 0;
    await expectNotReady(opened.provider);
    expect(opened.asked()).toEqual([]);
  });

  test('one person has no name to change, and nothing goes out', async () => {
    await using opened = await open(macWithMessages());
    await expect(opened.provider.renameGroup(NORA, 'Us', signal)).rejects.toMatchObject({ code: 'provider_unsupported' });
    expect(opened.asked()).toEqual([]);
  });
});

describe('BlueBubbles: names of chats', () => {
  test('a chat stays the same when macOS 26 renames it, and typing goes to the name of the day', async () => {
    const mac = macWithMessages();
    await using opened = await open(mac);
    const before = (await opened.provider.listChats(50, signal)).map(({ chatId }) => chatId);
    expect(before).toContain(NORA.chatId);
    expect(before).toContain('SMS;-;+15550130');
    renameByMacOs26(mac);
    const after = await opened.provider.listChats(50, signal);
    expect(after).toMatchObject([{ chatId: FILM_NIGHT.chatId, isGroup: true }, { chatId: NORA.chatId, isGroup: false }, { channel: 'sms' }]);
    await opened.provider.startTyping(NORA, signal);
    await opened.provider.renameGroup(FILM_NIGHT, 'Us', signal);
    expect(mac.typing).toEqual(['any;-;+15550123']);
    expect(mac.chats.map(({ displayName }) => displayName)).toEqual(['Us', '', '']);
  });

  test('typing without a list of chats finds out the name first: to a wrong one the server says yes and shows nothing', async () => {
    const mac = macWithMessages();
    renameByMacOs26(mac);
    await using opened = await open(mac);
    expect(await opened.provider.startTyping(NORA, signal)).toEqual({ isSent: true, warning: null });
    expect(mac.typing).toEqual(['any;-;+15550123']);
    expect(opened.asked()).toEqual(['GET /api/v1/chat/iMessage;-;+15550123', 'GET /api/v1/chat/any;-;+15550123', 'POST /api/v1/chat/any;-;+15550123/typing']);
  });
});

describe('BlueBubbles: chats and messages', () => {
  test('it asks for both as documented, byte for byte', async () => {
    await using opened = await open(macWithMessages());
    await opened.provider.listChats(50, signal);
    await opened.provider.listMessages(new Date(NOW_MS), 100, signal);
    expect(opened.server.requests.map(bodyOf)).toEqual([
      { with: ['lastMessage', 'participants'], sort: 'lastmessage', limit: 500, offset: 0 },
      { with: ['chats', 'chats.participants', 'attachments'], convertAttachments: false, sort: 'ASC', after: NOW_MS, limit: 100, offset: 0 },
    ]);
  });

  test('messages come oldest first, with their reactions and nothing that is no message', async () => {
    await using opened = await open(macWithMessages());
    expect(await opened.provider.listMessages(new Date(NOW_MS), 100, signal)).toMatchObject([
      { messageId: 'm1', text: 'Look', sender: '+15550123', reactions: [{ reactionType: 'like', fromNumber: OWN_NUMBER, direction: 'outbound' }] },
      { messageId: 'm2', text: 'Eight?', sender: '+15550124', chat: { chatId: FILM_NIGHT.chatId, groupName: 'Film night' } },
    ]);
  });

  test('more than a page is read page by page, to the limit and no further', async () => {
    const mac = new Mac();
    for (let index = 0; index < 450; index++) {
      mac.messages.push({ guid: `m${index}`, chatGuid: NORA.chatId, text: `${index}`, from: nora, dateCreated: NOW_MS + index });
    }
    await using opened = await open(mac);
    const messages = await opened.provider.listMessages(new Date(NOW_MS), 250, signal);
    expect(messages.map(({ messageId }) => messageId)).toEqual(Array.from({ length: 250 }, (_, index) => `m${index}`));
    expect(opened.server.requests.map(bodyOf)).toMatchObject([0, 100, 200].map((offset) => ({ limit: 100, offset })));
  });
});

describe('BlueBubbles: webhook', () => {
  const webhookUrl = 'https://backlot.example/v1/inbound/bluebubbles/secret-path';
  const receive = async (provider: MessagingProvider, body: unknown, hasSecretPath = true): Promise<readonly InboundEvent[]> =>
    provider.receive({ headers: new Headers(), rawBody: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), hasSecretPath }, new Date());
  const delivery = (guid: string): unknown => ({ type: 'new-message', data: { guid, text: 'Forged', handle: { address: '+15550666' }, chats: [] } });

  test('it registers for new messages only: changed ones would double turns', async () => {
    const mac = macWithMessages();
    await using opened = await open(mac);
    await opened.start(webhookUrl);
    expect(opened.asked()).toEqual(['GET /api/v1/server/info', 'POST /api/v1/webhook']);
    expect(bodyOf(opened.server.requests[1])).toEqual({ url: webhookUrl, events: ['new-message'] });
  });

  test('a start with the same address leaves it, one with another takes the old one back', async () => {
    const mac = macWithMessages();
    const kept = memory();
    const start = async (url: string): Promise<string[]> => {
      await using opened = await open(mac);
      await opened.start(url, kept);
      return mac.webhooks.map((webhook) => webhook.url);
    };
    const others = 'https://elsewhere.example/hook';
    mac.webhooks.push({ id: 1, url: others, events: ['new-message'] });
    const moved = `${webhookUrl}-2`;
    expect(await start(webhookUrl)).toEqual([others, webhookUrl]);
    expect(await start(webhookUrl)).toEqual([others, webhookUrl]);
    expect(await start(moved)).toEqual([others, moved]);
    // One that somebody removed by hand is no reason to fail.
    mac.webhooks.pop();
    mac.webhooks.push({ id: 7, url: others, events: [] });
    expect(await start(webhookUrl)).toContain(webhookUrl);
  });

  test('a server that is away is told later', async () => {
    const mac = macWithMessages();
    await using opened = await open(mac);
    opened.server.fault = { kind: 'reply', reply: { status: 500, body: {} } };
    await opened.start(webhookUrl);
    expect(mac.webhooks).toEqual([]);
    opened.server.fault = null;
    await expect.poll(() => mac.webhooks.map(({ url }) => url)).toEqual([webhookUrl]);
  });

  test('a message is read by its guid: of what the delivery says nothing else counts', async () => {
    await using opened = await open(macWithMessages());
    expect(await receive(opened.provider, delivery('m1'))).toEqual([
      {
        kind: 'message',
        message: {
          messageId: 'm1',
          chat: {
            chatId: NORA.chatId,
            isGroup: false,
            channel: 'imessage',
            phoneNumber: OWN_NUMBER,
            participants: [{ identifier: '+15550123', name: null }],
            groupName: null,
          },
          direction: 'inbound',
          text: 'Look',
          sender: '+15550123',
          mediaUrls: [`${opened.server.url}/api/v1/attachment/at_0%2F1/download`],
          reactions: [],
          replyTo: null,
          sentAt: new Date(NOW_MS + 1000),
        },
      },
    ]);
    expect(opened.asked()).toEqual(['GET /api/v1/message/m1?with=chats,chats.participants,attachments']);
  });

  test('a guid is escaped whole', async () => {
    await using opened = await open(macWithMessages());
    await expect(receive(opened.provider, delivery('../server/restart/hard?x=#'))).rejects.toMatchObject({ code: 'webhook_refused' });
    expect(opened.server.requests.map(({ path }) => path.split('?')[0])).toEqual(['/api/v1/message/..%2Fserver%2Frestart%2Fhard%3Fx%3D%23']);
  });

  test('without the secret in the address it is refused, and nothing goes out', async () => {
    await using opened = await open(macWithMessages());
    await expect(receive(opened.provider, delivery('m1'), false)).rejects.toMatchObject({ code: 'webhook_refused', status: 401 });
    expect(opened.asked()).toEqual([]);
  });

  test('a message that the server does not know is refused; one that cannot be read now is not lost', async () => {
    await using opened = await open(macWithMessages());
    await expect(receive(opened.provider, delivery('forged'))).rejects.toMatchObject({ code: 'webhook_refused' });
    opened.server.answer = () => ({ body: { status: 200, message: 'Success', data: { ...macWithMessages().messages[1], guid: 'another' } } });
    await expect(receive(opened.provider, delivery('m1'))).rejects.toMatchObject({ code: 'provider_error' });
    opened.server.fault = { kind: 'close' };
    await expect(receive(opened.provider, delivery('m1'))).rejects.toMatchObject({ code: 'provider_unavailable' });
    const mac = macWithMessages();
    opened.server.fault = null;
    opened.server.answer = mac.answer;
    expect((await opened.provider.listMessages(new Date(NOW_MS), 100, signal)).map(({ messageId }) => messageId)).toContain('m1');
  });

  test('a changed background is told as such, under the name by which the chat is known', async () => {
    const mac = macWithMessages();
    await using opened = await open(mac);
    expect(await receive(opened.provider, delivery('wallpaper'))).toEqual([{ kind: 'background', chatId: NORA.chatId }]);
    mac.chats.push({ guid: 'any;-;+15550140', displayName: '', participants: [{ address: '+15550140', service: 'iMessage' }] });
    mac.messages.push({ guid: 'w2', chatGuid: 'any;-;+15550140', text: null, from: nora, dateCreated: NOW_MS + 9000, itemType: 3, groupActionType: 4 });
    expect(await receive(opened.provider, delivery('w2'))).toEqual([{ kind: 'background', chatId: 'iMessage;-;+15550140' }]);
  });

  test('what is no message is none: reactions, people who leave, other events', async () => {
    await using opened = await open(macWithMessages());
    for (const guid of ['r1', 'left']) expect(await receive(opened.provider, delivery(guid))).toEqual([]);
    opened.server.requests.length = 0;
    for (const type of ['updated-message', 'typing-indicator', 'hello-world', 'something-new']) {
      expect(await receive(opened.provider, { type, data: { guid: 'm1' } })).toEqual([]);
    }
    expect(opened.asked()).toEqual([]);
  });

  test('what is no delivery is refused as such, and nothing goes out', async () => {
    await using opened = await open(macWithMessages());
    for (const body of [
      '',
      '{"half":',
      '[]',
      'null',
      {},
      { type: 7 },
      { type: 'new-message' },
      { type: 'new-message', data: { guid: '' } },
      { type: 'new-message', data: { guid: 'x'.repeat(201) } },
    ]) {
      await expect(receive(opened.provider, body)).rejects.toMatchObject({ code: 'invalid_request' });
    }
    expect(opened.asked()).toEqual([]);
  });
});

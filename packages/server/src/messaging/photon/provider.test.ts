import { describe, expect, test } from 'vitest';
import { createLog } from '../../logging.js';
import { Mac } from '../bluebubbles-wire/mac.testing.js';
import { awkwardImage, describeMessagingProvider } from '../port.contract.js';
import { OutcomeUnknownError } from '../port.js';
import { startWireServer } from '../../http/wire-server.testing.js';
import { createPhotonProvider } from './provider.js';

const API_KEY = 'photon-canary-key-that-nobody-may-see';
const OWN_NUMBER = '+15550100';
const NOW_MS = Date.parse('2026-11-20T12:00:00.000Z');
const NORA = { chatId: 'iMessage;-;+15550123', isGroup: false };
const FILM_NIGHT = { chatId: 'iMessage;+;chat42', isGroup: true };
const signal = new AbortController().signal;

const macWithMessages = (): Mac => {
  const mac = new Mac();
  mac.hasBackgrounds = true;
  const nora = { address: '+15550123', service: 'iMessage' };
  const ben = { address: '+15550124', service: 'iMessage' };
  mac.messages.push(
    { guid: 'old', chatGuid: NORA.chatId, text: 'Before', from: nora, dateCreated: NOW_MS - 1 },
    {
      guid: 'm1',
      chatGuid: NORA.chatId,
      text: '\uFFFCLook',
      from: nora,
      dateCreated: NOW_MS + 1000,
      attachments: [{ guid: 'at_0/1' }, { guid: 'hidden', hideAttachment: true }],
    },
    { guid: 'm2', chatGuid: NORA.chatId, text: 'Nice', from: null, dateCreated: NOW_MS + 2000, threadOriginatorGuid: 'm1' },
    {
      guid: 'r1',
      chatGuid: NORA.chatId,
      text: 'Liked',
      from: nora,
      dateCreated: NOW_MS + 3000,
      associatedMessageGuid: 'p:0/m2',
      associatedMessageType: 'like',
    },
    {
      guid: 'r2',
      chatGuid: NORA.chatId,
      text: 'Loved',
      from: nora,
      dateCreated: NOW_MS + 4000,
      associatedMessageGuid: 'p:0/m2',
      associatedMessageType: 'love',
    },
    { guid: 'r3', chatGuid: NORA.chatId, text: 'Liked', from: null, dateCreated: NOW_MS + 4100, associatedMessageGuid: 'bp:m1', associatedMessageType: '2001' },
    {
      guid: 'r4',
      chatGuid: NORA.chatId,
      text: 'Unliked',
      from: null,
      dateCreated: NOW_MS + 4200,
      associatedMessageGuid: 'bp:m1',
      associatedMessageType: '-like',
    },
    { guid: 'left', chatGuid: FILM_NIGHT.chatId, text: null, from: ben, dateCreated: NOW_MS + 5000, itemType: 3 },
    { guid: 'wallpaper', chatGuid: FILM_NIGHT.chatId, text: null, from: ben, dateCreated: NOW_MS + 5500, itemType: 3, groupActionType: 4 },
    { guid: 'm3', chatGuid: FILM_NIGHT.chatId, text: 'Eight?', from: ben, dateCreated: NOW_MS + 6000 },
    { guid: 'm4', chatGuid: 'SMS;-;+15550130', text: 'Code 1234', from: { address: '+15550130', service: 'SMS' }, dateCreated: NOW_MS + 7000 },
  );
  return mac;
};

let contractMac = macWithMessages();

describeMessagingProvider('photon', {
  open: async (server, { log, timeouts }) => {
    contractMac = macWithMessages();
    contractMac.backgrounds.set(NORA.chatId, { id: 'bg-0', fileData: '' });
    const provider = createPhotonProvider({ baseUrl: `${server.url}/`, apiKey: API_KEY, phoneNumber: OWN_NUMBER, log, timeouts });
    // Typing goes to the name under which the server knows the chat.
    await expect.poll(async () => provider.listChats(50, signal).catch(() => [])).not.toEqual([]);
    return { provider, [Symbol.asyncDispose]: async () => provider[Symbol.asyncDispose]() };
  },
  answer: (request) => contractMac.answer(request),
  capabilities: {
    background: { set: true, get: true, remove: true, groups: true, reportsChanged: false, maxBytes: 10 * 1024 * 1024 },
    typing: true,
    renameGroup: true,
    history: true,
  },
  chat: NORA,
  group: FILM_NIGHT,
  wire: {
    setBackground: 'POST /api/v1/chat/iMessage%3B-%3B%2B15550123/background',
    getBackground: 'GET /api/v1/chat/iMessage%3B-%3B%2B15550123/background',
    removeBackground: 'DELETE /api/v1/chat/iMessage%3B-%3B%2B15550123/background',
    startTyping: 'POST /api/v1/chat/iMessage%3B-%3B%2B15550123/typing',
    renameGroup: 'PUT /api/v1/chat/iMessage%3B%2B%3Bchat42',
    listChats: 'POST /api/v1/chat/query',
    listMessages: 'POST /api/v1/message/query',
  },
  checkUpload: ({ headers, body }, image) => {
    expect(headers['content-type']).toBe('application/json');
    const sent = JSON.parse(String(body)) as { readonly fileData: string };
    expect(Object.keys(sent)).toEqual(['fileData']);
    expect(Buffer.from(sent.fileData, 'base64').equals(image.bytes)).toBe(true);
  },
  checkAuthentication: ({ headers, path }) => {
    expect(headers['x-api-key']).toBe(API_KEY);
    expect(path).not.toContain(API_KEY);
  },
  errorBody: (status) => ({ status, message: `${API_KEY} was refused`, error: { type: 'Server Error', message: `X-API-Key: ${API_KEY}` } }),
  nonsense: [null, {}, { status: '200', data: { hasBackground: 'yes' } }, { data: 3 }],
  refusals: [
    ...[400, 413, 415, 422].map((status) => ({
      what: `${status} to an image`,
      operation: 'setBackground' as const,
      reply: { status, body: { status, message: 'Bad Request', error: { type: 'Validation Error', message: 'fileData' } } },
      code: 'provider_rejected_image' as const,
    })),
    { what: '400 to a question', operation: 'getBackground', reply: { status: 400, body: {} }, code: 'provider_error' },
    {
      what: 'a Private API that is off',
      operation: 'setBackground',
      reply: { status: 500, body: { status: 500, message: 'x', error: { type: 'iMessage Error', message: 'iMessage Private API is not enabled!' } } },
      code: 'provider_not_ready',
    },
    {
      what: 'any other iMessage Error',
      operation: 'setBackground',
      reply: { status: 500, body: { status: 500, message: 'x', error: { type: 'iMessage Error', message: 'It did not work' } } },
      code: 'provider_error',
    },
  ],
  secrets: [API_KEY],
});

const open = async (mac: Mac) => {
  const server = await startWireServer();
  server.answer = mac.answer;
  const log = createLog('silent', { write: () => undefined });
  const provider = createPhotonProvider({ baseUrl: server.url, apiKey: API_KEY, phoneNumber: OWN_NUMBER, log });
  return {
    server,
    provider,
    asked: (): string[] => server.requests.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`),
    [Symbol.asyncDispose]: async () => {
      await provider[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
};

describe('Photon: backgrounds', () => {
  test('after a set it reads what is there, and tells its id', async () => {
    await using opened = await open(macWithMessages());
    const answer = await opened.provider.setBackground(NORA, awkwardImage(), signal);
    expect(answer).toEqual({ hasBackground: true, backgroundId: 'bg-1', version: null, changed: null });
    expect(opened.asked()).toEqual(['POST /api/v1/chat/iMessage;-;+15550123/background', 'GET /api/v1/chat/iMessage;-;+15550123/background']);
  });

  test('it looks again while the change does not show yet', async () => {
    const mac = macWithMessages();
    await using opened = await open(mac);
    mac.staleAnswers = 1;
    expect(await opened.provider.setBackground(NORA, awkwardImage(), signal)).toMatchObject({ hasBackground: true, backgroundId: 'bg-1' });
    mac.staleAnswers = 1;
    expect(await opened.provider.removeBackground(NORA, signal)).toMatchObject({ hasBackground: false, backgroundId: null });
  });

  test('a change that never shows is in doubt, and so is one that cannot be looked at', async () => {
    const mac = macWithMessages();
    await using opened = await open(mac);
    mac.staleAnswers = 100;
    await expect(opened.provider.setBackground(NORA, awkwardImage(), signal)).rejects.toMatchObject({ name: 'OutcomeUnknownError', code: 'provider_error' });
    const uploads = opened.asked().filter((asked) => asked.startsWith('POST'));
    expect(uploads).toHaveLength(1);

    opened.server.answer = (request) => (request.method === 'GET' ? { status: 404, body: {} } : mac.answer(request));
    await expect(opened.provider.setBackground(NORA, awkwardImage(), signal)).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(opened.asked().filter((asked) => asked.startsWith('POST'))).toHaveLength(2);
  });

  test('giving up while it looks leaves it in doubt', async () => {
    const mac = macWithMessages();
    await using opened = await open(mac);
    const abort = new AbortController();
    mac.staleAnswers = 100;
    opened.server.answer = (request) => {
      if (request.method === 'GET') abort.abort();
      return mac.answer(request);
    };
    await expect(opened.provider.setBackground(NORA, awkwardImage(), abort.signal)).rejects.toBeInstanceOf(OutcomeUnknownError);
  });

  test('removing none is no error, even where the server calls it one', async () => {
    const mac = macWithMessages();
    await using opened = await open(mac);
    expect(await opened.provider.removeBackground(NORA, signal)).toMatchObject({ hasBackground: false });
    mac.refusesNeedlessRemoval = true;
    expect(await opened.provider.removeBackground(NORA, signal)).toMatchObject({ hasBackground: false });
  });

  test('a removal that is refused is an error as long as the background is there', async () => {
    const mac = macWithMessages();
    await using opened = await open(mac);
    await opened.provider.setBackground(NORA, awkwardImage(), signal);
    opened.server.answer = (request) => (request.method === 'DELETE' ? { status: 500, body: {} } : mac.answer(request));
    await expect(opened.provider.removeBackground(NORA, signal)).rejects.toMatchObject({ code: 'provider_error' });
  });
});

describe('Photon: names of chats', () => {
  test('a chat stays the same when macOS 26 renames it, and calls go to the name of the day', async () => {
    const mac = macWithMessages();
    await using opened = await open(mac);
    expect((await opened.provider.listChats(50, signal)).map(({ chatId }) => chatId)).toContain(NORA.chatId);
    for (const chat of mac.chats) chat.guid = chat.guid.replace(/^\w+/, 'any');
    expect(await opened.provider.setBackground(NORA, awkwardImage(), signal)).toMatchObject({ hasBackground: true });
    expect([...mac.backgrounds.keys()]).toEqual(['any;-;+15550123']);
    opened.server.requests.length = 0;
    // From now on it knows.
    expect(await opened.provider.getBackground(NORA, signal)).toMatchObject({ backgroundId: 'bg-1' });
    expect(opened.asked()).toEqual(['GET /api/v1/chat/any;-;+15550123/background']);
    expect((await opened.provider.listChats(50, signal)).map(({ chatId }) => chatId)).toContain(NORA.chatId);
  });

  test('a chat under its old and its new name is one', async () => {
    const mac = macWithMessages();
    mac.chats.push({ guid: 'any;-;+15550123', displayName: '', participants: [{ address: '+15550123', service: 'iMessage' }] });
    mac.messages.push({ guid: 'm9', chatGuid: 'any;-;+15550123', text: 'Hi', from: null, dateCreated: NOW_MS + 9000 });
    await using opened = await open(mac);
    expect((await opened.provider.listChats(50, signal)).filter(({ chatId }) => chatId === NORA.chatId)).toHaveLength(1);
    await opened.provider.startTyping(NORA, signal);
    expect(mac.typing).toEqual(['any;-;+15550123']);
  });

  test('typing finds out the name first: to a wrong one the server says yes and shows nothing', async () => {
    const mac = macWithMessages();
    for (const chat of mac.chats) chat.guid = chat.guid.replace(/^\w+/, 'any');
    await using opened = await open(mac);
    expect(await opened.provider.startTyping(NORA, signal)).toEqual({ isSent: true, warning: null });
    expect(mac.typing).toEqual(['any;-;+15550123']);
    await opened.provider.startTyping(NORA, signal);
    expect(opened.asked().slice(-2)).toEqual(['POST /api/v1/chat/any;-;+15550123/typing', 'POST /api/v1/chat/any;-;+15550123/typing']);
    expect(opened.asked().filter((asked) => asked.startsWith('DELETE'))).toEqual([]);
  });

  test('one person has no name to change, and nothing goes out', async () => {
    await using opened = await open(macWithMessages());
    await expect(opened.provider.renameGroup(NORA, 'Us', signal)).rejects.toMatchObject({ code: 'provider_unsupported' });
    expect(opened.asked()).toEqual([]);
  });
});

describe('Photon: chats and messages', () => {
  test('chats come newest first, with everybody in them', async () => {
    await using opened = await open(macWithMessages());
    expect(await opened.provider.listChats(50, signal)).toEqual([
      {
        chatId: 'SMS;-;+15550130',
        isGroup: false,
        channel: 'sms',
        phoneNumber: OWN_NUMBER,
        participants: [{ identifier: '+15550130', name: null }],
        groupName: null,
      },
      {
        chatId: FILM_NIGHT.chatId,
        isGroup: true,
        channel: 'imessage',
        phoneNumber: OWN_NUMBER,
        participants: [
          { identifier: '+15550124', name: null },
          { identifier: 'cleo@example.com', name: null },
        ],
        groupName: 'Film night',
      },
      {
        chatId: NORA.chatId,
        isGroup: false,
        channel: 'imessage',
        phoneNumber: OWN_NUMBER,
        participants: [{ identifier: '+15550123', name: null }],
        groupName: null,
      },
    ]);
    expect(await opened.provider.listChats(1, signal)).toMatchObject([{ chatId: 'SMS;-;+15550130' }]);
  });

  test('the newest is found on whichever page it is: the server sorts only within one', async () => {
    const mac = macWithMessages();
    for (let index = 0; index < 600; index++) {
      mac.chats.unshift({
        guid: `iMessage;-;x${index}@example.com`,
        displayName: '',
        participants: [{ address: `x${index}@example.com`, service: 'iMessage' }],
      });
    }
    await using opened = await open(mac);
    expect((await opened.provider.listChats(2, signal)).map(({ chatId }) => chatId)).toEqual(['SMS;-;+15550130', FILM_NIGHT.chatId]);
  });

  test('messages come oldest first with reactions that still hold, and nothing that is no message', async () => {
    await using opened = await open(macWithMessages());
    const messages = await opened.provider.listMessages(new Date(NOW_MS), 100, signal);
    expect(messages).toMatchObject([
      {
        messageId: 'm1',
        direction: 'inbound',
        sender: '+15550123',
        text: 'Look',
        mediaUrls: [`${opened.server.url}/api/v1/attachment/at_0%2F1/download`],
        reactions: [],
        replyTo: null,
        sentAt: new Date(NOW_MS + 1000),
        chat: { chatId: NORA.chatId, channel: 'imessage', participants: [{ identifier: '+15550123', name: null }] },
      },
      {
        messageId: 'm2',
        direction: 'outbound',
        sender: OWN_NUMBER,
        replyTo: 'm1',
        reactions: [{ id: 'r2', reactionType: 'love', fromNumber: '+15550123', direction: 'inbound', createdAt: new Date(NOW_MS + 4000) }],
      },
      {
        messageId: 'm3',
        sender: '+15550124',
        chat: { isGroup: true, groupName: 'Film night', participants: [{ identifier: '+15550124' }, { identifier: 'cleo@example.com' }] },
      },
      { messageId: 'm4', chat: { channel: 'sms' } },
    ]);
    expect(messages).toHaveLength(4);
    expect(JSON.parse(String(opened.server.requests[0]?.body))).toMatchObject({ after: NOW_MS, sort: 'ASC', limit: 100, offset: 0 });
  });

  test('a page of what is no message does not hide the messages behind it', async () => {
    const mac = new Mac();
    for (let index = 0; index < 250; index++) {
      mac.messages.push({ guid: `gone-${index}`, chatGuid: FILM_NIGHT.chatId, text: null, from: null, dateCreated: NOW_MS + index, itemType: 1 });
    }
    mac.messages.push({ guid: 'm1', chatGuid: NORA.chatId, text: 'Hi', from: null, dateCreated: NOW_MS + 1000 });
    mac.messages.push({ guid: 'm2', chatGuid: NORA.chatId, text: 'Ho', from: null, dateCreated: NOW_MS + 2000 });
    await using opened = await open(mac);
    expect((await opened.provider.listMessages(new Date(NOW_MS), 1, signal)).map(({ messageId }) => messageId)).toEqual(['m1']);
  });

  test('a message twice on the wire is one, an odd one spoils nothing, and one without a chat is left out', async () => {
    const mac = macWithMessages();
    await using opened = await open(mac);
    const [, first] = mac.messages;
    if (first === undefined) throw new Error('no message');
    const page = [mac.message(first), { guid: 7 }, mac.message(first), { ...mac.message(first), guid: 'nowhere', chats: [] }];
    opened.server.answer = () => ({ body: { status: 200, message: 'Success', data: page } });
    expect((await opened.provider.listMessages(new Date(NOW_MS), 100, signal)).map(({ messageId }) => messageId)).toEqual(['m1']);
  });

  test("a group's people are asked for once when they don't come along, and a group that was left has none", async () => {
    const mac = macWithMessages();
    mac.tellsParticipants = false;
    mac.messages.push({ guid: 'm5', chatGuid: FILM_NIGHT.chatId, text: 'Nine.', from: null, dateCreated: NOW_MS + 8000 });
    await using opened = await open(mac);
    const people = async (): Promise<unknown> =>
      (await opened.provider.listMessages(new Date(NOW_MS), 100, signal)).filter(({ chat }) => chat.isGroup).map(({ chat }) => chat.participants.length);
    expect(await people()).toEqual([2, 2]);
    const question = 'GET /api/v1/chat/iMessage;+;chat42?with=participants';
    expect(opened.asked().filter((asked) => asked === question)).toHaveLength(1);
    opened.server.answer = (request) => (request.method === 'GET' ? { status: 404, body: {} } : mac.answer(request));
    expect(await people()).toEqual([0, 0]);
  });

  test('on macOS 26 the newest message tells the channel', async () => {
    const mac = macWithMessages();
    mac.chats.push({ guid: 'any;-;+15550131', displayName: '', participants: [{ address: '+15550131', service: 'SMS' }] });
    mac.messages.push({ guid: 'm9', chatGuid: 'any;-;+15550131', text: 'Hi', from: { address: '+15550131', service: 'RCS' }, dateCreated: NOW_MS + 9000 });
    await using opened = await open(mac);
    expect(await opened.provider.listChats(1, signal)).toMatchObject([{ chatId: 'iMessage;-;+15550131', channel: 'rcs' }]);
  });

  test('a delivery by webhook is refused: it is not from Photon', async () => {
    await using opened = await open(macWithMessages());
    const delivery = { headers: new Headers(), rawBody: Buffer.from('{"type":"new-message","data":{"guid":"m1"}}'), hasSecretPath: true };
    await expect(opened.provider.receive(delivery, new Date())).rejects.toMatchObject({ code: 'webhook_refused' });
    expect(opened.asked()).toEqual([]);
  });
});

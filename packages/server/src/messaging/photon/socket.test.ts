import { Server, type Socket } from 'socket.io';
import { describe, expect, test } from 'vitest';
import { createLog } from '../../logging.js';
import { Mac, type MacMessage } from '../bluebubbles-wire/mac.testing.js';
import type { InboundEvent } from '../port.js';
import { startWireServer } from '../../http/wire-server.testing.js';
import { createPhotonProvider } from './provider.js';

const API_KEY = 'photon-canary-key-that-nobody-may-see';
const NORA = 'iMessage;-;+15550123';
const nora = { address: '+15550123', service: 'iMessage' };

const messageOf = (guid: string, more: Partial<MacMessage> = {}): MacMessage => ({
  guid,
  chatGuid: NORA,
  text: guid,
  from: nora,
  dateCreated: Date.now(),
  ...more,
});

/** Photon's server: its calls, and its socket as `advanced-imessage-kit` 1.15 knows it. */
const open = async (options: { readonly isStarted?: boolean } = {}) => {
  const mac = new Mac();
  const wire = await startWireServer();
  wire.answer = mac.answer;
  const io = new Server(wire.http, { serveClient: false });
  const connections: Socket[] = [];
  /** By which each connection began. */
  const transports: string[] = [];
  const state = { isKeyKnown: true, isSlow: false };
  io.on('connection', (socket) => {
    connections.push(socket);
    transports.push(socket.conn.transport.name);
    if (state.isSlow) return;
    if (state.isKeyKnown && socket.handshake.auth['apiKey'] === API_KEY) socket.emit('auth-ok');
    else socket.emit('auth-error', { message: `${API_KEY} is wrong`, reason: 'invalid_key' });
  });
  const logged: string[] = [];
  const heard: InboundEvent[] = [];
  const provider = createPhotonProvider({
    baseUrl: `${wire.url}/`,
    apiKey: API_KEY,
    phoneNumber: '+15550100',
    log: createLog('trace', { write: (line: string) => void logged.push(line) }),
    backoff: { firstMs: 10, lastMs: 50 },
  });
  const start = async (): Promise<void> =>
    provider.start({
      listener: async (event) => {
        heard.push(event);
      },
      memory: { read: async () => ({}), write: async () => undefined },
      webhookUrl: null,
    });
  const asked = (): number => wire.requests.filter(({ path }) => path === '/api/v1/message/query').length;
  if (options.isStarted !== false) {
    await start();
    // It has connected, and has looked for what it missed.
    await expect.poll(asked).toBe(1);
  }
  return {
    mac,
    wire,
    io,
    state,
    connections,
    transports,
    logged,
    heard,
    start,
    asked,
    heardIds: (): string[] => heard.map((event) => (event.kind === 'message' ? event.message.messageId : event.kind)),
    push: (message: MacMessage, event = 'new-message'): void => {
      mac.messages.push(message);
      io.emit(event, mac.message(message));
    },
    provider,
    [Symbol.asyncDispose]: async () => {
      await provider[Symbol.asyncDispose]();
      await wire[Symbol.asyncDispose]();
    },
  };
};

describe("Photon's socket", () => {
  test('messages come as they are pushed, in their order and each once, with no further question', async () => {
    await using opened = await open();
    opened.push(messageOf('m1', { text: 'Hi' }));
    opened.push(messageOf('m2', { from: null }));
    const [first] = opened.mac.messages;
    if (first !== undefined) opened.io.emit('new-message', opened.mac.message(first));
    opened.push(messageOf('w', { text: null, itemType: 3, groupActionType: 4 }));
    opened.push(messageOf('r', { associatedMessageGuid: 'p:0/m1', associatedMessageType: 'love' }));
    opened.push(messageOf('m2', { text: 'Changed' }), 'updated-message');
    opened.push(messageOf('m3'));
    await expect.poll(opened.heardIds).toEqual(['m1', 'm2', 'background', 'm3']);
    expect(opened.heard[0]).toMatchObject({ message: { text: 'Hi', sender: '+15550123', chat: { chatId: NORA, channel: 'imessage' } } });
    expect(opened.wire.requests).toHaveLength(1);
  });

  test('it connects by websocket only, and its key is in no address', async () => {
    await using opened = await open();
    const [socket] = opened.connections;
    expect(opened.transports).toEqual(['websocket']);
    expect(socket?.handshake.auth).toEqual({ apiKey: API_KEY });
    expect(socket?.request.url).not.toContain(API_KEY);
  });

  test('before it is known, nothing that is pushed counts', async () => {
    await using opened = await open({ isStarted: false });
    opened.state.isSlow = true;
    await opened.start();
    await expect.poll(() => opened.connections.length).toBe(1);
    opened.io.emit('new-message', opened.mac.message(messageOf('too-early')));
    opened.io.emit('auth-ok');
    await expect.poll(opened.asked).toBe(1);
    opened.push(messageOf('m1'));
    await expect.poll(opened.heardIds).toEqual(['m1']);
  });

  test('what happened while it was not connected is read as soon as it is again, whoever ended the connection', async () => {
    await using opened = await open();
    opened.push(messageOf('m1'));
    await expect.poll(opened.heardIds).toEqual(['m1']);
    opened.mac.messages.push(messageOf('m2'));
    // The server means it.
    opened.io.disconnectSockets();
    await expect.poll(opened.heardIds).toEqual(['m1', 'm2']);
    opened.mac.messages.push(messageOf('m3'), messageOf('w', { itemType: 3, groupActionType: 4 }));
    // The line breaks.
    opened.connections.at(-1)?.conn.close();
    await expect.poll(opened.heardIds).toEqual(['m1', 'm2', 'm3', 'background']);
    opened.push(messageOf('m4'));
    await expect.poll(opened.heardIds).toEqual(['m1', 'm2', 'm3', 'background', 'm4']);
    expect(opened.connections).toHaveLength(3);
  });

  test('what was missed is asked for again while the server does not answer, even if the connection ends meanwhile', async () => {
    await using opened = await open();
    opened.wire.answer = () => ({ status: 500, body: {} });
    opened.mac.messages.push(messageOf('m1'));
    opened.io.disconnectSockets();
    await expect.poll(opened.asked).toBeGreaterThan(3);
    // It ends while a question is under way, which fails only afterwards.
    const asked = opened.wire.next();
    let fail = (): void => undefined;
    opened.wire.answer = async () =>
      new Promise((resolve) => {
        fail = () => resolve({ status: 500, body: {} });
      });
    await asked;
    const connections = opened.connections.length;
    const ends = (): number => opened.logged.filter((line) => line.includes('the server ended the connection')).length;
    const before = ends();
    opened.io.disconnectSockets();
    await expect.poll(ends, { interval: 2 }).toBe(before + 1);
    opened.wire.answer = opened.mac.answer;
    fail();
    await expect.poll(() => opened.connections.length).toBeGreaterThan(connections);
    await expect.poll(opened.heardIds).toEqual(['m1']);
  });

  test('a message that is pushed without its chat is read by its guid; one that cannot be read is found later', async () => {
    await using opened = await open();
    const first = messageOf('m1');
    opened.mac.messages.push(first);
    opened.io.emit('new-message', { ...opened.mac.message(first), chats: [] });
    await expect.poll(opened.heardIds).toEqual(['m1']);
    expect(opened.wire.requests.at(-1)?.path).toBe('/api/v1/message/m1?with=chats,chats.participants,attachments');

    const second = messageOf('m2');
    opened.mac.messages.push(second);
    opened.wire.answer = (request) => (request.method === 'GET' ? { status: 500, body: {} } : opened.mac.answer(request));
    opened.io.emit('new-message', { guid: 'm2' });
    await expect.poll(opened.heardIds).toEqual(['m1', 'm2']);
  });

  test('what is no message is left out', async () => {
    await using opened = await open();
    for (const nonsense of [null, 'text', 7, {}, { guid: 7 }, []]) opened.io.emit('new-message', nonsense);
    opened.push(messageOf('m1'));
    await expect.poll(opened.heardIds).toEqual(['m1']);
  });

  test('a key that is refused is tried again later, and shows in no log line', async () => {
    await using opened = await open({ isStarted: false });
    opened.state.isKeyKnown = false;
    await opened.start();
    await expect.poll(() => opened.connections.length).toBeGreaterThan(2);
    expect(opened.asked()).toBe(0);
    opened.state.isKeyKnown = true;
    await expect.poll(opened.asked).toBe(1);
    opened.push(messageOf('m1'));
    await expect.poll(opened.heardIds).toEqual(['m1']);
    expect(opened.logged.join('')).toContain('Photon refused our key');
    expect(opened.logged.join('')).not.toContain(API_KEY);
  });

  test('a server that is away does not keep it from starting', async () => {
    await using opened = await open({ isStarted: false });
    await opened.wire[Symbol.asyncDispose]();
    await opened.start();
    await expect.poll(() => opened.logged.join('')).toContain("can't be reached");
    expect(opened.logged.join('')).not.toContain(API_KEY);
  });

  test('disposed, it leaves and asks no more', async () => {
    await using opened = await open();
    opened.wire.answer = async () => new Promise(() => undefined);
    opened.io.disconnectSockets();
    await expect.poll(opened.asked).toBe(2);
    await opened.provider[Symbol.asyncDispose]();
    await expect.poll(async () => (await opened.io.fetchSockets()).length).toBe(0);
    const lines = opened.logged.length;
    opened.wire.answer = opened.mac.answer;
    await opened.provider[Symbol.asyncDispose]();
    expect(opened.asked()).toBe(2);
    expect(opened.logged).toHaveLength(lines);
  });
});

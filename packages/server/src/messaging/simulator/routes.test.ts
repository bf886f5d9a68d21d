import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SimulatedChat, simulatedChat, simulatedChatDetail, type SimulatedChatDetail, simulatedMessage } from '@backlot/contract';
import { every } from 'hono/combine';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAuthentication, requireOrganization } from '../../http/authentication.js';
import { EventStreams } from '../../http/event-stream.js';
import { openTestApp, PUBLIC_URL, readError, type TestApp } from '../../http/http.testing.js';
import { idempotency } from '../../http/idempotency.js';
import { createLog } from '../../logging.js';
import { awkwardImage } from '../port.contract.js';
import { registerSimulatorRoutes } from './routes.js';
import { openSimulator, type Simulator } from './simulator.js';

const MAYA = '/v1/simulator/chats/%2B12025550142';
const signal = new AbortController().signal;
const log = createLog('silent', { write: () => undefined });

describe("the simulator's phone by REST", () => {
  let folder: string;
  let simulator: Simulator;
  let server: TestApp;
  const eventStreams = new EventStreams();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backlot-simulator-'));
    simulator = await openSimulator({ folder, log });
    server = await openTestApp();
    const authenticate = createAuthentication({ authenticator: server.identity, publicUrl: PUBLIC_URL });
    const guard = every(requireOrganization(authenticate), idempotency({ database: server.database }));
    registerSimulatorRoutes(server.app, { simulator, eventStreams, guard });
  });
  afterAll(async () => {
    eventStreams.closeAll();
    await server[Symbol.asyncDispose]();
    await simulator[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await server.send('DELETE', `${MAYA}/wallpaper`);
    await server.send('PUT', '/v1/simulator/faults', {});
  });

  const detail = async (response: Response): Promise<SimulatedChatDetail> => simulatedChatDetail.strict().parse(await response.json());
  const upload = async (path: string, file: Blob | string, field = 'image'): Promise<Response> => {
    const form = new FormData();
    form.set(field, file);
    return server.app.request(path, { method: 'PUT', body: form, headers: { authorization: `Bearer ${server.apiKey}` } });
  };
  const picture = awkwardImage();
  const file = new File([Buffer.from(picture.bytes)], 'beach.jpg', { type: 'image/jpeg' });

  test('the chats and the one that waits, in the form that is promised', async () => {
    const { data } = (await (await server.send('GET', '/v1/simulator/chats')).json()) as { data: SimulatedChat[] };
    expect(data.map((chat) => simulatedChat.strict().parse(chat))).toMatchObject([{ chat_id: '+12025550142', people: [{ name: 'Maya Lindqvist' }] }]);
    const chat = await detail(await server.send('GET', MAYA));
    expect(chat).toMatchObject({ phone_number: '+12025550100', protocol: 'imessage', typing_until: null, wallpaper: null });
    expect(chat.messages.length).toBeGreaterThan(2);
    expect(chat.last_message_at).toBe(chat.messages.at(-1)?.sent_at);
  });

  test('the other person writes; nobody else can', async () => {
    const response = await server.send('POST', `${MAYA}/messages`, { text: 'Hello?' });
    expect(response.status).toBe(201);
    const message = simulatedMessage.strict().parse(await response.json());
    expect(message).toMatchObject({ direction: 'inbound', text: 'Hello?', sender: '+12025550142' });
    expect((await detail(await server.send('GET', MAYA))).messages.at(-1)).toEqual(message);
    for (const body of [{}, { text: ' ' }, { text: 'x', sender: '+12025550199' }, { text: 'x', more: 1 }]) {
      expect((await readError(await server.send('POST', `${MAYA}/messages`, body))).code).toBe('invalid_request');
    }
  });

  test('a wallpaper that a program has set, and one set by hand', async () => {
    await simulator.provider.setBackground({ chatId: '+12025550142', isGroup: false }, picture, signal);
    const set = await detail(await server.send('GET', MAYA));
    expect(set.wallpaper).toMatchObject({ set_by: 'program', media_type: 'image/jpeg', size_bytes: picture.bytes.byteLength });
    const bytes = await server.send('GET', set.wallpaper?.url ?? '');
    expect(bytes.headers.get('content-type')).toBe('image/jpeg');
    expect(bytes.headers.get('x-content-type-options')).toBe('nosniff');
    expect(Buffer.from(await bytes.arrayBuffer()).equals(picture.bytes)).toBe(true);

    const response = await upload(`${MAYA}/wallpaper`, file);
    expect(response.status).toBe(200);
    const byHand = await detail(response);
    expect(byHand.wallpaper).toMatchObject({ set_by: 'hand' });
    expect(byHand.wallpaper?.url).not.toBe(set.wallpaper?.url);
    expect(byHand.wallpaper_version).toBe(set.wallpaper_version + 1);
    const removed = await detail(await server.send('DELETE', `${MAYA}/wallpaper`));
    expect(removed).toMatchObject({ wallpaper: null, wallpaper_version: set.wallpaper_version + 2 });
    expect((await readError(await server.send('GET', `${MAYA}/wallpaper`))).code).toBe('chat_not_found');
  });

  test('what is no picture is refused', async () => {
    const code = async (response: Promise<Response>): Promise<string> => (await readError(await response)).code;
    expect(await code(upload(`${MAYA}/wallpaper`, 'text'))).toBe('image_missing');
    expect(await code(upload(`${MAYA}/wallpaper`, file, 'background'))).toBe('image_missing');
    expect(await code(upload(`${MAYA}/wallpaper`, new File([], 'empty.jpg', { type: 'image/jpeg' })))).toBe('image_missing');
    expect(await code(upload(`${MAYA}/wallpaper`, new File(['<svg/>'], 'a.svg', { type: 'image/svg+xml' })))).toBe('unsupported_image_type');
    expect(await code(upload(`${MAYA}/wallpaper`, new File([Buffer.alloc(10 * 1024 * 1024 + 1)], 'a.jpg', { type: 'image/jpeg' })))).toBe('image_too_large');
    expect(await code(server.send('PUT', `${MAYA}/wallpaper`, { image: 'x' }))).toBe('unsupported_media_type');
  });

  test('a group and a chat by SMS can be begun, once', async () => {
    const people = [{ identifier: '+12025550150', name: 'Ben' }, { identifier: 'cleo@example.com' }];
    const group = await detail(await server.send('POST', '/v1/simulator/chats', { people, group_name: 'Film night' }));
    expect(group).toMatchObject({ is_group: true, group_name: 'Film night', people: [{ name: 'Ben' }, { name: null }] });
    await server.send('POST', `/v1/simulator/chats/${group.chat_id}/messages`, { text: 'Hi all', sender: 'cleo@example.com' });
    expect((await detail(await server.send('GET', `/v1/simulator/chats/${group.chat_id}`))).messages).toMatchObject([{ sender: 'cleo@example.com' }]);
    const sms = { people: [{ identifier: '+12025550160' }], protocol: 'sms' };
    expect((await server.send('POST', '/v1/simulator/chats', sms)).status).toBe(201);
    expect((await readError(await server.send('POST', '/v1/simulator/chats', sms))).code).toBe('chat_exists');
    for (const body of [{}, { people: [] }, { people: [{ identifier: 'nobody' }] }]) {
      expect((await readError(await server.send('POST', '/v1/simulator/chats', body))).code).toBe('invalid_request');
    }
  });

  test('it fails on demand until it is told otherwise', async () => {
    const faults = { status: 503, retry_after_seconds: 9, delay_ms: 0, hang: false };
    expect(await (await server.send('PUT', '/v1/simulator/faults', { status: 503, retry_after_seconds: 9 })).json()).toEqual(faults);
    expect(await (await server.send('GET', '/v1/simulator/faults')).json()).toEqual(faults);
    await expect(simulator.provider.getBackground({ chatId: '+12025550142', isGroup: false }, signal)).rejects.toMatchObject({
      code: 'provider_unavailable',
      retryAfterSeconds: 9,
    });
    await server.send('PUT', '/v1/simulator/faults', {});
    expect(await simulator.provider.getBackground({ chatId: '+12025550142', isGroup: false }, signal)).toMatchObject({ hasBackground: false });
    for (const body of [{ status: 200 }, { delay_ms: -1 }, { hang: 'yes' }]) {
      expect((await readError(await server.send('PUT', '/v1/simulator/faults', body))).code).toBe('invalid_request');
    }
  });

  test('its events name the chat that changed', async () => {
    const response = await server.send('GET', '/v1/simulator/events');
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (part: string): Promise<void> => {
      while (!text.includes(part)) text += (await reader.read()).value ?? '';
    };
    await until('retry:');
    await simulator.provider.startTyping({ chatId: '+12025550142', isGroup: false }, signal);
    await until('event: chat\ndata: {"chat_id":"+12025550142"}');
    expect((await detail(await server.send('GET', MAYA))).typing_until).not.toBeNull();
    await reader.cancel();
    expect(eventStreams.size).toBe(0);
  });

  test('nobody without a key sees it, and chats that are not there are not found', async () => {
    for (const [method, path] of [
      ['GET', '/v1/simulator/chats'],
      ['GET', MAYA],
      ['POST', `${MAYA}/messages`],
      ['GET', `${MAYA}/wallpaper`],
      ['PUT', `${MAYA}/wallpaper`],
      ['DELETE', `${MAYA}/wallpaper`],
      ['PUT', '/v1/simulator/faults'],
      ['GET', '/v1/simulator/events'],
    ] as const) {
      expect((await server.app.request(path, { method })).status, `${method} ${path}`).toBe(401);
    }
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/messages'],
      ['GET', '/wallpaper'],
      ['DELETE', '/wallpaper'],
    ] as const) {
      const response = await server.send(method, `/v1/simulator/chats/+12025550199${path}`, method === 'POST' ? { text: 'x' } : undefined);
      expect((await readError(response)).code, `${method} ${path}`).toBe('chat_not_found');
    }
    expect((await readError(await upload('/v1/simulator/chats/nobody/wallpaper', file))).code).toBe('chat_not_found');
  });
});

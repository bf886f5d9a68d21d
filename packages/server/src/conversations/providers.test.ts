import { pino } from 'pino';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readError } from '../http/http.testing.js';
import { createBlueBubblesProvider } from '../messaging/bluebubbles/provider.js';
import { Mac } from '../messaging/bluebubbles-wire/mac.testing.js';
import { createPhotonProvider } from '../messaging/photon/provider.js';
import type { MessagingProvider, ProviderChat } from '../messaging/port.js';
import { startWireServer, type WireServer } from '../http/wire-server.testing.js';
import { openTestConversations, type TestConversations } from './conversations.testing.js';

const NORA: ProviderChat = {
  chatId: 'iMessage;-;+15550123',
  isGroup: false,
  channel: 'imessage',
  phoneNumber: '+15550100',
  participants: [{ identifier: '+15550123', name: null }],
  groupName: null,
};
const log = pino({ level: 'silent' });

let mac: Mac;
let wire: WireServer;
let provider: MessagingProvider;
let rig: TestConversations;
let path: string;
const open = async (connect: (baseUrl: string) => MessagingProvider): Promise<void> => {
  mac = new Mac();
  wire = await startWireServer();
  wire.answer = (request) => mac.answer(request);
  provider = connect(wire.url);
  rig = await openTestConversations({ provider });
  path = `/v1/conversations/${(await rig.begin(NORA)).id}/background`;
};
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
  await wire[Symbol.asyncDispose]();
});

const picture = async (red: number) =>
  sharp({ create: { width: 590, height: 1278, channels: 3, background: { r: red, g: 9, b: 9 } } })
    .png()
    .toBuffer();
const set = async (image_url: string) => (await rig.send('POST', path, { image_url })).json() as Promise<Record<string, unknown>>;
const uploads = () => wire.requests.filter(({ method, path: at }) => method === 'POST' && at.includes('/background')).length;

describe('a provider that says neither "changed" nor a version (Photon)', () => {
  beforeEach(async () => {
    await open((baseUrl) => createPhotonProvider({ baseUrl, apiKey: 'key', phoneNumber: '+15550100', log }));
    mac.hasBackgrounds = true;
  });

  it('gets the bytes once; the same again is not sent, another one is', async () => {
    const [first, second] = [await picture(10), await picture(200)];
    const url = rig.serve(first);
    expect(await set(url)).toMatchObject({ changed: true, backgroundVersion: 1, image: { format: 'png' } });
    expect(Buffer.from(mac.backgrounds.get(NORA.chatId)?.fileData ?? '', 'base64').equals(first)).toBe(true);
    expect(await set(url)).toMatchObject({ changed: false, backgroundVersion: 1 });
    expect(uploads()).toBe(1);
    expect(await set(rig.serve(second))).toMatchObject({ changed: true, backgroundVersion: 2 });
    expect(Buffer.from(mac.backgrounds.get(NORA.chatId)?.fileData ?? '', 'base64').equals(second)).toBe(true);
    expect(await set(url)).toMatchObject({ changed: true, backgroundVersion: 3 });
  });

  it('is asked, not believed: what somebody removed or replaced on a phone is sent again', async () => {
    const url = rig.serve(await picture(20));
    await set(url);
    mac.backgrounds.delete(NORA.chatId);
    expect(await set(url)).toMatchObject({ changed: true, backgroundVersion: 3 });
    mac.backgrounds.set(NORA.chatId, { id: 'by-hand', fileData: '' });
    expect(await (await rig.send('GET', path)).json()).toMatchObject({ hasBackground: true, backgroundId: 'by-hand', backgroundVersion: 4, image: null });
    expect(await set(url)).toMatchObject({ changed: true, backgroundVersion: 5 });
    expect(uploads()).toBe(3);
  });

  it('removes it', async () => {
    await set(rig.serve(await picture(30)));
    expect((await rig.send('DELETE', path)).status).toBe(204);
    expect(mac.backgrounds.has(NORA.chatId)).toBe(false);
    expect(await (await rig.send('GET', path)).json()).toMatchObject({ hasBackground: false, backgroundVersion: 2 });
  });
});

describe('a provider whose groups have no backgrounds', () => {
  // Photon's, less one of the things that it declares.
  beforeEach(async () =>
    open((baseUrl) => {
      const photon = createPhotonProvider({ baseUrl, apiKey: 'key', phoneNumber: '+15550100', log });
      const { capabilities } = photon;
      return Object.assign(photon, { capabilities: { ...capabilities, background: { ...capabilities.background, groups: false } } });
    }),
  );

  it('sets none there, before anything is fetched, and has none to be removed', async () => {
    const group = await rig.begin({ ...NORA, chatId: 'iMessage;+;chat42', isGroup: true, groupName: 'Film night' });
    const at = `/v1/conversations/${group.id}/background`;
    const response = await rig.send('POST', at, { image_url: rig.serve(await picture(50)) });
    expect([response.status, (await readError(response)).code]).toEqual([400, 'group_not_supported']);
    expect((await rig.send('DELETE', at)).status).toBe(204);
    expect(await (await rig.send('GET', at)).json()).toMatchObject({ hasBackground: false, source: 'recorded' });
    expect(await (await rig.send('GET', `/v1/conversations/${group.id}`)).json()).toMatchObject({ capabilities: { background: { set: false } } });
    expect([wire.requests, rig.images.requests]).toEqual([[], []]);
  });
});

describe('a provider without backgrounds (BlueBubbles)', () => {
  beforeEach(async () => open((baseUrl) => createBlueBubblesProvider({ baseUrl, password: 'password', phoneNumber: '+15550100', log })));

  it('refuses to set and remove one, with no call outside and nothing fetched', async () => {
    const url = rig.serve(await picture(40));
    for (const [method, body] of [
      ['POST', { image_url: url }],
      ['DELETE', undefined],
    ] as const) {
      const response = await rig.send(method, path, body);
      expect([response.status, (await readError(response)).code]).toEqual([501, 'provider_unsupported']);
    }
    expect(wire.requests).toEqual([]);
    expect(rig.images.requests).toEqual([]);
    expect(await (await rig.send('GET', path)).json()).toMatchObject({ hasBackground: false, source: 'recorded', checkedAt: null });
    expect(await (await rig.send('GET', path.replace('/background', ''))).json()).toMatchObject({
      capabilities: { background: { set: false, get: false, remove: false } },
    });
  });
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../../logging.js';
import { awkwardImage } from '../port.contract.js';
import { OutcomeUnknownError, type InboundEvent, type ProviderMemory } from '../port.js';
import { NO_FAULTS } from './faults.js';
import { openSimulator, type Simulator } from './simulator.js';

const log = createLog('silent', { write: () => undefined });
const signal = new AbortController().signal;
const listener = async (): Promise<void> => undefined;
const MAYA = { chatId: '+12025550142', isGroup: false };

/** Takes deliveries as Backlot would, `refusals` times not. */
const openInbound = async (simulator: () => Simulator, refusals = 0) => {
  const events: InboundEvent[] = [];
  let tries = 0;
  const server = createServer((incoming, outgoing) => {
    const take = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
      const headers = new Headers(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
      const taken = await simulator().provider.receive({ headers, rawBody: Buffer.concat(chunks), hasSecretPath: true }, new Date());
      if (tries++ < refusals) throw new Error('not now');
      events.push(...taken);
    };
    take().then(
      () => outgoing.writeHead(200).end('{}'),
      () => outgoing.writeHead(503).end(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/inbound/secret`,
    events,
    tries: () => tries,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
};

const createMemory = (): ProviderMemory => {
  let kept: Readonly<Record<string, string>> = {};
  return {
    read: async () => kept,
    write: async (values) => {
      kept = values;
    },
  };
};

describe('simulator', () => {
  let folder: string;
  let simulator: Simulator;
  const open = async (): Promise<Simulator> =>
    openSimulator({ folder: join(folder, 'simulator'), log, timeouts: { uploadMs: 5_000, callMs: 5_000 }, webhookRetriesMs: [1, 1, 1] });
  const reopen = async (): Promise<void> => {
    await simulator[Symbol.asyncDispose]();
    simulator = await open();
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backlot-simulator-'));
    simulator = await open();
  });
  afterEach(async () => {
    await simulator[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test('on a fresh folder one conversation waits, with a person of a number that is nobody’s', async () => {
    expect(simulator.provider.name).toBe('simulator');
    const chats = await simulator.provider.listChats(50, signal);
    expect(chats).toEqual([
      {
        ...MAYA,
        channel: 'imessage',
        phoneNumber: '+12025550100',
        participants: [{ identifier: '+12025550142', name: 'Maya Lindqvist' }],
        groupName: null,
      },
    ]);
    const messages = await simulator.provider.listMessages(new Date(0), 100, signal);
    expect(messages.length).toBeGreaterThan(2);
    expect(messages.map(({ sentAt }) => sentAt.getTime())).toEqual(messages.map(({ sentAt }) => sentAt.getTime()).sort((left, right) => left - right));
    expect(new Set(messages.map(({ direction }) => direction))).toEqual(new Set(['inbound', 'outbound']));
  });

  test('a background arrives on the phone byte for byte; the same again changes nothing; removing none neither', async () => {
    const image = awkwardImage();
    expect(await simulator.provider.getBackground(MAYA, signal)).toEqual({ hasBackground: false, backgroundId: null, version: null, changed: null });
    const first = await simulator.provider.setBackground(MAYA, image, signal);
    expect(first).toMatchObject({ hasBackground: true, version: '1', changed: true });
    const seen = await simulator.phones.readWallpaper(MAYA.chatId);
    expect(seen?.bytes.equals(image.bytes)).toBe(true);
    expect(seen?.wallpaper).toMatchObject({ mediaType: 'image/jpeg', setBy: 'program', sizeBytes: image.bytes.byteLength });
    expect(await simulator.provider.setBackground(MAYA, image, signal)).toEqual({ ...first, changed: false });
    expect(await simulator.provider.getBackground(MAYA, signal)).toEqual({ ...first, changed: null });
    const second = await simulator.provider.setBackground(MAYA, awkwardImage(5_000), signal);
    expect(second).toMatchObject({ version: '2', changed: true });
    expect(second.backgroundId).not.toBe(first.backgroundId);
    for (let time = 0; time < 2; time++) expect(await simulator.provider.removeBackground(MAYA, signal)).toMatchObject({ hasBackground: false, version: '3' });
    expect(await readdir(join(folder, 'simulator', 'wallpapers'))).toEqual([]);
  });

  test('a wallpaper set by hand shows in the live state; a hand that sets the same picture still sets its own', async () => {
    const image = awkwardImage();
    const ours = await simulator.provider.setBackground(MAYA, image, signal);
    await simulator.phones.setWallpaper(MAYA.chatId, { bytes: image.bytes, mediaType: 'image/jpeg' }, 'hand');
    const theirs = await simulator.provider.getBackground(MAYA, signal);
    expect(theirs).toMatchObject({ hasBackground: true, version: '2' });
    expect(theirs.backgroundId).not.toBe(ours.backgroundId);
    await simulator.phones.removeWallpaper(MAYA.chatId);
    expect(await simulator.provider.getBackground(MAYA, signal)).toMatchObject({ hasBackground: false });
  });

  test('all of it survives a restart', async () => {
    const image = awkwardImage();
    await simulator.provider.setBackground(MAYA, image, signal);
    await simulator.phones.write(MAYA.chatId, 'Still there?', MAYA.chatId);
    const before = simulator.phones.chats();
    await reopen();
    expect(simulator.phones.chats()).toEqual(before);
    expect((await simulator.phones.readWallpaper(MAYA.chatId))?.bytes.equals(image.bytes)).toBe(true);
    expect(await simulator.provider.setBackground(MAYA, image, signal)).toMatchObject({ changed: false });
  });

  test('a state that cannot be read is put aside, and left-over files are swept', async () => {
    const path = join(folder, 'simulator');
    await simulator[Symbol.asyncDispose]();
    await writeFile(join(path, 'state.json'), '{"format":1,"chats":');
    await writeFile(join(path, 'wallpapers', 'obj_left.tmp'), 'half');
    simulator = await open();
    expect(simulator.phones.chats()).toHaveLength(1);
    const names = await readdir(path);
    expect(names.filter((name) => name.startsWith('state.json.unreadable-'))).toHaveLength(1);
    expect(await readdir(join(path, 'wallpapers'))).toEqual([]);
    expect(JSON.parse(await readFile(join(path, 'state.json'), 'utf8'))).toMatchObject({ format: 1 });
  });

  test('what the other person writes is delivered, signed, once it is kept; lost deliveries are tried again', async () => {
    await using inbound = await openInbound(() => simulator, 2);
    await simulator.provider.start({ listener, memory: createMemory(), webhookUrl: inbound.url });
    await simulator.phones.write(MAYA.chatId, 'Are you there?', MAYA.chatId);
    await expect
      .poll(() => inbound.events)
      .toMatchObject([
        {
          kind: 'message',
          message: { text: 'Are you there?', direction: 'inbound', sender: MAYA.chatId, chat: { ...MAYA, participants: [{ name: 'Maya Lindqvist' }] } },
        },
      ]);
    expect(inbound.tries()).toBe(3);
    const [found] = await simulator.provider.listMessages(new Date(simulator.phones.chat(MAYA.chatId)?.messages.at(-2)?.sentMs ?? 0), 10, signal);
    expect(found).toMatchObject({ text: 'Are you there?' });
    expect((inbound.events[0] as { message: { messageId: string } }).message.messageId).toBe(found?.messageId);
  });

  test('after a restart deliveries go to the new address only, and are still believed', async () => {
    const memory = createMemory();
    await using before = await openInbound(() => simulator);
    await simulator.provider.start({ listener, memory, webhookUrl: before.url });
    await reopen();
    await using after = await openInbound(() => simulator);
    await simulator.provider.start({ listener, memory, webhookUrl: after.url });
    await simulator.phones.write(MAYA.chatId, 'Hello again', MAYA.chatId);
    await expect.poll(() => after.events.length).toBe(1);
    expect(before.tries()).toBe(0);
  });

  test('typing dots show, and go when a message follows', async () => {
    expect(await simulator.provider.startTyping(MAYA, signal)).toEqual({ isSent: true, warning: null });
    expect(simulator.phones.chat(MAYA.chatId)?.typingUntilMs).toBeGreaterThan(Date.now());
    await simulator.phones.write(MAYA.chatId, 'Here it is', null);
    expect(simulator.phones.chat(MAYA.chatId)?.typingUntilMs).toBeNull();
  });

  test('groups have names and wallpapers; RCS has neither dots nor wallpapers', async () => {
    const group = await simulator.phones.begin({
      people: [
        { identifier: '+12025550150', name: 'Ben' },
        { identifier: '+12025550151', name: null },
      ],
      groupName: 'Film night',
      protocol: 'imessage',
    });
    const reference = { chatId: group?.chatId ?? '', isGroup: true };
    await simulator.provider.renameGroup(reference, 'Film night 2', signal);
    await simulator.phones.write(reference.chatId, 'Popcorn?', '+12025550150');
    expect(await simulator.provider.setBackground(reference, awkwardImage(), signal)).toMatchObject({ hasBackground: true });
    expect((await simulator.provider.listChats(1, signal))[0]).toMatchObject({
      ...reference,
      groupName: 'Film night 2',
      participants: [{ name: 'Ben' }, { identifier: '+12025550151' }],
    });
    const rcs = await simulator.phones.begin({ people: [{ identifier: '+12025550160', name: null }], groupName: null, protocol: 'rcs' });
    const green = { chatId: rcs?.chatId ?? '', isGroup: false };
    expect(await simulator.provider.startTyping(green, signal)).toEqual({ isSent: true, warning: 'RCS chats do not support composing indicators' });
    await expect(simulator.provider.setBackground(green, awkwardImage(), signal)).rejects.toMatchObject({ code: 'provider_rejected_image' });
  });

  test('it fails as it is told, and is well again', async () => {
    simulator.faults.set({ ...NO_FAULTS, status: 503, retryAfterSeconds: 7 });
    await expect(simulator.provider.getBackground(MAYA, signal)).rejects.toMatchObject({ code: 'provider_unavailable', retryAfterSeconds: 7 });
    simulator.faults.set({ ...NO_FAULTS, isHanging: true });
    const abort = new AbortController();
    const hanging = simulator.provider.setBackground(MAYA, awkwardImage(), abort.signal);
    setTimeout(() => abort.abort(), 100);
    await expect(hanging).rejects.toBeInstanceOf(OutcomeUnknownError);
    simulator.faults.set(NO_FAULTS);
    expect(await simulator.provider.getBackground(MAYA, signal)).toMatchObject({ hasBackground: false });
    simulator.faults.set({ ...NO_FAULTS, delayMs: 20 });
    expect(await simulator.provider.setBackground(MAYA, awkwardImage(), signal)).toMatchObject({ changed: true });
  });

  test('it ends while somebody hangs on it', async () => {
    simulator.faults.set({ ...NO_FAULTS, isHanging: true });
    const hanging = simulator.provider.getBackground(MAYA, signal);
    setTimeout(() => void simulator[Symbol.asyncDispose](), 50);
    await expect(hanging).rejects.toMatchObject({ code: 'provider_unavailable' });
  });

  test('many changes at once end in one definite state', async () => {
    const images = Array.from({ length: 20 }, (_, index) => awkwardImage(1_000 + index));
    await Promise.all(images.map(async (image) => simulator.provider.setBackground(MAYA, image, signal)));
    const seen = await simulator.phones.readWallpaper(MAYA.chatId);
    expect(images.some(({ bytes }) => seen?.bytes.equals(bytes) ?? false)).toBe(true);
    expect(await simulator.provider.getBackground(MAYA, signal)).toMatchObject({ version: '20', backgroundId: seen?.wallpaper.wallpaperId });
    expect(await readdir(join(folder, 'simulator', 'wallpapers'))).toEqual([seen?.wallpaper.wallpaperId]);
  });
});

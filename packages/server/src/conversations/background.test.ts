import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { hasSharedData, sharedData } from '@backlot/testing';
import { desc } from 'drizzle-orm';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { conversationBackgrounds, conversations, surfaces, webhookEvents } from '../database/schema.js';
import { readError } from '../http/http.testing.js';
import { NO_FAULTS } from '../messaging/simulator/faults.js';
import { MAYA, openTestConversations, type TestConversations } from './conversations.testing.js';

let rig: TestConversations;
let path: string;
let conversationId: string;
beforeAll(async () => {
  // Uploads that hang are given up soon; a loaded machine takes its time for everything else.
  rig = await openTestConversations({ timeouts: { uploadMs: 3_000, callMs: 10_000 }, changeWaitMs: 60_000 });
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});
beforeEach(async () => {
  rig.simulator.faults.set(NO_FAULTS);
  await rig.simulator.phones.removeWallpaper(MAYA.chatId);
  const { executor } = rig.test.database;
  for (const table of [conversationBackgrounds, surfaces, conversations, webhookEvents]) await executor.delete(table);
  ({ id: conversationId } = await rig.begin(MAYA));
  path = `/v1/conversations/${conversationId}/background`;
});

const picture = async (red: number, format: 'jpeg' | 'png' | 'gif' | 'webp' = 'jpeg'): Promise<Buffer> =>
  sharp({ create: { width: 600, height: 1300, channels: 3, background: { r: red, g: 40, b: 90 } } })
    .toFormat(format)
    .toBuffer();
const set = async (body: object, headers?: Record<string, string>) => {
  const response = await rig.send('POST', path, body, headers);
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> };
};
const live = async () => (await rig.send('GET', path)).json() as Promise<Record<string, unknown>>;
const shown = async () => rig.simulator.phones.readWallpaper(MAYA.chatId);
const codeOf = ({ status, body }: Awaited<ReturnType<typeof set>>): string => `${status} ${(body['error'] as { code?: string } | undefined)?.code ?? ''}`;

describe('setting a background', () => {
  it.each(['jpeg', 'png', 'gif', 'webp'] as const)('sends a %s on byte for byte, and tells what it is', async (format) => {
    const bytes = await picture(10, format);
    const { status, body } = await set({ image_url: rig.serve(bytes, 'text/html') });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        conversationId,
        channel: 'iMessage',
        hasBackground: true,
        changed: true,
        backgroundVersion: 1,
        image: { width: 600, height: 1300, format, sizeBytes: bytes.byteLength },
      },
    });
    expect(body['backgroundId']).toMatch(/^bg_[a-z0-9]{20}$/);
    const sent = await shown();
    expect(Buffer.from(sent?.bytes ?? []).equals(bytes)).toBe(true);
    expect(sent?.wallpaper.mediaType).toBe(`image/${format}`);
  });

  it('is idempotent: the same bytes again change nothing, wherever they come from', async () => {
    const bytes = await picture(20);
    const first = await set({ image_url: rig.serve(bytes) });
    const again = await set({ image_url: rig.serve(bytes) });
    expect(again.body).toEqual({ ...first.body, changed: false });
    expect(rig.simulator.phones.chat(MAYA.chatId)?.wallpaperVersion).toBeGreaterThan(0);
    const other = await set({ image_url: rig.serve(await picture(120)) });
    expect(other.body).toMatchObject({ changed: true, backgroundVersion: 2 });
    expect(other.body['backgroundId']).not.toBe(first.body['backgroundId']);
    const events = await rig.test.database.executor.select().from(webhookEvents).orderBy(desc(webhookEvents.createdAt));
    expect(events.map(({ type }) => type)).toEqual(['conversation.background.updated', 'conversation.background.updated']);
  });

  it('replays the answer of an Idempotency-Key without fetching again', async () => {
    const url = rig.serve(await picture(30));
    const key = { 'idempotency-key': randomBytes(8).toString('hex') };
    const before = rig.images.requests.length;
    const first = await set({ image_url: url }, key);
    const second = await set({ image_url: url }, key);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(rig.images.requests.length).toBe(before + 1);
    expect(codeOf(await set({ image_url: `${url}?other` }, key))).toBe('422 idempotency_key_reused');
  });

  it('takes an image of the library, and keeps it when that is deleted', async () => {
    const { service } = rig.library.library;
    const bytes = await picture(40);
    const { id } = await service.create(rig.test.organizationId, { title: 'Shore', bytes });
    expect((await set({ background_image: id })).body).toMatchObject({ backgroundId: id, image: { format: 'jpeg' } });
    expect(Buffer.from((await shown())?.bytes ?? []).equals(bytes)).toBe(true);
    await service.remove(rig.test.organizationId, id);
    expect(await live()).toMatchObject({ hasBackground: true, backgroundId: id, source: 'provider' });
    expect(codeOf(await set({ background_image: id }))).toBe('422 background_image_not_found');
  });

  it("refuses another organization's image", async () => {
    const { id } = await rig.library.library.service.create('org_other', { title: 'Theirs', bytes: await picture(41) });
    expect(codeOf(await set({ background_image: id }))).toBe('422 background_image_not_found');
  });

  it('makes a rendition for phones when that is asked for', async () => {
    const { body } = await set({ image_url: rig.serve(await picture(50)), fit: 'phone' });
    expect(body['image']).toMatchObject({ width: 2358, height: 5112, format: 'jpeg' });
    expect((await sharp((await shown())?.bytes).metadata()).height).toBe(5112);
  });

  it('tells what the recipient will see', async () => {
    const landscape = await sharp({ create: { width: 400, height: 300, channels: 3, background: 'teal' } })
      .jpeg()
      .toBuffer();
    const { body } = await set({ image_url: rig.serve(landscape) });
    const codes = (body['warnings'] as { code: string }[]).map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(['image_not_portrait', 'image_smaller_than_screen', 'older_systems_show_default']));
    // Also to those who look later, until it is another one's.
    expect((await live())['warnings']).toEqual(body['warnings']);
    await rig.simulator.phones.setWallpaper(MAYA.chatId, { bytes: landscape, mediaType: 'image/jpeg' }, 'hand');
    expect((await live())['warnings']).toEqual([]);
  });

  it('reaches a group, and tells that everybody sees it', async () => {
    const people = ['+12025550151', '+12025550152'].map((identifier) => ({ identifier, name: null }));
    const begun = await rig.simulator.phones.begin({ people, groupName: 'Film night', protocol: 'imessage' });
    const chatId = begun?.chatId ?? '';
    const group = await rig.begin({ ...MAYA, chatId, isGroup: true, groupName: 'Film night', participants: people });
    const bytes = await picture(51);
    const response = await rig.send('POST', `/v1/conversations/${group.id}/background`, { image_url: rig.serve(bytes) });
    expect(await response.json()).toMatchObject({
      conversationId: group.id,
      changed: true,
      warnings: expect.arrayContaining([expect.objectContaining({ code: 'group_chat' })]) as unknown,
    });
    expect(Buffer.from((await rig.simulator.phones.readWallpaper(chatId))?.bytes ?? []).equals(bytes)).toBe(true);
  });

  it.skipIf(!hasSharedData)('sends a HEIC on byte for byte: the provider converts it', async () => {
    const bytes = await readFile(sharedData('backgrounds/libheif/example.heic'));
    const { body } = await set({ image_url: rig.serve(bytes, 'application/octet-stream') });
    expect(body).toMatchObject({ changed: true, image: { format: 'heic', sizeBytes: bytes.byteLength } });
    const sent = await shown();
    expect([sent?.wallpaper.mediaType, Buffer.from(sent?.bytes ?? []).equals(bytes)]).toEqual(['image/heic', true]);
  });

  it('of twenty at once ends in one state that is the last one of the phone', async () => {
    const images = await Promise.all(Array.from({ length: 20 }, async (_, index) => rig.serve(await picture(60 + 9 * index))));
    const answers = await Promise.all(images.map(async (image_url) => set({ image_url })));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const versions = answers.map(({ body }) => body['backgroundVersion'] as number).sort((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    const last = answers.find(({ body }) => body['backgroundVersion'] === 20);
    const state = await live();
    expect(state).toMatchObject({ backgroundId: last?.body['backgroundId'], backgroundVersion: 20 });
    expect((state['image'] as { sizeBytes: number }).sizeBytes).toBe((await shown())?.bytes.byteLength);
  });
});

describe('removing and reading a background', () => {
  it('removes it once, counts once, and is content with none', async () => {
    await set({ image_url: rig.serve(await picture(70)) });
    for (const _ of [1, 2]) {
      const response = await rig.send('DELETE', path);
      expect([response.status, await response.text()]).toEqual([204, '']);
    }
    expect(await shown()).toBeNull();
    expect(await live()).toMatchObject({ hasBackground: false, changed: false, backgroundId: null, backgroundVersion: 2, image: null, source: 'provider' });
  });

  it('has no version before the first change', async () => {
    expect(await live()).toMatchObject({ hasBackground: false, backgroundVersion: null });
  });

  it('follows a hand on the phone, with its own version', async () => {
    await set({ image_url: rig.serve(await picture(80)) });
    await rig.simulator.phones.setWallpaper(MAYA.chatId, { bytes: await picture(81), mediaType: 'image/jpeg' }, 'hand');
    const foreign = await live();
    expect(foreign).toMatchObject({ hasBackground: true, backgroundVersion: 2, image: null, imageUrl: null });
    expect(foreign['backgroundId']).toBe(rig.simulator.phones.chat(MAYA.chatId)?.wallpaper?.wallpaperId);
    expect(await live()).toMatchObject({ backgroundVersion: 2 });
    await rig.simulator.phones.removeWallpaper(MAYA.chatId);
    expect(await live()).toMatchObject({ hasBackground: false, backgroundVersion: 3 });
  });

  it('says changed when somebody had removed it, though we had the same on record', async () => {
    const url = rig.serve(await picture(82));
    await set({ image_url: url });
    await rig.simulator.phones.removeWallpaper(MAYA.chatId);
    expect((await set({ image_url: url })).body).toMatchObject({ changed: true, backgroundVersion: 2 });
  });

  it('shows a picture of what was sent', async () => {
    const { body } = await set({ image_url: rig.serve(await picture(83)) });
    expect(body['imageUrl']).toMatch(/^http:\/\/backlot\.test\/v1\/renditions\//);
    const { data } = (await (await rig.send('GET', '/v1/conversations')).json()) as { data: { background: unknown }[] };
    expect(data[0]?.background).toMatchObject({ hasBackground: true, imageUrl: expect.stringContaining('/v1/renditions/') });
  });
});

describe('what is refused, with nothing sent and nothing stored', () => {
  const untouched = async () => {
    expect(await shown()).toBeNull();
    rig.simulator.faults.set(NO_FAULTS);
    expect(await live()).toMatchObject({ hasBackground: false, backgroundVersion: null });
  };

  it.each([
    ['neither', {}, '422 invalid_request'],
    ['both', { image_url: 'https://a.example/b.jpg', background_image: 'bg_00000000000000000000' }, '422 invalid_request'],
    ['a number', { image_url: 1 }, '422 invalid_request'],
    ['no address', { image_url: 'not an address' }, '422 invalid_image_url'],
    ['http', { image_url: 'http://good.test/a.jpg' }, '422 invalid_image_url'],
    ['loopback', { image_url: 'https://127.0.0.1/a.jpg' }, '422 url_not_allowed'],
    ['private', { image_url: 'https://10.0.0.1/a.jpg' }, '422 url_not_allowed'],
    ['an unknown library image', { background_image: 'bg_00000000000000000000' }, '422 background_image_not_found'],
  ])('%s', async (_what, body, code) => {
    expect(codeOf(await set(body))).toBe(code);
    await untouched();
  });

  it('rebinding, inward redirects, 404, slow ends and endless answers', async () => {
    const { images } = rig;
    images.handle('/inward', (_request, response) => response.writeHead(302, { location: `https://127.0.0.1:${images.port}/` }).end());
    images.handle('/closing', (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
    });
    const jpeg = await picture(90);
    images.handle('/endless', (_request, response) => {
      response.writeHead(200);
      const write = (): void => {
        if (!response.destroyed) response.write(Buffer.concat([jpeg, Buffer.alloc(1 << 20)]), write);
      };
      write();
    });
    images.resolve('rebinding.test', [['127.0.0.1']]);
    for (const [url, code] of [
      [`https://good.test:${images.port}/inward`, '422 url_not_allowed'],
      [`https://rebinding.test:${images.port}/a.jpg`, '422 url_not_allowed'],
      [`https://good.test:${images.port}/closing`, '422 image_fetch_failed'],
      [`https://good.test:${images.port}/nothing-there`, '422 image_fetch_failed'],
      [`https://good.test:${images.port}/endless`, '422 image_too_large'],
    ] as const) {
      expect(codeOf(await set({ image_url: url }))).toBe(code);
    }
    await untouched();
  });

  it('what is no image: HTML, SVG, nothing, half a JPEG, a header that lies, a gzip bomb, 10 MB and a byte', async () => {
    const { images, serve } = rig;
    const stored = async () => (await readdir(join(rig.library.folder, 'blobs'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const before = (await stored()).length;
    const jpeg = await picture(91);
    const bomb = gzipSync(Buffer.concat([jpeg, Buffer.alloc(64 << 20)]));
    images.handle('/bomb', (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    for (const [url, code] of [
      [serve(Buffer.from('<!doctype html><p>hello</p>'), 'image/jpeg'), '422 unsupported_image_type'],
      [serve(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/png'), '422 unsupported_image_type'],
      [serve(Buffer.alloc(0)), '422 image_fetch_failed'],
      [serve(jpeg.subarray(0, jpeg.length / 2)), '422 image_unreadable'],
      [serve(Buffer.concat([jpeg.subarray(0, 20), randomBytes(5_000)])), '422 image_unreadable'],
      [`https://good.test:${images.port}/bomb`, '422 image_fetch_failed'],
      [serve(Buffer.concat([jpeg, Buffer.alloc(10 * 1024 * 1024 + 1 - jpeg.length)])), '422 image_too_large'],
    ] as const) {
      expect(codeOf(await set({ image_url: url }))).toBe(code);
    }
    await untouched();
    // Bytes are stored while they are decoded; of those that were decoded in vain none stays.
    expect(await stored()).toHaveLength(before);
  });

  it.each([
    [401, null, '502 provider_error', '1'],
    [400, null, '422 provider_rejected_image', null],
    [404, null, '502 provider_error', '1'],
    [409, null, '502 provider_error', '1'],
    [429, 7, '503 provider_unavailable', '7'],
    [500, null, '502 provider_error', '1'],
    [503, 9, '503 provider_unavailable', '9'],
  ])('the provider answers %i', async (status, retryAfterSeconds, code, retryAfter) => {
    const image_url = rig.serve(await picture(92));
    rig.simulator.faults.set({ ...NO_FAULTS, status, retryAfterSeconds });
    const answer = await set({ image_url });
    expect(codeOf(answer)).toBe(code);
    expect(answer.headers.get('retry-after')).toBe(retryAfter);
    await untouched();
    // Nothing is in the way of the next one.
    expect((await set({ image_url })).body).toMatchObject({ changed: true, backgroundVersion: 1 });
  });

  it('the provider never answers; then it does', async () => {
    const image_url = rig.serve(await picture(93));
    rig.simulator.faults.set({ ...NO_FAULTS, isHanging: true });
    expect(codeOf(await set({ image_url }))).toBe('503 provider_unavailable');
    rig.simulator.faults.set(NO_FAULTS);
    expect((await set({ image_url })).body).toMatchObject({ changed: true, backgroundVersion: 1 });
  });

  it('an SMS conversation, before anything is fetched', async () => {
    const sms = await rig.begin({ ...MAYA, chatId: '+12025550143', channel: 'sms' });
    const before = rig.images.requests.length;
    const response = await rig.send('POST', `/v1/conversations/${sms.id}/background`, { image_url: rig.serve(await picture(94)) });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'channel_not_supported' }, detail: expect.stringContaining('channel') });
    expect(rig.images.requests.length).toBe(before);
    expect((await rig.send('DELETE', `/v1/conversations/${sms.id}/background`)).status).toBe(204);
  });

  it('unknown conversations and those of others, in the same words', async () => {
    const theirs = await rig.begin({ ...MAYA, chatId: '+12025550144' }, 'org_other');
    const bodies = await Promise.all(
      [theirs.id, 'conv_00000000000000000000', 'undefined', '0'.repeat(32)].map(async (id) => {
        const response = await rig.send('POST', `/v1/conversations/${id}/background`, { image_url: 'https://good.test/a.jpg' });
        expect(response.status).toBe(404);
        const { error } = (await response.json()) as { error: Record<string, unknown> };
        return { ...error, request_id: '' };
      }),
    );
    for (const body of bodies) expect(body).toEqual(bodies[0]);
  });
});

describe('an answer that never came', () => {
  it('is asked for at the next touch: it had been set', async () => {
    const bytes = await picture(95);
    rig.simulator.faults.set({ ...NO_FAULTS, delayMs: 60_000 });
    expect(codeOf(await set({ image_url: rig.serve(bytes) }))).toBe('503 provider_unavailable');
    rig.simulator.faults.set(NO_FAULTS);
    // The provider did what it was told after we had given up.
    await rig.simulator.phones.setWallpaper(MAYA.chatId, { bytes, mediaType: 'image/jpeg' }, 'program');
    expect(await live()).toMatchObject({ hasBackground: true, backgroundVersion: 1 });
    expect((await set({ image_url: rig.serve(bytes) })).body).toMatchObject({ hasBackground: true, changed: false });
  });

  it('stays in doubt when the next change is refused, and a removal asks what there is to be removed', async () => {
    const isInDoubt = async () => (await rig.test.database.executor.select().from(conversationBackgrounds)).map((row) => row.isInDoubt);
    const bytes = await picture(96);
    rig.simulator.faults.set({ ...NO_FAULTS, isHanging: true });
    expect(codeOf(await set({ image_url: rig.serve(bytes) }))).toBe('503 provider_unavailable');
    rig.simulator.faults.set({ ...NO_FAULTS, status: 429 });
    expect(codeOf(await set({ image_url: rig.serve(bytes) }))).toBe('503 provider_unavailable');
    expect(await isInDoubt()).toEqual([true]);
    rig.simulator.faults.set(NO_FAULTS);
    await rig.simulator.phones.setWallpaper(MAYA.chatId, { bytes, mediaType: 'image/jpeg' }, 'program');
    expect((await rig.send('DELETE', path)).status).toBe(204);
    expect(await shown()).toBeNull();
    // One version for what was found, and one for its removal.
    expect(await live()).toMatchObject({ hasBackground: false, backgroundVersion: 2 });
    expect(await isInDoubt()).toEqual([false]);
  });
});

describe('a change while another one takes its time', () => {
  it('is told to come back, and done when it does', async () => {
    await using impatient = await openTestConversations({ timeouts: { uploadMs: 3_000, callMs: 10_000 }, changeWaitMs: 50 });
    const { id } = await impatient.begin(MAYA);
    const change = async (image: Buffer) => impatient.send('POST', `/v1/conversations/${id}/background`, { image_url: impatient.serve(image) });
    impatient.simulator.faults.set({ ...NO_FAULTS, isHanging: true });
    const slow = change(await picture(97));
    const doubts = async () => (await impatient.test.database.executor.select().from(conversationBackgrounds)).map(({ isInDoubt }) => isInDoubt);
    await expect.poll(doubts).toEqual([true]);
    const refused = await change(await picture(98));
    expect([refused.status, (await readError(refused)).code, refused.headers.get('retry-after')]).toEqual([409, 'background_update_in_progress', '1']);
    impatient.simulator.faults.set(NO_FAULTS);
    expect((await slow).status).toBe(503);
    expect(await (await change(await picture(98))).json()).toMatchObject({ changed: true, backgroundVersion: 1 });
  });
});

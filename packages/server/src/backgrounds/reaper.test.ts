import { eq } from 'drizzle-orm';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../database/database.js';
import { openPgliteDatabase } from '../database/pglite/pglite-database.js';
import { backgroundImages, renditions, sessions, surfaces } from '../database/schema.js';
import { openTestLibrary, ORGANIZATION, type TestLibrary } from './library.testing.js';

let database: Database;
beforeAll(async () => {
  database = await openPgliteDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

let test: TestLibrary;
/** Hours that the test's clock is ahead of the files' times. */
let ahead = 0;
beforeEach(async () => {
  ahead = 0;
  test = await openTestLibrary({ database, now: () => new Date(Date.now() + ahead * 3_600_000) });
});
afterEach(async () => {
  await test[Symbol.asyncDispose]();
});

const photo = (red: number) =>
  sharp({ create: { width: 320, height: 180, channels: 3, background: { r: red, g: 1, b: 2 } } })
    .jpeg()
    .toBuffer();
const create = async (red: number) => test.library.service.create(ORGANIZATION, { title: 'x', bytes: await photo(red) });
const blobs = async (): Promise<string[]> => {
  const hashes: string[] = [];
  for await (const { sha256 } of test.blobs.list()) hashes.push(sha256);
  return hashes;
};
const putOnAir = async (sourceSha256: string, status: 'live' | 'ended') => {
  const now = new Date();
  await test.database.executor
    .insert(sessions)
    .values({ id: 'sess_1', organizationId: ORGANIZATION, status, avatar: {}, canvasWidth: 2, canvasHeight: 2, fit: 'cover', metadata: {}, createdAt: now });
  await test.database.executor.insert(surfaces).values({ surfaceId: 'sess_1', organizationId: ORGANIZATION, version: 1, sourceSha256, updatedAt: now });
};

describe('reaper', () => {
  it('keeps what the library has', async () => {
    const image = await create(1);
    const before = await blobs();
    ahead = 5;
    expect(await test.library.reaper.run()).toEqual({ renditions: 0, blobs: 0 });
    expect(await blobs()).toEqual(before);
    expect(before).toContain(image.sha256);
  });

  it('removes a deleted image with its pictures after an hour, not before', async () => {
    const kept = await create(1);
    const { id } = await create(200);
    await test.library.service.remove(ORGANIZATION, id);
    ahead = 0.9;
    expect(await test.library.reaper.run()).toEqual({ renditions: 0, blobs: 0 });
    ahead = 1.1;
    const before = await blobs();
    const reaped = await test.library.reaper.run();
    expect(reaped.renditions).toBe(3);
    expect(await blobs()).toHaveLength(before.length - reaped.blobs);
    expect(reaped.blobs).toBeGreaterThanOrEqual(2);
    expect(await blobs()).toContain(kept.sha256);
    expect(await test.database.executor.select().from(renditions)).toHaveLength(3);
    expect(await test.library.reaper.run()).toEqual({ renditions: 0, blobs: 0 });
  });

  it('keeps a deleted image while a session on air shows it, and removes it when that has ended', async () => {
    const { id, sha256 } = await create(3);
    await putOnAir(sha256, 'live');
    await test.library.service.remove(ORGANIZATION, id);
    ahead = 5;
    expect(await test.library.reaper.run()).toEqual({ renditions: 0, blobs: 0 });
    // A size that nobody asked for before the deletion is still made.
    await test.library.service.ensureRendition(sha256, { width: 160, height: 160, fit: 'cover' });
    await test.database.executor.update(sessions).set({ status: 'ended' }).where(eq(sessions.id, 'sess_1'));
    ahead = 10;
    expect((await test.library.reaper.run()).renditions).toBe(4);
    expect(await blobs()).toEqual([]);
    await expect(test.library.service.ensureRendition(sha256, { width: 480, height: 480, fit: 'cover' })).rejects.toMatchObject({
      code: 'rendition_not_found',
    });
  });

  it('keeps what a conversation shows, and removes it when that has been replaced', async () => {
    const { id, sha256 } = await create(4);
    const surface = { surfaceId: 'conv_1', organizationId: ORGANIZATION, version: 1, sourceSha256: sha256, updatedAt: new Date() };
    await test.database.executor.insert(surfaces).values(surface);
    await test.library.service.remove(ORGANIZATION, id);
    ahead = 5;
    expect(await test.library.reaper.run()).toEqual({ renditions: 0, blobs: 0 });
    await test.database.executor.update(surfaces).set({ sourceSha256: null });
    await test.library.reaper.run();
    expect(await blobs()).not.toContain(sha256);
  });

  it('removes blobs without a row, as a killed upload leaves them', async () => {
    await test.blobs.putBytes(Buffer.from('left behind'));
    expect(await test.library.reaper.run()).toEqual({ renditions: 0, blobs: 0 });
    ahead = 2;
    expect(await test.library.reaper.run()).toEqual({ renditions: 0, blobs: 1 });
  });

  it('never deletes bytes that an upload is about to refer to', async () => {
    // The image was deleted long ago: its blobs are due. Uploads of the same bytes race with the reaper.
    for (let round = 0; round < 5; round++) {
      const { id } = await create(77);
      await test.library.service.remove(ORGANIZATION, id);
      ahead += 3;
      const [image] = await Promise.all([create(77), test.library.reaper.run(), test.library.reaper.run()]);
      expect(await test.blobs.exists(image.sha256)).toBe(true);
      const rows = await test.database.executor.select().from(backgroundImages).where(eq(backgroundImages.id, image.id));
      expect(rows).toHaveLength(1);
      await test.library.service.ensureRendition(image.sha256, { width: 320, height: 180, fit: 'cover' });
      await test.library.service.remove(ORGANIZATION, image.id);
    }
  });

  it('leaves nothing of a refused upload, but keeps equal bytes that somebody else has', async () => {
    const bytes = await photo(9);
    const broken = bytes.subarray(0, bytes.byteLength - 200);
    await expect(test.library.service.create(ORGANIZATION, { title: 'x', bytes: broken })).rejects.toMatchObject({ code: 'image_undecodable' });
    expect(await blobs()).toEqual([]);
    const image = await create(9);
    await expect(test.library.service.create(ORGANIZATION, { title: 'x', bytes }, AbortSignal.abort())).rejects.toThrow(/abort/i);
    expect(await blobs()).toContain(image.sha256);
  });
});

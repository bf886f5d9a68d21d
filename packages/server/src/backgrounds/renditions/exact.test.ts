import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../../http/http.testing.js';
import { openTestLibrary, type TestLibrary } from '../library.testing.js';

describe('pictures of an exact size', () => {
  let server: TestApp;
  let library: TestLibrary;
  let sha256: string;

  beforeAll(async () => {
    server = await openTestApp();
    library = await openTestLibrary({ database: server.database });
    // Smaller than what is asked for, of another shape, left red and right blue.
    const bytes = await sharp({ create: { width: 301, height: 180, channels: 3, background: '#ff0000' } })
      .composite([{ input: { create: { width: 151, height: 180, channels: 3, background: '#0000ff' } }, left: 150, top: 0 }])
      .png()
      .toBuffer();
    ({ sha256 } = await library.library.service.create(server.organizationId, { title: 'Two', bytes }));
  });
  afterAll(async () => {
    await library[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test('are enlarged and cropped about the middle, as JPEG', async () => {
    const picture = await library.library.service.exactPicture(sha256, { width: 720, height: 1280 }, 4_000_000);
    expect(await sharp(picture).metadata()).toMatchObject({ format: 'jpeg', width: 720, height: 1280 });
    const { data, info } = await sharp(picture).raw().toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number): number[] =>
      [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)].map((value) => Math.round(value / 64));
    expect([at(4, 4), at(4, 1275), at(715, 4), at(715, 1275)]).toEqual([
      [4, 0, 0],
      [4, 0, 0],
      [0, 0, 4],
      [0, 0, 4],
    ]);
  });

  test('fail when no quality makes them small enough', async () => {
    await expect(library.library.service.exactPicture(sha256, { width: 720, height: 1280 }, 100)).rejects.toMatchObject({ code: 'image_service_failed' });
  });

  test('of an image that is not there are not there', async () => {
    await expect(library.library.service.exactPicture('0'.repeat(64), { width: 720, height: 1280 }, 4_000_000)).rejects.toMatchObject({
      code: 'rendition_not_found',
    });
  });
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasSharedData, sharedData } from '@backlot/testing';
import { pino } from 'pino';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CodedPicture, type HeicOptions, readCodedPicture, writeHeic } from './heic.testing.js';
import { ImagePool, type PreparedImage } from './image-pool.js';

const SIDE = 128;

describe.skipIf(!hasSharedData)('HEIC', () => {
  let folder: string;
  let pool: ImagePool;
  let coded: CodedPicture;
  /** The coded picture without any property, as PNG. */
  let plain: Buffer;
  let jobs = 0;
  const decode = (file: Uint8Array): Promise<PreparedImage> =>
    pool.prepare({ sha256: String(jobs++), file, outputs: [{ fit: 'contain', width: 1024, height: 1024, format: 'png' }] });
  const pictureOf = async (options: Partial<HeicOptions>): Promise<Buffer> => {
    const { pictures } = await decode(writeHeic(coded, { width: SIDE, height: SIDE, ...options }));
    return Buffer.from(pictures[0]?.bytes ?? []);
  };
  /** Mean difference of two pictures of equal size, in codes. */
  const difference = async (left: Sharp, right: Sharp): Promise<number> => {
    const [a, b] = await Promise.all([left, right].map((image) => image.removeAlpha().raw().toBuffer()));
    if (a === undefined || b?.byteLength !== a.byteLength) return Infinity;
    return a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.byteLength;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backlot-heic-'));
    pool = await ImagePool.start({ folder, readableFolders: [], log: pino({ level: 'silent' }), maxPixels: 50_000_000 });
    coded = readCodedPicture(await readFile(sharedData('backgrounds/pillow/hopper.heif')));
    plain = await pictureOf({});
  });
  afterAll(async () => {
    await pool[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(['pillow/hopper.heif', 'libheif/example.heic'])('decodes %s', async (path) => {
    const { image, pictures } = await decode(await readFile(sharedData(`backgrounds/${path}`)));
    const [width, height] = path.startsWith('pillow') ? [SIDE, SIDE] : [1280, 854];
    expect(image).toEqual({ mediaType: 'image/heic', width, height, frames: 1, transparent: false, orientation: 1 });
    // A photo, not a grey area.
    expect((await sharp(pictures[0]?.bytes).stats()).entropy).toBeGreaterThan(6);
  });

  it.each([1, 2, 3] as const)('turns as irot %i says, counter-clockwise', async (rotation) => {
    const turned = await pictureOf({ rotation });
    expect(await difference(sharp(turned), sharp(plain).rotate(-90 * rotation))).toBeLessThan(1);
    expect(await difference(sharp(turned), sharp(plain))).toBeGreaterThan(20);
  });

  it('mirrors as imir says', async () => {
    expect(await difference(sharp(await pictureOf({ mirror: 0 })), sharp(plain).flip())).toBeLessThan(1);
    expect(await difference(sharp(await pictureOf({ mirror: 1 })), sharp(plain).flop())).toBeLessThan(1);
  });

  it('puts together the tiles that phones cut their photos into', async () => {
    const grid = await pictureOf({ grid: { columns: 3, rows: 2 }, rotation: 1 });
    expect(await sharp(grid).metadata()).toMatchObject({ width: 2 * SIDE, height: 3 * SIDE });
    const tile = sharp(grid).extract({ left: SIDE, top: SIDE, width: SIDE, height: SIDE });
    expect(await difference(tile, sharp(plain).rotate(-90))).toBeLessThan(1);
  });

  it('converts by its colour profile, which the decoder drops', async () => {
    // This profile takes red, green and blue for one another: nothing else would change the picture so much.
    const { icc: profile } = await sharp(sharedData('backgrounds/link-u/red-at-12-oclock-with-color-profile-8bpc.avif')).metadata();
    if (profile === undefined) throw new Error('no profile');
    const converted = await pictureOf({ profile });
    const [before, after] = await Promise.all([plain, converted].map(async (bytes) => (await sharp(bytes).stats()).channels.map(({ mean }) => mean)));
    expect(await difference(sharp(converted), sharp(plain))).toBeGreaterThan(20);
    expect(after?.toSorted((a, b) => a - b).map(Math.round)).not.toEqual(before?.map(Math.round));
    expect((await sharp(converted).metadata()).icc).toBeUndefined();
  });

  it('takes a profile that is none for sRGB', async () => {
    expect(await difference(sharp(await pictureOf({ profile: Buffer.alloc(500, 7) })), sharp(plain))).toBeLessThan(1);
  });

  it.each([
    ['more pixels than are decoded', { width: 60_000, height: 60_000 }, 'image_too_many_pixels'],
    ['more tiles than are decoded', { width: 4096, height: 4096, grid: { columns: 2, rows: 2 } }, 'image_too_many_pixels'],
    ['a size larger than is coded', { width: 4000, height: 4000 }, 'image_undecodable'],
    ['a size smaller than is coded', { width: 16, height: 16 }, 'image_undecodable'],
    ['a grid of wrong tiles', { width: 64, height: 64, grid: { columns: 2, rows: 2 } }, 'image_undecodable'],
  ] as const)('refuses a header that claims %s', async (_name, options, code) => {
    await expect(decode(writeHeic(coded, options))).rejects.toMatchObject({ code });
  });

  it('refuses another codec behind the brand', async () => {
    const av1 = Buffer.from(await readFile(sharedData('backgrounds/libheif/example.avif')));
    av1.write('heic', 8, 'latin1');
    await expect(decode(av1)).rejects.toMatchObject({ code: expect.stringMatching(/^image_(unsupported_type|undecodable)$/) as string });
  });

  it('refuses every file that was cut short', async () => {
    const file = await readFile(sharedData('backgrounds/libheif/example.heic'));
    for (let part = 1; part <= 16; part++) {
      const length = part === 16 ? file.byteLength - 1 : Math.floor((file.byteLength * part) / 16);
      await expect(decode(file.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({
        code: expect.stringMatching(/^image_(unsupported_type|undecodable)$/) as string,
      });
    }
  });

  it('takes what a camera appends behind the boxes', async () => {
    const file = writeHeic(coded, { width: SIDE, height: SIDE });
    const { image } = await decode(Buffer.concat([file, Buffer.from('\xff\xff\xff\xffSEFT and more', 'latin1')]));
    expect(image.mediaType).toBe('image/heic');
  });

  it("replaces a child that has decoded a HEIC: WebAssembly's memory never shrinks", async () => {
    const jpeg = await sharp(plain).jpeg().toBuffer();
    await decode(jpeg);
    const before = pool.pids;
    await decode(jpeg);
    expect(pool.pids).toEqual(before);
    await decode(writeHeic(coded, { width: SIDE, height: SIDE }));
    await expect.poll(() => pool.pids.filter((pid) => before.includes(pid)).length).toBe(before.length - 1);
  });
});

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, deflateSync } from 'node:zlib';
import { MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS } from '@backlot/contract';
import { hasSharedData, sharedData } from '@backlot/testing';
import { pino } from 'pino';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BacklotError } from '../errors.js';
import { ImagePool } from './image-pool.js';
import { PHONE_CANVAS, PHONE_SCREEN, PHONE_WINDOW } from './phone.js';
import { Wallpapers } from './wallpapers.js';

const run = promisify(execFile);

let folder: string;
let pool: ImagePool;
let wallpapers: Wallpapers;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backlot-wallpapers-'));
  pool = await ImagePool.start({ folder, readableFolders: [], log: pino({ level: 'silent' }), maxPixels: MAX_IMAGE_PIXELS });
  wallpapers = new Wallpapers(pool);
});
afterAll(async () => {
  await pool[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const load = (path: string): Promise<Buffer> => readFile(sharedData(`backgrounds/${path}`));
const verdictOn = async (bytes: Uint8Array): Promise<string> =>
  wallpapers.inspect(bytes).then(
    ({ format }) => format,
    (error: unknown) => (error instanceof BacklotError ? `${error.status} ${error.code}` : String(error)),
  );

/** Coloured noise, which no codec can make small. */
const noise = (width: number, height: number): Sharp =>
  sharp({ create: { width, height, channels: 3, background: '#808080', noise: { type: 'gaussian', mean: 128, sigma: 60 } } });

const pngChunk = (type: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.byteLength);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
};
/** A PNG of 1 bit a pixel, black all over, of which only so many rows are there. */
const blackPng = (width: number, height: number, rows = height): Buffer => {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * rows))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
};
/** A GIF of so many frames of one pixel on a screen of the given size. */
const gifOf = (frames: number, width: number, height: number): Buffer => {
  const screen = Buffer.from([width & 0xff, width >> 8, height & 0xff, height >> 8, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
  const control = [0x21, 0xf9, 4, 4, 1, 0, 0, 0];
  const frame = Buffer.from([...control, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 0x01, 0]);
  return Buffer.concat([Buffer.from('GIF89a'), screen, ...Array.from({ length: frames }, () => frame), Buffer.from([0x3b])]);
};

describe('what an image is', () => {
  it.each([
    ['jpeg', 'image/jpeg'],
    ['png', 'image/png'],
    ['webp', 'image/webp'],
    ['gif', 'image/gif'],
  ] as const)('of a %s', async (format, mediaType) => {
    const bytes = await noise(90, 160).toFormat(format).toBuffer();
    const facts = { format, mediaType, width: 90, height: 160, sizeBytes: bytes.byteLength, frames: 1, animated: false, transparent: false, orientation: 1 };
    expect(await wallpapers.inspect(bytes)).toEqual(facts);
  });

  it('is upright whatever EXIF says, and tells what it says', async () => {
    const bytes = await noise(160, 90).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await wallpapers.inspect(bytes)).toMatchObject({ width: 90, height: 160, orientation: 6 });
  });

  it('is transparent when any pixel is', async () => {
    const half = sharp({ create: { width: 90, height: 160, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0.5 } } });
    expect(await wallpapers.inspect(await half.clone().png().toBuffer())).toMatchObject({ transparent: true });
    expect(await wallpapers.inspect(await half.clone().flatten().ensureAlpha().png().toBuffer())).toMatchObject({ transparent: false });
  });

  it.skipIf(!hasSharedData).each([
    ['photos/office-unsplash-6016x4016.jpg', { format: 'jpeg', width: 6016, height: 4016 }],
    ['exif/Portrait_6.jpg', { format: 'jpeg', width: 1200, height: 1800, orientation: 6 }],
    ['webav/animated.webp', { format: 'webp', frames: 6, animated: true }],
    ['libheif/example.heic', { format: 'heic', mediaType: 'image/heic', width: 1280, height: 854 }],
  ])('of %s', async (path, facts) => {
    expect(await wallpapers.inspect(await load(path))).toMatchObject(facts);
  });

  it('is read from exactly 10 MB, and not from a byte more', async () => {
    const jpeg = await noise(90, 160).jpeg().toBuffer();
    expect(await verdictOn(Buffer.concat([jpeg, Buffer.alloc(MAX_IMAGE_BYTES - jpeg.byteLength)]))).toBe('jpeg');
    expect(await verdictOn(Buffer.concat([jpeg, Buffer.alloc(MAX_IMAGE_BYTES + 1 - jpeg.byteLength)]))).toBe('422 image_too_large');
  });

  it('is not asked for after the caller has gone', async () => {
    const bytes = await noise(90, 160).jpeg().toBuffer();
    await expect(wallpapers.inspect(bytes, AbortSignal.abort())).rejects.toThrow(/abort/i);
    expect(await verdictOn(bytes)).toBe('jpeg');
  });
});

describe('bad images', () => {
  it.each([
    ['nothing', ''],
    ['one byte', '\xff'],
    ['a web page', '<!doctype html><title>404</title>'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['BMP', 'BM\x3a\0\0\0'],
    ['TIFF', 'II*\0\x08\0\0\0'],
    ['PDF', '%PDF-1.7'],
    ['HEIF that names no codec', '\0\0\0\x14ftypmif1\0\0\0\0miaf'],
  ])('%s is no image that a provider takes', async (_name, text) => {
    expect(await verdictOn(Buffer.from(text, 'latin1'))).toBe('422 unsupported_image_type');
  });

  it('AVIF is no image that a provider takes', async () => {
    expect(await verdictOn(await noise(64, 64).avif({ effort: 0 }).toBuffer())).toBe('422 unsupported_image_type');
  });

  it.each(['\xff\xd8\xff\xe0', '\x89PNG\r\n\x1a\n', 'GIF89a', 'RIFF\x10\0\0\0WEBPVP8 ', '\0\0\0\x14ftypheic\0\0\0\0mif1'])(
    'a file of nothing but %j is unreadable',
    async (text) => {
      expect(await verdictOn(Buffer.from(`${text}${'\0'.repeat(64)}`, 'latin1'))).toBe('422 image_unreadable');
    },
  );

  it.each([
    ['jpeg', () => noise(200, 300).jpeg()],
    ['progressive jpeg', () => noise(200, 300).jpeg({ progressive: true })],
    ['png', () => noise(200, 300).png()],
    ['interlaced png', () => noise(200, 300).png({ progressive: true })],
    ['webp', () => noise(200, 300).webp()],
    ['lossless webp', () => noise(200, 300).webp({ lossless: true })],
    ['gif', () => noise(200, 300).gif()],
  ] as const)('a %s is unreadable wherever it breaks off', async (_name, make) => {
    const bytes = await make().toBuffer();
    for (let part = 1; part < 16; part++) {
      const length = Math.floor((bytes.byteLength * part) / 16);
      expect(await verdictOn(bytes.subarray(0, length)), `${length} of ${bytes.byteLength} bytes`).toBe('422 image_unreadable');
    }
  });

  it.each(['gif', 'webp'] as const)('an animated %s is unreadable wherever it breaks off: all of its frames are decoded', async (format) => {
    const pages = await noise(120, 900).raw().toBuffer();
    const bytes = await sharp(pages, { raw: { width: 120, height: 900, channels: 3, pageHeight: 180 } })
      .toFormat(format)
      .toBuffer();
    expect(await wallpapers.inspect(bytes)).toMatchObject({ format, width: 120, height: 180, frames: 5, animated: true });
    for (let part = 1; part < 16; part++) {
      const length = Math.floor((bytes.byteLength * part) / 16);
      expect(await verdictOn(bytes.subarray(0, length)), `${length} of ${bytes.byteLength} bytes`).toBe('422 image_unreadable');
    }
  });

  it('a PNG that says 60 000 × 60 000 is refused by its header', async () => {
    expect(await verdictOn(blackPng(60_000, 60_000, 1))).toBe('422 image_dimensions_too_large');
  });

  it('50 million pixels are decoded, and not a row more', async () => {
    expect(await verdictOn(blackPng(10_000, 5000))).toBe('png');
    expect(await verdictOn(blackPng(10_000, 5001))).toBe('422 image_dimensions_too_large');
  });

  it('headers that promise more than there is are not believed', async () => {
    expect(await verdictOn(blackPng(400, 400, 399))).toBe('422 image_unreadable');
    const jpeg = await noise(400, 400).jpeg().toBuffer();
    // SOF0: marker, length, precision, height, width (ITU T.81 B.2.2).
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
    const claim = (height: number, width: number): Buffer => {
      const copy = Buffer.from(jpeg);
      copy.writeUInt16BE(height, frame + 5);
      copy.writeUInt16BE(width, frame + 7);
      return copy;
    };
    expect(await verdictOn(claim(800, 400))).toBe('422 image_unreadable');
    expect(await verdictOn(claim(64_250, 64_250))).toBe('422 image_dimensions_too_large');
    const webp = await noise(400, 400).webp({ lossless: true }).toBuffer();
    // VP8L: 14 bits of width - 1 behind the signature (RFC 9649 §3.4).
    webp.writeUInt16LE(0x3fff, webp.indexOf('VP8L') + 9);
    expect(await verdictOn(webp)).toBe('422 image_unreadable');
  });

  it('GIF bombs are refused by what their frames add up to, and by their number', async () => {
    expect(await verdictOn(gifOf(1, 10, 10))).toBe('gif');
    expect(await verdictOn(gifOf(200, 10, 10))).toBe('gif');
    expect(await verdictOn(gifOf(1, 65_535, 65_535)), 'a screen that libvips does not believe').toBe('422 image_dimensions_too_large');
    expect(await verdictOn(gifOf(100, 2000, 2000))).toBe('422 image_dimensions_too_large');
    expect(await verdictOn(gifOf(100_000, 1, 1))).toBe('422 image_dimensions_too_large');
  });

  it('a text chunk that inflates to a gigabyte is not inflated into memory', async () => {
    const bomb = pngChunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0', 'latin1'), deflateSync(Buffer.alloc(256 * 1024 * 1024), { level: 9 })]));
    const png = blackPng(64, 64);
    // Behind the header, as a decoder reads it.
    expect(await verdictOn(Buffer.concat([png.subarray(0, 33), bomb, png.subarray(33)]))).toMatch(/^(png|422 image_unreadable)$/);
    expect(await verdictOn(png)).toBe('png');
  });

  it.skipIf(!hasSharedData)(
    'every file of the hostile corpus ends as a coded refusal or a verdict',
    async () => {
      // Never into the checkout: the files are made to crash what opens them.
      const corpus = await mkdtemp(join(tmpdir(), 'backlot-hostile-'));
      try {
        await run('tar', ['-xJf', sharedData('hostile.tar.xz'), '-C', corpus]);
        const entries = await readdir(corpus, { recursive: true, withFileTypes: true });
        const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
        expect(files.length).toBeGreaterThan(1000);
        // Without `image_service_failed`: the code of a job whose child died or hung.
        const coded = /^422 (unsupported_image_type|image_unreadable|image_dimensions_too_large|image_too_large)$/;
        const wrong: string[] = [];
        let taken = 0;
        const queue = [...files];
        await Promise.all(
          Array.from({ length: 4 }, async () => {
            for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
              const verdict = await verdictOn(await readFile(path));
              if (/^(jpeg|png|gif|webp|heic)$/.test(verdict)) taken++;
              else if (!coded.test(verdict)) wrong.push(`${path}: ${verdict}`);
            }
          }),
        );
        expect(wrong).toEqual([]);
        // The refusals are not a decoder that fails at everything.
        expect(taken).toBeGreaterThan(100);
      } finally {
        await rm(corpus, { recursive: true, force: true });
      }
    },
    180_000,
  );
});

describe('the rendition for phones', () => {
  /** Four colours: top left, top right, bottom left, bottom right. */
  const quarters = (width: number, height: number): Sharp => {
    const [w, h] = [width / 2, height / 2];
    const quarter = (background: string, left: number, top: number) => ({
      input: { create: { width: w, height: h, channels: 3 as const, background } },
      left,
      top,
    });
    return sharp({ create: { width, height, channels: 3, background: '#000' } }).composite([
      quarter('#e02020', 0, 0),
      quarter('#20c020', w, 0),
      quarter('#2020e0', 0, h),
      quarter('#e0e020', w, h),
    ]);
  };
  /** What the recipient saw of a wallpaper, as it was measured (`conversations.md` §e), in parts of the image. */
  const seenOf = async (bytes: Uint8Array): Promise<{ image: Sharp; width: number; height: number }> => {
    const { width: whole, height: tall } = await sharp(bytes).metadata();
    const [left, top] = [Math.round((whole * 215) / 1179), Math.round((tall * 1353) / 2556)];
    const [width, height] = [Math.round((whole * (804 - 215)) / 1179), tall - top];
    return { image: sharp(await sharp(bytes).extract({ left, top, width, height }).png().toBuffer()), width, height };
  };
  const colourAt = async (image: Sharp, left: number, top: number): Promise<string> => {
    const [r = 0, g = 0, b = 0] = await image
      .clone()
      .extract({ left: Math.round(left), top: Math.round(top), width: 1, height: 1 })
      .raw()
      .toBuffer();
    return [r, g, b].map((value) => (value > 128 ? '1' : '0')).join('');
  };

  it.each([
    ['a portrait photo', 1200, 2600],
    ['a landscape photo', 3000, 1600],
    ['a square', 1400, 1400],
    ['a small image', 40, 80],
  ])('shows the middle of %s in the part that phones show, upright and at full size', async (_name, width, height) => {
    const phone = await wallpapers.toPhone(await quarters(width, height).png().toBuffer());
    expect(phone).toMatchObject({ mediaType: 'image/jpeg', ...PHONE_CANVAS });
    expect(await sharp(phone.bytes).metadata()).toMatchObject({ format: 'jpeg', space: 'srgb', ...PHONE_CANVAS });
    const seen = await seenOf(phone.bytes);
    // As many pixels as the screen has.
    expect(seen.width).toBeGreaterThan(PHONE_SCREEN.width - 3);
    const near = 12;
    const corners = [
      [near, near],
      [seen.width - near, near],
      [near, seen.height - near],
      [seen.width - near, seen.height - near],
    ] as const;
    expect(await Promise.all(corners.map(([left, top]) => colourAt(seen.image, left, top)))).toEqual(['100', '010', '001', '110']);
    // The middle of the image is the middle of what is seen: nothing is cut on one side only.
    const [x, y] = [seen.width / 2, seen.height / 2];
    const middle = [await colourAt(seen.image, x - 20, y - 20), await colourAt(seen.image, x + 20, y - 20), await colourAt(seen.image, x - 20, y + 20)];
    expect(middle).toEqual(['100', '010', '001']);
  });

  it('continues the image beyond the part that is seen: no edge, no black', async () => {
    const { bytes } = await wallpapers.toPhone(
      await sharp({ create: { width: 600, height: 900, channels: 3, background: '#c05030' } })
        .png()
        .toBuffer(),
    );
    const { channels } = await sharp(bytes).stats();
    expect(channels.map(({ min, max }) => max - min).every((range) => range < 6)).toBe(true);
    expect(channels.map(({ mean }) => Math.round(mean / 16))).toEqual([12, 5, 3]);
  });

  it('stays under 10 MB whatever the image', async () => {
    const { bytes } = await wallpapers.toPhone(await noise(1300, 2600).jpeg({ quality: 80 }).toBuffer());
    expect(bytes.byteLength).toBeLessThanOrEqual(MAX_IMAGE_BYTES);
  });

  it('turns what EXIF turns, puts black behind what is transparent, takes grey and the first frame', async () => {
    const turned = await seenOf((await wallpapers.toPhone(await quarters(2600, 1200).withMetadata({ orientation: 6 }).jpeg().toBuffer())).bytes);
    // A quarter turn clockwise brings the bottom left to the top left.
    expect(await colourAt(turned.image, 20, 20)).toBe('001');
    const clear = sharp({ create: { width: 100, height: 200, channels: 4, background: { r: 255, g: 255, b: 255, alpha: 0 } } });
    expect(await colourAt((await seenOf((await wallpapers.toPhone(await clear.png().toBuffer())).bytes)).image, 50, 50)).toBe('000');
    const grey = await wallpapers.toPhone(await quarters(200, 400).greyscale().jpeg().toBuffer());
    expect(await sharp(grey.bytes).metadata()).toMatchObject({ channels: 3, ...PHONE_CANVAS });
    const frames = Buffer.concat([Buffer.alloc(90 * 160 * 3, 255), Buffer.alloc(90 * 160 * 3, 0)]);
    const animated = await sharp(frames, { raw: { width: 90, height: 320, channels: 3, pageHeight: 160 } })
      .gif()
      .toBuffer();
    expect(await colourAt((await seenOf((await wallpapers.toPhone(animated)).bytes)).image, 50, 50)).toBe('111');
  });

  it('refuses what an inspection refuses', async () => {
    await expect(wallpapers.toPhone(Buffer.from('<svg/>'))).rejects.toMatchObject({ code: 'unsupported_image_type' });
    await expect(wallpapers.toPhone(blackPng(60_000, 60_000, 1))).rejects.toMatchObject({ code: 'image_dimensions_too_large' });
    await expect(wallpapers.toPhone(blackPng(400, 400, 200))).rejects.toMatchObject({ code: 'image_unreadable' });
  });

  it('has the part that is seen where it was measured', () => {
    expect(PHONE_CANVAS).toEqual({ width: 2358, height: 5112 });
    expect(PHONE_WINDOW).toEqual({ left: 430, top: 2706, width: 1179, height: 2406 });
  });
});

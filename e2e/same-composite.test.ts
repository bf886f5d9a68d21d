import { DEFAULT_FRAMING, type Framing } from '@backlot/contract';
import { hasChromium, hasSharedData, sharedData } from '@backlot/testing';
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type KeyerGlobal, type KeyingPage, openKeyingPage } from '../packages/keyer/src/keying-page.testing.js';
import { decodeClip } from '../packages/server/src/media/compositor/decoded-clip.testing.js';
import { loadBackground } from '../packages/server/src/media/compositor/load-background.js';
import { loadKeyer } from '../packages/server/src/media/compositor/load-keyer.js';
import { type Picture, pictureBytes } from '../packages/server/src/media/compositor/picture.js';
import { PictureCompositor } from '../packages/server/src/media/compositor/picture-compositor.js';

declare const keyer: KeyerGlobal;

const PHOTO = 'backgrounds/photos/saxon-switzerland-539418_1280.jpg';
const WIDE = { width: 1280, height: 720 };
const UPRIGHT = { width: 720, height: 1280 };
const MOVED: Framing = { scale: 0.72, x: 0.13, y: -0.08, crop: 'none' };

interface Case {
  readonly name: string;
  readonly source: 'clip' | 'cutout';
  readonly canvas: { readonly width: number; readonly height: number };
  readonly framing: Framing;
}
const CASES: readonly Case[] = (['clip', 'cutout'] as const).flatMap((source) => [
  { name: `${source}, 16:9`, source, canvas: WIDE, framing: DEFAULT_FRAMING },
  { name: `${source}, 9:16`, source, canvas: UPRIGHT, framing: DEFAULT_FRAMING },
  { name: `${source}, 16:9, scaled and moved`, source, canvas: WIDE, framing: MOVED },
  { name: `${source}, 9:16, enlarged and moved`, source, canvas: UPRIGHT, framing: { ...MOVED, scale: 1.6, y: 0.05 } },
  { name: `${source}, 16:9, cropped to the person`, source, canvas: WIDE, framing: { ...MOVED, scale: 0.9, crop: 'person' } },
]);

/** I420 of RGB or RGBA, chroma the mean of 2 × 2 pixels. */
const toI420 = (pixels: Uint8Array, channels: 3 | 4, { width, height }: { readonly width: number; readonly height: number }): Uint8Array => {
  const planes = new Uint8Array(pictureBytes(width, height));
  const at = (x: number, y: number, channel: number) => pixels[channels * (y * width + x) + channel] ?? 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) planes[y * width + x] = Math.round(16 + (65.481 * at(x, y, 0) + 128.553 * at(x, y, 1) + 24.966 * at(x, y, 2)) / 255);
  for (let j = 0; j < height / 2; j++) {
    for (let i = 0; i < width / 2; i++) {
      const mean = (channel: number) =>
        (at(2 * i, 2 * j, channel) + at(2 * i + 1, 2 * j, channel) + at(2 * i, 2 * j + 1, channel) + at(2 * i + 1, 2 * j + 1, channel)) / 4;
      const [r, g, b] = [mean(0), mean(1), mean(2)];
      const site = width * height + j * (width / 2) + i;
      planes[site] = Math.round(128 + (-37.797 * r - 74.203 * g + 112 * b) / 255);
      planes[site + (width * height) / 4] = Math.round(128 + (112 * r - 93.786 * g - 18.214 * b) / 255);
    }
  }
  return planes;
};

/** How far two pictures are apart, in codes: on the mean, and the share of samples that are off by more than 8. */
const compare = (one: Uint8Array, other: Uint8Array) => {
  let sum = 0;
  let far = 0;
  for (let i = 0; i < one.length; i++) {
    const difference = Math.abs((one[i] ?? 0) - (other[i] ?? 0));
    sum += difference;
    if (difference > 8) far++;
  }
  return { mean: sum / one.length, far: far / one.length };
};

describe.skipIf(!hasChromium || !hasSharedData)('client and server give the same composite', () => {
  let keying: KeyingPage;
  let sources: Record<Case['source'], Picture>;
  let module: WebAssembly.Module;

  beforeAll(async () => {
    keying = await openKeyingPage();
    module = await loadKeyer();
    const [frame] = await decodeClip(sharedData('clips/dhlive-man-suit-720x1080.mp4'), 720, 1080, 1);
    const person = await sharp(sharedData('cutouts/p_015cd10e.png'))
      .resize(1280, 720, { fit: 'contain', position: 'bottom', background: '#00000000' })
      .toBuffer();
    const cutout = await sharp({ create: { ...WIDE, channels: 3, background: '#00ff00' } })
      .composite([{ input: person }])
      .removeAlpha()
      .raw()
      .toBuffer();
    sources = {
      clip: { data: frame ?? new Uint8Array(), width: 720, height: 1080 },
      cutout: { data: toI420(cutout, 3, WIDE), ...WIDE },
    };
  });
  afterAll(() => keying[Symbol.asyncDispose]());

  const composeOnServer = async ({ source, canvas, framing }: Case): Promise<Uint8Array> => {
    const compositor = new PictureCompositor(module, { canvas, framing, keying: {} });
    const bytes = await readFile(sharedData(PHOTO));
    compositor.setBackground(await loadBackground({ kind: 'image', bytes, fit: 'cover' }, canvas.width, canvas.height), 0);
    const into = new Uint8Array(pictureBytes(canvas.width, canvas.height));
    expect(compositor.compose(sources[source], into, 0)).toBe(true);
    return into;
  };

  /** The canvas of a renderer of the player, as RGBA. The background comes scaled, so that only compositing is compared. */
  const composeOnPage = async (renderer: 'webgl' | 'software', { source, canvas, framing }: Case): Promise<Uint8Array> => {
    const { data, width, height } = sources[source];
    const photo = await sharp(sharedData(PHOTO)).resize(canvas.width, canvas.height, { fit: 'cover' }).png().toBuffer();
    const base64 = await keying.page.evaluate(
      async (given) => {
        const bytesOf = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
        const element = Object.assign(document.createElement('canvas'), given.canvas);
        const frame = new VideoFrame(bytesOf(given.frame), {
          format: 'I420',
          codedWidth: given.width,
          codedHeight: given.height,
          timestamp: 0,
          colorSpace: { matrix: 'smpte170m', primaries: 'smpte170m', transfer: 'smpte170m', fullRange: false },
        });
        const image = await createImageBitmap(new Blob([bytesOf(given.photo)]));
        let drawn = () => {};
        const onCanvas = new Promise<void>((resolve) => (drawn = resolve));
        const wasm = fetch('/keyer.wasm').then(async (response) => WebAssembly.compile(await response.arrayBuffer()));
        await wasm;
        const made =
          given.renderer === 'webgl'
            ? new keyer.KeyRenderer(element)
            : new keyer.PlaneRenderer(element, { module: wasm, onDrawn: () => drawn(), onUnfit: reportError });
        // The module is taken a microtask later.
        await Promise.resolve();
        made.setFraming(given.framing);
        made.setBackground({ kind: 'image', image, fit: 'cover' });
        if (made.drawFrame(frame, given.width, given.height, 0)) drawn();
        // Before the next task: a WebGL canvas keeps nothing that it has shown.
        const copy = Object.assign(document.createElement('canvas'), given.canvas).getContext('2d');
        if (given.renderer === 'software') await onCanvas;
        copy?.drawImage(element, 0, 0);
        const { data: pixels } = copy?.getImageData(0, 0, given.canvas.width, given.canvas.height) ?? { data: new Uint8ClampedArray() };
        made.dispose();
        frame.close();
        let text = '';
        for (let at = 0; at < pixels.length; at += 32_768) text += String.fromCharCode(...pixels.subarray(at, at + 32_768));
        return btoa(text);
      },
      { renderer, canvas, framing, width, height, frame: Buffer.from(data).toString('base64'), photo: photo.toString('base64') },
    );
    return Buffer.from(base64, 'base64');
  };

  test.each(CASES)('$name', async (given) => {
    const server = await composeOnServer(given);
    for (const renderer of ['webgl', 'software'] as const) {
      const page = toI420(await composeOnPage(renderer, given), 4, given.canvas);
      const { mean, far } = compare(server, page);
      expect(mean, `${renderer}: mean`).toBeLessThan(0.5);
      expect(far, `${renderer}: far`).toBeLessThan(0.0005);
    }
  });
});

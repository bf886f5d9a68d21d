import { hasFfmpeg, hasSharedData } from '@backlot/testing';
import { describe, expect, it } from 'vitest';
import { codesOf } from '../color.js';
import type { Rectangle } from '../framing.js';
import { composeCutout, loadKeyerModule } from './pictures.testing.js';
import { PlaneKeyer } from './plane-keyer.js';

const module = loadKeyerModule();

/** I420 without padding that is different everywhere. */
const createBackground = (width: number, height: number): Uint8Array =>
  Uint8Array.from({ length: (3 * width * height) / 2 }, (_, index) => (index < width * height ? 16 + ((index * 7) % 220) : 40 + ((index * 13) % 170)));

/** Premultiplied RGBA at a place of a frame, bilinear, in codes. */
const sample = (rgba: Uint8ClampedArray, width: number, height: number, x: number, y: number): number[] => {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const at = (i: number, j: number, k: number) => rgba[4 * (Math.min(height - 1, Math.max(0, j)) * width + Math.min(width - 1, Math.max(0, i))) + k] ?? 0;
  return [0, 1, 2, 3].map((k) => {
    const upper = at(left, top, k) + (x - left) * (at(left + 1, top, k) - at(left, top, k));
    const lower = at(left, top + 1, k) + (x - left) * (at(left + 1, top + 1, k) - at(left, top + 1, k));
    return upper + (y - top) * (lower - upper);
  });
};

/** What `keyToCanvas` is to make of keyed pixels. */
const expectedCanvas = (
  rgba: Uint8ClampedArray,
  [width, height]: readonly [number, number],
  behind: Uint8Array,
  [across, down]: readonly [number, number],
  at: Rectangle,
) => {
  const result = Float64Array.from(behind);
  const sums = new Float64Array(across * down);
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      const [i, j] = [((x + 0.5 - at.x) * width) / at.width - 0.5, ((y + 0.5 - at.y) * height) / at.height - 0.5];
      if (x + 0.5 < at.x || x + 0.5 >= at.x + at.width || y + 0.5 < at.y || y + 0.5 >= at.y + at.height) continue;
      const clamped = [Math.min(width - 1, Math.max(0, i)), Math.min(height - 1, Math.max(0, j))] as const;
      const [r = 0, g = 0, b = 0, a = 0] = sample(rgba, width, height, ...clamped);
      const codes = codesOf(r, g, b, 'bt601');
      const through = 1 - a / 255;
      result[y * across + x] = codes.y + through * ((behind[y * across + x] ?? 0) - 16);
      const site = (y >> 1) * (across / 2) + (x >> 1);
      for (const [plane, value] of [codes.u, codes.v].entries()) {
        const index = across * down + (plane * across * down) / 4 + site;
        sums[2 * site + plane] = (sums[2 * site + plane] ?? 0) + (value - (1 - through) * ((behind[index] ?? 0) - 128)) / 4;
        result[index] = (behind[index] ?? 0) + (sums[2 * site + plane] ?? 0);
      }
    }
  }
  return result;
};

describe.skipIf(!hasSharedData || !hasFfmpeg())('PlaneKeyer.keyToCanvas', () => {
  const keyerFor = (width: number, height: number, canvas: { width: number; height: number }) => {
    const keyer = PlaneKeyer.create(module, { width, height, matrix: 'bt601', canvas });
    keyer.setFrame(composeCutout('cutouts/p_015cd10e.png', width, height, [0, 255, 0], { matrix: 'bt601' }));
    const screen = keyer.createScreenModel();
    expect(screen.update(keyer.sample())).toBe(true);
    keyer.setScreen(screen);
    return keyer;
  };

  it.each([
    { name: 'as large as the frame', size: [320, 180], canvas: [320, 180], at: [0, 0, 320, 180] },
    { name: 'enlarged beyond the canvas', size: [320, 180], canvas: [640, 360], at: [-100.25, -80.5, 900, 506.25] },
    { name: 'reduced, at the bottom', size: [320, 180], canvas: [202, 360], at: [0, 246.4, 202, 113.6] },
    { name: 'odd sides and odd edges', size: [241, 135], canvas: [322, 182], at: [33.3, 21.7, 200.9, 112.5] },
    { name: 'beside the canvas', size: [64, 36], canvas: [128, 72], at: [200, 10, 64, 36] },
  ] as const)('draws the frame $name', ({ size: [width, height], canvas: [across, down], at: [x, y, w, h] }) => {
    const keyer = keyerFor(width, height, { width: across, height: down });
    const behind = createBackground(across, down);
    keyer.setCanvasBackground(behind);
    const at = { x, y, width: w, height: h };
    const result = Uint8Array.from(keyer.keyToCanvas(at));
    const rgba = Uint8ClampedArray.from(keyer.keyToRgba('premultiplied'));
    const expected = expectedCanvas(rgba, [width, height], behind, [across, down], at);
    let most = 0;
    for (let i = 0; i < expected.length; i++) most = Math.max(most, Math.abs((result[i] ?? 0) - Math.min(255, Math.max(0, expected[i] ?? 0))));
    expect(most).toBeLessThan(2.2);
    // The same place and another one, without anything left of the first.
    expect(Buffer.compare(keyer.keyToCanvas({ ...at }), result)).toBe(0);
    keyer.keyToCanvas({ x: 3, y: 5, width: 40, height: 30 });
    expect(Buffer.compare(keyer.keyToCanvas(at), result)).toBe(0);
  });

  it('refuses canvases and places that are none', () => {
    const create = (canvas: { width: number; height: number }) => () => PlaneKeyer.create(module, { width: 64, height: 36, matrix: 'bt601', canvas });
    expect(create({ width: 65, height: 36 })).toThrow(RangeError);
    expect(create({ width: 0, height: 0 })).toThrow(RangeError);
    expect(create(null as never)).toThrow(TypeError);
    const keyer = keyerFor(64, 36, { width: 128, height: 72 });
    expect(() => keyer.setCanvasBackground(new Uint8Array(12))).toThrow(RangeError);
    expect(() => keyer.setCanvasBackground(new Uint8Array(128 * 72 * 2))).toThrow(RangeError);
    expect(() => keyer.keyToCanvas({ x: 0, y: 0, width: 0, height: 10 })).toThrow(RangeError);
    expect(() => keyer.keyToCanvas({ x: Number.NaN, y: 0, width: 10, height: 10 })).toThrow(RangeError);
  });

  it('needs a screen', () => {
    const keyer = PlaneKeyer.create(module, { width: 64, height: 36, matrix: 'bt601', canvas: { width: 64, height: 36 } });
    expect(() => keyer.keyToCanvas({ x: 0, y: 0, width: 64, height: 36 })).toThrow(expect.objectContaining({ code: 'screen_not_set' }));
  });
});

import { hasFfmpeg, hasSharedData } from '@backlot/testing';
import { describe, expect, it } from 'vitest';
import { resolveParameters } from '../parameters.js';
import { type Case, CASES } from './cases.testing.js';
import { composeCutout, computeExpected, createNoise, createRandom, decodeClip, loadKeyerModule, type Picture } from './pictures.testing.js';
import { PlaneKeyer } from './plane-keyer.js';

const module = loadKeyerModule();

const keyerFor = ({ picture, matrix = 'bt709', isFullRange = false, parameters: given }: Omit<Case, 'picture'> & { readonly picture: Picture }) => {
  const parameters = resolveParameters(given);
  const keyer = PlaneKeyer.create(module, { width: picture.width, height: picture.height, matrix, isFullRange, parameters });
  keyer.setFrame(picture);
  const screen = keyer.createScreenModel();
  expect(screen.update(keyer.sample())).toBe(true);
  keyer.setScreen(screen);
  return { keyer, expected: computeExpected(picture, screen, parameters, matrix, isFullRange) };
};

describe.skipIf(!hasSharedData || !hasFfmpeg())('PlaneKeyer', () => {
  it.each(CASES)('keys as the reference does: $name', (given) => {
    const {
      keyer,
      expected: { rgba: expected },
    } = keyerFor({ ...given, picture: given.picture() });
    const keyed = keyer.keyToRgba();
    let alpha = 0;
    let color = 0;
    for (let i = 0; i < expected.length; i += 4) {
      alpha = Math.max(alpha, Math.abs((keyed[i + 3] ?? 0) - (expected[i + 3] ?? 0)));
      for (let k = 0; k < 3; k++) color = Math.max(color, Math.abs(((keyed[i + k] ?? 0) * (keyed[i + 3] ?? 0)) / 255 - (expected[i + k] ?? 0)));
    }
    expect(alpha).toBeLessThan(1);
    expect(color).toBeLessThan(1);
  });

  it.each(CASES)('composes over a background as the reference does: $name', (given) => {
    const {
      keyer,
      expected: { rgba: expected },
    } = keyerFor({ ...given, picture: given.picture() });
    const random = createRandom(3);
    const behind = Uint8Array.from({ length: 4 * keyer.width * keyer.height }, (_, i) => (i % 4 === 3 ? 255 : 255 * random()));
    keyer.setBackground(behind);
    const keyed = keyer.keyToRgba();
    let color = 0;
    let holes = 0;
    for (let i = 0; i < expected.length; i += 4) {
      const through = 1 - (expected[i + 3] ?? 0) / 255;
      if (keyed[i + 3] !== 255) holes++;
      for (let k = 0; k < 3; k++) color = Math.max(color, Math.abs((keyed[i + k] ?? 0) - (expected[i + k] ?? 0) - through * (behind[i + k] ?? 0)));
    }
    expect(color).toBeLessThan(1);
    expect(holes).toBe(0);
  });

  it.each(CASES)('composes planes as the reference does: $name', (given) => {
    const { keyer, expected } = keyerFor({ ...given, picture: given.picture() });
    const behind = createNoise(keyer.width, keyer.height, 5);
    keyer.setPlanarBackground(behind);
    const keyed = keyer.keyToI420();
    const over = expected.over(behind);
    const farthest = (made: Uint8Array, stride: number, wanted: Float32Array, width: number) =>
      wanted.reduce(
        (most, value, i) => (Number.isNaN(value) ? most : Math.max(most, Math.abs(value - (made[Math.floor(i / width) * stride + (i % width)] ?? 0)))),
        0,
      );
    const w = Math.ceil(keyer.width / 2);
    expect(farthest(keyed.y, keyed.lumaStride, over.y, keyer.width)).toBeLessThan(1.5);
    expect(farthest(keyed.u, keyed.chromaStride, over.u, w)).toBeLessThan(1.5);
    expect(farthest(keyed.v, keyed.chromaStride, over.v, w)).toBeLessThan(1.5);
  });

  it.each<[string, number, number]>([
    ['clips/simpl-dancer1-vp8alpha-640x360.webm', 640, 360],
    ['backgrounds/photos/saxon-switzerland-539418_1280.jpg', 1280, 720],
    ['backgrounds/exif/Landscape_1.jpg', 1800, 1200],
    ['backgrounds/sharp/4.webp', 1024, 772],
  ])('finds no screen in %s', (path, width, height) => {
    const keyer = PlaneKeyer.create(module, { width, height, matrix: 'bt601' });
    keyer.setFrame(decodeClip(path, 0, width, height));
    const screen = keyer.createScreenModel();
    expect(screen.update(keyer.sample())).toBe(false);
    expect(screen.verdict).toMatchObject({ keyable: false, key: null });
    expect(() => keyer.setScreen(screen)).toThrow(expect.objectContaining({ code: 'screen_not_measured' }));
  });

  it('leaves no haze of a screen that a codec lets fade after it was measured', () => {
    const picture = composeCutout('cutouts/p_015cd10e.png', 640, 360, [101, 216, 65]);
    const parameters = resolveParameters();
    const keyer = PlaneKeyer.create(module, { width: 640, height: 360, matrix: 'bt709', parameters });
    keyer.setFrame(picture);
    const screen = keyer.createScreenModel();
    screen.update(keyer.sample());
    keyer.setScreen(screen);
    const fade = (plane: Uint8Array) => plane.map((code) => 128 + 0.94 * (code - 128));
    const faded = { ...picture, u: fade(picture.u), v: fade(picture.v) };
    keyer.setFrame(faded);
    const keyed = keyer.keyToRgba();
    const { rgba } = computeExpected(faded, screen, parameters, 'bt709');
    let hazy = 0;
    let farthest = 0;
    for (let i = 0; i < 640 * 360; i++) {
      farthest = Math.max(farthest, Math.abs((keyed[4 * i + 3] ?? 0) - (rgba[4 * i + 3] ?? 0)));
      // Above the head there is nothing but screen.
      if (i < 640 * 12 && keyed[4 * i + 3] !== 0) hazy++;
    }
    expect(farthest).toBeLessThan(1.5);
    expect(hazy).toBe(0);
  });
});

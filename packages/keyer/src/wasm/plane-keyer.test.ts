import { hasFfmpeg, hasSharedData } from '@backlot/testing';
import { describe, expect, it } from 'vitest';
import type { Matrix } from '../color.js';
import { type KeyingParameters, resolveParameters } from '../parameters.js';
import { composeCutout, computeExpected, createNoise, createRandom, decodeClip, loadKeyerModule, type Picture } from './pictures.testing.js';
import { PlaneKeyer } from './plane-keyer.js';

const module = loadKeyerModule();
const GREEN = [0, 255, 0] as const;
const STUDIO = [64, 172, 74] as const;
const BLUE = [20, 60, 220] as const;
const studioLight = (x: number, y: number) => 0.9 + 0.14 * Math.cos(2.6 * (x - 0.4)) - 0.16 * (y - 0.3) ** 2;

interface Case {
  readonly name: string;
  readonly picture: () => Picture;
  readonly matrix?: Matrix;
  readonly isFullRange?: boolean;
  readonly parameters?: Partial<KeyingParameters>;
}

const CUTOUTS = ['p_015cd10e', 'p_d684dae3', 'p_bd6af989', 'p_07141906', 'p_51c916fc'];
const CASES: readonly Case[] = [
  { name: 'dhlive-man', picture: () => decodeClip('clips/dhlive-man-suit-720x1080.mp4', 3, 720, 1080), matrix: 'bt601', parameters: { siting: 'left' } },
  { name: 'webav-talking-man', picture: () => decodeClip('clips/webav-talking-man-480x512.mp4', 2, 480, 512), matrix: 'bt601' },
  { name: 'aframe-man', picture: () => decodeClip('clips/aframe-man-prop-360x640.mp4', 2, 360, 640) },
  ...CUTOUTS.map((name) => ({ name: `${name} on green`, picture: () => composeCutout(`cutouts/${name}.png`, 1280, 720, GREEN) })),
  {
    name: 'an uneven, noisy studio screen, left-sited',
    picture: () => composeCutout('cutouts/p_bd6af989.png', 640, 360, STUDIO, { light: studioLight, noise: 4, siting: 'left' }),
    parameters: { siting: 'left' },
  },
  {
    name: 'an uneven studio screen by BT.601',
    picture: () => composeCutout('cutouts/p_015cd10e.png', 640, 360, STUDIO, { light: studioLight, matrix: 'bt601' }),
    matrix: 'bt601',
  },
  { name: 'a blue screen of odd size', picture: () => composeCutout('cutouts/p_71bcce3a.png', 333, 251, BLUE) },
  {
    name: 'an odd size, left-sited',
    picture: () => composeCutout('cutouts/p_514ca06a.png', 477, 359, GREEN, { siting: 'left' }),
    parameters: { siting: 'left' },
  },
  { name: 'codes of the full range', picture: () => composeCutout('cutouts/p_bc5cfad1.png', 640, 360, [30, 230, 40]), isFullRange: true },
  {
    name: 'a hard matte without refinement',
    picture: () => composeCutout('cutouts/p_bc5cfad1.png', 320, 180, GREEN),
    parameters: { detail: 0, spill: 0, plate: false, hueGuard: 2, floor: 0.3, ceiling: 0.8 },
  },
];

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

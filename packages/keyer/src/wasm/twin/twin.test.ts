import { hasFfmpeg, hasSharedData } from '@backlot/testing';
import { describe, expect, it } from 'vitest';
import { codesOfHex, type Matrix } from '../../color.js';
import { type KeyingParameters, resolveParameters } from '../../parameters.js';
import { CASES } from '../cases.testing.js';
import { computeExpected, createNoise, createRandom, loadKeyerModule, type Picture } from '../pictures.testing.js';
import { type Alpha, PlaneKeyer } from '../plane-keyer.js';
import { Twin } from './twin.testing.js';

const module = loadKeyerModule();

interface Options {
  readonly matrix?: Matrix;
  readonly isFullRange?: boolean;
  readonly parameters?: Partial<KeyingParameters>;
}

/** A keyer that has measured the screen of `measured`, and the twin's result for `picture`. */
const createBoth = (picture: Picture, { matrix = 'bt709', isFullRange = false, parameters: given }: Options, measured = picture) => {
  const { width, height } = picture;
  const parameters = resolveParameters(given);
  const keyer = PlaneKeyer.create(module, { width, height, matrix, isFullRange, parameters });
  const screen = keyer.createScreenModel();
  keyer.setFrame(measured);
  expect(screen.update(keyer.sample())).toBe(true);
  keyer.setScreen(screen);
  return { keyer, screen, parameters, twin: new Twin(picture, { screen, parameters, matrix, isFullRange }) };
};

const createOpaque = (width: number, height: number): Uint8Array => {
  const random = createRandom(3);
  return new Uint8Array(4 * width * height).map((_, i) => (i % 4 === 3 ? 255 : 256 * random()));
};

/** Where two planes differ: the first place, and how many there are. */
const compare = (name: string, made: ArrayLike<number>, stride: number, wanted: ArrayLike<number>, width: number): readonly string[] => {
  let first = '';
  let count = 0;
  for (let i = 0, row = 0; i < wanted.length; i += width, row += stride) {
    for (let x = 0; x < width; x++) {
      if (made[row + x] === wanted[i + x]) continue;
      if (count++ === 0) first = `at ${x}, ${i / width} ${made[row + x]}, not ${wanted[i + x]}`;
    }
  }
  return count === 0 ? [] : [`${name}: ${count} bytes, ${first}`];
};

/** Where the keyer's results differ from the twin's, with the traces of another frame in memory. */
const findDifferences = (keyer: PlaneKeyer, twin: Twin, picture: Picture): readonly string[] => {
  const { width, height } = picture;
  const noise = createNoise(width, height, 5);
  const keyAfterNoise = <Result>(key: () => Result): Result => {
    keyer.setFrame(noise);
    key();
    keyer.setFrame(picture);
    return key();
  };
  keyer.setPlanarBackground(noise);
  const keyed = keyAfterNoise(() => keyer.keyToI420());
  const wanted = twin.toI420(noise);
  const rgbaDifferences = (name: string, behind: Uint8Array | null, alpha: Alpha) => {
    keyer.setBackground(behind);
    const rgba = keyAfterNoise(() => keyer.keyToRgba(alpha));
    return compare(name, rgba, 4 * width, twin.toRgba(behind, alpha), 4 * width);
  };
  const w = Math.ceil(width / 2);
  return [
    ...compare('luma', keyed.y, keyed.lumaStride, wanted.y, width),
    ...compare('u', keyed.u, keyed.chromaStride, wanted.u, w),
    ...compare('v', keyed.v, keyed.chromaStride, wanted.v, w),
    ...rgbaDifferences('over', createOpaque(width, height), 'straight'),
    ...rgbaDifferences('straight', null, 'straight'),
    ...rgbaDifferences('premultiplied', null, 'premultiplied'),
  ];
};

/** The greatest distance; NaN is not looked at. */
const farthest = (made: ArrayLike<number>, wanted: Float32Array) =>
  wanted.reduce((most, value, i) => (Number.isNaN(value) ? most : Math.max(most, Math.abs(value - (made[i] ?? 0)))), 0);

const SIZES = [
  [16, 16],
  [37, 21],
  [191, 64],
  [333, 65],
  [720, 34],
] as const;

/**
 * Patches of screen, of a subject, of mixtures and of noise, with hard borders anywhere: blocks of every class next to each
 * other. `reach`: the most chroma of a subject.
 */
const createPatches = (
  width: number,
  height: number,
  key: `#${string}`,
  { matrix = 'bt709', isFullRange = false }: Options,
  seed: number,
  reach = 128,
): Picture => {
  const random = createRandom(seed);
  const codes = codesOfHex(key, matrix);
  const lumaUnit = isFullRange ? 219 / 255 : 1;
  const chromaUnit = isFullRange ? 224 / 255 : 1;
  const screen = [(codes.y - (isFullRange ? 16 : 0)) / lumaUnit, 128 + codes.u / chromaUnit, 128 + codes.v / chromaUnit] as const;
  const picture = createNoise(width, height, seed);
  const paint = (left: number, top: number, right: number, bottom: number, share: number, noise: number) => {
    const subject = [256 * random(), 128 + reach * (2 * random() - 1), 128 + reach * (2 * random() - 1)] as const;
    for (const [k, plane, step] of [
      [0, picture.y, 1],
      [1, picture.u, 2],
      [2, picture.v, 2],
    ] as const) {
      const stride = step === 1 ? picture.lumaStride : picture.chromaStride;
      for (let y = Math.ceil(top / step); y < bottom / step; y++) {
        for (let x = Math.ceil(left / step); x < right / step; x++) {
          plane[y * stride + x] = Math.min(255, Math.max(0, Math.round(share * screen[k] + (1 - share) * subject[k] + noise * (random() - 0.5))));
        }
      }
    }
  };
  paint(0, 0, width, height, 1, 2);
  for (let patch = 0; patch < 24; patch++) {
    const left = Math.floor(width * random());
    const top = Math.floor(height * random());
    const share = [0, 0, 1, random(), 1.2 * random()][patch % 5] ?? 0;
    paint(left, top, Math.min(width, left + 8 + 120 * random()), Math.min(height, top + 2 + 20 * random()), share, [0, 0, 6, 60][patch % 4] ?? 0);
  }
  return picture;
};

const KEYS: readonly (readonly [string, `#${string}`, number])[] = [
  ['green', '#00ff00', 13],
  ['studio green', '#40ac4a', 13],
  ['blue', '#143cdc', 13],
  ['a pale green', '#6e8c6e', 12],
  ['the palest green', '#788c78', 11],
];
const HARD: readonly Partial<KeyingParameters>[] = [
  {},
  { floor: 0.5, ceiling: 0.6, hueGuard: 2, hueTolerance: 0, hueSpread: 1, spill: 0.3, spillLuma: 1 },
  { floor: 0, ceiling: 1, hueGuard: 0, hueTolerance: 1, hueSpread: 0, detail: 0.5, spillLuma: 0 },
  { detail: 0, spill: 0, plate: false },
];

describe('the twin of keyer.wasm', () => {
  it.each(KEYS)('keys patches on %s (%s, %i fraction bits) to the same bits', (_, key, fraction) => {
    let seed = 1;
    for (const [i, [width, height]] of SIZES.entries()) {
      for (const siting of ['centre', 'left'] as const) {
        for (const isFullRange of [false, true]) {
          const options: Options = { isFullRange, matrix: seed % 3 === 0 ? 'bt601' : 'bt709', parameters: { key, siting, ...HARD[(i + seed) % HARD.length] } };
          const picture = createPatches(width, height, key, options, seed++);
          const { keyer, twin } = createBoth(picture, options);
          expect(findDifferences(keyer, twin, picture)).toEqual([]);
        }
      }
    }
    const { twin } = createBoth(createPatches(64, 64, key, {}, 1), { parameters: { key, plate: false } });
    expect(twin.plate.fraction).toBe(fraction);
  });

  it.each(KEYS)('keys noise as if before %s (%s) to the same bits', (_, key) => {
    for (const [i, [width, height]] of SIZES.entries()) {
      const picture = createNoise(width, height, 1);
      const { keyer, twin } = createBoth(picture, { parameters: { key, ...HARD[i % HARD.length] } });
      expect(findDifferences(keyer, twin, picture)).toEqual([]);
    }
  });

  it.each([
    ['#65d841', 0.9],
    ['#6e8c6e', 0.9],
    ['#00ff00', 0.83],
    ['#40ac4a', 0.83],
  ] as const)('keys a screen of %s that has faded to %f since it was measured to the same bits', (key, strength) => {
    for (const siting of ['centre', 'left'] as const) {
      const options = { parameters: { key, siting, plate: false } };
      const picture = createPatches(333, 129, key, options, 6);
      const random = createRandom(8);
      // Without some noise a screen that is so faded counts as none.
      const fade = (plane: Uint8Array) => plane.map((code) => 128 + (strength + 0.06 * (random() - 0.5)) * (code - 128));
      const faded = { ...picture, u: fade(picture.u), v: fade(picture.v) };
      const { keyer, twin } = createBoth(faded, options, picture);
      expect(twin.matte.dimming).toBeGreaterThan(0);
      expect(findDifferences(keyer, twin, faded)).toEqual([]);
    }
  });

  it('keeps cloth whose distance from a pale key’s axis is more than fixed point holds', () => {
    const picture = createPatches(192, 64, '#6e8c6e', {}, 6, 0);
    for (let j = 8; j < 24; j++) {
      picture.u.fill(218, j * 96 + 24, j * 96 + 72);
      picture.v.fill(0, j * 96 + 24, j * 96 + 72);
    }
    const { keyer, twin } = createBoth(picture, { parameters: { key: '#6e8c6e', plate: false } });
    expect(findDifferences(keyer, twin, picture)).toEqual([]);
    expect(keyer.keyToRgba()[4 * (32 * 192 + 96) + 3]).toBe(255);
  });

  it.each(['#00ff00', '#40ac4a', '#143cdc', '#6e8c6e'] as const)('is within 2 codes of the real-valued reference before %s', (key) => {
    for (const siting of ['centre', 'left'] as const) {
      // The most saturated colours have projections on a pale key that fixed point cuts off.
      const picture = createPatches(333, 129, key, {}, 6, 64);
      const { twin, screen, parameters } = createBoth(picture, { parameters: { key, siting } });
      const expected = computeExpected(picture, screen, parameters, 'bt709');
      const behind = createNoise(333, 129, 5);
      const made = twin.toI420(behind);
      const wanted = expected.over(behind);
      expect(farthest(twin.toRgba(null, 'premultiplied'), expected.rgba)).toBeLessThan(2);
      for (const plane of ['y', 'u', 'v'] as const) expect(farthest(made[plane], wanted[plane])).toBeLessThan(2);
    }
  });
});

describe.skipIf(!hasSharedData || !hasFfmpeg())('the twin of keyer.wasm on real pictures', () => {
  it.each(CASES)('keys to the same bits: $name', ({ picture: createPicture, ...options }) => {
    const picture = createPicture();
    const { keyer, twin } = createBoth(picture, options);
    expect(findDifferences(keyer, twin, picture)).toEqual([]);
  });
});

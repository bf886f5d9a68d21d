import { hasFfmpeg, hasSharedData } from '@backlot/testing';
import { describe, expect, it } from 'vitest';
import { codesOf, type Matrix } from '../color.js';
import { resolveParameters, type Siting } from '../parameters.js';
import { subsample } from '../planes.js';
import { composeCutout, computeExpected, createNoise, createRandom, loadKeyerModule, type Picture } from './pictures.testing.js';
import { PlaneKeyer, type PlaneKeyerOptions } from './plane-keyer.js';

const module = loadKeyerModule();
const SIZES = [
  [16, 16],
  [37, 21],
  [640, 361],
  [333, 16],
] as const;

/** The rows of a plane without their padding. */
const rowsOf = (plane: Uint8Array, stride: number, widthBytes: number, height: number) =>
  Uint8Array.from({ length: widthBytes * height }, (_, i) => plane[Math.floor(i / widthBytes) * stride + (i % widthBytes)] ?? 0);

const planesOf = ({ y, u, v, lumaStride, chromaStride, width, height }: PlaneKeyer) => {
  const w = Math.ceil(width / 2);
  const h = Math.ceil(height / 2);
  return { y: rowsOf(y, lumaStride, width, height), u: rowsOf(u, chromaStride, w, h), v: rowsOf(v, chromaStride, w, h) };
};

/** A plane whose rows are `stride` bytes apart, with something else between them. */
const padded = (plane: Uint8Array, widthBytes: number, height: number, stride: number) => {
  const out = new Uint8Array(stride * height).fill(201);
  for (let j = 0; j < height; j++) out.set(plane.subarray(j * widthBytes, (j + 1) * widthBytes), j * stride);
  return out;
};

/** Pixels of every kind: noise, extremes and ramps. */
const createRgba = (width: number, height: number): Uint8Array => {
  const random = createRandom(11);
  return Uint8Array.from({ length: 4 * width * height }, (_, i) => {
    const y = Math.floor(i / (4 * width));
    if (y % 3 === 0) return random() < 0.5 ? 0 : 255;
    return y % 3 === 1 ? 256 * random() : (i / 4) % 256;
  });
};

/** The codes of RGBA, real-valued and by the definition. */
const computePlanes = (rgba: Uint8Array, width: number, height: number, matrix: Matrix, siting: Siting, isFullRange: boolean) => {
  const luma = new Float32Array(width * height);
  const u = new Float32Array(width * height);
  const v = new Float32Array(width * height);
  for (let i = 0; i < luma.length; i++) {
    const codes = codesOf(rgba[4 * i] ?? 0, rgba[4 * i + 1] ?? 0, rgba[4 * i + 2] ?? 0, matrix);
    luma[i] = isFullRange ? ((codes.y - 16) * 255) / 219 : codes.y;
    u[i] = 128 + (isFullRange ? (codes.u * 255) / 224 : codes.u);
    v[i] = 128 + (isFullRange ? (codes.v * 255) / 224 : codes.v);
  }
  return { y: luma, u: subsample(u, width, height, siting), v: subsample(v, width, height, siting) };
};

const farthest = (made: Uint8Array, wanted: Float32Array) => wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - (made[i] ?? 0))), 0);

describe.each(SIZES)('frames of %i × %i', (width, height) => {
  const w = Math.ceil(width / 2);
  const h = Math.ceil(height / 2);
  const create = (options: Partial<PlaneKeyerOptions> = {}) => PlaneKeyer.create(module, { width, height, matrix: 'bt709', ...options });

  it.each([0, 1, 27, 60_000])('come in as they are, with %i bytes between rows', (room) => {
    const keyer = create();
    const picture = createNoise(width, height, 1);
    keyer.setFrame({
      y: padded(picture.y, width, height, width + room),
      u: padded(picture.u, w, h, w + room),
      v: padded(picture.v, w, h, w + room),
      lumaStride: width + room,
      chromaStride: w + room,
    });
    expect(planesOf(keyer)).toEqual({ y: picture.y, u: picture.u, v: picture.v });
  });

  it.each([0, 5])('come in the same from NV12, with %i bytes between rows', (room) => {
    const keyer = create();
    const picture = createNoise(width, height, 1);
    const uv = Uint8Array.from({ length: 2 * w * h }, (_, i) => (i % 2 === 0 ? picture.u : picture.v)[i >> 1] ?? 0);
    keyer.setFrameNv12({
      y: padded(picture.y, width, height, width + room),
      uv: padded(uv, 2 * w, h, 2 * w + room),
      lumaStride: width + room,
      chromaStride: 2 * w + room,
    });
    expect(planesOf(keyer)).toEqual({ y: picture.y, u: picture.u, v: picture.v });
  });

  it.each<[Matrix, Siting, boolean, number]>([
    ['bt709', 'centre', false, 0],
    ['bt709', 'left', false, 3],
    ['bt601', 'centre', true, 60_000],
    ['bt601', 'left', true, 0],
  ])('come in from RGBA by %s, %s, full range %s, with %i bytes between rows', (matrix, siting, isFullRange, room) => {
    const keyer = create({ matrix, isFullRange, parameters: { siting } });
    const rgba = createRgba(width, height);
    keyer.setFrameRgba(padded(rgba, 4 * width, height, 4 * width + room), 4 * width + room);
    const made = planesOf(keyer);
    const wanted = computePlanes(rgba, width, height, matrix, siting, isFullRange);
    // Half a code is rounding.
    for (const plane of ['y', 'u', 'v'] as const) expect(farthest(made[plane], wanted[plane])).toBeLessThan(0.52);
  });

  it('come in from one array for planes of several sizes', () => {
    const keyer = create();
    const bytes = createNoise(width, height, 1).y.slice();
    const stride = width;
    for (let turn = 0; turn < 2; turn++) {
      keyer.setFrame({ y: bytes, u: bytes, v: bytes, lumaStride: stride, chromaStride: stride });
      expect(planesOf(keyer)).toEqual({ y: bytes, u: rowsOf(bytes, stride, w, h), v: rowsOf(bytes, stride, w, h) });
      // A pool fills the same memory with the next frame.
      bytes.reverse();
    }
  });

  it('keep greys grey', () => {
    for (const [isFullRange, level, code] of [
      [false, 255, 235],
      [false, 0, 16],
      [true, 255, 255],
      [true, 77, 77],
    ] as const) {
      const keyer = create({ isFullRange });
      keyer.setFrameRgba(new Uint8Array(4 * width * height).fill(level));
      const { y, u, v } = planesOf(keyer);
      expect(new Set(y)).toEqual(new Set([code]));
      expect(new Set([...u, ...v])).toEqual(new Set([128]));
    }
  });
});

describe('PlaneKeyer refuses', () => {
  const keyer = PlaneKeyer.create(module, { width: 37, height: 21, matrix: 'bt709' });
  const nv12 = { y: new Uint8Array(37 * 21), uv: new Uint8Array(38 * 11), lumaStride: 37, chromaStride: 38 };

  it.each<[string, () => void, typeof TypeError | typeof RangeError]>([
    ['y', () => keyer.setFrameNv12({ ...nv12, y: nv12.y.subarray(1) }), RangeError],
    ['uv', () => keyer.setFrameNv12({ ...nv12, uv: nv12.uv.subarray(1) }), RangeError],
    ['chromaStride', () => keyer.setFrameNv12({ ...nv12, chromaStride: 37 }), RangeError],
    ['picture', () => keyer.setFrameNv12(undefined as unknown as typeof nv12), TypeError],
    ['rgba', () => keyer.setFrameRgba(new Uint8Array(4 * 37 * 21 - 1)), RangeError],
    ['rgba', () => keyer.setFrameRgba(new Uint8Array(4 * 37 * 21), 4 * 37 + 1), RangeError],
    ['strideBytes', () => keyer.setFrameRgba(new Uint8Array(65_537 * 21), 65_537), RangeError],
    ['strideBytes', () => keyer.setFrameRgba(new Uint8Array(4 * 37 * 21), 4 * 37 - 1), RangeError],
    ['alpha', () => keyer.keyToRgba('none' as 'straight'), TypeError],
  ])('a wrong %s', (name, call, kind) => {
    const before = keyer.y.slice();
    expect(call).toThrow(kind);
    expect(call).toThrow(new RegExp(`^${name} `));
    expect(keyer.y).toEqual(before);
  });
});

describe.skipIf(!hasSharedData || !hasFfmpeg())('premultiplied alpha', () => {
  const keyed = (picture: Picture, options: Partial<PlaneKeyerOptions>) => {
    const parameters = resolveParameters(options.parameters);
    const keyer = PlaneKeyer.create(module, { width: picture.width, height: picture.height, matrix: 'bt709', ...options });
    keyer.setFrame(picture);
    const screen = keyer.createScreenModel();
    expect(screen.update(keyer.sample())).toBe(true);
    keyer.setScreen(screen);
    return { keyer, expected: computeExpected(picture, screen, parameters, options.matrix ?? 'bt709', options.isFullRange ?? false).rgba };
  };

  it.each<[string, number, number, Partial<PlaneKeyerOptions>]>([
    ['p_bd6af989', 640, 360, {}],
    ['p_514ca06a', 477, 359, { parameters: { siting: 'left' } }],
    ['p_d684dae3', 333, 251, { isFullRange: true, matrix: 'bt601' }],
  ])('is what the reference makes of %s at %i × %i', (name, width, height, options) => {
    const { matrix = 'bt709', parameters } = options;
    const picture = composeCutout(`cutouts/${name}.png`, width, height, [30, 230, 40], { matrix, siting: parameters?.siting ?? 'centre' });
    const { keyer, expected } = keyed(picture, options);
    const made = keyer.keyToRgba('premultiplied');
    let most = 0;
    let above = 0;
    for (let i = 0; i < expected.length; i++) {
      most = Math.max(most, Math.abs((made[i] ?? 0) - (expected[i] ?? 0)));
      if ((made[i] ?? 0) > (made[i | 3] ?? 0)) above++;
    }
    expect(most).toBeLessThan(1);
    expect(above).toBe(0);
  });

  it('takes turns with straight alpha', () => {
    const { keyer } = keyed(composeCutout('cutouts/p_51c916fc.png', 320, 180, [0, 255, 0]), {});
    const straight = keyer.keyToRgba().slice();
    const premultiplied = keyer.keyToRgba('premultiplied').slice();
    expect(keyer.keyToRgba()).toEqual(straight);
    let most = 0;
    for (let i = 0; i < straight.length; i++) {
      const share = i % 4 === 3 ? 1 : (straight[i | 3] ?? 0) / 255;
      most = Math.max(most, Math.abs((straight[i] ?? 0) * share - (premultiplied[i] ?? 0)));
    }
    expect(premultiplied).not.toEqual(straight);
    expect(most).toBeLessThan(1.5);
  });
});

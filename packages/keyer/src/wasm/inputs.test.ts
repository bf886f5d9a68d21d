import { beforeEach, describe, expect, it } from 'vitest';
import { planesOfRgba, subsample, upsample } from '../planes.js';
import type { ScreenModel } from '../screen-model.js';
import { NotReadyError } from './not-ready-error.js';
import { createNoise, loadKeyerModule } from './pictures.testing.js';
import { type CopyableFrame, type PlanarPicture, PlaneKeyer, type PlaneKeyerOptions } from './plane-keyer.js';

const module = loadKeyerModule();
const WIDTH = 37;
const HEIGHT = 21;
const OPTIONS: PlaneKeyerOptions = { width: WIDTH, height: HEIGHT, matrix: 'bt709' };

/** A picture of one colour, as I420 codes. */
const createPlain = (width: number, height: number, y: number, u: number, v: number): PlanarPicture => {
  const chromaStride = Math.ceil(width / 2);
  const samples = chromaStride * Math.ceil(height / 2);
  return {
    y: new Uint8Array(width * height).fill(y),
    u: new Uint8Array(samples).fill(u),
    v: new Uint8Array(samples).fill(v),
    lumaStride: width,
    chromaStride,
  };
};

const green = () => createPlain(WIDTH, HEIGHT, 173, 42, 26);

/** Bytes whose buffer was transferred away. */
const detached = (bytes: number): Uint8Array => {
  const array = new Uint8Array(bytes);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
};

/** What a call throws; fails when it throws nothing. */
const thrownBy = (call: () => unknown): Error => {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('It threw no error.');
};

describe('PlaneKeyer refuses', () => {
  let keyer: PlaneKeyer;

  beforeEach(() => {
    keyer = PlaneKeyer.create(module, OPTIONS);
    keyer.setFrame(green());
    const model = keyer.createScreenModel();
    model.update(keyer.sample());
    keyer.setScreen(model);
  });

  it.each<[string, unknown, typeof TypeError | typeof RangeError]>([
    ['width', 15, RangeError],
    ['width', 8193, RangeError],
    ['width', 100.5, RangeError],
    ['width', Number.NaN, RangeError],
    ['width', '640', TypeError],
    ['height', 0, RangeError],
    ['height', Infinity, RangeError],
    ['height', undefined, TypeError],
    ['matrix', 'bt2020', TypeError],
    ['matrix', undefined, TypeError],
    ['isFullRange', 'yes', TypeError],
    ['parameters', null, TypeError],
    ['parameters', 7, TypeError],
  ])('to be made with %s = %s', (name, value, kind) => {
    const error = thrownBy(() => PlaneKeyer.create(module, { ...OPTIONS, [name]: value }));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(new RegExp(`^${name} `));
  });

  it('to be made with a parameter out of its range', () => {
    expect(thrownBy(() => PlaneKeyer.create(module, { ...OPTIONS, parameters: { spill: Number.NaN } })).message).toMatch(/^spill /);
  });

  it('to be made of another module, or of none', () => {
    const empty = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    for (const other of [empty, undefined, {}]) {
      const error = thrownBy(() => PlaneKeyer.create(other as WebAssembly.Module, OPTIONS));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(/^module /);
    }
    expect(thrownBy(() => PlaneKeyer.create(module, undefined as unknown as PlaneKeyerOptions)).message).toMatch(/^options /);
  });

  const w = Math.ceil(WIDTH / 2);
  const h = Math.ceil(HEIGHT / 2);
  it.each<[string, Partial<Record<keyof PlanarPicture, unknown>>, typeof TypeError | typeof RangeError]>([
    ['y', { y: undefined }, TypeError],
    ['y', { y: [1, 2, 3] }, TypeError],
    ['y', { y: new Uint16Array(WIDTH * HEIGHT) }, TypeError],
    ['y', { y: new Uint8Array(WIDTH * HEIGHT - 1) }, RangeError],
    ['y', { y: detached(WIDTH * HEIGHT) }, TypeError],
    ['u', { u: new Uint8Array(w * h - 1) }, RangeError],
    ['u', { u: detached(w * h) }, TypeError],
    ['v', { v: new Uint8Array(w * h - 1) }, RangeError],
    ['v', { v: null }, TypeError],
    ['v', { v: detached(w * h) }, TypeError],
    ['lumaStride', { lumaStride: WIDTH - 1 }, RangeError],
    ['lumaStride', { lumaStride: Number.NaN }, RangeError],
    ['lumaStride', { lumaStride: WIDTH + 0.5 }, RangeError],
    ['lumaStride', { lumaStride: undefined }, TypeError],
    ['chromaStride', { chromaStride: w - 1 }, RangeError],
    ['chromaStride', { chromaStride: -w }, RangeError],
    ['y', { lumaStride: WIDTH + 1 }, RangeError],
    ['u', { chromaStride: w + 1 }, RangeError],
  ])('a picture with a wrong %s, and touches nothing: %o', (name, wrong, kind) => {
    keyer.setPlanarBackground(createNoise(WIDTH, HEIGHT, 2));
    const keyed = keyer.keyToI420().y.slice();
    const before = keyer.y.slice();
    const picture = { ...createNoise(WIDTH, HEIGHT, 1), ...wrong } as PlanarPicture;
    for (const take of [() => keyer.setFrame(picture), () => keyer.setPlanarBackground(picture)]) {
      const error = thrownBy(take);
      expect(error).toBeInstanceOf(kind);
      expect(error.message).toMatch(new RegExp(`^${name} `));
    }
    expect(keyer.y).toEqual(before);
    expect(keyer.keyToI420().y).toEqual(keyed);
  });

  it('a picture that is none', () => {
    expect(thrownBy(() => keyer.setFrame(null as unknown as PlanarPicture)).message).toMatch(/^picture /);
  });

  it('says of detached bytes that they are', () => {
    expect(thrownBy(() => keyer.setFrame({ ...green(), v: detached(w * h) })).message).toMatch(/^v .*detached/);
    expect(thrownBy(() => keyer.setBackground(detached(4 * WIDTH * HEIGHT))).message).toMatch(/^rgba .*detached/);
  });

  it.each<[string, unknown, typeof TypeError | typeof RangeError]>([
    ['too short', new Uint8Array(4 * WIDTH * HEIGHT - 1), RangeError],
    ['too long', new Uint8Array(4 * WIDTH * HEIGHT + 1), RangeError],
    ['undefined', undefined, TypeError],
    ['a plain array', [1, 2], TypeError],
  ])('a background that is %s, and keeps the old one', (_, rgba, kind) => {
    keyer.setBackground(new Uint8Array(4 * WIDTH * HEIGHT).fill(200));
    const error = thrownBy(() => keyer.setBackground(rgba as Uint8Array));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(/^rgba /);
    expect(keyer.keyToRgba()[0]).toBe(200);
  });

  it('a model of pictures of another size, of nothing, or that is none', () => {
    const other = PlaneKeyer.create(module, { ...OPTIONS, width: 160 }).createScreenModel();
    expect(thrownBy(() => keyer.setScreen(other))).toBeInstanceOf(RangeError);
    expect(thrownBy(() => keyer.setScreen(other)).message).toMatch(/^model /);
    expect(thrownBy(() => keyer.setScreen(keyer.createScreenModel()))).toMatchObject({ name: 'NotReadyError', code: 'screen_not_measured' });
    expect(thrownBy(() => keyer.setScreen({} as ScreenModel))).toBeInstanceOf(TypeError);
  });

  it('to key before it has what it needs, with a code', () => {
    const fresh = PlaneKeyer.create(module, OPTIONS);
    fresh.setFrame(green());
    expect(thrownBy(() => fresh.keyToRgba())).toBeInstanceOf(NotReadyError);
    expect(thrownBy(() => fresh.keyToRgba())).toMatchObject({ code: 'screen_not_set' });
    fresh.setPlanarBackground(green());
    expect(thrownBy(() => fresh.keyToI420())).toMatchObject({ code: 'screen_not_set' });
    expect(thrownBy(() => keyer.keyToI420())).toMatchObject({ code: 'background_not_set' });
  });

  it.each<[string, Partial<CopyableFrame> | null, typeof TypeError | typeof RangeError]>([
    ['no frame', null, TypeError],
    ['a closed frame', { format: null, visibleRect: null }, TypeError],
    ['RGB', { format: 'RGBA', visibleRect: { width: WIDTH, height: HEIGHT } }, TypeError],
    ['a larger frame', { format: 'I420', visibleRect: { width: WIDTH, height: HEIGHT + 2 } }, RangeError],
    ['a narrower frame', { format: 'NV12', visibleRect: { width: WIDTH - 1, height: HEIGHT } }, RangeError],
  ])('to copy %s', async (_, given, kind) => {
    const frame = given === null ? given : { ...given, copyTo: () => Promise.reject(new Error('It was copied.')) };
    const error = await keyer.copyFrom(frame as CopyableFrame).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect(String(error)).toMatch(/: frame/);
  });
});

describe('pictures of the reference refuse', () => {
  it.each<[string, () => unknown, typeof TypeError | typeof RangeError]>([
    ['width', () => planesOfRgba(new Uint8Array(16), 0, 2, 'centre'), RangeError],
    ['height', () => planesOfRgba(new Uint8Array(16), 2, Number.NaN, 'centre'), RangeError],
    ['rgba', () => planesOfRgba(new Uint8Array(15), 2, 2, 'centre'), RangeError],
    ['rgba', () => planesOfRgba(detached(16), 2, 2, 'centre'), TypeError],
    ['siting', () => planesOfRgba(new Uint8Array(16), 2, 2, 'top' as 'left'), TypeError],
    ['plane', () => subsample(new Float32Array(3), 2, 2, 'left'), RangeError],
    ['plane', () => upsample(new Float32Array(4), 2, 2, 'left'), RangeError],
    ['plane', () => upsample([1] as unknown as Float32Array, 2, 2, 'left'), TypeError],
  ])('a wrong %s', (name, call, kind) => {
    const error = thrownBy(call);
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(new RegExp(`^${name} `));
  });
});

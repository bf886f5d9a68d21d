import { hasFfmpeg, hasSharedData } from '@backlot/testing';
import { describe, expect, it } from 'vitest';
import {
  blurPlane,
  changeColor,
  chokeMatte,
  type ColorChange,
  type Looks,
  matchColors,
  measureSubject,
  remainderOf,
  resolveLooks,
  spreadLight,
  wrapLight,
} from '../looks.js';
import { codesOf, rgbOf } from '../color.js';
import { resolveParameters } from '../parameters.js';
import { subsample } from '../planes.js';
import { SAMPLING_GRID } from '../sampling-grid.js';
import { composeCutout, computeExpected, createNoise, createRandom, loadKeyerModule, type Picture } from './pictures.testing.js';
import { PlaneKeyer } from './plane-keyer.js';

const module = loadKeyerModule();

const keyerFor = (picture: Picture, looks: Partial<Looks>) => {
  const { width, height } = picture;
  const keyer = PlaneKeyer.create(module, { width, height, matrix: 'bt709', looks });
  keyer.setFrame(picture);
  const screen = keyer.createScreenModel();
  expect(screen.update(keyer.sample())).toBe(true);
  keyer.setScreen(screen);
  return { keyer, expected: computeExpected(picture, screen, resolveParameters(), 'bt709') };
};

const farthest = (made: ArrayLike<number>, wanted: ArrayLike<number>) => {
  let most = 0;
  for (let i = 0; i < wanted.length; i++) most = Math.max(most, Math.abs((made[i] ?? 0) - (wanted[i] ?? 0)));
  return most;
};

describe('resolveLooks', () => {
  const resolve = (given: unknown) => resolveLooks(given as Partial<Looks>);

  it('has none by default', () => {
    expect(resolveLooks()).toEqual({ choke: 0, blur: 0, lightWrap: 0, colorMatch: 0 });
    expect(resolve({ choke: 0.5, blur: undefined })).toEqual({ choke: 0.5, blur: 0, lightWrap: 0, colorMatch: 0 });
  });

  it.each([
    ['looks', null, TypeError],
    ['choke', { choke: 0.51 }, RangeError],
    ['choke', { choke: Number.NaN }, RangeError],
    ['blur', { blur: -0.01 }, RangeError],
    ['blur', { blur: '1' }, TypeError],
    ['lightWrap', { lightWrap: 1.1 }, RangeError],
    ['colorMatch', { colorMatch: -1 }, RangeError],
    ['A look', { chocke: 0.1 }, TypeError],
  ] as const)('refuses a wrong %s: %o', (name, given, kind) => {
    expect(() => resolve(given)).toThrow(kind);
    expect(() => resolve(given)).toThrow(new RegExp(`^${name} `));
    expect(() => PlaneKeyer.create(module, { width: 64, height: 64, matrix: 'bt709', looks: given as Partial<Looks> })).toThrow(kind);
  });
});

describe.skipIf(!hasSharedData || !hasFfmpeg())('choke', () => {
  const picture = () => composeCutout('cutouts/p_bd6af989.png', 477, 359, [0, 255, 0]);

  it.each([0.1, 0.3, 0.5])('of %s is what the reference makes of RGBA', (choke) => {
    const { keyer, expected } = keyerFor(picture(), { choke });
    const wanted = expected.rgba.map((value, i) => value * remainderOf(1 - (expected.rgba[i | 3] ?? 0) / 255, choke));
    expect(farthest(keyer.keyToRgba('premultiplied'), wanted)).toBeLessThan(1.5 / (1 - choke));
    const straight = keyer.keyToRgba().map((value, i, all) => (i % 4 === 3 ? value : (value * (all[i | 3] ?? 0)) / 255));
    expect(farthest(straight, wanted)).toBeLessThan(2 / (1 - choke));
    const random = createRandom(3);
    const behind = Uint8Array.from({ length: wanted.length }, (_, i) => (i % 4 === 3 ? 255 : 255 * random()));
    keyer.setBackground(behind);
    const over = wanted.map((value, i) => value + (1 - (wanted[i | 3] ?? 0) / 255) * (behind[i] ?? 0));
    expect(farthest(keyer.keyToRgba(), over)).toBeLessThan(1.5 / (1 - choke));
  });

  it('of planes takes light and colour along', () => {
    const choke = 0.3;
    const plain = keyerFor(picture(), {});
    const behind = createNoise(plain.keyer.width, plain.keyer.height, 5);
    const black = {
      ...behind,
      y: new Uint8Array(behind.y.length).fill(16),
      u: new Uint8Array(behind.u.length).fill(128),
      v: new Uint8Array(behind.v.length).fill(128),
    };
    const { keyer, expected } = keyerFor(picture(), { choke });
    keyer.setPlanarBackground(behind);
    const { y, lumaStride } = keyer.keyToI420();
    // Without a background the planes hold the subject's own light, times alpha.
    const subject = expected.over(black).y;
    let most = 0;
    let edges = 0;
    for (let i = 0; i < subject.length; i++) {
      const m = 1 - (expected.rgba[4 * i + 3] ?? 0) / 255;
      // Where M' is all but 1, or the codes were clipped, fixed point may choose otherwise.
      if (Number.isNaN(subject[i]) || subject[i] === 16 || chokeMatte(m, choke) > 0.99) continue;
      if (m > 0) edges++;
      const wanted = 16 + remainderOf(m, choke) * ((subject[i] ?? 0) - 16) + chokeMatte(m, choke) * ((behind.y[i] ?? 0) - 16);
      most = Math.max(most, Math.abs((y[Math.floor(i / keyer.width) * lumaStride + (i % keyer.width)] ?? 0) - wanted));
    }
    expect(edges).toBeGreaterThan(1000);
    expect(most).toBeLessThan(2.5);
  });

  it('keeps what is opaque and what is clear, and lets no alpha grow', () => {
    const before = keyerFor(picture(), {}).keyer.keyToRgba('premultiplied').slice();
    const after = keyerFor(picture(), { choke: 0.3 }).keyer.keyToRgba('premultiplied');
    const grown: number[] = [];
    const changed: number[] = [];
    for (let i = 0; i < before.length; i += 4) {
      const alpha = before[i + 3] ?? 0;
      if ((after[i + 3] ?? 0) > alpha) grown.push(i);
      if ((alpha === 0 || alpha === 255) && [0, 1, 2, 3].some((k) => Math.abs((before[i + k] ?? 0) - (after[i + k] ?? 0)) > 1)) changed.push(i);
    }
    expect(grown).toEqual([]);
    expect(changed).toEqual([]);
    expect(after).not.toEqual(before);
  });
});

describe.skipIf(!hasSharedData || !hasFfmpeg())('light wrap', () => {
  const picture = (width: number, height: number) => composeCutout('cutouts/p_514ca06a.png', width, height, [0, 255, 0]);
  /** A background that changes slowly, in RGBA, without extremes. */
  const createBehind = (width: number, height: number) =>
    Uint8Array.from({ length: 4 * width * height }, (_, i) => {
      const x = ((i >> 2) % width) / width;
      const y = Math.floor((i >> 2) / width) / height;
      return [220 - 80 * x, 90 + 120 * y, 60 + 150 * x * y, 255][i & 3] ?? 0;
    });
  const matteOf = (rgba: Float32Array) => Float32Array.from({ length: rgba.length / 4 }, (_, i) => 1 - (rgba[4 * i + 3] ?? 0) / 255);

  it.each([
    [640, 360, 0.3, 0],
    [477, 359, 1, 0],
    [333, 251, 0.5, 0.2],
    [1280, 720, 1, 0],
  ])('at %i × %i by %s, choke %s, is what the reference makes of RGBA', (width, height, lightWrap, choke) => {
    const { keyer, expected } = keyerFor(picture(width, height), { lightWrap, choke });
    const behind = createBehind(width, height);
    keyer.setBackground(behind);
    const made = keyer.keyToRgba();
    const plain = keyerFor(picture(width, height), { choke }).keyer;
    plain.setBackground(behind);
    const base = plain.keyToRgba();
    const matte = matteOf(expected.rgba);
    const w = Math.ceil(width / 2);
    const h = Math.ceil(height / 2);
    const seen = subsample(matte, width, height, 'centre');
    let most = 0;
    let lit = 0;
    for (let k = 0; k < 3; k++) {
      const channel = Float32Array.from({ length: width * height }, (_, i) => behind[4 * i + k] ?? 0);
      const light = spreadLight(subsample(channel, width, height, 'centre'), seen, w, h, height);
      for (let i = 0; i < matte.length; i++) {
        const site = (Math.floor(i / width) >> 1) * w + ((i % width) >> 1);
        const code = base[4 * i + k] ?? 0;
        const more = wrapLight(light[site] ?? 0, code / 255, 1 - chokeMatte(matte[i] ?? 0, choke), lightWrap);
        if (more > 5) lit++;
        most = Math.max(most, Math.abs((made[4 * i + k] ?? 0) - Math.min(255, code + more)));
      }
    }
    expect(lit).toBeGreaterThan(1000);
    expect(most).toBeLessThan(3);
  });

  it.each([
    [640, 360, 0.4, false],
    [333, 251, 1, true],
  ])('at %i × %i by %s is what the reference makes of planes, full range %s', (width, height, lightWrap, isFullRange) => {
    const create = (looks: Partial<Looks>) => {
      const keyer = PlaneKeyer.create(module, { width, height, matrix: 'bt709', isFullRange, looks });
      const given = picture(width, height);
      keyer.setFrame(given);
      const screen = keyer.createScreenModel();
      expect(screen.update(keyer.sample())).toBe(true);
      keyer.setScreen(screen);
      const painter = PlaneKeyer.create(module, { width, height, matrix: 'bt709', isFullRange });
      painter.setFrameRgba(createBehind(width, height));
      keyer.setPlanarBackground(painter);
      return { keyer, painter, expected: computeExpected(given, screen, resolveParameters(), 'bt709', isFullRange) };
    };
    const { keyer: wrapped, painter, expected } = create({ lightWrap });
    const made = wrapped.keyToI420();
    const base = create({}).keyer.keyToI420();
    const w = Math.ceil(width / 2);
    const h = Math.ceil(height / 2);
    const black = isFullRange ? 0 : 16;
    const range = isFullRange ? 255 : 219;
    const rows = (plane: Uint8Array, stride: number, across: number, down: number, zero: number) =>
      Float32Array.from({ length: across * down }, (_, i) => (plane[Math.floor(i / across) * stride + (i % across)] ?? 0) - zero);
    const matte = matteOf(expected.rgba);
    const seen = subsample(matte, width, height, 'centre');
    const spread = (plane: Float32Array) => spreadLight(plane, seen, w, h, height);
    const light = spread(subsample(rows(painter.y, painter.lumaStride, width, height, black), width, height, 'centre'));
    const baseLuma = rows(base.y, base.lumaStride, width, height, black);
    const site = (i: number) => (Math.floor(i / width) >> 1) * w + ((i % width) >> 1);
    const wantedLuma = baseLuma.map((value, i) =>
      Math.min(255 - black, value + wrapLight(light[site(i)] ?? 0, Math.min(1, value / range), 1 - (matte[i] ?? 0), lightWrap)),
    );
    expect(farthest(rows(made.y, made.lumaStride, width, height, black), wantedLuma)).toBeLessThan(3);
    const brightness = subsample(baseLuma, width, height, 'centre').map((value) => Math.min(1, value / range));
    for (const plane of ['u', 'v'] as const) {
      const color = spread(rows(painter[plane], painter.chromaStride, w, h, 128));
      const wanted = rows(base[plane], base.chromaStride, w, h, 128).map(
        (value, i) => value + wrapLight(color[i] ?? 0, brightness[i] ?? 0, 1 - (seen[i] ?? 0), lightWrap),
      );
      expect(farthest(rows(made[plane], made.chromaStride, w, h, 128), wanted)).toBeLessThan(3);
    }
  });

  it('follows the background, and needs one', () => {
    const { keyer } = keyerFor(picture(320, 180), { lightWrap: 1 });
    const { keyer: plain } = keyerFor(picture(320, 180), {});
    expect(keyer.keyToRgba()).toEqual(plain.keyToRgba());
    const sumOf = (keyed: Uint8ClampedArray) => keyed.reduce((sum, value) => sum + value, 0);
    const moreOver = (level: number) => {
      const behind = new Uint8Array(4 * 320 * 180).fill(level);
      keyer.setBackground(behind);
      plain.setBackground(behind);
      return sumOf(keyer.keyToRgba()) - sumOf(plain.keyToRgba());
    };
    expect(moreOver(0)).toBe(0);
    expect(moreOver(200)).toBeGreaterThan(10_000);
    expect(moreOver(0)).toBe(0);
  });
});

describe('the reference refuses', () => {
  const plane = new Float32Array(6);

  it.each<[string, () => unknown]>([
    ['plane', () => blurPlane(plane, 4, 2, 1)],
    ['width', () => blurPlane(plane, 0, 2, 1)],
    ['sigma', () => blurPlane(plane, 3, 2, Number.NaN)],
    ['light', () => spreadLight(plane, plane, 4, 2, 4)],
    ['matte', () => spreadLight(plane, new Float32Array(5), 3, 2, 4)],
    ['height', () => spreadLight(plane, plane, 3, 2, Infinity)],
  ])('a wrong %s', (name, call) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(new RegExp(`^${name} `));
  });
});

describe('matchColors', () => {
  const grey = { y: 116, u: 0, v: 0 };

  it('changes nothing where nothing differs, or by 0', () => {
    expect(matchColors(grey, grey, 1)).toEqual({ gain: 1, tintU: 0, tintV: 0 });
    expect(matchColors(grey, { y: 30, u: 40, v: -40 }, 0)).toMatchObject({ gain: 1 });
  });

  it('goes as far as it is told, and no farther than skin bears', () => {
    expect(matchColors(grey, { y: 126, u: 2.2, v: -2.2 }, 1)).toEqual({
      gain: 1.1,
      tintU: expect.closeTo(0.02, 5) as number,
      tintV: expect.closeTo(-0.02, 5) as number,
    });
    expect(matchColors(grey, { y: 126, u: 2.2, v: -2.2 }, 0.5).gain).toBeCloseTo(1.05, 5);
    expect(matchColors(grey, { y: 235, u: 100, v: -100 }, 1)).toEqual({ gain: 1.25, tintU: 0.06, tintV: -0.06 });
    expect(matchColors(grey, { y: 16, u: 0, v: 0 }, 1).gain).toBe(0.8);
  });
});

describe.skipIf(!hasSharedData || !hasFfmpeg())('colour match', () => {
  const picture = (width: number, height: number) => composeCutout('cutouts/p_514ca06a.png', width, height, [0, 255, 0]);
  /** What a colour of premultiplied RGBA becomes. */
  const changed = (rgba: Float32Array, i: number, change: ColorChange) => {
    const { y, u, v } = codesOf(rgba[i] ?? 0, rgba[i + 1] ?? 0, rgba[i + 2] ?? 0);
    return rgbOf(...changeColor(y - 16, u, v, change));
  };
  const sceneOf = (width: number, height: number, rgb: readonly [number, number, number], looks: Partial<Looks>) => {
    const behind = Uint8Array.from({ length: 4 * width * height }, (_, i) => rgb[(i & 3) as 0 | 1 | 2] ?? 255);
    const keyer = PlaneKeyer.create(module, { width, height, matrix: 'bt709', looks });
    const given = picture(width, height);
    keyer.setFrame(given);
    const screen = keyer.createScreenModel();
    expect(screen.update(keyer.sample())).toBe(true);
    keyer.setScreen(screen);
    keyer.setBackground(behind);
    const subject = measureSubject(keyer.sample(), screen, SAMPLING_GRID.cellSize, resolveParameters());
    if (subject === null) throw new Error('There is no subject.');
    return {
      keyer,
      behind,
      expected: computeExpected(given, screen, resolveParameters(), 'bt709'),
      change: matchColors(subject, codesOf(...rgb), looks.colorMatch ?? 0),
    };
  };

  it.each<[number, number, readonly [number, number, number], number, number]>([
    [640, 360, [200, 150, 90], 1, 0],
    [333, 251, [20, 30, 60], 1, 0],
    [477, 359, [120, 140, 160], 0.4, 0.2],
  ])('at %i × %i before %o by %s, choke %s, is what the reference makes of RGBA', (width, height, rgb, colorMatch, choke) => {
    const { keyer, behind, expected, change } = sceneOf(width, height, rgb, { colorMatch, choke });
    expect(Math.abs(change.gain - 1) + Math.abs(change.tintU) + Math.abs(change.tintV)).toBeGreaterThan(0.05);
    const subject = expected.rgba.map((value, i) => value * remainderOf(1 - (expected.rgba[i | 3] ?? 0) / 255, choke));
    const over = keyer.keyToRgba().slice();
    let most = 0;
    for (let i = 0; i < subject.length; i += 4) {
      const wanted = changed(subject, i, change);
      for (let k = 0; k < 3; k++) {
        const code = (wanted[k] ?? 0) + (1 - (subject[i + 3] ?? 0) / 255) * (behind[i + k] ?? 0);
        most = Math.max(most, Math.abs((over[i + k] ?? 0) - Math.min(255, Math.max(0, code))));
      }
    }
    expect(most).toBeLessThan(3);
  });

  it('is the same of planes', () => {
    const [width, height] = [640, 360];
    const { keyer, behind, change } = sceneOf(width, height, [200, 150, 90], { colorMatch: 1 });
    const painter = PlaneKeyer.create(module, { width, height, matrix: 'bt709' });
    painter.setFrameRgba(behind);
    keyer.setPlanarBackground(painter);
    const made = keyer.keyToI420();
    const plain = sceneOf(width, height, [200, 150, 90], {}).keyer;
    plain.setPlanarBackground(painter);
    const base = plain.keyToI420();
    let kept = 0;
    let most = 0;
    // Where the subject is alone: there the change is told apart from the background.
    plain.setBackground(null);
    const alpha = plain.keyToRgba();
    for (let j = 1; j < height / 2 - 1; j++) {
      for (let i = 1; i < width / 2 - 1; i++) {
        const luma = [0, 1].flatMap((y) => [0, 1].map((x) => (2 * j + y) * base.lumaStride + 2 * i + x));
        const site = j * base.chromaStride + i;
        const isAlone = [-2, -1, 0, 1, 2, 3].every((y) => [-2, -1, 0, 1, 2, 3].every((x) => alpha[4 * ((2 * j + y) * width + 2 * i + x) + 3] === 255));
        if (!isAlone) continue;
        kept++;
        const light = luma.reduce((sum, at) => sum + ((base.y[at] ?? 0) - 16) / 4, 0);
        const [, u, v] = changeColor(light, (base.u[site] ?? 0) - 128, (base.v[site] ?? 0) - 128, change);
        most = Math.max(most, Math.abs((made.u[site] ?? 0) - 128 - u), Math.abs((made.v[site] ?? 0) - 128 - v));
        for (const at of luma) most = Math.max(most, Math.abs((made.y[at] ?? 0) - Math.min(235, 16 + change.gain * ((base.y[at] ?? 0) - 16))));
      }
    }
    expect(kept).toBeGreaterThan(1000);
    expect(most).toBeLessThan(1.5);
  });

  it('leaves the background as it is, and no background leaves the subject as it is', () => {
    const { keyer, behind } = sceneOf(320, 180, [200, 150, 90], { colorMatch: 1 });
    expect(Array.from(keyer.keyToRgba().subarray(0, 4))).toEqual(Array.from(behind.subarray(0, 4)));
    const plain = sceneOf(320, 180, [200, 150, 90], {}).keyer;
    expect(keyer.keyToRgba()).not.toEqual(plain.keyToRgba());
    keyer.setBackground(null);
    plain.setBackground(null);
    expect(keyer.keyToRgba()).toEqual(plain.keyToRgba());
  });
});

describe('blur', () => {
  const width = 77;
  const height = 45;
  const create = (looks: Partial<Looks>) => {
    const keyer = PlaneKeyer.create(module, { width, height, matrix: 'bt709', looks });
    // Nothing but screen: the result is the background.
    const green = { y: new Uint8Array(width * height).fill(173), lumaStride: width, chromaStride: 39 };
    keyer.setFrame({ ...green, u: new Uint8Array(39 * 23).fill(42), v: new Uint8Array(39 * 23).fill(26) });
    const screen = keyer.createScreenModel();
    screen.update(keyer.sample());
    keyer.setScreen(screen);
    return keyer;
  };

  it.each([0.02, 0.05, 0.1])('of %s is what the reference makes of it, in RGBA and in planes', (blur) => {
    const keyer = create({ blur });
    const random = createRandom(3);
    const rgba = Uint8Array.from({ length: 4 * width * height }, (_, i) => (i % 4 === 3 ? 255 : 255 * random()));
    const given = rgba.slice();
    keyer.setBackground(rgba);
    expect(rgba).toEqual(given);
    const made = keyer.keyToRgba();
    for (let k = 0; k < 3; k++) {
      const plane = Float32Array.from({ length: width * height }, (_, i) => rgba[4 * i + k] ?? 0);
      const wanted = blurPlane(plane, width, height, blur * height);
      expect(
        farthest(
          Array.from(wanted, (_, i) => made[4 * i + k] ?? 0),
          wanted,
        ),
      ).toBeLessThan(1.1);
    }
    const behind = createNoise(width, height, 4);
    keyer.setPlanarBackground(behind);
    const { y, u, v, lumaStride, chromaStride } = keyer.keyToI420();
    const rows = (plane: Uint8Array, stride: number, w: number, h: number) =>
      Array.from({ length: w * h }, (_, i) => plane[Math.floor(i / w) * stride + (i % w)] ?? 0);
    expect(farthest(rows(y, lumaStride, width, height), blurPlane(Float32Array.from(behind.y), width, height, blur * height))).toBeLessThan(1.1);
    expect(farthest(rows(u, chromaStride, 39, 23), blurPlane(Float32Array.from(behind.u), 39, 23, (blur * height) / 2))).toBeLessThan(1.1);
    expect(farthest(rows(v, chromaStride, 39, 23), blurPlane(Float32Array.from(behind.v), 39, 23, (blur * height) / 2))).toBeLessThan(1.1);
  });

  it('is about a Gaussian, and changes no even picture', () => {
    const dot = new Float32Array(101 * 101);
    dot[50 * 101 + 50] = 1;
    const blurred = blurPlane(dot, 101, 101, 6);
    const variance = blurred.reduce((sum, value, i) => sum + value * ((i % 101) - 50) ** 2, 0);
    expect(Math.sqrt(variance)).toBeGreaterThan(5.5);
    expect(Math.sqrt(variance)).toBeLessThan(6.5);
    const keyer = create({ blur: 0.1 });
    keyer.setBackground(new Uint8Array(4 * width * height).fill(255));
    expect(new Set(keyer.keyToRgba())).toEqual(new Set([255]));
  });
});

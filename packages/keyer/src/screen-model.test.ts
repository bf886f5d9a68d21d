import { describe, expect, it } from 'vitest';
import { codesOf } from './color.js';
import { resolveParameters } from './parameters.js';
import { createChromaImage, type Planes, planesOfRgba, subsample, upsample } from './planes.js';
import { computeReferenceMatte, computeReferenceRgba, measureScreen, sampleScreen } from './reference.js';
import { ScreenModel } from './screen-model.js';

const WIDTH = 320;
const HEIGHT = 180;

/** A picture of known alpha: a grey disc with a soft edge over a screen that may be lit unevenly. */
const picture = (light: (x: number) => number) => {
  const rgba = new Uint8ClampedArray(4 * WIDTH * HEIGHT);
  const alpha = new Float32Array(WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const i = y * WIDTH + x;
      const a = Math.min(1, Math.max(0, (60 - Math.hypot(x - 160, y - 120)) / 8));
      const g = light(x / WIDTH);
      alpha[i] = a;
      rgba.set([a * 120 + (1 - a) * 64 * g, a * 120 + (1 - a) * 172 * g, a * 120 + (1 - a) * 74 * g, 255], 4 * i);
    }
  }
  return { planes: planesOfRgba(rgba, WIDTH, HEIGHT, 'centre'), alpha };
};

const matteOf = (planes: Planes, parameters = resolveParameters()) => {
  const model = measureScreen(planes, parameters);
  const { width, height } = planes.chroma;
  const screen = sampleScreen(model, width, height, width / 8, height / 8);
  return { model, matte: computeReferenceMatte(planes, screen, parameters) };
};

const errorOf = (matte: Float32Array, alpha: Float32Array) => matte.reduce((sum, value, i) => sum + Math.abs(1 - value - (alpha[i] ?? 0)), 0) / alpha.length;

describe('the scalar reference', () => {
  it('finds the alpha that the picture was made with', () => {
    const { planes, alpha } = picture(() => 1);
    expect(errorOf(matteOf(planes).matte.matte, alpha)).toBeLessThan(0.004);
  });

  it('finds it on an uneven screen too, thanks to the plate', () => {
    const { planes, alpha } = picture((x) => 0.75 + 0.4 * x);
    const withPlate = errorOf(matteOf(planes).matte.matte, alpha);
    const without = errorOf(matteOf(planes, resolveParameters({ plate: false })).matte.matte, alpha);
    expect(withPlate).toBeLessThan(0.003);
    expect(without).toBeGreaterThan(2 * withPlate);
  });

  it('leaves nothing of the screen where there is only screen, and all of the subject where there is only subject', () => {
    const { planes } = picture(() => 1);
    const { matte } = matteOf(planes);
    const rgba = computeReferenceRgba(planes, matte, resolveParameters());
    expect(Array.from(rgba.subarray(0, 4))).toEqual([0, 0, 0, 0]);
    const centre = 4 * (120 * WIDTH + 160);
    for (let k = 0; k < 3; k++) expect(Math.abs((rgba[centre + k] ?? 0) - 120)).toBeLessThan(1);
    expect(rgba[centre + 3]).toBe(255);
  });

  it('never lets colour exceed alpha', () => {
    const { planes } = picture((x) => 0.75 + 0.4 * x);
    const rgba = computeReferenceRgba(planes, matteOf(planes).matte, resolveParameters());
    for (let i = 0; i < rgba.length; i += 4) {
      expect(Math.max(rgba[i] ?? 0, rgba[i + 1] ?? 0, rgba[i + 2] ?? 0)).toBeLessThanOrEqual(rgba[i + 3] ?? 0);
    }
  });
});

describe('ScreenModel', () => {
  /** A subject in the lower middle, of which the left half has some of the screen's colour. */
  const greenish = (share: number) => {
    const image = createChromaImage(160, 90);
    const key = codesOf(0, 255, 0);
    for (let i = 0; i < 160 * 90; i++) {
      const isSubject = i % 160 > 50 && i % 160 < 110 && i > 160 * 30;
      const green = isSubject ? (i % 160 < 80 ? share : 0) : 1;
      image.y[i] = isSubject ? 120 : key.y;
      image.u[i] = green * key.u;
      image.v[i] = green * key.v;
    }
    const model = new ScreenModel(160, 90, { cellSize: 4, erosion: 1 }, resolveParameters());
    model.update(image);
    const floorAt = (x: number, y: number) => model.floors[Math.floor(y / 4) * 40 + Math.floor(x / 4)] ?? 0;
    return { left: floorAt(65, 70), edge: floorAt(50, 70), right: floorAt(98, 70) };
  };

  it('raises the floor where the subject has some of the screen’s colour, and only there', () => {
    const none = greenish(0);
    expect(none.left).toBeCloseTo(0.04, 2);
    expect(none.right).toBeCloseTo(0.04, 2);
    const some = greenish(0.12);
    expect(some.left).toBeCloseTo(0.17, 2);
    // The edge takes its floor from the inside next to it.
    expect(some.edge).toBeCloseTo(0.15, 1);
    expect(some.right).toBeLessThan(0.06);
    expect(greenish(0.4).left).toBeCloseTo(0.45, 2);
  });

  it('expects spill before an uneven screen, which is a real one', () => {
    const floorOf = (light: (x: number) => number) => Math.min(...measureScreen(picture(light).planes, resolveParameters()).floors);
    expect(floorOf(() => 1)).toBeCloseTo(0.04, 2);
    expect(floorOf((x) => 0.75 + 0.4 * x)).toBeCloseTo(0.13, 2);
  });

  it('keeps to a key that it was given', () => {
    const { planes } = picture(() => 1);
    const model = measureScreen(planes, resolveParameters({ key: '#40ac4a' }));
    expect(model.verdict).toEqual({ keyable: true, reason: null, key: '#40ac4a', confidence: 1 });
  });

  it('says how sure it is', () => {
    expect(measureScreen(picture(() => 1).planes, resolveParameters()).verdict).toMatchObject({ keyable: true, confidence: 1 });
    const image = createChromaImage(160, 90);
    // Half of the border is covered.
    const key = codesOf(0, 255, 0);
    for (let i = 0; i < 160 * 90; i++) if (i % 160 < 80) [image.y[i], image.u[i], image.v[i]] = [key.y, key.u, key.v];
    const model = new ScreenModel(160, 90, { cellSize: 4, erosion: 1 }, resolveParameters());
    expect(model.update(image)).toBe(true);
    expect(model.verdict.confidence).toBeCloseTo(0.5, 1);
  });

  it('is not ready before it has seen a screen, nor after a reset', () => {
    const { planes } = picture(() => 1);
    const model = measureScreen(planes, resolveParameters());
    expect(model.isReady).toBe(true);
    model.reset();
    expect(model.isReady).toBe(false);
    expect(model.verdict).toEqual({ keyable: false, reason: 'no_screen', key: null, confidence: 0 });
  });
});

describe('resampling', () => {
  it.each(['centre', 'left'] as const)('keeps flat and straight planes: %s', (siting) => {
    const ramp = Float32Array.from({ length: 32 * 16 }, (_, i) => i % 32);
    const there = subsample(ramp, 32, 16, siting);
    const back = upsample(there, 32, 16, siting);
    // Inside; at the border, samples are repeated.
    for (let x = 4; x < 28; x++) expect(back[8 * 32 + x]).toBeCloseTo(x, 5);
  });

  it.each([
    [5, 3],
    [1, 1],
    [2, 7],
  ])('takes odd sizes: %i × %i', (width, height) => {
    const plane = new Float32Array(width * height).fill(7);
    const there = subsample(plane, width, height, 'centre');
    expect(there).toHaveLength(Math.ceil(width / 2) * Math.ceil(height / 2));
    expect(Array.from(upsample(there, width, height, 'centre'))).toEqual(Array.from(plane));
  });
});

import { describe, expect, it } from 'vitest';
import { DEFAULT_PARAMETERS } from './parameters.js';
import { PersonBox } from './person-box.js';
import { type ChromaImage, createChromaImage } from './planes.js';
import { SAMPLING_GRID } from './sampling-grid.js';
import { ScreenModel } from './screen-model.js';

const [WIDTH, HEIGHT] = [160, 90];

/** A screen of #00ff00 with grey rectangles: from x, y to right, bottom in samples. */
const picture = (...people: readonly (readonly [number, number, number, number])[]): ChromaImage => {
  const image = createChromaImage(WIDTH, HEIGHT);
  image.y.fill(145);
  image.u.fill(-74);
  image.v.fill(-94);
  for (const [x, y, right, bottom] of people) {
    for (let j = y; j < bottom; j++) {
      for (const plane of [image.u, image.v]) plane.fill(0, j * WIDTH + x, j * WIDTH + right);
    }
  }
  return image;
};

const rig = () => {
  const model = new ScreenModel(WIDTH, HEIGHT, SAMPLING_GRID, DEFAULT_PARAMETERS);
  const box = new PersonBox(WIDTH, HEIGHT);
  const see = (image: ChromaImage) => {
    expect(model.update(image)).toBe(true);
    return box.update(image, model, SAMPLING_GRID.cellSize, DEFAULT_PARAMETERS);
  };
  return { box, see };
};

const BODY = [60, 30, 100, 90] as const;

describe('PersonBox', () => {
  it('finds the person at once, with a margin, and to the edge where the edge cuts it', () => {
    const { box, see } = rig();
    expect(box.box).toBeNull();
    expect(see(picture(BODY))).toBe(true);
    expect(box.box?.x).toBeCloseTo(60 / 160 - 0.03, 1);
    expect(box.box?.width).toBeCloseTo(40 / 160 + 0.06, 1);
    expect(box.box?.y).toBeCloseTo(30 / 90 - 0.03, 1);
    expect((box.box?.y ?? 0) + (box.box?.height ?? 0)).toBeCloseTo(1);
  });

  it('is not misled by a mark in a corner', () => {
    const { box, see } = rig();
    see(picture(BODY, [0, 0, 3, 2]));
    expect(box.box?.x).toBeGreaterThan(0.25);
    expect(box.box?.y).toBeGreaterThan(0.2);
  });

  it('finds nothing where nobody is', () => {
    const { box, see } = rig();
    expect(see(picture())).toBe(false);
    expect(box.box).toBeNull();
  });

  it('widens for a gesture without a jump, and stays so when it is over', () => {
    const { box, see } = rig();
    see(picture(BODY));
    box.move(0);
    const before = box.box?.x ?? 0;
    expect(see(picture(BODY, [20, 40, 60, 60]))).toBe(false);
    expect(box.box?.x).toBe(before);
    let last = before;
    for (let nowMs = 33; nowMs < 6000; nowMs += 33) {
      box.move(nowMs);
      const x = box.box?.x ?? 0;
      expect(last - x).toBeLessThan(0.02);
      last = x;
    }
    expect(last).toBeCloseTo(20 / 160 - 0.03, 1);
    expect(box.move(7000)).toBe(false);
    see(picture(BODY));
    for (let nowMs = 7000; nowMs < 8000; nowMs += 33) box.move(nowMs);
    expect(box.box?.x).toBeCloseTo(last, 1);
  });

  it('stands still for a breath', () => {
    const { box, see } = rig();
    see(picture(BODY));
    box.move(0);
    see(picture([60, 29, 100, 90]));
    expect(box.move(1000)).toBe(false);
  });

  it('narrows slowly when the person has gone aside for good', () => {
    const { box, see } = rig();
    see(picture([20, 30, 100, 90]));
    for (let n = 1; n <= 240; n++) {
      see(picture(BODY));
      box.move(n * 500);
    }
    expect(box.box?.x).toBeCloseTo(60 / 160 - 0.03, 1);
  });

  it('begins anew with another stream', () => {
    const { box, see } = rig();
    see(picture([20, 30, 100, 90]));
    box.reset();
    expect(box.box).toBeNull();
    expect(see(picture(BODY))).toBe(true);
    expect(box.box?.x).toBeGreaterThan(0.3);
  });
});

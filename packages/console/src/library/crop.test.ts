import { describe, expect, test } from 'vitest';
import { adviseOnSize, computeCrop, LANDSCAPE, PORTRAIT } from './crop.js';

describe('crops', () => {
  test("keep an image of the canvas's own shape whole", () => {
    expect(computeCrop({ width: 1280, height: 720 }, LANDSCAPE)).toEqual({ x: 0, y: 0, width: 1280, height: 720, kept: 1 });
  });

  test("are centred and have the canvas's shape", () => {
    expect(computeCrop({ width: 1600, height: 1600 }, LANDSCAPE)).toEqual({ x: 0, y: 350, width: 1600, height: 900, kept: 0.5625 });
    expect(computeCrop({ width: 1600, height: 1600 }, PORTRAIT)).toEqual({ x: 350, y: 0, width: 900, height: 1600, kept: 0.5625 });
    expect(computeCrop({ width: 100, height: 1000 }, LANDSCAPE).kept).toBeCloseTo(0.05625);
  });
});

describe('advice', () => {
  test('says nothing of images that fit', () => {
    expect(adviseOnSize({ width: 1920, height: 1080 })).toEqual([]);
    expect(adviseOnSize({ width: 2160, height: 3840 })).toEqual([]);
  });

  test('tells what is cropped and what is enlarged', () => {
    expect(adviseOnSize({ width: 2400, height: 2400 })).toEqual([expect.stringContaining('a 16:9 canvas shows 56 % of it, a 9:16 canvas 56 %')]);
    expect(adviseOnSize({ width: 960, height: 540 })).toEqual([expect.stringContaining('enlarged 2.0 times to fill 1920 × 1080')]);
    expect(adviseOnSize({ width: 540, height: 960 })).toEqual([expect.stringContaining('1080 × 1920')]);
  });
});

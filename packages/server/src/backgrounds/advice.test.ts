import { describe, expect, it } from 'vitest';
import { adviseOn } from './advice.js';

const still = { frames: 1, transparent: false };

describe('advice', () => {
  it.each([
    [1920, 1080],
    [3840, 2160],
    [1080, 1920],
    [1920, 1088],
  ])('has nothing to say about %d × %d', (width, height) => {
    expect(adviseOn({ width, height, ...still })).toEqual([]);
  });

  it('tells what is cropped on both shapes', () => {
    expect(adviseOn({ width: 6000, height: 4000, ...still })).toEqual([
      {
        code: 'off_ratio',
        message: 'Scaled to fill and cropped at the centre: it loses 16 % of its height on a 16:9 canvas and 63 % of its width on a 9:16 canvas.',
      },
    ]);
    expect(adviseOn({ width: 2000, height: 4000, ...still })[0]?.message).toContain(
      '72 % of its height on a 16:9 canvas and 11 % of its height on a 9:16 canvas',
    );
  });

  it('tells how much a small image is enlarged', () => {
    expect(adviseOn({ width: 1280, height: 720, ...still })).toEqual([
      { code: 'low_resolution', message: 'Enlarged 1.5 times to fill a 1920 × 1080 canvas, so it looks softer than the avatar.' },
    ]);
    expect(adviseOn({ width: 720, height: 1280, ...still })[0]?.message).toContain('a 1080 × 1920 canvas');
    expect(adviseOn({ width: 1900, height: 1069, ...still })[0]?.message).toContain('slightly');
  });

  it('tells that an animation stands still and that transparency is not filled', () => {
    expect(adviseOn({ width: 1920, height: 1080, frames: 12, transparent: true }).map((advice) => advice.code)).toEqual(['animated', 'transparent']);
  });
});

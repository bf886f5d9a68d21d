import { describe, expect, it } from 'vitest';
import { warningsFor } from './wallpaper-warnings.js';

const fitting = { width: 1179, height: 2556, frames: 1, animated: false, transparent: false, orientation: 1 };
const original = { isGroup: false, fit: 'original' } as const;
const phone = { isGroup: false, fit: 'phone' } as const;
const codesOf = (...args: Parameters<typeof warningsFor>): string[] => warningsFor(...args).map(({ code }) => code);
const messageOf = (code: string, ...args: Parameters<typeof warningsFor>): string | undefined =>
  warningsFor(...args).find((warning) => warning.code === code)?.message;

describe('warnings on wallpapers', () => {
  it('always tell of the zoom and of older systems, and of nothing else when the image fits', () => {
    expect(codesOf(fitting, original)).toEqual(['image_zoomed', 'older_systems_show_default']);
    expect(messageOf('image_zoomed', fitting, original)).toContain('"fit": "phone"');
    expect(messageOf('image_zoomed', fitting, phone)).toContain('A phone that does not zoom');
  });

  it('tell how much of a landscape image is cut off', () => {
    expect(codesOf({ ...fitting, width: 3840, height: 2160 }, original)).toEqual([
      'image_not_portrait',
      'image_smaller_than_screen',
      'image_zoomed',
      'older_systems_show_default',
    ]);
    expect(messageOf('image_not_portrait', { ...fitting, width: 3840, height: 2160 }, original)).toContain('74 % of its width');
    expect(codesOf({ ...fitting, width: 2600, height: 2600 }, original)).toContain('image_not_portrait');
    expect(codesOf({ ...fitting, width: 2599, height: 2600 }, original)).not.toContain('image_not_portrait');
  });

  it('tell how much a small image is enlarged, also when only one side is short', () => {
    expect(messageOf('image_smaller_than_screen', { ...fitting, width: 600, height: 1278 }, original)).toMatch(
      /600 × 1278 .* 1179 × 2556: it is enlarged 2\.0 times/,
    );
    expect(messageOf('image_smaller_than_screen', { ...fitting, width: 1178 }, original)).toContain('slightly');
    expect(codesOf({ ...fitting, width: 1080, height: 4000 }, original)).toContain('image_smaller_than_screen');
    expect(codesOf({ ...fitting, width: 4000, height: 5000 }, original)).not.toContain('image_smaller_than_screen');
  });

  it('tell of animation, transparency and orientation what holds for the file, or for its rendition', () => {
    const image = { ...fitting, frames: 6, animated: true, transparent: true, orientation: 6 };
    expect(codesOf(image, original)).toEqual(['image_zoomed', 'image_animated', 'image_transparent', 'image_rotated', 'older_systems_show_default']);
    // The rendition stands still, is opaque and upright: what is left is said with certainty.
    expect(codesOf(image, phone)).toEqual(['image_zoomed', 'image_animated', 'image_transparent', 'older_systems_show_default']);
    expect(messageOf('image_animated', image, phone)).toBe('Only the first of its 6 frames is shown.');
    expect(messageOf('image_transparent', image, phone)).toBe('Its transparent parts are black.');
  });

  it('tell that a group shares it', () => {
    expect(codesOf(fitting, { ...original, isGroup: true })).toEqual(['image_zoomed', 'group_chat', 'older_systems_show_default']);
  });
});

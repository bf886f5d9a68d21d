import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitSize } from '../../images/geometry.js';
import { canonicalVariant, parseVariant, variantName } from './variant.js';

const side = fc.integer({ min: 1, max: 3840 });
const request = fc.record({
  width: fc.option(side, { nil: undefined }),
  height: fc.option(side, { nil: undefined }),
  fit: fc.constantFrom('cover' as const, 'contain' as const),
  format: fc.option(fc.constantFrom('jpeg' as const, 'webp' as const, 'png' as const), { nil: undefined }),
});

describe('variant', () => {
  it.each([
    [{ width: 1280, height: 720 }, '1280x720-cover'],
    [{ width: 720, height: 1280 }, '720x1280-cover'],
    [{ width: 320, height: 180 }, '320x180-cover'],
    [{ width: 1000, height: 500 }, '1280x640-cover'],
    [{ width: 854, height: 480 }, '960x540-cover'],
    [{ width: 1920 }, '1920x-contain'],
    [{ height: 100 }, 'x160-contain'],
    [{}, '3840x3840-contain'],
  ])('of %j is %s', (box, name) => {
    expect(variantName(canonicalVariant({ ...box, fit: 'cover' }))).toBe(name);
  });

  it('has one name, which reads back, and is canonical already', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const variant = canonicalVariant(asked);
        expect(parseVariant(variantName(variant))).toEqual(variant);
      }),
    );
  });

  it('is never smaller than what was asked for, and keeps its shape', () => {
    fc.assert(
      fc.property(side, side, (width, height) => {
        const variant = canonicalVariant({ width, height, fit: 'cover' });
        const made = { width: variant.width ?? 0, height: variant.height ?? 0 };
        expect(made.width).toBeGreaterThanOrEqual(width);
        expect(made.height).toBeGreaterThanOrEqual(height);
        expect(Math.abs(made.width * height - made.height * width)).toBeLessThanOrEqual(Math.max(width, height));
      }),
    );
  });

  it.each([
    '1281x720-cover',
    '1280x720',
    '1280x720-fill',
    '1280x720-cover.avif',
    '01280x720-cover',
    '1280x720-cover.',
    '',
    '../x',
    '99999x1-cover',
    '0x0-cover',
    'x-contain',
    '1280x-cover',
  ])('does not read %j', (name) => {
    expect(parseVariant(name)).toBeNull();
  });
});

describe('fit', () => {
  it("stays inside the image and the box, and keeps the box's shape when it covers", () => {
    const size = fc.record({ width: side, height: side });
    fc.assert(
      fc.property(size, size, fc.constantFrom('cover' as const, 'contain' as const), (image, box, fit) => {
        const made = fitSize(image, { ...box, fit });
        expect(made.width).toBeLessThanOrEqual(Math.min(image.width, box.width));
        expect(made.height).toBeLessThanOrEqual(Math.min(image.height, box.height));
        const shape = fit === 'cover' ? box : image;
        expect(Math.abs(made.width * shape.height - made.height * shape.width)).toBeLessThanOrEqual(Math.max(shape.width, shape.height));
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { checkFraming, DEFAULT_FRAMING, fitRectangle, frameAvatar, type Framing } from './framing.js';

describe('frameAvatar', () => {
  it('fills a canvas of its own shape', () => {
    expect(frameAvatar(1280, 720, 1280, 720)).toEqual({ x: 0, y: 0, width: 1280, height: 720 });
    expect(frameAvatar(640, 360, 1920, 1080)).toEqual({ x: 0, y: 0, width: 1920, height: 1080 });
  });

  it('crops a few lines rather than leaving a gap', () => {
    const { x, width, height } = frameAvatar(1280, 718, 1280, 720);
    expect(height).toBeCloseTo(720);
    expect(width).toBeGreaterThan(1280);
    expect(x).toBeLessThan(0);
  });

  it('stands another shape bottom-centre', () => {
    expect(frameAvatar(720, 1080, 1280, 720)).toEqual({ x: 400, y: 0, width: 480, height: 720 });
    expect(frameAvatar(1280, 720, 720, 1280)).toEqual({ x: 0, y: 875, width: 720, height: 405 });
  });
});

describe('frameAvatar with a framing', () => {
  const at = (framing: Partial<Framing>) => frameAvatar(1280, 720, 1280, 720, { ...DEFAULT_FRAMING, ...framing });

  it('scales about the middle of the bottom', () => {
    expect(at({ scale: 0.5 })).toEqual({ x: 320, y: 360, width: 640, height: 360 });
    expect(at({ scale: 2 })).toEqual({ x: -640, y: -720, width: 2560, height: 1440 });
  });

  it('moves in shares of the canvas', () => {
    expect(at({ x: 0.25, y: -0.5 })).toEqual({ x: 320, y: -360, width: 1280, height: 720 });
    expect(at({ scale: 0.5, x: -0.25, y: 0.1 })).toEqual({ x: 0, y: 432, width: 640, height: 360 });
  });

  it('stands on the bottom of an upright canvas, too', () => {
    const { x, y, width, height } = frameAvatar(1280, 720, 720, 1280, { ...DEFAULT_FRAMING, scale: 2 });
    expect([x + width / 2, y + height, width]).toEqual([360, 1280, 1440]);
  });

  it('fits the person instead of the picture, and keeps the picture around', () => {
    const person = { x: 0.25, y: 0.2, width: 0.5, height: 0.8 };
    const framing = { ...DEFAULT_FRAMING, crop: 'person' } as const;
    // The person is 640 × 576: 800 × 720 on the canvas.
    const { x, y, width, height } = frameAvatar(1280, 720, 1280, 720, framing, person);
    expect([x, y, width, height]).toEqual([-160, expect.closeTo(-180), 1600, expect.closeTo(900)]);
    expect(frameAvatar(1280, 720, 1280, 720, framing, null)).toEqual(at({}));
    expect(frameAvatar(1280, 720, 1280, 720, DEFAULT_FRAMING, person)).toEqual(at({}));
  });
});

describe('checkFraming', () => {
  it.each([{ scale: 0.2 }, { scale: Number.NaN }, { x: 1.1 }, { y: -2 }])('refuses %o', (wrong) => {
    expect(() => checkFraming({ ...DEFAULT_FRAMING, ...wrong })).toThrow(RangeError);
  });
  it('refuses what is none', () => {
    expect(() => checkFraming({ ...DEFAULT_FRAMING, crop: 'head' as never })).toThrow(TypeError);
    expect(() => checkFraming(null as never)).toThrow(TypeError);
    expect(() => checkFraming(DEFAULT_FRAMING)).not.toThrow();
  });
});

describe('fitRectangle', () => {
  it('covers and contains, centred', () => {
    expect(fitRectangle(100, 100, 200, 100, 'cover')).toEqual({ x: 0, y: -50, width: 200, height: 200 });
    expect(fitRectangle(100, 100, 200, 100, 'contain')).toEqual({ x: 50, y: 0, width: 100, height: 100 });
  });
});

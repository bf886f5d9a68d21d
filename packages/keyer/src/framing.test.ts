import { describe, expect, it } from 'vitest';
import { fitRectangle, frameAvatar } from './framing.js';

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

describe('fitRectangle', () => {
  it('covers and contains, centred', () => {
    expect(fitRectangle(100, 100, 200, 100, 'cover')).toEqual({ x: 0, y: -50, width: 200, height: 200 });
    expect(fitRectangle(100, 100, 200, 100, 'contain')).toEqual({ x: 50, y: 0, width: 100, height: 100 });
  });
});

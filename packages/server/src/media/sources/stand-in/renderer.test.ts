import { describe, expect, it } from 'vitest';
import { createSilence, type Talk } from './pose.js';
import { createRenderer } from './renderer.js';

const RATE_FPS = 25;
const talking = (index: number): Talk => ({ ...createSilence(), activity: 1, open: 0.5 + 0.45 * Math.sin(index), wide: Math.sin(index * 0.7), stress: 0.4 });

const shapes = [
  { width: 640, height: 360 },
  { width: 360, height: 640 },
];

describe.each(shapes)('the presenter at $width × $height', ({ width, height }) => {
  it('stands on exactly 145, 54, 34', () => {
    const renderer = createRenderer(width, height, RATE_FPS);
    renderer.draw(0.4, createSilence());
    const { picture } = renderer;
    for (let y = 0; y < 8; y += 1) {
      const row = picture.subarray(y * width, (y + 1) * width);
      expect(row.every((code) => code === 145)).toBe(true);
    }
    const half = width / 2;
    const u = picture.subarray(width * height, width * height + 4 * half);
    const v = picture.subarray(width * height * 1.25, width * height * 1.25 + 4 * half);
    expect(u.every((code) => code === 54)).toBe(true);
    expect(v.every((code) => code === 34)).toBe(true);
  });

  it('looks the same redrawn in part as drawn whole, through gestures, blur and speech', () => {
    const partly = createRenderer(width, height, RATE_FPS);
    // Six gestures, silent at first; every few frames compared with a renderer that has drawn nothing before.
    for (let index = 0; index < 16 * RATE_FPS; index += 1) {
      const talk = index < 5 * RATE_FPS ? createSilence() : talking(index);
      partly.draw(index / RATE_FPS, talk);
      if (index % 13 !== 0) continue;
      const whole = createRenderer(width, height, RATE_FPS);
      whole.draw(index / RATE_FPS, talk);
      expect(Buffer.compare(partly.picture, whole.picture), `frame ${index}`).toBe(0);
    }
  });

  it('says so when nothing moved', () => {
    const renderer = createRenderer(width, height, RATE_FPS);
    expect(renderer.draw(1, createSilence())).toBe(true);
    expect(renderer.draw(1, createSilence())).toBe(false);
    expect(renderer.draw(1, talking(1))).toBe(true);
  });

  it('gives the alpha that the picture has', () => {
    const renderer = createRenderer(width, height, RATE_FPS);
    // A hand that is blurred on its way.
    const seconds = 2.7 + 0.4;
    const rgba = renderer.drawTransparent(seconds, createSilence());
    renderer.draw(seconds, createSilence());
    let part = 0;
    let worst = 0;
    for (let index = 0; index < width * height; index += 1) {
      const alpha = (rgba[index * 4 + 3] ?? 0) / 255;
      if (alpha > 0 && alpha < 1) part += 1;
      const over = (channel: number, screen: number): number => (rgba[index * 4 + channel] ?? 0) * alpha + screen * (1 - alpha);
      const luma = 16 + (219 * (0.299 * over(0, 0) + 0.587 * over(1, 255) + 0.114 * over(2, 0))) / 255;
      worst = Math.max(worst, Math.abs(luma - (renderer.picture[index] ?? 0)));
    }
    expect(part).toBeGreaterThan(500);
    expect(worst).toBeLessThan(4);
  });

  it('blinks, moves the lips and gestures', () => {
    const still = createRenderer(width, height, RATE_FPS);
    const differing = (a: Uint8Array, b: Uint8Array): number => {
      let count = 0;
      for (let index = 0; index < width * height; index += 1) if (Math.abs((a[index] ?? 0) - (b[index] ?? 0)) > 12) count += 1;
      return count;
    };
    still.draw(0.1, createSilence());
    const rest = Uint8Array.from(still.picture);
    still.draw(0.1, { ...createSilence(), open: 0.9 });
    const lips = differing(rest, still.picture);
    expect(lips).toBeGreaterThan(60);
    still.draw(2.7 + 1.3, createSilence());
    expect(differing(rest, still.picture)).toBeGreaterThan(lips * 5);
  });
});

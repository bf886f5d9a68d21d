import { describe, expect, it } from 'vitest';
import { rgbaToI420 } from './i420.js';

/** BT.601-7 §2.5 and §3.3, 8 bit: the definition in real numbers. */
const luma = (r: number, g: number, b: number): number => Math.round(16 + (219 * (0.299 * r + 0.587 * g + 0.114 * b)) / 255);
const chroma = (r: number, g: number, b: number): [number, number] => {
  const y = 0.299 * r + 0.587 * g + 0.114 * b;
  return [Math.round(128 + (224 * (b - y)) / (1.772 * 255)), Math.round(128 + (224 * (r - y)) / (1.402 * 255))];
};

describe('rgbaToI420', () => {
  it('agrees with the scalar formula to one code, chroma being the mean of 2 × 2', () => {
    const width = 32;
    const height = 16;
    const rgba = new Uint8ClampedArray(width * height * 4);
    let seed = 7;
    for (let index = 0; index < rgba.length; index += 1) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      rgba[index] = index % 4 === 3 ? 255 : seed >>> 24;
    }
    const into = new Uint8Array((width * height * 3) / 2);
    rgbaToI420(rgba, 0, 0, width, height, into, width, height);
    const at = (x: number, y: number, channel: number): number => rgba[(y * width + x) * 4 + channel] ?? 0;
    let worst = 0;
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) worst = Math.max(worst, Math.abs((into[y * width + x] ?? 0) - luma(at(x, y, 0), at(x, y, 1), at(x, y, 2))));
    }
    for (let y = 0; y < height / 2; y += 1) {
      for (let x = 0; x < width / 2; x += 1) {
        const mean = (channel: number): number =>
          (at(2 * x, 2 * y, channel) + at(2 * x + 1, 2 * y, channel) + at(2 * x, 2 * y + 1, channel) + at(2 * x + 1, 2 * y + 1, channel)) / 4;
        const [u, v] = chroma(mean(0), mean(1), mean(2));
        const plane = (y * width) / 2 + x;
        worst = Math.max(worst, Math.abs((into[width * height + plane] ?? 0) - u), Math.abs((into[width * height * 1.25 + plane] ?? 0) - v));
      }
    }
    expect(worst).toBeLessThanOrEqual(1);
  });

  it('codes #00FF00 as 145, 54, 34, black as 16 and white as 235, and only inside of the rectangle', () => {
    const into = new Uint8Array(8 * 4 * 1.5);
    const fill = (r: number, g: number, b: number): Uint8ClampedArray =>
      Uint8ClampedArray.from({ length: 4 * 2 * 4 }, (_, index) => [r, g, b, 255][index % 4] ?? 0);
    const codes = (): (number | undefined)[] => [into[2 * 8 + 2], into[32 + 4 + 1], into[40 + 4 + 1]];
    rgbaToI420(fill(0, 255, 0), 2, 2, 4, 2, into, 8, 4);
    expect(codes()).toEqual([145, 54, 34]);
    expect([into[2 * 8 + 1], into[2 * 8 + 6], into[8 + 2], into[32 + 4], into[32 + 4 + 3], into[32 + 1]]).toEqual([0, 0, 0, 0, 0, 0]);
    rgbaToI420(fill(0, 0, 0), 2, 2, 4, 2, into, 8, 4);
    expect(codes()).toEqual([16, 128, 128]);
    rgbaToI420(fill(255, 255, 255), 2, 2, 4, 2, into, 8, 4);
    expect(codes()).toEqual([235, 128, 128]);
  });
});

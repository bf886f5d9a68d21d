import { blur } from './blur.js';
import type { Cutout } from './cutout.js';
import { createRgb, type RgbPicture } from './planes.js';
import { addNoise, createRandom } from './random.js';
import { type Screen, studioLight } from './screens.js';

/** Reach of a studio's bounced light, in pixels at 720 lines. */
const SPILL_SIGMA = 18;
/** How much of the screen's red, green and blue bounces. */
const SPILL_TINT = [0.25, 1, 0.3] as const;
const NOISE_SIGMA = 2.2;

/** A subject at one moment: what a keyer should find. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  /** 0 to 1. */
  readonly alpha: Float32Array;
  /** Colour, not premultiplied. */
  readonly color: RgbPicture;
  /** Share of bounced light at each pixel, for a studio's screen. */
  readonly spill: Float32Array;
  /** Differs from frame to frame. */
  readonly noiseSeed: number;
}

/** Places a cut-out at the bottom of a frame and moves it as the keying model says (§5): scale, rotation and shift. */
export const createScene = (cutout: Cutout, frame: number, width: number, height: number): Scene => {
  const phase = (2 * Math.PI * frame) / 40 + cutout.seed;
  const scale = 1 + 0.01 * Math.sin(phase);
  const angle = ((0.8 * Math.PI) / 180) * Math.sin(0.9 * phase);
  const cos = Math.cos(angle) / scale;
  const sin = Math.sin(angle) / scale;
  const centreX = (width - 1) / 2;
  const centreY = (height - 1) / 2;
  const shiftX = centreX + 6 * Math.sin(0.7 * phase);
  const shiftY = centreY + 3 * Math.cos(phase) + 8;
  const { width: w, height: h, r, g, b } = cutout.color;
  const originX = centreX - (width - w) / 2;
  const originY = centreY - (height - h);
  const alpha = new Float32Array(width * height);
  const color = createRgb(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromX = cos * (x - shiftX) + sin * (y - shiftY) + originX;
      const fromY = cos * (y - shiftY) - sin * (x - shiftX) + originY;
      const left = Math.floor(fromX);
      const top = Math.floor(fromY);
      if (left < 0 || top < 0 || left >= w - 1 || top >= h - 1) continue;
      const i = top * w + left;
      const right = fromX - left;
      const down = fromY - top;
      const w00 = (1 - right) * (1 - down);
      const w01 = right * (1 - down);
      const w10 = (1 - right) * down;
      const w11 = right * down;
      const a00 = w00 * (cutout.alpha[i] ?? 0);
      const a01 = w01 * (cutout.alpha[i + 1] ?? 0);
      const a10 = w10 * (cutout.alpha[i + w] ?? 0);
      const a11 = w11 * (cutout.alpha[i + w + 1] ?? 0);
      const sum = a00 + a01 + a10 + a11;
      const at = y * width + x;
      alpha[at] = sum;
      // Colour weighs by alpha, and where there is none by place.
      const isClear = sum < 1e-3;
      const c00 = isClear ? w00 : a00 / sum;
      const c01 = isClear ? w01 : a01 / sum;
      const c10 = isClear ? w10 : a10 / sum;
      const c11 = isClear ? w11 : a11 / sum;
      color.r[at] = c00 * (r[i] ?? 0) + c01 * (r[i + 1] ?? 0) + c10 * (r[i + w] ?? 0) + c11 * (r[i + w + 1] ?? 0);
      color.g[at] = c00 * (g[i] ?? 0) + c01 * (g[i + 1] ?? 0) + c10 * (g[i + w] ?? 0) + c11 * (g[i + w + 1] ?? 0);
      color.b[at] = c00 * (b[i] ?? 0) + c01 * (b[i + 1] ?? 0) + c10 * (b[i + w] ?? 0) + c11 * (b[i + w + 1] ?? 0);
    }
  }
  const open = blur(
    alpha.map((value) => 1 - value),
    width,
    height,
    SPILL_SIGMA,
  );
  return { width, height, alpha, color, spill: open.map((value) => 0.03 + 0.16 * value), noiseSeed: 1000 * cutout.seed + frame };
};

/** What the camera sees: the subject before a screen, in R'G'B'. A studio's screen is uneven, spills and is noisy. */
export const shoot = (scene: Scene, screen: Screen): RgbPicture => {
  const { width, height, alpha, color, spill } = scene;
  const picture = createRgb(width, height);
  const random = createRandom(scene.noiseSeed);
  const channels = [
    [picture.r, color.r],
    [picture.g, color.g],
    [picture.b, color.b],
  ] as const;
  for (const [k, [to, from]] of channels.entries()) {
    const level = screen.rgb[k] ?? 0;
    const bounced = screen.isStudio ? level * (SPILL_TINT[k] ?? 0) : 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const i = y * width + x;
        const share = alpha[i] ?? 0;
        const lit = screen.isStudio ? level * studioLight(x / width, y / height) : level;
        to[i] = share * Math.min(255, (from[i] ?? 0) + bounced * (spill[i] ?? 0)) + (1 - share) * lit;
      }
    }
    if (screen.isStudio) addNoise(to, NOISE_SIGMA, random);
    for (let i = 0; i < to.length; i++) to[i] = Math.min(255, Math.max(0, to[i] ?? 0));
  }
  return picture;
};

/** The truth: the subject over a background, without any spill. */
export const overlay = ({ width, height, alpha, color }: Scene, behind: RgbPicture): RgbPicture => {
  const over = (front: Float32Array, back: Float32Array) => front.map((value, i) => (alpha[i] ?? 0) * value + (1 - (alpha[i] ?? 0)) * (back[i] ?? 0));
  return { width, height, r: over(color.r, behind.r), g: over(color.g, behind.g), b: over(color.b, behind.b) };
};

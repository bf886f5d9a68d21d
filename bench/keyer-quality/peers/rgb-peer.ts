import type { Clip } from '../clip.js';
import type { Keyed } from '../metrics.js';
import { createRgb, type RgbPicture, toFrame } from '../planes.js';
import { keyColorOf } from './key-color.js';
import type { Peer, Setting } from './peer.js';

/** A pixel, all channels 0 to 1. Alpha is straight. */
export interface Pixel {
  r: number;
  g: number;
  b: number;
  a: number;
}

/** Keys a pixel in place. */
export type PixelKeyer = (pixel: Pixel) => void;

/** What a formula on R'G'B' is made of. `create` gets the screen's true colour. */
export interface RgbFormula {
  readonly name: string;
  readonly defaults: Setting;
  readonly grid: readonly Setting[];
  create(setting: Setting, key: Readonly<Pixel>): PixelKeyer;
}

/**
 * A peer that is a formula on R'G'B' pixels. Its result is laid over the background in R'G'B' of 8 bits, and then passes
 * through 4:2:0 once. For a blue screen it gets green and blue exchanged: its formula is written for green.
 */
export const createRgbPeer = ({ name, defaults, grid, create }: RgbFormula): Peer => ({
  name,
  defaults,
  grid,
  key(clip, setting) {
    const keyer = create(setting, keyPixel(clip));
    return clip.pictures.map((picture) => keyPicture(picture, clip, keyer));
  },
});

/** The screen's colour, as the formula is to see it. */
const keyPixel = (clip: Clip): Pixel => {
  const [r, g, b] = keyColorOf(clip);
  return clip.screen.isBlue ? { r: r / 255, g: b / 255, b: g / 255, a: 1 } : { r: r / 255, g: g / 255, b: b / 255, a: 1 };
};

const keyPicture = (picture: RgbPicture, { screen, behind, layout }: Clip, keyer: PixelKeyer): Keyed => {
  const { width, height } = picture;
  const [green, blue] = screen.isBlue ? [picture.b, picture.g] : [picture.g, picture.b];
  const over = createRgb(width, height);
  const [overGreen, overBlue] = screen.isBlue ? [over.b, over.g] : [over.g, over.b];
  const [behindGreen, behindBlue] = screen.isBlue ? [behind.b, behind.g] : [behind.g, behind.b];
  const alpha = new Uint8Array(width * height);
  const pixel: Pixel = { r: 0, g: 0, b: 0, a: 1 };
  for (let i = 0; i < alpha.length; i++) {
    pixel.r = Math.round(picture.r[i] ?? 0) / 255;
    pixel.g = Math.round(green[i] ?? 0) / 255;
    pixel.b = Math.round(blue[i] ?? 0) / 255;
    pixel.a = 1;
    keyer(pixel);
    const a = Math.min(1, Math.max(0, pixel.a));
    alpha[i] = Math.round(255 * a);
    over.r[i] = Math.round(255 * a * Math.min(1, Math.max(0, pixel.r)) + (1 - a) * (behind.r[i] ?? 0));
    overGreen[i] = Math.round(255 * a * Math.min(1, Math.max(0, pixel.g)) + (1 - a) * (behindGreen[i] ?? 0));
    overBlue[i] = Math.round(255 * a * Math.min(1, Math.max(0, pixel.b)) + (1 - a) * (behindBlue[i] ?? 0));
  }
  return { alpha, composite: toFrame(over, layout) };
};

import { sharedData } from '@backlot/testing';
import sharp from 'sharp';
import { blur } from './blur.js';
import { createRgb, type RgbPicture } from './planes.js';

/** Below this alpha a colour is a guess. */
const FAINT = 0.02;
const SOLID = 0.5;
const FILL_SIGMA = 8;

/** A subject with true alpha, upright, at the size at which it is composed. */
export interface Cutout {
  readonly name: string;
  /** Phase of its motion. */
  readonly seed: number;
  /** Its colour, not premultiplied, with a guess where there is none. */
  readonly color: RgbPicture;
  /** 0 to 1. */
  readonly alpha: Float32Array;
}

/** The shared cut-outs in the keying model's order (§6), which numbers their seeds. */
const ORDER = ['p_015cd10e', 'p_d684dae3', 'p_bd6af989', 'p_71bcce3a', 'p_514ca06a', 'p_bc5cfad1', 'p_07141906', 'p_51c916fc'];

/** A cut-out of straight RGBA bytes. */
export const cutoutOf = (name: string, seed: number, rgba: Uint8Array, width: number, height: number): Cutout => {
  const color = createRgb(width, height);
  const alpha = new Float32Array(width * height);
  const solid = new Float32Array(width * height);
  for (let i = 0; i < alpha.length; i++) {
    alpha[i] = (rgba[4 * i + 3] ?? 0) / 255;
    solid[i] = (alpha[i] ?? 0) > SOLID ? 1 : 0;
  }
  const weight = blur(solid, width, height, FILL_SIGMA);
  for (const [k, plane] of [color.r, color.g, color.b].entries()) {
    const filled = blur(
      solid.map((value, i) => value * (rgba[4 * i + k] ?? 0)),
      width,
      height,
      FILL_SIGMA,
    );
    for (let i = 0; i < plane.length; i++) {
      const isFaint = (alpha[i] ?? 0) <= FAINT;
      plane[i] = isFaint ? (filled[i] ?? 0) / Math.max(1e-3, weight[i] ?? 0) : (rgba[4 * i + k] ?? 0);
    }
  }
  return { name, seed, color, alpha };
};

/** Loads a shared cut-out, scaled to 95 % of a frame's width and all of its height at most (keying model §5). */
export const loadCutout = async (name: string, width: number, height: number): Promise<Cutout> => {
  const { data, info } = await sharp(sharedData(`cutouts/${name}.png`))
    .ensureAlpha()
    .resize({ width: Math.round(0.95 * width), height, fit: 'inside' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return cutoutOf(name, ORDER.indexOf(name) + 1, data, info.width, info.height);
};

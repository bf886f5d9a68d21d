import { checkBytes, checkChoice, checkSamples, checkSize } from './checks.js';
import { codesOf, lumaOf } from './color.js';
import { SITINGS, type Siting } from './parameters.js';

/** Luma and chroma on one grid: what the key, the plate and the floor are measured on. Row-major, no padding. */
export interface ChromaImage {
  readonly width: number;
  readonly height: number;
  /** Luma at the chroma sites, limited-range codes. */
  readonly y: Float32Array;
  /** Centred chroma, codes. */
  readonly u: Float32Array;
  readonly v: Float32Array;
}

/** A 4:2:0 picture in limited-range codes. Odd sizes: chroma has ⌈width/2⌉ × ⌈height/2⌉ samples. */
export interface Planes {
  readonly width: number;
  readonly height: number;
  readonly luma: Float32Array;
  readonly chroma: ChromaImage;
}

/**
 * An empty image of the given size, 1 to 8192 samples a side.
 * @throws TypeError, RangeError for another size.
 */
export const createChromaImage = (width: number, height: number): ChromaImage => {
  checkSize(width, height, 1);
  const createPlane = () => new Float32Array(width * height);
  return { width, height, y: createPlane(), u: createPlane(), v: createPlane() };
};

const clamp = (value: number, most: number) => (value < 0 ? 0 : value > most ? most : value);

/**
 * `sub` of the model (§2.1): a luma-sized plane at the chroma sites.
 * @throws TypeError, RangeError for a plane of another size.
 */
export const subsample = (plane: Float32Array, width: number, height: number, siting: Siting): Float32Array => {
  checkSize(width, height, 1);
  checkChoice('siting', siting, SITINGS);
  checkSamples('plane', plane, width * height);
  const w = Math.ceil(width / 2);
  const h = Math.ceil(height / 2);
  const at = (x: number, y: number) => plane[clamp(y, height - 1) * width + clamp(x, width - 1)] ?? 0;
  const out = new Float32Array(w * h);
  for (let j = 0; j < h; j++) {
    for (let i = 0; i < w; i++) {
      let sum = 0;
      for (let y = 2 * j; y <= 2 * j + 1; y++) {
        sum += siting === 'centre' ? 2 * (at(2 * i, y) + at(2 * i + 1, y)) : at(2 * i - 1, y) + 2 * at(2 * i, y) + at(2 * i + 1, y);
      }
      out[j * w + i] = sum / 8;
    }
  }
  return out;
};

/**
 * `up` of the model (§2.1): a chroma-sized plane at the luma sites of a width × height picture.
 * @throws TypeError, RangeError for a plane of another size.
 */
export const upsample = (plane: Float32Array, width: number, height: number, siting: Siting): Float32Array => {
  checkSize(width, height, 1);
  checkChoice('siting', siting, SITINGS);
  const w = Math.ceil(width / 2);
  const h = Math.ceil(height / 2);
  checkSamples('plane', plane, w * h);
  const out = new Float32Array(width * height);
  const near = (i: number, j: number) => plane[clamp(j, h - 1) * w + clamp(i, w - 1)] ?? 0;
  const row = (x: number, j: number) => {
    const i = x >> 1;
    if (siting === 'left') return (x & 1) === 0 ? near(i, j) : (near(i, j) + near(i + 1, j)) / 2;
    return 0.75 * near(i, j) + 0.25 * near((x & 1) === 0 ? i - 1 : i + 1, j);
  };
  for (let y = 0; y < height; y++) {
    const j = y >> 1;
    const other = (y & 1) === 0 ? j - 1 : j + 1;
    for (let x = 0; x < width; x++) out[y * width + x] = 0.75 * row(x, j) + 0.25 * row(x, other);
  }
  return out;
};

/**
 * 4:2:0 planes of an RGBA picture (4 bytes a pixel, opaque). Chroma is the mean of each 2×2 block, which gives back a
 * decoded picture's own samples when its chroma was repeated; luma at the sites follows `siting`.
 * @throws TypeError, RangeError for another size than `rgba` has, or a detached buffer.
 */
export const planesOfRgba = (rgba: Uint8ClampedArray | Uint8Array, width: number, height: number, siting: Siting): Planes => {
  checkSize(width, height, 1);
  checkBytes('rgba', rgba, 4 * width * height);
  const luma = new Float32Array(width * height);
  const u = new Float32Array(width * height);
  const v = new Float32Array(width * height);
  for (let i = 0; i < luma.length; i++) {
    const r = rgba[4 * i] ?? 0;
    const g = rgba[4 * i + 1] ?? 0;
    const b = rgba[4 * i + 2] ?? 0;
    const codes = codesOf(r, g, b);
    luma[i] = lumaOf(r, g, b);
    u[i] = codes.u;
    v[i] = codes.v;
  }
  return {
    width,
    height,
    luma,
    chroma: {
      width: Math.ceil(width / 2),
      height: Math.ceil(height / 2),
      y: subsample(luma, width, height, siting),
      u: subsample(u, width, height, 'centre'),
      v: subsample(v, width, height, 'centre'),
    },
  };
};

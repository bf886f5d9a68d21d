import type { PlanarPicture } from '@backlot/keyer/wasm';
import type { Layout } from './conditions.js';

/** A picture of R'G'B', 0 to 255, not rounded; one plane a channel, without padding. */
export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  readonly r: Float32Array;
  readonly g: Float32Array;
  readonly b: Float32Array;
}

/** I420 without padding, of even size, in limited-range codes. */
export interface Frame extends PlanarPicture {
  readonly width: number;
  readonly height: number;
  /** The planes in a row. */
  readonly bytes: Uint8Array;
}

/** An empty picture. */
export const createRgb = (width: number, height: number): RgbPicture => ({
  width,
  height,
  r: new Float32Array(width * height),
  g: new Float32Array(width * height),
  b: new Float32Array(width * height),
});

/** Bytes of an I420 frame of even size. */
export const frameBytes = (width: number, height: number): number => (3 * width * height) / 2;

/** A frame over bytes that hold y, u and v in a row. They stay shared. */
export const frameOf = (bytes: Uint8Array, width: number, height: number): Frame => {
  const luma = width * height;
  return {
    width,
    height,
    bytes,
    y: bytes.subarray(0, luma),
    u: bytes.subarray(luma, (5 * luma) / 4),
    v: bytes.subarray((5 * luma) / 4, (3 * luma) / 2),
    lumaStride: width,
    chromaStride: width / 2,
  };
};

/** Kr and Kb of ITU-R BT.601 and BT.709. */
const WEIGHTS = { bt601: [0.299, 0.114], bt709: [0.2126, 0.0722] } as const;

/** Codes of a colour, R'G'B' 0 to 255: Y from 16, chroma centred on 0. */
export const codesOf = (r: number, g: number, b: number, { matrix }: Pick<Layout, 'matrix'>): readonly [number, number, number] => {
  const [kr, kb] = WEIGHTS[matrix];
  const luma = kr * r + (1 - kr - kb) * g + kb * b;
  return [16 + (219 / 255) * luma, ((112 / 255) * (b - luma)) / (1 - kb), ((112 / 255) * (r - luma)) / (1 - kr)];
};

/** `sub` of the keying model (§2.1): a plane at the chroma sites. */
export const subsample = (plane: Float32Array, width: number, height: number, { siting }: Pick<Layout, 'siting'>): Float32Array => {
  const w = width / 2;
  const out = new Float32Array((w * height) / 2);
  for (let j = 0; j < height / 2; j++) {
    const upper = 2 * j * width;
    const lower = upper + width;
    for (let i = 0; i < w; i++) {
      const x = 2 * i;
      const here = (plane[upper + x] ?? 0) + (plane[lower + x] ?? 0);
      const right = (plane[upper + x + 1] ?? 0) + (plane[lower + x + 1] ?? 0);
      if (siting === 'centre') out[j * w + i] = (here + right) / 4;
      else {
        const left = Math.max(0, x - 1);
        out[j * w + i] = ((plane[upper + left] ?? 0) + (plane[lower + left] ?? 0) + 2 * here + right) / 8;
      }
    }
  }
  return out;
};

/** `up` of the keying model (§2.1): chroma codes at the luma sites, minus 128. */
const upsample = (plane: Uint8Array, width: number, height: number, { siting }: Pick<Layout, 'siting'>): Float32Array => {
  const w = width / 2;
  const h = height / 2;
  const wide = new Float32Array(width * h);
  for (let j = 0; j < h; j++) {
    for (let i = 0; i < w; i++) {
      const here = (plane[j * w + i] ?? 0) - 128;
      const right = (plane[j * w + Math.min(w - 1, i + 1)] ?? 0) - 128;
      const left = (plane[j * w + Math.max(0, i - 1)] ?? 0) - 128;
      wide[j * width + 2 * i] = siting === 'left' ? here : 0.75 * here + 0.25 * left;
      wide[j * width + 2 * i + 1] = siting === 'left' ? 0.5 * (here + right) : 0.75 * here + 0.25 * right;
    }
  }
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const near = (y >> 1) * width;
    const other = Math.min(h - 1, Math.max(0, (y >> 1) + ((y & 1) === 0 ? -1 : 1))) * width;
    for (let x = 0; x < width; x++) out[y * width + x] = 0.75 * (wide[near + x] ?? 0) + 0.25 * (wide[other + x] ?? 0);
  }
  return out;
};

/** R'G'B' as a 4:2:0 frame of 8 bits. */
export const toFrame = ({ width, height, r, g, b }: RgbPicture, layout: Layout): Frame => {
  const [kr, kb] = WEIGHTS[layout.matrix];
  const frame = frameOf(new Uint8Array(frameBytes(width, height)), width, height);
  const u = new Float32Array(width * height);
  const v = new Float32Array(width * height);
  for (let i = 0; i < u.length; i++) {
    const red = r[i] ?? 0;
    const blue = b[i] ?? 0;
    const luma = kr * red + (1 - kr - kb) * (g[i] ?? 0) + kb * blue;
    frame.y[i] = Math.round(16 + (219 / 255) * luma);
    u[i] = ((112 / 255) * (blue - luma)) / (1 - kb);
    v[i] = ((112 / 255) * (red - luma)) / (1 - kr);
  }
  subsample(u, width, height, layout).forEach((value, i) => (frame.u[i] = Math.round(128 + value)));
  subsample(v, width, height, layout).forEach((value, i) => (frame.v[i] = Math.round(128 + value)));
  return frame;
};

/** A frame as R'G'B', clipped to 0…255, not rounded. */
export const toRgb = (frame: Frame, layout: Layout): RgbPicture => {
  const { width, height } = frame;
  const [kr, kb] = WEIGHTS[layout.matrix];
  const u = upsample(frame.u, width, height, layout);
  const v = upsample(frame.v, width, height, layout);
  const { r, g, b } = createRgb(width, height);
  for (let i = 0; i < r.length; i++) {
    const luma = (255 / 219) * ((frame.y[i] ?? 0) - 16);
    const red = luma + (255 / 112) * (1 - kr) * (v[i] ?? 0);
    const blue = luma + (255 / 112) * (1 - kb) * (u[i] ?? 0);
    const green = (luma - kr * red - kb * blue) / (1 - kr - kb);
    r[i] = red < 0 ? 0 : red > 255 ? 255 : red;
    g[i] = green < 0 ? 0 : green > 255 ? 255 : green;
    b[i] = blue < 0 ? 0 : blue > 255 ? 255 : blue;
  }
  return { width, height, r, g, b };
};

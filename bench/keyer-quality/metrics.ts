import type { Layout } from './conditions.js';
import { type Frame, type RgbPicture, toFrame, toRgb } from './planes.js';
import { overlay, type Scene } from './scene.js';

/** Alpha within which a pixel belongs to an edge. */
const SOFT = 0.02;
/** Half of the 9 × 9 dilation of the edge band. */
const REACH = 4;
const GRAD_SIGMA = 1.4;
/** Excess of the screen's channel over both others, 0 to 255, that counts as residual. */
const RESIDUAL = 15;

/** What a frame should look like once keyed, made ready to be compared with. */
export interface Truth {
  readonly width: number;
  readonly height: number;
  readonly alpha: Float32Array;
  /** |∇α|. */
  readonly gradient: Float32Array;
  /** 1 in the edge band. */
  readonly band: Uint8Array;
  /** The composite, having passed through 4:2:0 of 8 bits once, as keyers' do. */
  readonly composite: RgbPicture;
  readonly layout: Layout;
}

/** What a keyer made of a frame. */
export interface Keyed {
  /** Alpha, 0 to 255. */
  readonly alpha: Uint8Array;
  /** The subject over the background, in the frame's matrix and siting. */
  readonly composite: Frame;
}

/** The figures of one frame, in the units of the keying model (§5). */
export interface Scores {
  readonly mad: number;
  readonly mse: number;
  readonly grad: number;
  /** NaN for the first frame of a clip. */
  readonly dtssd: number;
  readonly psnr: number;
  readonly edge: number;
  readonly residual: number;
}

/** One column of the results. */
export interface Metric {
  readonly key: keyof Scores;
  readonly name: string;
  readonly unit: string;
  /** Whether a higher figure is a better one. */
  readonly isHigherBetter: boolean;
}

/** The columns, in order. */
export const METRICS: readonly Metric[] = [
  { key: 'mad', name: 'MAD', unit: '×10⁻³', isHigherBetter: false },
  { key: 'mse', name: 'MSE', unit: '×10⁻³', isHigherBetter: false },
  { key: 'grad', name: 'Grad', unit: '×10³', isHigherBetter: false },
  { key: 'dtssd', name: 'dtSSD', unit: '×10⁻²', isHigherBetter: false },
  { key: 'psnr', name: 'PSNR', unit: 'dB', isHigherBetter: true },
  { key: 'edge', name: 'edge PSNR', unit: 'dB', isHigherBetter: true },
  { key: 'residual', name: 'residual', unit: '%', isHigherBetter: false },
];

/**
 * |∇α| by Gaussian derivatives (Rhemann et al., "A perceptually motivated online benchmark for image matting", 2009):
 * σ = 1.4, 9 × 9 taps, each filter of unit L2 norm. Edges repeat.
 */
const gradientOf = (plane: Float32Array, width: number, height: number): Float32Array => {
  const bell = Float64Array.from({ length: 9 }, (_, i) => Math.exp(-((i - 4) ** 2) / (2 * GRAD_SIGMA ** 2)));
  const slope = bell.map((value, i) => -(i - 4) * value);
  // The 2-D filter is an outer product, so its L2 norm is the product of the two norms.
  const norm = Math.hypot(...bell) * Math.hypot(...slope);
  const smooth = new Float32Array(plane.length);
  const steep = new Float32Array(plane.length);
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0] = [bell[4], bell[5], bell[6], bell[7]];
  const b4 = bell[8] ?? 0;
  const [s1 = 0, s2 = 0, s3 = 0, s4 = 0] = [slope[5], slope[6], slope[7], slope[8]];
  const padded = new Float32Array(width + 8);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    padded.set(plane.subarray(row, row + width), 4);
    padded.fill(plane[row] ?? 0, 0, 4);
    padded.fill(plane[row + width - 1] ?? 0, width + 4);
    for (let x = 0; x < width; x++) {
      const l1 = padded[x + 3] ?? 0;
      const l2 = padded[x + 2] ?? 0;
      const l3 = padded[x + 1] ?? 0;
      const l4 = padded[x] ?? 0;
      const r1 = padded[x + 5] ?? 0;
      const r2 = padded[x + 6] ?? 0;
      const r3 = padded[x + 7] ?? 0;
      const r4 = padded[x + 8] ?? 0;
      smooth[row + x] = b0 * (padded[x + 4] ?? 0) + b1 * (l1 + r1) + b2 * (l2 + r2) + b3 * (l3 + r3) + b4 * (l4 + r4);
      steep[row + x] = s1 * (r1 - l1) + s2 * (r2 - l2) + s3 * (r3 - l3) + s4 * (r4 - l4);
    }
  }
  const out = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    const rows = Array.from({ length: 9 }, (_, i) => Math.min(height - 1, Math.max(0, y + i - 4)) * width);
    const [u4 = 0, u3 = 0, u2 = 0, u1 = 0, here = 0, d1 = 0, d2 = 0, d3 = 0, d4 = 0] = rows;
    for (let x = 0; x < width; x++) {
      const across =
        b0 * (steep[here + x] ?? 0) +
        b1 * ((steep[u1 + x] ?? 0) + (steep[d1 + x] ?? 0)) +
        b2 * ((steep[u2 + x] ?? 0) + (steep[d2 + x] ?? 0)) +
        b3 * ((steep[u3 + x] ?? 0) + (steep[d3 + x] ?? 0)) +
        b4 * ((steep[u4 + x] ?? 0) + (steep[d4 + x] ?? 0));
      const down =
        s1 * ((smooth[d1 + x] ?? 0) - (smooth[u1 + x] ?? 0)) +
        s2 * ((smooth[d2 + x] ?? 0) - (smooth[u2 + x] ?? 0)) +
        s3 * ((smooth[d3 + x] ?? 0) - (smooth[u3 + x] ?? 0)) +
        s4 * ((smooth[d4 + x] ?? 0) - (smooth[u4 + x] ?? 0));
      out[here + x] = Math.sqrt(across * across + down * down) / norm;
    }
  }
  return out;
};

/** 1 within four pixels of a soft pixel. */
const bandOf = (alpha: Float32Array, width: number, height: number): Uint8Array => {
  const wide = new Uint8Array(alpha.length);
  for (let i = 0; i < alpha.length; i++) {
    const value = alpha[i] ?? 0;
    if (value <= SOFT || value >= 1 - SOFT) continue;
    const x = i % width;
    wide.fill(1, i - Math.min(x, REACH), i + Math.min(width - 1 - x, REACH) + 1);
  }
  const band = new Uint8Array(alpha.length);
  for (let y = 0; y < height; y++) {
    for (let near = Math.max(0, y - REACH); near <= Math.min(height - 1, y + REACH); near++) {
      for (let x = 0; x < width; x++) if (wide[near * width + x] === 1) band[y * width + x] = 1;
    }
  }
  return band;
};

const decibels = (sum: number, pixels: number) => 10 * Math.log10((255 * 255 * 3 * pixels) / Math.max(sum, 1e-9));

/** MAD and edge PSNR alone, to compare settings by. */
export const scoreRoughly = (truth: Truth, keyed: Keyed): Pick<Scores, 'mad' | 'edge'> => {
  const { alpha, band, composite } = truth;
  const picture = toRgb(keyed.composite, truth.layout);
  let absolute = 0;
  let inBand = 0;
  let bandCount = 0;
  for (let i = 0; i < alpha.length; i++) {
    absolute += Math.abs((keyed.alpha[i] ?? 0) / 255 - (alpha[i] ?? 0));
    if (band[i] !== 1) continue;
    inBand +=
      ((picture.r[i] ?? 0) - (composite.r[i] ?? 0)) ** 2 +
      ((picture.g[i] ?? 0) - (composite.g[i] ?? 0)) ** 2 +
      ((picture.b[i] ?? 0) - (composite.b[i] ?? 0)) ** 2;
    bandCount++;
  }
  return { mad: (1000 * absolute) / alpha.length, edge: decibels(inBand, bandCount) };
};

/** What should become of a scene over a background. */
export const createTruth = (scene: Scene, behind: RgbPicture, layout: Layout): Truth => {
  const { width, height, alpha } = scene;
  return {
    width,
    height,
    alpha,
    gradient: gradientOf(alpha, width, height),
    band: bandOf(alpha, width, height),
    composite: toRgb(toFrame(overlay(scene, behind), layout), layout),
    layout,
  };
};

/** The same truth in another matrix or siting. */
export const withLayout = (truth: Truth, scene: Scene, behind: RgbPicture, layout: Layout): Truth => ({
  ...truth,
  composite: toRgb(toFrame(overlay(scene, behind), layout), layout),
  layout,
});

/**
 * Scores a frame by the keying model's protocol (§5), with its scaling: MAD and MSE over the whole frame, Grad, PSNR over
 * R'G'B' of the composite, in the frame and in the edge band; dtSSD (Erofeev et al., "Perceptually motivated benchmark
 * for video matting", 2015) against the frame before. Residual is the share of visible pixels (alpha, true or found,
 * above .02) in which the screen's channel exceeds both others by more than 15 of 255 and more than in the truth:
 * neither a green shirt nor a green background counts.
 */
export const score = (truth: Truth, keyed: Keyed, isBlue: boolean, before?: { readonly truth: Truth; readonly keyed: Keyed }): Scores => {
  const { width, height, alpha, band } = truth;
  const found = new Float32Array(alpha.length);
  for (let i = 0; i < found.length; i++) found[i] = (keyed.alpha[i] ?? 0) / 255;
  const gradient = gradientOf(found, width, height);
  const picture = toRgb(keyed.composite, truth.layout);
  const { composite, gradient: steepTruth } = truth;
  let absolute = 0;
  let squared = 0;
  let steeper = 0;
  let flicker = 0;
  let all = 0;
  let inBand = 0;
  let bandCount = 0;
  let visible = 0;
  let stained = 0;
  for (let i = 0; i < found.length; i++) {
    const value = found[i] ?? 0;
    const wanted = alpha[i] ?? 0;
    const difference = value - wanted;
    absolute += Math.abs(difference);
    squared += difference * difference;
    const steepness = (gradient[i] ?? 0) - (steepTruth[i] ?? 0);
    steeper += steepness * steepness;
    const r = picture.r[i] ?? 0;
    const g = picture.g[i] ?? 0;
    const b = picture.b[i] ?? 0;
    const trueR = composite.r[i] ?? 0;
    const trueG = composite.g[i] ?? 0;
    const trueB = composite.b[i] ?? 0;
    const error = (r - trueR) * (r - trueR) + (g - trueG) * (g - trueG) + (b - trueB) * (b - trueB);
    all += error;
    if (band[i] === 1) {
      inBand += error;
      bandCount++;
    }
    if (value > SOFT || wanted > SOFT) {
      visible++;
      const excess = isBlue ? b - Math.max(r, g) : g - Math.max(r, b);
      const trueExcess = isBlue ? trueB - Math.max(trueR, trueG) : trueG - Math.max(trueR, trueB);
      if (excess > RESIDUAL && excess - Math.max(0, trueExcess) > RESIDUAL) stained++;
    }
  }
  if (before !== undefined) {
    const earlier = before.keyed.alpha;
    const earlierTruth = before.truth.alpha;
    for (let i = 0; i < found.length; i++) {
      const change = (found[i] ?? 0) - (earlier[i] ?? 0) / 255 - (alpha[i] ?? 0) + (earlierTruth[i] ?? 0);
      flicker += change * change;
    }
  }
  const count = found.length;
  return {
    mad: (1000 * absolute) / count,
    mse: (1000 * squared) / count,
    grad: steeper / 1000,
    dtssd: before === undefined ? Number.NaN : 100 * Math.sqrt(flicker / count),
    psnr: decibels(all, count),
    edge: decibels(inBand, bandCount),
    residual: (100 * stained) / Math.max(1, visible),
  };
};

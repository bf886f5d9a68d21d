import { type Matrix, rgbOf } from './color.js';
import type { KeyingParameters } from './parameters.js';
import { type Planes, subsample, upsample } from './planes.js';
import { project } from './projection.js';
import { ScreenModel } from './screen-model.js';
import type { ScreenPlate } from './screen-plate.js';

/** What the reference computes of one picture. Chroma-sized unless said otherwise. */
export interface ReferenceMatte {
  /** 1 − alpha at luma resolution: 1 is screen. */
  readonly matte: Float32Array;
  /** 1 − alpha at the chroma sites. */
  readonly chromaMatte: Float32Array;
  /** Share of the screen's colour in the picture, spill included; may exceed 1. */
  readonly spill: Float32Array;
  /** The screen's luma and centred chroma. */
  readonly plate: { readonly y: Float32Array; readonly u: Float32Array; readonly v: Float32Array };
}

const saturate = (value: number) => Math.min(1, Math.max(0, value));

/** A screen model measured on all of a picture, with the model's own grid (§2.3). */
export const measureScreen = (planes: Planes, parameters: KeyingParameters): ScreenModel => {
  const model = new ScreenModel(planes.chroma.width, planes.chroma.height, { cellSize: 8, erosion: 2 }, parameters);
  model.update(planes.chroma);
  return model;
};

/** The plate at w × h sites, bilinear between cell centres. `cellsAcross`, `cellsDown`: cells that the picture spans. */
export const samplePlate = (plate: ScreenPlate, w: number, h: number, cellsAcross: number, cellsDown: number): ReferenceMatte['plate'] => {
  const out = { y: new Float32Array(w * h), u: new Float32Array(w * h), v: new Float32Array(w * h) };
  const at = (i: number, j: number, k: number) =>
    plate.cells[3 * (Math.min(plate.height - 1, Math.max(0, j)) * plate.width + Math.min(plate.width - 1, Math.max(0, i))) + k] ?? 0;
  for (let j = 0; j < h; j++) {
    const y = ((j + 0.5) / h) * cellsDown - 0.5;
    const top = Math.floor(y);
    for (let i = 0; i < w; i++) {
      const x = ((i + 0.5) / w) * cellsAcross - 0.5;
      const left = Math.floor(x);
      const value = (k: number) =>
        (1 - (y - top)) * ((1 - (x - left)) * at(left, top, k) + (x - left) * at(left + 1, top, k)) +
        (y - top) * ((1 - (x - left)) * at(left, top + 1, k) + (x - left) * at(left + 1, top + 1, k));
      out.y[j * w + i] = value(0);
      out.u[j * w + i] = value(1);
      out.v[j * w + i] = value(2);
    }
  }
  return out;
};

/**
 * The matte of the keying model (§2.4, §2.5), real-valued and slow: the oracle that every fast implementation is
 * measured against.
 */
export const computeReferenceMatte = (planes: Planes, plate: ReferenceMatte['plate'], floor: number, parameters: KeyingParameters): ReferenceMatte => {
  const { width, height, luma, chroma } = planes;
  const { width: w, height: h } = chroma;
  const projection = new Float32Array(w * h);
  const m = new Float32Array(w * h);
  for (let i = 0; i < w * h; i++) {
    const value = project(chroma.u[i] ?? 0, chroma.v[i] ?? 0, plate.u[i] ?? 0, plate.v[i] ?? 0, parameters);
    projection[i] = value;
    m[i] = saturate((value - floor) / (parameters.ceiling - floor));
  }

  const a = new Float32Array(w * h);
  const at = (plane: Float32Array, i: number, j: number) => plane[Math.min(h - 1, Math.max(0, j)) * w + Math.min(w - 1, Math.max(0, i))] ?? 0;
  for (let j = 0; j < h; j++) {
    for (let i = 0; i < w; i++) {
      const y0 = at(chroma.y, i, j);
      let sy = 0;
      let sm = 0;
      let syy = 0;
      let smm = 0;
      let sym = 0;
      for (let dj = -1; dj <= 1; dj++) {
        for (let di = -1; di <= 1; di++) {
          const dy = at(chroma.y, i + di, j + dj) - y0;
          const dm = at(m, i + di, j + dj);
          sy += dy / 9;
          sm += dm / 9;
          syy += (dy * dy) / 9;
          smm += (dm * dm) / 9;
          sym += (dy * dm) / 9;
        }
      }
      const vy = syy - sy * sy;
      const vm = smm - sm * sm;
      const c = sym - sy * sm;
      const explained = (c * c) / Math.max(vy * vm, 1e-6);
      a[j * w + i] = ((parameters.detail * c) / (vy + 20)) * saturate((explained - 0.6) / 0.3);
    }
  }

  const upM = upsample(m, width, height, parameters.siting);
  const upA = upsample(a, width, height, parameters.siting);
  const upY = upsample(chroma.y, width, height, parameters.siting);
  const matte = upM.map((value, i) => saturate(value + (upA[i] ?? 0) * ((luma[i] ?? 0) - (upY[i] ?? 0))));
  const chromaMatte = subsample(matte, width, height, parameters.siting);
  const spill = chromaMatte.map((value, i) => value + parameters.spill * Math.max(0, (projection[i] ?? 0) - value));
  return { matte, chromaMatte, spill, plate };
};

/**
 * The keyed picture as premultiplied RGBA (§2.7): composed over black, converted, alpha = 1 − M. Values 0 to 255, not
 * rounded; colour never exceeds alpha. `matrix` is that of the planes.
 */
export const computeReferenceRgba = (planes: Planes, reference: ReferenceMatte, parameters: KeyingParameters, matrix: Matrix = 'bt709'): Float32Array => {
  const { width, height, luma, chroma } = planes;
  const { siting } = parameters;
  const { matte, chromaMatte, spill, plate } = reference;
  const excess = upsample(
    spill.map((value, i) => value - (chromaMatte[i] ?? 0)),
    width,
    height,
    siting,
  );
  const ky = upsample(plate.y, width, height, siting);
  const u = upsample(
    chroma.u.map((value, i) => value - (spill[i] ?? 0) * (plate.u[i] ?? 0)),
    width,
    height,
    siting,
  );
  const v = upsample(
    chroma.v.map((value, i) => value - (spill[i] ?? 0) * (plate.v[i] ?? 0)),
    width,
    height,
    siting,
  );
  const out = new Float32Array(4 * width * height);
  for (let i = 0; i < matte.length; i++) {
    const alpha = 255 * (1 - (matte[i] ?? 0));
    const screen = (ky[i] ?? 0) - 16;
    const y = (luma[i] ?? 0) - 16 - ((matte[i] ?? 0) + parameters.spillLuma * (excess[i] ?? 0)) * screen;
    const rgb = rgbOf(y, u[i] ?? 0, v[i] ?? 0, matrix);
    for (let k = 0; k < 3; k++) out[4 * i + k] = Math.min(alpha, Math.max(0, rgb[k] ?? 0));
    out[4 * i + 3] = alpha;
  }
  return out;
};

import { checkChoice, checkImage, checkNumber, checkSamples, checkSize } from './checks.js';
import { type Matrix, rgbOf } from './color.js';
import { measureGain } from './gain.js';
import { type KeyingParameters, resolveParameters } from './parameters.js';
import { type Planes, subsample, upsample } from './planes.js';
import { CALM, project, spillGuardOf } from './projection.js';
import { ScreenModel } from './screen-model.js';

/** What the reference computes of one picture. Chroma-sized unless said otherwise. */
export interface ReferenceMatte {
  /** 1 − alpha at luma resolution: 1 is screen. */
  readonly matte: Float32Array;
  /** 1 − alpha at the chroma sites. */
  readonly chromaMatte: Float32Array;
  /** Share of the screen's colour in the picture, spill included; may exceed 1. */
  readonly spill: Float32Array;
  /** Chroma without the screen's, centred. */
  readonly rest: { readonly u: Float32Array; readonly v: Float32Array };
  readonly screen: ScreenSites;
}

/** What was measured of a screen, at the chroma sites of a picture. */
export interface ScreenSites {
  /** The screen's luma and centred chroma. */
  readonly y: Float32Array;
  readonly u: Float32Array;
  readonly v: Float32Array;
  /** How steeply the matte falls below the ceiling. */
  readonly steepness: Float32Array;
}

/** Codes of luma between black and white. */
const RANGE = 219;
/**
 * Chroma codes per luma code that blue and red can be away from grey: 112 / 219 / (1 − weight), by the matrix that
 * allows more.
 */
const BLUE_REACH = 0.577;
const RED_REACH = 0.73;
/** 1 / the share of the screen from which on that limit holds in full; the subject alone may be as the camera sent it. */
const LIMITED = 8;

const checkPlanes = ({ width, height, luma, chroma }: Planes): void => {
  checkSize(width, height, 1);
  checkSamples('planes.luma', luma, width * height);
  checkImage('planes.chroma', chroma, Math.ceil(width / 2), Math.ceil(height / 2));
};

const saturate = (value: number) => Math.min(1, Math.max(0, value));

/** A screen model measured on all of a picture, with the model's own grid (§2.3). */
export const measureScreen = (planes: Planes, parameters: KeyingParameters): ScreenModel => {
  const model = new ScreenModel(planes.chroma.width, planes.chroma.height, { cellSize: 8, erosion: 2 }, parameters);
  model.update(planes.chroma);
  return model;
};

/**
 * A screen at w × h sites, bilinear between cell centres. `cellsAcross`, `cellsDown`: cells that the picture spans.
 * @throws TypeError, RangeError for another size than 1 to 8192, or more cells than there are.
 */
export const sampleScreen = ({ plate, steepness }: ScreenModel, w: number, h: number, cellsAcross: number, cellsDown: number): ScreenSites => {
  checkSize(w, h, 1);
  checkNumber('cellsAcross', cellsAcross, 0, plate.width);
  checkNumber('cellsDown', cellsDown, 0, plate.height);
  const out = { y: new Float32Array(w * h), u: new Float32Array(w * h), v: new Float32Array(w * h), steepness: new Float32Array(w * h) };
  const cellAt = (i: number, j: number) => Math.min(plate.height - 1, Math.max(0, j)) * plate.width + Math.min(plate.width - 1, Math.max(0, i));
  for (let j = 0; j < h; j++) {
    const y = ((j + 0.5) / h) * cellsDown - 0.5;
    const top = Math.floor(y);
    for (let i = 0; i < w; i++) {
      const x = ((i + 0.5) / w) * cellsAcross - 0.5;
      const left = Math.floor(x);
      const near = [cellAt(left, top), cellAt(left + 1, top), cellAt(left, top + 1), cellAt(left + 1, top + 1)] as const;
      const mix = (values: Float32Array, stride: number, k: number) => {
        const [a = 0, b = 0, c = 0, d = 0] = near.map((cell) => values[stride * cell + k] ?? 0);
        return (1 - (y - top)) * ((1 - (x - left)) * a + (x - left) * b) + (y - top) * ((1 - (x - left)) * c + (x - left) * d);
      };
      const at = j * w + i;
      out.y[at] = mix(plate.cells, 3, 0);
      out.u[at] = mix(plate.cells, 3, 1);
      out.v[at] = mix(plate.cells, 3, 2);
      out.steepness[at] = mix(steepness, 1, 0);
    }
  }
  return out;
};

/**
 * The matte of the keying model (§2.4, §2.5), real-valued and slow: the oracle that every fast implementation is
 * measured against.
 * @throws TypeError, RangeError for planes and a screen of different sizes, or parameters that are none.
 */
export const computeReferenceMatte = (planes: Planes, screen: ScreenSites, parameters: KeyingParameters): ReferenceMatte => {
  const { width, height, luma, chroma } = planes;
  const { width: w, height: h } = chroma;
  checkPlanes(planes);
  for (const name of ['y', 'u', 'v', 'steepness'] as const) checkSamples(`screen.${name}`, screen[name], w * h);
  resolveParameters(parameters);
  const projection = new Float32Array(w * h);
  const m = new Float32Array(w * h);
  const gain = measureGain(chroma, screen.u, screen.v);
  const spillGuard = spillGuardOf(parameters);
  for (let i = 0; i < w * h; i++) {
    const value = project(chroma.u[i] ?? 0, chroma.v[i] ?? 0, screen.u[i] ?? 0, screen.v[i] ?? 0, parameters, gain);
    projection[i] = project(chroma.u[i] ?? 0, chroma.v[i] ?? 0, screen.u[i] ?? 0, screen.v[i] ?? 0, spillGuard, gain);
    m[i] = saturate(1 - (parameters.ceiling - value) * (screen.steepness[i] ?? 0));
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
  const spill = chromaMatte.map((value, i) => value + parameters.spill * Math.max(0, (projection[i] ?? 0) - Math.max(value, CALM)));
  // Red and blue of the subject lie between 0 and its share of the picture: fringes of thin hair don't turn pink.
  const restOf = (own: Float32Array, key: Float32Array, reach: number) =>
    own.map((value, i) => {
      const m = chromaMatte[i] ?? 0;
      const s = spill[i] ?? 0;
      const rest = value - s * (key[i] ?? 0);
      const white = RANGE * (1 - m);
      const light = Math.min(white, Math.max(0, (chroma.y[i] ?? 0) - 16 - (m + parameters.spillLuma * (s - m)) * ((screen.y[i] ?? 0) - 16)));
      const limited = Math.min(reach * (white - light), Math.max(-reach * light, rest));
      return rest + (limited - rest) * Math.min(1, LIMITED * m);
    });
  return { matte, chromaMatte, spill, rest: { u: restOf(chroma.u, screen.u, BLUE_REACH), v: restOf(chroma.v, screen.v, RED_REACH) }, screen };
};

/**
 * The keyed picture as premultiplied RGBA (§2.7): composed over black, converted, alpha = 1 − M. Values 0 to 255, not
 * rounded; colour never exceeds alpha. `matrix` is that of the planes.
 */
export const computeReferenceRgba = (planes: Planes, reference: ReferenceMatte, parameters: KeyingParameters, matrix: Matrix = 'bt709'): Float32Array => {
  const { width, height, luma } = planes;
  checkPlanes(planes);
  checkSamples('reference.matte', reference.matte, width * height);
  checkChoice('matrix', matrix, ['bt601', 'bt709']);
  const { matte, chromaMatte, spill, rest, screen } = reference;
  const up = (sites: Float32Array) => upsample(sites, width, height, parameters.siting);
  const excess = up(spill.map((value, i) => value - (chromaMatte[i] ?? 0)));
  const ky = up(screen.y);
  const u = up(rest.u);
  const v = up(rest.v);
  const out = new Float32Array(4 * width * height);
  for (let i = 0; i < matte.length; i++) {
    const alpha = 255 * (1 - (matte[i] ?? 0));
    const light = (ky[i] ?? 0) - 16;
    const y = (luma[i] ?? 0) - 16 - ((matte[i] ?? 0) + parameters.spillLuma * (excess[i] ?? 0)) * light;
    const rgb = rgbOf(y, u[i] ?? 0, v[i] ?? 0, matrix);
    for (let k = 0; k < 3; k++) out[4 * i + k] = Math.min(alpha, Math.max(0, rgb[k] ?? 0));
    out[4 * i + 3] = alpha;
  }
  return out;
};

import { checkChoice, checkNumber, checkObject, checkSamples, checkSize } from './checks.js';
import type { Codes } from './color.js';
import type { KeyingParameters } from './parameters.js';
import type { ChromaImage } from './planes.js';
import { project } from './projection.js';
import type { ScreenModel } from './screen-model.js';

/**
 * How the result may be styled, all off by default: the key alone is what comes nearest to the truth. Looks are of
 * `PlaneKeyer`; the renderers of pages have none, their code is kept small.
 */
export interface Looks {
  /**
   * Pulls the edge inwards: alpha' = (alpha − choke) / (1 − choke), not below 0, so that what is opaque stays so. For streams
   * whose edges keep a dark or a green line. It thins hair. Range 0 to 0.5. Default 0.
   */
  readonly choke: number;
  /**
   * Standard deviation of a blur of the background, as a share of the picture's height: as a lens would that is focused on
   * the subject. Applied once, when the background is set. Range 0 to 0.1. Default 0; 0.01 is a portrait's.
   */
  readonly blur: number;
  /**
   * Lets light of the background that is seen near an edge fall on the subject, as it does in one room: its blurred colour is
   * laid over as by a projector, strongest on what is dark. A subject that was lit elsewhere no longer looks cut out. It needs
   * a background, and takes as long as the key itself. Range 0 to 1. Default 0; 0.3 is discreet.
   */
  readonly lightWrap: number;
  /**
   * Pulls the subject's mean brightness and tint towards the background's, as one light would that falls on both: brightness by
   * a quarter at most, tint by 6 % of brightness, so that skin stays skin. Of the background it is measured when that is set, of
   * the subject with the screen. It needs a background. Range 0 to 1. Default 0; 0.3 is discreet.
   */
  readonly colorMatch: number;
}

/** No looks. */
export const DEFAULT_LOOKS: Looks = Object.freeze({ choke: 0, blur: 0, lightWrap: 0, colorMatch: 0 });

/** Least and most of every look. */
const RANGES: Readonly<Record<keyof Looks, readonly [least: number, most: number]>> = {
  choke: [0, 0.5],
  blur: [0, 0.1],
  lightWrap: [0, 1],
  colorMatch: [0, 1],
};

/**
 * Completes looks with the defaults; what is undefined takes its default too.
 * @throws TypeError for a name that is no look or a value that is no number, RangeError for one out of its range.
 */
export const resolveLooks = (given: Partial<Looks> = {}): Looks => {
  checkObject('looks', given);
  const all = { ...DEFAULT_LOOKS };
  const names = Object.keys(RANGES) as (keyof Looks)[];
  for (const [name, value] of Object.entries(given)) {
    checkChoice('A look', name, names);
    if (value !== undefined) Object.assign(all, { [name]: value });
  }
  for (const name of names) checkNumber(name, all[name], ...RANGES[name]);
  return all;
};

/** 1 − alpha of an edge that is choked. */
export const chokeMatte = (matte: number, choke: number): number => Math.min(1, matte / (1 - choke));

/** What a choke leaves of the subject, 0 to 1: alpha' / alpha. Its colour, which is alpha's share of the picture, shrinks alike. */
export const remainderOf = (matte: number, choke: number): number => (matte === 1 ? 0 : (1 - chokeMatte(matte, choke)) / (1 - matte));

/** Reach of each of three boxes that together blur as a Gaussian does, in whole samples. `sigma` in samples. */
export const boxReachOf = (sigma: number): number => Math.round((Math.sqrt(1 + 4 * sigma ** 2) - 1) / 2);

/**
 * A plane blurred by three boxes each way, with its borders repeated; the reference. `sigma` in samples, 0 to 8192.
 * @throws TypeError, RangeError for a plane of another size.
 */
export const blurPlane = (plane: Float32Array, width: number, height: number, sigma: number): Float32Array => {
  checkSize(width, height, 1);
  checkSamples('plane', plane, width * height);
  checkNumber('sigma', sigma, 0, 8192);
  return boxThrice(plane, width, height, boxReachOf(sigma));
};

const boxThrice = (plane: Float32Array, width: number, height: number, reach: number): Float32Array => {
  let blurred = plane;
  for (let pass = 0; pass < 3; pass++) blurred = boxPlane(boxPlane(blurred, width, height, reach, 0), width, height, 0, reach);
  return blurred;
};

const boxPlane = (plane: Float32Array, width: number, height: number, across: number, down: number): Float32Array =>
  plane.map((_, at) => {
    const x = at % width;
    const y = Math.floor(at / width);
    let sum = 0;
    for (let j = y - down; j <= y + down; j++) {
      for (let i = x - across; i <= x + across; i++) {
        sum += plane[Math.min(height - 1, Math.max(0, j)) * width + Math.min(width - 1, Math.max(0, i))] ?? 0;
      }
    }
    return sum / ((2 * across + 1) * (2 * down + 1));
  });

/** Chroma samples across and down a cell of the light that wraps. */
const CELL = 8;
/** Standard deviation of that light's blur, as a share of the picture's height: it looks lit, not hazy. */
const LIGHT_SIGMA = 0.025;

/** Reach of the boxes that spread light in a picture of `height` pixels, in whole cells. */
export const lightReachOf = (height: number): number => boxReachOf((LIGHT_SIGMA * height) / (2 * CELL));

/**
 * Light of one channel that falls on w × h chroma sites of a picture of `height` pixels: `light` of the background (above
 * black) where `matte` lets it through, in cells of 8 × 8, blurred, and bilinear between them; the reference.
 * @throws TypeError, RangeError for planes of another size.
 */
export const spreadLight = (light: Float32Array, matte: Float32Array, w: number, h: number, height: number): Float32Array => {
  checkSize(w, h, 1);
  checkSamples('light', light, w * h);
  checkSamples('matte', matte, w * h);
  checkNumber('height', height, 1, 8192);
  const across = Math.ceil(w / CELL);
  const down = Math.ceil(h / CELL);
  const open = meanOfCells(matte, w, h);
  const seen = meanOfCells(light, w, h).map((value, i) => value * (open[i] ?? 0));
  const glow = boxThrice(seen, across, down, lightReachOf(height));
  const at = (i: number, j: number) => glow[Math.min(down - 1, Math.max(0, j)) * across + Math.min(across - 1, Math.max(0, i))] ?? 0;
  return light.map((_, site) => {
    const x = ((site % w) + 0.5) / CELL - 0.5;
    const y = (Math.floor(site / w) + 0.5) / CELL - 0.5;
    const left = Math.floor(x);
    const top = Math.floor(y);
    const row = (j: number) => at(left, j) + (x - left) * (at(left + 1, j) - at(left, j));
    return row(top) + (y - top) * (row(top + 1) - row(top));
  });
};

const meanOfCells = (plane: Float32Array, w: number, h: number): Float32Array => {
  const across = Math.ceil(w / CELL);
  return new Float32Array(across * Math.ceil(h / CELL)).map((_, cell) => {
    const x = CELL * (cell % across);
    const y = CELL * Math.floor(cell / across);
    let sum = 0;
    let count = 0;
    for (let j = y; j < Math.min(h, y + CELL); j++) {
      for (let i = x; i < Math.min(w, x + CELL); i++) {
        sum += plane[j * w + i] ?? 0;
        count++;
      }
    }
    return sum / count;
  });
};

/** What light adds to a subject that is seen by `alpha`: `brightness`, 0 to 1, leaves the rest to be lit. */
export const wrapLight = (light: number, brightness: number, alpha: number, lightWrap: number): number => lightWrap * alpha * (1 - brightness) * light;

/** How a subject's colours change: luma above black by `gain`; chroma too, plus shares of luma. */
export interface ColorChange {
  readonly gain: number;
  readonly tintU: number;
  readonly tintV: number;
}

const MOST_GAIN = 1.25;
const MOST_TINT = 0.06;

/** How to change a subject of one mean colour in front of a background of another. */
export const matchColors = (subject: Codes, background: Codes, colorMatch: number): ColorChange => {
  const bound = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));
  const from = Math.max(1, subject.y - 16);
  const to = Math.max(1, background.y - 16);
  return {
    gain: 1 + colorMatch * (bound(to / from, 1 / MOST_GAIN, MOST_GAIN) - 1),
    tintU: colorMatch * bound(background.u / to - subject.u / from, -MOST_TINT, MOST_TINT),
    tintV: colorMatch * bound(background.v / to - subject.v / from, -MOST_TINT, MOST_TINT),
  };
};

/** A colour of the subject, luma above black and centred chroma, as it is changed; the reference. */
export const changeColor = (y: number, u: number, v: number, { gain, tintU, tintV }: ColorChange): readonly [y: number, u: number, v: number] => [
  gain * y,
  gain * u + tintU * y,
  gain * v + tintV * y,
];

/** Fewer samples than this share tell nothing of a subject. */
const LEAST_SUBJECT = 0.02;

/** Mean colour of what is surely no screen in a picture that a model has measured; null when there is next to nothing. */
export const measureSubject = (image: ChromaImage, model: ScreenModel, cellSize: number, parameters: KeyingParameters): Codes | null => {
  const { cells, width } = model.plate;
  let count = 0;
  let [y, u, v] = [0, 0, 0];
  for (let i = 0; i < image.y.length; i++) {
    const cell = Math.floor(Math.floor(i / image.width) / cellSize) * width + Math.floor((i % image.width) / cellSize);
    const ownU = image.u[i] ?? 0;
    const ownV = image.v[i] ?? 0;
    const share = project(ownU, ownV, cells[3 * cell + 1] ?? 0, cells[3 * cell + 2] ?? 0, parameters);
    if (share > (model.floors[cell] ?? 0)) continue;
    count++;
    y += image.y[i] ?? 0;
    u += ownU;
    v += ownV;
  }
  return count < LEAST_SUBJECT * image.y.length ? null : { y: y / count, u: u / count, v: v / count };
};

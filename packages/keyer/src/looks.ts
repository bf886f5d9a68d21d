import { checkChoice, checkNumber, checkObject } from './checks.js';

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
}

/** No looks. */
export const DEFAULT_LOOKS: Looks = Object.freeze({ choke: 0, blur: 0 });

/** Least and most of every look. */
const RANGES: Readonly<Record<keyof Looks, readonly [least: number, most: number]>> = { choke: [0, 0.5], blur: [0, 0.1] };

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

/** A plane blurred by three boxes each way, with its borders repeated; the reference. */
export const blurPlane = (plane: Float32Array, width: number, height: number, sigma: number): Float32Array => {
  const reach = boxReachOf(sigma);
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

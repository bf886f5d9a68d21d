// Blocks that are all screen or all subject, told at a glance. In each block the plate's axis hardly varies, so that a mean
// one tells how far along and across it a sample lies, within a margin: where that decides the matte of all sixteen sites,
// nothing else has to be computed, and nothing changes.

import { CALM, distance, scale } from './lanes';
import { BLOCK, blocks, bounds, siteStride } from './memory';
import { tolerance } from './model';
import { AXIS_U, AXIS_V, fraction, highest, KEY_U, KEY_V, lowest, rowOf } from './plate';

// A block's entry: five i16.
const U: usize = 0;
const V: usize = 2;
/** Along from which on all is screen. */
const SCREEN: usize = 4;
/** Across up to which it is. */
const NARROW: usize = 6;
/** Along up to which all is subject, with next to no spill. */
const SUBJECT: usize = 8;

// And of the first in each four blocks: codes between which all four are screen, bytes.
const LEAST_U: usize = 10;
const MOST_U: usize = 11;
const LEAST_V: usize = 12;
const MOST_V: usize = 13;
/** Blocks that are told at once. */
export const GROUP: i32 = 4;
/** Codes that such a limit is away from the screen's colour, at most: no more noise is usual. */
const MOST_REACH: i32 = 8;

/** Besides what the axis varies: roundings of two products, twice. */
const ROUNDING: i32 = 8;

/** Measures the plate that has been spread, `down` rows of cells. */
export function setBounds(down: i32): void {
  for (let j = 0; j < down; j++) {
    const a = rowOf(j), b = rowOf(min(down - 1, j + 1));
    for (let k = 0; k < blocks; k++) {
      const at = <usize>(2 * BLOCK * k);
      const to = bounds + 16 * (j * blocks + k);
      const margin = spanOf(a, b, <usize>(AXIS_U * siteStride) + at, to + U) + spanOf(a, b, <usize>(AXIS_V * siteStride) + at, to + V) + ROUNDING;
      store<i16>(to + SCREEN, <i16>min(32767, highest + margin));
      store<i16>(to + NARROW, <i16>(stretchable(tolerance >> (13 - fraction)) - margin));
      store<i16>(to + SUBJECT, <i16>(stretchable(min(lowest, <i32>CALM >> (13 - fraction))) - margin));
    }
    for (let k = 0; k + GROUP <= blocks; k += GROUP) setBox(bounds + 16 * (j * blocks + k), a + 2 * BLOCK * k);
  }
}

/** Finds the codes for four blocks' entries: as far about the screen's colour as all four still tell screen. */
function setBox(entry: usize, plate: usize): void {
  const middle = plate + GROUP * BLOCK;
  const u = <i32>load<i16>(middle + KEY_U * siteStride) >> 8, v = <i32>load<i16>(middle + KEY_V * siteStride) >> 8;
  let reach = -1;
  while (reach < MOST_REACH && isScreenWithin(entry, u, v, reach + 1)) reach++;
  store<u8>(entry + LEAST_U, <u8>(reach < 0 ? 255 : max(0, 128 + u - reach)));
  store<u8>(entry + MOST_U, <u8>(reach < 0 ? 0 : min(255, 128 + u + reach)));
  store<u8>(entry + LEAST_V, <u8>(reach < 0 ? 255 : max(0, 128 + v - reach)));
  store<u8>(entry + MOST_V, <u8>(reach < 0 ? 0 : min(255, 128 + v + reach)));
}

/** What `glance` would tell of a square of chroma: along and across change one way with each of u and v, so that corners tell. */
function isScreenWithin(entry: usize, u: i32, v: i32, reach: i32): bool {
  for (let k = 0; k < GROUP; k++, entry += 16) {
    const axisU = <i32>load<i16>(entry + U), axisV = <i32>load<i16>(entry + V);
    for (let corner = 0; corner < 4; corner++) {
      const cu = (u + ((corner & 1) == 0 ? reach : -reach)) << 8, cv = (v + ((corner & 2) == 0 ? reach : -reach)) << 8;
      if (product(cu, axisU) + product(cv, axisV) < <i32>load<i16>(entry + SCREEN)) return false;
      if (abs(product(cu, axisV) - product(cv, axisU)) > <i32>load<i16>(entry + NARROW)) return false;
    }
  }
  return true;
}

/** `scale` of one lane. */
// @ts-ignore: decorator
@inline
function product(a: i32, b: i32): i32 {
  return (a * b + 16384) >> 15;
}

/** Whether four blocks are all screen by the first one's entry; that they aren't, it can't tell. */
// @ts-ignore: decorator
@inline
export function isScreenAtOnce(entry: usize, u: usize, v: usize): bool {
  const a = v128.load(u), b = v128.load(u, 16), c = v128.load(u, 32), d = v128.load(u, 48);
  const e = v128.load(v), f = v128.load(v, 16), g = v128.load(v, 32), h = v128.load(v, 48);
  const leastU = i8x16.min_u(i8x16.min_u(a, b), i8x16.min_u(c, d)), mostU = i8x16.max_u(i8x16.max_u(a, b), i8x16.max_u(c, d));
  const leastV = i8x16.min_u(i8x16.min_u(e, f), i8x16.min_u(g, h)), mostV = i8x16.max_u(i8x16.max_u(e, f), i8x16.max_u(g, h));
  const outsideU = v128.or(i8x16.sub_sat_u(v128.load8_splat(entry, LEAST_U), leastU), i8x16.sub_sat_u(mostU, v128.load8_splat(entry, MOST_U)));
  const outsideV = v128.or(i8x16.sub_sat_u(v128.load8_splat(entry, LEAST_V), leastV), i8x16.sub_sat_u(mostV, v128.load8_splat(entry, MOST_V)));
  return !v128.any_true(v128.or(outsideU, outsideV));
}

/** What a limit comes to that the gain may stretch by up to a quarter: it is never below 0.81. */
function stretchable(limit: i32): i32 {
  return (limit * 4) / 5;
}

/** Stores the mean of a quantity over a block in two rows of cells, and returns how far from it the others are. */
function spanOf(a: usize, b: usize, at: usize, to: usize): i32 {
  let least = 32767, most = -32768;
  for (let i: usize = 0; i < 2 * BLOCK; i += 2) {
    const x = <i32>load<i16>(a + at + i), y = <i32>load<i16>(b + at + i);
    least = min(least, min(x, y));
    most = max(most, max(x, y));
  }
  store<i16>(to, <i16>((least + most) >> 1));
  return ((most - least) >> 1) + 1;
}

/** What a block is for sure. */
export const UNSURE: i32 = 0;
export const ALL_SCREEN: i32 = 1;
export const ALL_SUBJECT: i32 = 2;

/** Tells of sixteen sites, whose chroma lies in upper bytes, by an entry. */
// @ts-ignore: decorator
@inline
export function glance(entry: usize, lowU: v128, lowV: v128, highU: v128, highV: v128): i32 {
  const axisU = v128.load16_splat(entry, U), axisV = v128.load16_splat(entry, V);
  const low = i16x8.add_sat_s(scale(lowU, axisU), scale(lowV, axisV)), high = i16x8.add_sat_s(scale(highU, axisU), scale(highV, axisV));
  if (!v128.any_true(i16x8.gt_s(i16x8.max_s(low, high), v128.load16_splat(entry, SUBJECT)))) return ALL_SUBJECT;
  if (!i16x8.all_true(i16x8.ge_s(i16x8.min_s(low, high), v128.load16_splat(entry, SCREEN)))) return UNSURE;
  const lowAcross = distance(scale(lowU, axisV), scale(lowV, axisU));
  const highAcross = distance(scale(highU, axisV), scale(highV, axisU));
  return v128.any_true(i16x8.gt_s(i16x8.max_s(lowAcross, highAcross), v128.load16_splat(entry, NARROW))) ? UNSURE : ALL_SCREEN;
}

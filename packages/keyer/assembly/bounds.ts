// Blocks that are all screen or all subject, told at a glance. In each block the plate's axis hardly varies, so that a mean
// one tells how far along and across it a sample lies, within a margin: where that decides the matte of all sixteen sites,
// nothing else has to be computed, and nothing changes.

import { CALM, distance, scale } from './lanes';
import { BLOCK, blocks, bounds, siteStride } from './memory';
import { tolerance } from './model';
import { AXIS_U, AXIS_V, fraction, highest, lowest, rowOf } from './plate';

// A block's entry: six i16.
const U: usize = 0;
const V: usize = 2;
/** Along from which on all is screen. */
const SCREEN: usize = 4;
/** Across up to which it is. */
const NARROW: usize = 6;
/** Along up to which all is subject, with next to no spill. */
const SUBJECT: usize = 8;

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
  }
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

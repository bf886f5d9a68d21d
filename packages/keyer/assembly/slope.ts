// Keying model §2.5: the slope of the matte on luma over 3 × 3 sites, where luma explains the matte.

import { isPicked, MIXED, nextOf, pick, withoutNext } from './blocks';
import { BLOCK, blocks, blockRow, clampRow, kinds, matte, mean, padSites, scratch, siteRow, slope, wide } from './memory';
import { detail, noise } from './model';

// Sums of three rows, for the block's sites, one before and seven after: sums of Y and m in i16, of products in i32.
const SUM_Y: usize = 0;
const SUM_M: usize = 64;
const SUM_YY: usize = 128;
const SUM_MM: usize = 256;
const SUM_YM: usize = 384;

/** Fills row j of `slope` near mixed blocks: zero outside them. */
export function slopeRow(j: i32): void {
  const to = siteRow(slope, j);
  const kind = blockRow(kinds, j), around = blockRow(wide, j);
  const above = clampRow(j - 1), below = clampRow(j + 1);
  const y0 = siteRow(mean, above), y1 = siteRow(mean, j), y2 = siteRow(mean, below);
  const m0 = siteRow(matte, above), m1 = siteRow(matte, j), m2 = siteRow(matte, below);
  for (let i = 0; i < blocks; i += 16) {
    for (let bits = pick(around + i, MIXED); isPicked(bits); bits = withoutNext(bits)) {
      const b = i + nextOf(bits);
      const at = 2 * BLOCK * b;
      if (load<u8>(kind + b) != MIXED) {
        v128.store(to + at, i16x8.splat(0));
        v128.store(to + at, i16x8.splat(0), 16);
        continue;
      }
      sumColumns(y0 + at, y1 + at, y2 + at, m0 + at, m1 + at, m2 + at, 0);
      sumColumns(y0 + at, y1 + at, y2 + at, m0 + at, m1 + at, m2 + at, 1);
      sumColumns(y0 + at, y1 + at, y2 + at, m0 + at, m1 + at, m2 + at, 2);
      fit(to + at, 0);
      fit(to + at, 16);
    }
  }
  padSites(to);
}

/** Sums eight columns. m counts with 11 fraction bits: then nothing overflows. */
// @ts-ignore: decorator
@inline
function sumColumns(y0: usize, y1: usize, y2: usize, m0: usize, m1: usize, m2: usize, k: i32): void {
  const at = 16 * k - 2;
  const ya = v128.load(y0 + at), yb = v128.load(y1 + at), yc = v128.load(y2 + at);
  const ma = i16x8.shr_s(v128.load(m0 + at), 2), mb = i16x8.shr_s(v128.load(m1 + at), 2), mc = i16x8.shr_s(v128.load(m2 + at), 2);
  v128.store(scratch + 16 * k, i16x8.add(i16x8.add(ya, yb), yc), SUM_Y);
  v128.store(scratch + 16 * k, i16x8.add(i16x8.add(ma, mb), mc), SUM_M);
  const yLow = i16x8.shuffle(ya, yb, 0, 8, 1, 9, 2, 10, 3, 11), yHigh = i16x8.shuffle(ya, yb, 4, 12, 5, 13, 6, 14, 7, 15);
  const mLow = i16x8.shuffle(ma, mb, 0, 8, 1, 9, 2, 10, 3, 11), mHigh = i16x8.shuffle(ma, mb, 4, 12, 5, 13, 6, 14, 7, 15);
  const to = scratch + 32 * k;
  v128.store(to, i32x4.add(i32x4.dot_i16x8_s(yLow, yLow), i32x4.extmul_low_i16x8_s(yc, yc)), SUM_YY);
  v128.store(to, i32x4.add(i32x4.dot_i16x8_s(yHigh, yHigh), i32x4.extmul_high_i16x8_s(yc, yc)), SUM_YY + 16);
  v128.store(to, i32x4.add(i32x4.dot_i16x8_s(mLow, mLow), i32x4.extmul_low_i16x8_s(mc, mc)), SUM_MM);
  v128.store(to, i32x4.add(i32x4.dot_i16x8_s(mHigh, mHigh), i32x4.extmul_high_i16x8_s(mc, mc)), SUM_MM + 16);
  v128.store(to, i32x4.add(i32x4.dot_i16x8_s(yLow, mLow), i32x4.extmul_low_i16x8_s(yc, mc)), SUM_YM);
  v128.store(to, i32x4.add(i32x4.dot_i16x8_s(yHigh, mHigh), i32x4.extmul_high_i16x8_s(yc, mc)), SUM_YM + 16);
}

// @ts-ignore: decorator
@inline
function three16(at: usize): v128 {
  return i16x8.add(i16x8.add(v128.load(at), v128.load(at, 2)), v128.load(at, 4));
}

/** Nine times the sum of three. */
// @ts-ignore: decorator
@inline
function nineTimes(at: usize): v128 {
  const sum = i32x4.add(i32x4.add(v128.load(at), v128.load(at, 4)), v128.load(at, 8));
  return i32x4.add(i32x4.shl(sum, 3), sum);
}

/** Eight sites from the columns' sums; `at` is the byte offset of the first. */
// @ts-ignore: decorator
@inline
function fit(to: usize, at: usize): void {
  const sy = three16(scratch + SUM_Y + at);
  const sm = three16(scratch + SUM_M + at);
  const wide = scratch + 2 * at;
  const low = slopeOf(
    i32x4.sub(nineTimes(wide + SUM_YY), i32x4.extmul_low_i16x8_s(sy, sy)),
    i32x4.sub(nineTimes(wide + SUM_MM), i32x4.extmul_low_i16x8_s(sm, sm)),
    i32x4.sub(nineTimes(wide + SUM_YM), i32x4.extmul_low_i16x8_s(sy, sm)),
  );
  const high = slopeOf(
    i32x4.sub(nineTimes(wide + SUM_YY + 16), i32x4.extmul_high_i16x8_s(sy, sy)),
    i32x4.sub(nineTimes(wide + SUM_MM + 16), i32x4.extmul_high_i16x8_s(sm, sm)),
    i32x4.sub(nineTimes(wide + SUM_YM + 16), i32x4.extmul_high_i16x8_s(sy, sm)),
  );
  v128.store(to + at, i16x8.narrow_i32x4_s(low, high));
}

/**
 * a from 81 times the variances and the covariance: c / (vY + ε) · s((c² / (vY·vm) − .6) / .3), with one division. Luma has
 * 3 fraction bits here, m 11, a gets 18.
 */
// @ts-ignore: decorator
@inline
function slopeOf(vy: v128, vm: v128, c: v128): v128 {
  const fy = f32x4.convert_i32x4_s(vy);
  const fc = f32x4.convert_i32x4_s(c);
  const both = f32x4.max(f32x4.mul(fy, f32x4.convert_i32x4_s(vm)), f32x4.splat(LEAST));
  const ramp = f32x4.mul(both, f32x4.splat(0.3));
  const over = f32x4.sub(f32x4.mul(fc, fc), f32x4.mul(both, f32x4.splat(0.6)));
  const gate = f32x4.max(f32x4.min(over, ramp), f32x4.splat(0));
  const under = f32x4.mul(ramp, f32x4.add(fy, f32x4.splat(noise * 5184)));
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.div(f32x4.mul(f32x4.mul(fc, f32x4.splat(detail * 1024)), gate), under)));
}

/** 1e-6 of the model in these units: 81² · 2⁶ · 2²² · 1e-6. */
const LEAST: f32 = 1761205.0;

// Keying model §2.4: chroma to matte, and luma at the sites.

import { ALL_SCREEN, ALL_SUBJECT, glance, GROUP, isScreenAtOnce } from './bounds';
import { isPicked, MIXED, nextOf, pick, withoutNext } from './blocks';
import { dimming } from './gain';
import { clamp, distance, ONE, scale } from './lanes';
import {
  bare,
  BLOCK,
  blockRow,
  blocks,
  bounds,
  chromaStride,
  chromaU,
  chromaV,
  height,
  luma,
  lumaStride,
  matte,
  mean,
  padSites,
  projection,
  siteRow,
  siteStride,
  sitesAcross,
  wide,
  width,
} from './memory';
import { guard, isLeft, spillSpreading, spreading, tolerance } from './model';
import { aim, AXIS_U, AXIS_V, fraction, highest, lowerShare, plateAt, STEEPNESS, steepShift, upper, upperIndex } from './plate';

/** Fills row j of `matte`, and of `projection` but for what is all screen. */
export function projectRow(j: i32): void {
  const u = chromaU + j * chromaStride;
  const v = chromaV + j * chromaStride;
  if (sitesAcross < BLOCK * blocks) {
    // The last block's.
    v128.store(u + sitesAcross, i8x16.splat(load<u8>(u + sitesAcross - 1)));
    v128.store(v + sitesAcross, i8x16.splat(load<u8>(v + sitesAcross - 1)));
  }
  const toP = siteRow(projection, j);
  const toM = siteRow(matte, j);
  aim(j);
  const toBare = blockRow(bare, j);
  if (fraction == 13 && steepShift == 1 && dimming == 0) projectBlocks(u, v, toP, toM, toBare, true);
  else projectBlocks(u, v, toP, toM, toBare, false);
  padSites(toP);
  padSites(toM);
  // What the last block's class looks at may lie farther out than that.
  store<u32>(toM + 2 * BLOCK * blocks, 0x10001 * <u32>load<u16>(toM + 2 * sitesAcross - 2));
}

/** `isPlain`: the screen's colour is strong, as it was measured, and the parameters usual. */
// @ts-ignore: decorator
@inline
function projectBlocks(u: usize, v: usize, toP: usize, toM: usize, toBare: usize, isPlain: bool): void {
  const top = upper;
  const share = i16x8.splat(<i16>lowerShare);
  const sign = i8x16.splat(-128), zero = i8x16.splat(0);
  let entry = bounds + <usize>(16 * upperIndex * blocks);
  for (let b = 0; b < blocks; b++, entry += 16) {
    const x = <usize>(BLOCK * b);
    if (b % GROUP == 0 && b + GROUP <= blocks && isScreenAtOnce(entry, u + x, v + x)) {
      store<u32>(toBare + b, 0x01010101);
      for (let k: usize = 0; k < 2 * GROUP * BLOCK; k += 16) v128.store(toM + 2 * x + k, i16x8.splat(<i16>ONE));
      b += GROUP - 1;
      entry += 16 * (GROUP - 1);
      continue;
    }
    // Centred, in the upper bytes.
    const bothU = v128.xor(v128.load(u + x), sign), bothV = v128.xor(v128.load(v + x), sign);
    const lowU = lowOf(bothU), lowV = lowOf(bothV), highU = highOf(bothU), highV = highOf(bothV);
    const found = glance(entry, lowU, lowV, highU, highV);
    store<u8>(toBare + b, <u8>(found == ALL_SCREEN));
    if (found == ALL_SCREEN) {
      v128.store(toM + 2 * x, i16x8.splat(<i16>ONE));
      v128.store(toM + 2 * x, i16x8.splat(<i16>ONE), 16);
    } else if (found == ALL_SUBJECT) {
      v128.store(toM + 2 * x, zero);
      v128.store(toM + 2 * x, zero, 16);
      v128.store(toP + 2 * x, zero);
      v128.store(toP + 2 * x, zero, 16);
    } else {
      projectEight(lowU, lowV, top, share, 2 * x, toP, toM, isPlain);
      projectEight(highU, highV, top, share, 2 * x + 16, toP, toM, isPlain);
    }
  }
}

/** Fills block b of row j of `projection`, for which the plate has been aimed. */
export function projectBare(j: i32, b: i32): void {
  const at = j * chromaStride + BLOCK * b;
  const share = i16x8.splat(<i16>lowerShare);
  const toP = siteRow(projection, j), toM = siteRow(matte, j);
  const sign = i8x16.splat(-128);
  const bothU = v128.xor(v128.load(chromaU + at), sign), bothV = v128.xor(v128.load(chromaV + at), sign);
  const to = <usize>(2 * BLOCK * b);
  projectEight(lowOf(bothU), lowOf(bothV), upper, share, to, toP, toM, false);
  projectEight(highOf(bothU), highOf(bothV), upper, share, to + 16, toP, toM, false);
  store<u8>(blockRow(bare, j) + b, 0);
}

/** Bytes as upper ones of i16: the first eight, and the others. */
// @ts-ignore: decorator
@inline
function lowOf(bytes: v128): v128 {
  return i8x16.shuffle(i8x16.splat(0), bytes, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function highOf(bytes: v128): v128 {
  return i8x16.shuffle(i8x16.splat(0), bytes, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// @ts-ignore: decorator
@inline
function projectEight(u: v128, v: v128, top: usize, share: v128, at: usize, toP: usize, toM: usize, isPlain: bool): void {
  const axisU = plateAt(top, share, <usize>(AXIS_U * siteStride) + at);
  const axisV = plateAt(top, share, <usize>(AXIS_V * siteStride) + at);
  let along = i16x8.add_sat_s(scale(u, axisU), scale(v, axisV));
  let across = distance(scale(u, axisV), scale(v, axisU));
  const shift = isPlain ? 0 : 13 - fraction;
  if (!isPlain) {
    along = i16x8.add_sat_s(along, scale(along, i16x8.splat(<i16>dimming)));
    across = i16x8.add_sat_s(across, scale(across, i16x8.splat(<i16>dimming)));
  }
  const zero = i16x8.splat(0);
  const subject = i16x8.max_s(i16x8.sub_sat_s(i16x8.splat(<i16>(ONE >> shift)), along), zero);
  const beyond = i16x8.sub_sat_s(across, i16x8.splat(<i16>(tolerance >> shift)));
  const p = guarded(along, beyond, scale(subject, i16x8.splat(<i16>spreading)));
  const spill = guarded(along, beyond, scale(subject, i16x8.splat(<i16>spillSpreading)));
  v128.store(toP + at, isPlain ? spill : i16x8.shl(clamp(spill, -32768 >> shift, 32767 >> shift), shift));
  const up = isPlain ? 1 : steepShift;
  const missing = i16x8.min_s(i16x8.max_s(i16x8.sub_sat_s(i16x8.splat(<i16>highest), p), zero), i16x8.splat(<i16>(<i32>32767 >> up)));
  const m = i16x8.sub_sat_s(i16x8.splat(<i16>ONE), scale(i16x8.shl(missing, up), plateAt(top, share, <usize>(STEEPNESS * siteStride) + at)));
  v128.store(toM + at, i16x8.max_s(m, zero));
}

// @ts-ignore: decorator
@inline
function guarded(along: v128, beyond: v128, forgiven: v128): v128 {
  const over = i16x8.max_s(i16x8.sub_sat_s(beyond, forgiven), i16x8.splat(0));
  return i16x8.sub_sat_s(along, scale(i16x8.add_sat_s(over, over), i16x8.splat(<i16>guard)));
}

/** Fills row j of `mean` near mixed blocks: `sub` of luma (§2.1). */
export function averageRow(j: i32): void {
  const first = luma + 2 * j * lumaStride;
  const second = 2 * j + 1 < height ? first + lumaStride : first;
  if ((width & 1) != 0) {
    store<u8>(first + width, load<u8>(first + width - 1));
    store<u8>(second + width, load<u8>(second + width - 1));
  }
  const to = siteRow(mean, j);
  const near = blockRow(wide, j);
  for (let i = 0; i < blocks; i += 16) {
    for (let bits = pick(near + i, MIXED); isPicked(bits); bits = withoutNext(bits)) {
      const at = 2 * BLOCK * (i + nextOf(bits));
      averageEight(first + at, second + at, to + at);
      averageEight(first + at + 16, second + at + 16, to + at + 16);
    }
  }
  // Before the first sample there is the same one again, not the row above.
  if (isLeft && (load<u8>(near) & MIXED) != 0) store<u16>(to, 3 * (<u16>load<u8>(first) + <u16>load<u8>(second)) + <u16>load<u8>(first, 1) + <u16>load<u8>(second, 1));
  padSites(to);
}

// @ts-ignore: decorator
@inline
function averageEight(first: usize, second: usize, to: usize): void {
  const a = v128.load(first), b = v128.load(second);
  if (isLeft) {
    const low = i16x8.splat(255);
    const before = i16x8.add(v128.and(v128.load(first - 1), low), v128.and(v128.load(second - 1), low));
    const here = i16x8.add(v128.and(a, low), v128.and(b, low));
    const after = i16x8.add(i16x8.shr_u(a, 8), i16x8.shr_u(b, 8));
    v128.store(to, i16x8.add(i16x8.add(before, after), i16x8.shl(here, 1)));
  } else v128.store(to, i16x8.shl(i16x8.add(i16x8.extadd_pairwise_i8x16_u(a), i16x8.extadd_pairwise_i8x16_u(b)), 1));
}

// Keying model §2.6: the result as I420, over a background in the frame's own coding.

import { MIXED, SCREEN, SUBJECT } from './blocks';
import { lerp, scale, zipHigh, zipLow } from './lanes';
import { chokeMatte, isChoked, remainderOf } from './looks';
import {
  behindLuma,
  behindU,
  behindV,
  BLOCK,
  blockRow,
  blocks,
  chromaStride,
  chromaU,
  chromaV,
  clampRow,
  coarse,
  height,
  keyedLuma,
  keyedU,
  keyedV,
  kinds,
  lineRow,
  luma,
  lumaStride,
  restU,
  restV,
  shown,
  siteRow,
  siteStride,
  wideExcess,
} from './memory';
import { black, spillLuma, whitest } from './model';
import { aim, KEY_Y, lowerShare, plateAt, upper } from './plate';
import { fineRow } from './refine';

/** From here on M counts as 1, where nothing of the frame is left: less than a quarter of a code is at stake. */
const ALL_BUT_ONE: i16 = 8184;

/** Composes row j of sites and its luma. */
export function composeI420(j: i32): void {
  const kind = blockRow(kinds, j);
  const isLast = 2 * j + 1 == height;
  aim(j);
  for (let b = 0; b < blocks; b++) {
    const own = <i32>load<u8>(kind + b);
    const seen = shown + j * blocks + b;
    const atY = 2 * j * lumaStride + 2 * BLOCK * b;
    const atC = j * chromaStride + BLOCK * b;
    if (own == SCREEN) {
      if (load<u8>(seen) != 0) continue;
      store<u8>(seen, 1);
      copyBlock(behindLuma + atY, behindU + atC, behindV + atC, atY, atC, isLast);
      continue;
    }
    store<u8>(seen, 0);
    if (own == SUBJECT) {
      copyBlock(luma + atY, chromaU + atC, chromaV + atC, atY, atC, isLast);
      continue;
    }
    if (own != MIXED) composeSpiltLuma(j, b);
    else if (isChoked) composeChokedLuma(j, b);
    else composeMixedLuma(j, b);
    composeChroma(keyedU + atC, behindU + atC, siteRow(restU, j) + 2 * BLOCK * b, siteRow(coarse, j) + 2 * BLOCK * b, own == MIXED);
    composeChroma(keyedV + atC, behindV + atC, siteRow(restV, j) + 2 * BLOCK * b, siteRow(coarse, j) + 2 * BLOCK * b, own == MIXED);
  }
}

// @ts-ignore: decorator
@inline
function copyBlock(y: usize, u: usize, v: usize, atY: usize, atC: usize, isLast: bool): void {
  v128.store(keyedLuma + atY, v128.load(y));
  v128.store(keyedLuma + atY, v128.load(y, 16), 16);
  if (!isLast) {
    v128.store(keyedLuma + atY + lumaStride, v128.load(y + lumaStride));
    v128.store(keyedLuma + atY + lumaStride, v128.load(y + lumaStride, 16), 16);
  }
  v128.store(keyedU + atC, v128.load(u));
  v128.store(keyedV + atC, v128.load(v));
}

// One for each kind, so that none costs what another needs.

function composeSpiltLuma(j: i32, b: i32): void {
  composeLuma(j, b, false, false);
}

function composeMixedLuma(j: i32, b: i32): void {
  composeLuma(j, b, true, false);
}

function composeChokedLuma(j: i32, b: i32): void {
  composeLuma(j, b, true, true);
}

/** The two luma rows of a block. In the last row of sites of an odd height they are the same one. */
// @ts-ignore: decorator
@inline
function composeLuma(j: i32, b: i32, isMixed: bool, isThin: bool): void {
  const at = 4 * BLOCK * b;
  const e = lineRow(wideExcess, j) + at, eAbove = lineRow(wideExcess, clampRow(j - 1)) + at, eBelow = lineRow(wideExcess, clampRow(j + 1)) + at;
  const m0 = fineRow(2 * j) + at, m1 = fineRow(2 * j + 1) + at;
  const key = upper + KEY_Y * siteStride + 2 * BLOCK * b;
  const share = i16x8.splat(<i16>lowerShare);
  const y0 = 2 * j * lumaStride + 2 * BLOCK * b;
  const y1 = 2 * j + 1 == height ? y0 : y0 + lumaStride;
  for (let k: usize = 0; k < 64; k += 32) {
    const sites = plateAt(key, share, k >> 1);
    const keyLow = zipLow(sites, sites), keyHigh = zipHigh(sites, sites);
    const eLow = v128.load(e + k), eHigh = v128.load(e + k, 16);
    const y = <i32>(k >> 1);
    composeSixteen(y0 + y, lerp(eLow, v128.load(eAbove + k)), lerp(eHigh, v128.load(eAbove + k, 16)), m0 + k, keyLow, keyHigh, isMixed, isThin);
    if (y1 != y0) composeSixteen(y1 + y, lerp(eLow, v128.load(eBelow + k)), lerp(eHigh, v128.load(eBelow + k, 16)), m1 + k, keyLow, keyHigh, isMixed, isThin);
  }
}

/** Sixteen luma samples at an offset into the planes. `key` is the screen's luma above black. */
// @ts-ignore: decorator
@inline
function composeSixteen(at: usize, eLow: v128, eHigh: v128, fine: usize, keyLow: v128, keyHigh: v128, isMixed: bool, isThin: bool): void {
  const light = v128.load(luma + at);
  const behind = isMixed ? v128.load(behindLuma + at) : light;
  const mLow = isMixed ? v128.load(fine) : light, mHigh = isMixed ? v128.load(fine, 16) : light;
  const low = lineOf(i16x8.extend_low_i8x16_u(light), eLow, mLow, i16x8.extend_low_i8x16_u(behind), keyLow, isMixed, isThin);
  const high = lineOf(i16x8.extend_high_i8x16_u(light), eHigh, mHigh, i16x8.extend_high_i8x16_u(behind), keyHigh, isMixed, isThin);
  // Never farther outside the legal codes than the frame itself goes there.
  const least = i8x16.min_u(light, i8x16.splat(<i8>black)), most = i8x16.max_u(light, i8x16.splat(<i8>whitest));
  const legal = i8x16.min_u(i8x16.max_u(i8x16.narrow_i16x8_u(low, high), least), most);
  if (!isMixed) return v128.store(keyedLuma + at, legal);
  const all = i16x8.splat(ALL_BUT_ONE);
  const isBehind = isThin
    ? i8x16.narrow_i16x8_s(i16x8.ge_s(chokeMatte(mLow), all), i16x8.ge_s(chokeMatte(mHigh), all))
    : i8x16.narrow_i16x8_s(i16x8.ge_s(mLow, all), i16x8.ge_s(mHigh, all));
  v128.store(keyedLuma + at, v128.bitselect(behind, legal, isBehind));
}

/** Eight luma samples, not yet brought to what a code may be. */
// @ts-ignore: decorator
@inline
function lineOf(light: v128, e: v128, m: v128, behind: v128, key: v128, isMixed: bool, isThin: bool): v128 {
  let share = scale(e, i16x8.splat(<i16>spillLuma));
  if (isMixed) share = i16x8.add_sat_s(share, m);
  let sum = i16x8.sub_sat_s(i16x8.add(i16x8.shl(light, 5), i16x8.splat(16)), scale(share, key));
  if (!isMixed) return i16x8.shr_s(sum, 5);
  let through = m;
  if (isThin) {
    const base = i16x8.splat(<i16>(32 * black + 16));
    sum = i16x8.add(scale(i16x8.sub(sum, base), remainderOf(m)), base);
    through = chokeMatte(m);
  }
  return i16x8.shr_s(i16x8.add_sat_s(sum, scale(through, i16x8.shl(i16x8.sub(behind, i16x8.splat(<i16>black)), 7))), 5);
}

/** One chroma row of a block. */
// @ts-ignore: decorator
@inline
function composeChroma(to: usize, back: usize, rest: usize, m: usize, isMixed: bool): void {
  v128.store(to, i8x16.narrow_i16x8_u(chromaOf(back, rest, m, isMixed), chromaOf(back + 8, rest + 16, m + 16, isMixed)));
}

// @ts-ignore: decorator
@inline
function chromaOf(back: usize, rest: usize, matte: usize, isMixed: bool): v128 {
  const grey = i16x8.splat(128);
  let own = v128.load(rest);
  if (!isMixed) return i16x8.add(i16x8.shr_s(i16x8.add_sat_s(own, i16x8.splat(32)), 6), grey);
  let m = v128.load(matte);
  if (isChoked) {
    own = scale(own, remainderOf(m));
    m = chokeMatte(m);
  }
  const behind = v128.load_ext<u8>(back);
  const through = scale(m, i16x8.shl(i16x8.sub(behind, grey), 7));
  const sum = i16x8.add_sat_s(i16x8.add_sat_s(own, i16x8.splat(32)), i16x8.shl(through, 1));
  return v128.bitselect(behind, i16x8.add(i16x8.shr_s(sum, 6), grey), i16x8.ge_s(m, i16x8.splat(ALL_BUT_ONE)));
}

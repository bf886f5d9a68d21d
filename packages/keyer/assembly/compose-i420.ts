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
    if (own == MIXED && isChoked) {
      composeChokedLine(2 * j, b);
      if (!isLast) composeChokedLine(2 * j + 1, b);
    } else {
      composeUsualLine(2 * j, b, own == MIXED);
      if (!isLast) composeUsualLine(2 * j + 1, b, own == MIXED);
    }
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

// Two, so that edges that aren't choked cost nothing more.

function composeUsualLine(y: i32, b: i32, isMixed: bool): void {
  composeLine(y, b, isMixed, false);
}

function composeChokedLine(y: i32, b: i32): void {
  composeLine(y, b, true, true);
}

/** One luma row of a block. */
// @ts-ignore: decorator
@inline
function composeLine(y: i32, b: i32, isMixed: bool, isThin: bool): void {
  const j = y >> 1;
  const far = clampRow((y & 1) == 0 ? j - 1 : j + 1);
  const at = 4 * BLOCK * b;
  const e0 = lineRow(wideExcess, j) + at, e1 = lineRow(wideExcess, far) + at;
  const m = fineRow(y) + at;
  const key = KEY_Y * siteStride + 2 * BLOCK * b;
  const top = upper;
  const share = i16x8.splat(<i16>lowerShare);
  const from = luma + y * lumaStride + 2 * BLOCK * b;
  const back = behindLuma + y * lumaStride + 2 * BLOCK * b;
  const to = keyedLuma + y * lumaStride + 2 * BLOCK * b;
  for (let k: usize = 0; k < 64; k += 32) {
    const sites = plateAt(top, share, <usize>key + (k >> 1));
    const low = lineOf(v128.load_ext<u8>(from + (k >> 1)), e0 + k, e1 + k, m + k, back + (k >> 1), zipLow(sites, sites), isMixed, isThin);
    const high = lineOf(v128.load_ext<u8>(from + (k >> 1) + 8), e0 + k + 16, e1 + k + 16, m + k + 16, back + (k >> 1) + 8, zipHigh(sites, sites), isMixed, isThin);
    v128.store(to + (k >> 1), i8x16.narrow_i16x8_u(low, high));
  }
}

/** Eight luma samples, as codes. `key` is the screen's luma above black. */
// @ts-ignore: decorator
@inline
function lineOf(light: v128, e0: usize, e1: usize, fine: usize, back: usize, key: v128, isMixed: bool, isThin: bool): v128 {
  let share = scale(lerp(v128.load(e0), v128.load(e1)), i16x8.splat(<i16>spillLuma));
  let sum = i16x8.add(i16x8.shl(light, 5), i16x8.splat(16));
  // Never farther outside the legal codes than the frame itself goes there.
  const least = i16x8.min_s(light, i16x8.splat(<i16>black)), most = i16x8.max_s(light, i16x8.splat(<i16>whitest));
  if (!isMixed) return i16x8.min_s(i16x8.max_s(i16x8.shr_s(i16x8.sub_sat_s(sum, scale(share, key)), 5), least), most);
  let m = v128.load(fine);
  const behind = v128.load_ext<u8>(back);
  share = i16x8.add_sat_s(share, m);
  sum = i16x8.sub_sat_s(sum, scale(share, key));
  if (isThin) {
    const base = i16x8.splat(<i16>(32 * black + 16));
    sum = i16x8.add(scale(i16x8.sub(sum, base), remainderOf(m)), base);
    m = chokeMatte(m);
  }
  sum = i16x8.add_sat_s(sum, scale(m, i16x8.shl(i16x8.sub(behind, i16x8.splat(<i16>black)), 7)));
  return v128.bitselect(behind, i16x8.min_s(i16x8.max_s(i16x8.shr_s(sum, 5), least), most), i16x8.ge_s(m, i16x8.splat(ALL_BUT_ONE)));
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

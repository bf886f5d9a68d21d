// Keying model §2.5 and the chroma of §2.6: M at luma resolution, sub(M), spill, and chroma without the screen's.

import { isPicked, MIXED, nextOf, pick, SCREEN, SPILT, SUBJECT, withoutNext } from './blocks';
import { CALM, clamp, lerp, ONE, scale } from './lanes';
import {
  bare,
  BLOCK,
  blockRow,
  blocks,
  chromaStride,
  chromaU,
  chromaV,
  clampRow,
  coarse,
  excess,
  fine,
  height,
  kinds,
  lineRow,
  lineStride,
  luma,
  lumaStride,
  matte,
  mean,
  padSites,
  projection,
  restU,
  restV,
  siteRow,
  siteStride,
  slope,
  tall,
  wide,
  wideExcess,
  wideMatte,
  wideMean,
  wideSlope,
  wideU,
  wideV,
  width,
} from './memory';
import { black, isLeft, range, spill, spillLuma } from './model';
import { projectBare } from './project';
import { aim, KEY_U, KEY_V, KEY_Y, lowerShare, plateAt, upper } from './plate';
import { widen, widenMean } from './widen';

/** Widens matte, luma and slope of row j where a mixed block will read them. */
export function widenMatteRow(j: i32): void {
  const around = blockRow(tall, j);
  const m = siteRow(matte, j), y = siteRow(mean, j), a = siteRow(slope, j);
  const toM = lineRow(wideMatte, j), toY = lineRow(wideMean, j), toA = lineRow(wideSlope, j);
  for (let i = 0; i < blocks; i += 16) {
    for (let bits = pick(around + i, MIXED); isPicked(bits); bits = withoutNext(bits)) {
      const b = i + nextOf(bits);
      widen(m, toM, b);
      widen(a, toA, b);
      widenMean(y, toY, b);
    }
  }
}

/** The row of M at luma row y. */
// @ts-ignore: decorator
@inline
export function fineRow(y: i32): usize {
  return fine + (y & 15) * lineStride;
}

/**
 * Fills row j of `fine` in mixed blocks, and of `coarse`, `excess`, `restU` and `restV` in blocks that are near one of
 * `wanted` kinds; the chroma of other blocks than mixed and spilt ones only with `hasColor`.
 */
export function refineRow(j: i32, wanted: i32, hasColor: bool): void {
  const kind = blockRow(kinds, j), around = blockRow(wide, j);
  aim(j);
  for (let i = 0; i < blocks; i += 16) {
    for (let bits = pick(around + i, wanted); isPicked(bits); bits = withoutNext(bits)) {
      const b = i + nextOf(bits);
      const own = <i32>load<u8>(kind + b);
      if (own == MIXED) {
        refineBlock(j, b);
        finishBorder(j, b);
      }
      cleanBlock(j, b, own, hasColor || (own & (MIXED | SPILT)) != 0);
    }
  }
  padSites(siteRow(excess, j));
  padSites(siteRow(restU, j));
  padSites(siteRow(restV, j));
}

/** What `sub` reads beside a block's M. */
// @ts-ignore: decorator
@inline
function finishBorder(j: i32, b: i32): void {
  const fine0 = fineRow(2 * j), fine1 = fineRow(2 * j + 1);
  const from = 4 * BLOCK * b;
  // Outside the picture M is what it is at the border.
  if (b == blocks - 1) {
    const end = 2 * width;
    store<i16>(fine0 + end, load<i16>(fine0 + end - 2));
    store<i16>(fine1 + end, load<i16>(fine1 + end - 2));
  }
  if (2 * j + 1 == height) memory.copy(fine1 + from, fine0 + from, 4 * BLOCK + 2);
  if (!isLeft) return;
  const before = b == 0 ? 0 : <i32>load<u8>(blockRow(kinds, j) + b - 1);
  if (before == MIXED) return;
  store<i16>(fine0 + from - 2, b == 0 ? load<i16>(fine0) : before == SCREEN ? <i16>ONE : 0);
  store<i16>(fine1 + from - 2, b == 0 ? load<i16>(fine1) : before == SCREEN ? <i16>ONE : 0);
}

/** M of a block on both luma rows. */
// @ts-ignore: decorator
@inline
function refineBlock(j: i32, b: i32): void {
  const above = clampRow(j - 1), below = clampRow(j + 1);
  const at = 4 * BLOCK * b;
  const m = lineRow(wideMatte, j) + at, mAbove = lineRow(wideMatte, above) + at, mBelow = lineRow(wideMatte, below) + at;
  const a = lineRow(wideSlope, j) + at, aAbove = lineRow(wideSlope, above) + at, aBelow = lineRow(wideSlope, below) + at;
  const y = lineRow(wideMean, j) + at, yAbove = lineRow(wideMean, above) + at, yBelow = lineRow(wideMean, below) + at;
  const from = luma + 2 * j * lumaStride + 2 * BLOCK * b;
  const next = 2 * j + 1 < height ? from + lumaStride : from;
  const to0 = fineRow(2 * j) + at, to1 = fineRow(2 * j + 1) + at;
  for (let k: usize = 0; k < 4 * BLOCK; k += 16) {
    const m0 = v128.load(m + k), a0 = v128.load(a + k), y0 = v128.load(y + k);
    const y3 = i16x8.add(i16x8.shl(y0, 1), y0);
    v128.store(to0 + k, refineEight(from + (k >> 1), m0, mAbove + k, a0, aAbove + k, y3, yAbove + k));
    v128.store(to1 + k, refineEight(next + (k >> 1), m0, mBelow + k, a0, aBelow + k, y3, yBelow + k));
  }
}

// @ts-ignore: decorator
@inline
function refineEight(from: usize, m: v128, mFar: usize, a: v128, aFar: usize, y3: v128, yFar: usize): v128 {
  const residual = i16x8.sub(i16x8.shl(v128.load_ext<u8>(from), 7), i16x8.add(y3, v128.load(yFar)));
  const detail = clamp(scale(lerp(a, v128.load(aFar)), residual), -1024, 1024);
  return clamp(i16x8.add(lerp(m, v128.load(mFar)), i16x8.shl(detail, 3)), 0, ONE);
}

/** sub(M), spill and the chroma that is left, of a block. */
function cleanBlock(j: i32, b: i32, kind: i32, hasColor: bool): void {
  const fine0 = fineRow(2 * j) + 4 * BLOCK * b, fine1 = fineRow(2 * j + 1) + 4 * BLOCK * b;
  const at = 2 * BLOCK * b;
  const p = siteRow(projection, j) + at;
  const toM = siteRow(coarse, j) + at, toE = siteRow(excess, j) + at, toU = siteRow(restU, j) + at, toV = siteRow(restV, j) + at;
  const u = chromaU + j * chromaStride + BLOCK * b, v = chromaV + j * chromaStride + BLOCK * b;
  if (kind != SUBJECT && load<u8>(blockRow(bare, j) + b) != 0) projectBare(j, b);
  const top = upper + at;
  const y = siteRow(mean, j) + at;
  const share = i16x8.splat(<i16>lowerShare);
  const strength = i16x8.splat(<i16>spill);
  const centre = i16x8.splat(128);
  if (kind == SUBJECT) {
    for (let k: usize = 0; k < 32; k += 16) {
      v128.store(toE + k, i16x8.splat(0));
      if (!hasColor) continue;
      v128.store(toU + k, i16x8.shl(i16x8.sub(v128.load_ext<u8>(u + (k >> 1)), centre), 6));
      v128.store(toV + k, i16x8.shl(i16x8.sub(v128.load_ext<u8>(v + (k >> 1)), centre), 6));
    }
    return;
  }
  for (let k: usize = 0; k < 32; k += 16) {
    const m = kind == MIXED ? subsample(fine0 + 2 * k, fine1 + 2 * k) : i16x8.splat(kind == SCREEN ? <i16>ONE : 0);
    const beyond = i16x8.max_s(i16x8.sub_sat_s(v128.load(p + k), i16x8.max_s(m, i16x8.splat(CALM))), i16x8.splat(0));
    const e = scale(beyond, strength);
    v128.store(toE + k, e);
    if (!hasColor) continue;
    const sum = i16x8.add_sat_s(m, e);
    v128.store(toM + k, m);
    const cu = i16x8.shl(i16x8.sub(v128.load_ext<u8>(u + (k >> 1)), centre), 6);
    const cv = i16x8.shl(i16x8.sub(v128.load_ext<u8>(v + (k >> 1)), centre), 6);
    const restU = i16x8.sub_sat_s(cu, scale(sum, plateAt(top, share, <usize>(KEY_U * siteStride) + k)));
    const restV = i16x8.sub_sat_s(cv, scale(sum, plateAt(top, share, <usize>(KEY_V * siteStride) + k)));
    if (kind != MIXED) {
      v128.store(toU + k, restU);
      v128.store(toV + k, restV);
      continue;
    }
    // Red and blue of the subject lie between 0 and its share of the picture: fringes of thin hair don't turn pink.
    const white = scale(i16x8.shl(i16x8.sub(i16x8.splat(<i16>ONE), m), 2), i16x8.splat(<i16>range));
    const removed = scale(i16x8.add_sat_s(m, scale(e, i16x8.splat(<i16>spillLuma))), plateAt(top, share, <usize>(KEY_Y * siteStride) + k));
    const seen = i16x8.sub(i16x8.shl(v128.load(y + k), 3), i16x8.splat(<i16>(black << 6)));
    const light = i16x8.min_s(i16x8.max_s(i16x8.sub_sat_s(seen, i16x8.add_sat_s(removed, removed)), i16x8.splat(0)), white);
    // From an eighth of the screen on in full; the subject alone may be as the camera sent it.
    const strictness = i16x8.shl(i16x8.min_s(m, i16x8.splat(1023)), 5);
    v128.store(toU + k, limit(restU, light, white, BLUE_REACH, strictness));
    v128.store(toV + k, limit(restV, light, white, RED_REACH, strictness));
  }
}

/** 112 / 219 / (1 − weight), Q15: see src/reference.ts. */
const BLUE_REACH: i16 = 18907;
const RED_REACH: i16 = 23921;

/** Brings chroma to what luma `light` between 0 and `white` allows, by a Q15 share. */
// @ts-ignore: decorator
@inline
function limit(chroma: v128, light: v128, white: v128, reach: i16, strictness: v128): v128 {
  const most = scale(i16x8.sub(white, light), i16x8.splat(reach)), least = i16x8.neg(scale(light, i16x8.splat(reach)));
  const beyond = i16x8.sub_sat_s(i16x8.max_s(i16x8.min_s(chroma, most), least), chroma);
  return i16x8.add(chroma, scale(beyond, strictness));
}

/** `sub` of M for eight sites. */
// @ts-ignore: decorator
@inline
function subsample(fine0: usize, fine1: usize): v128 {
  const low = i16x8.avgr_u(v128.load(fine0), v128.load(fine1)), high = i16x8.avgr_u(v128.load(fine0 + 16), v128.load(fine1 + 16));
  const even = i16x8.shuffle(low, high, 0, 2, 4, 6, 8, 10, 12, 14), odd = i16x8.shuffle(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
  if (!isLeft) return i16x8.avgr_u(even, odd);
  const lowBefore = i16x8.avgr_u(v128.load(fine0 - 2), v128.load(fine1 - 2)), highBefore = i16x8.avgr_u(v128.load(fine0 + 14), v128.load(fine1 + 14));
  const before = i16x8.shuffle(lowBefore, highBefore, 0, 2, 4, 6, 8, 10, 12, 14);
  return i16x8.avgr_u(i16x8.avgr_u(before, odd), even);
}

/** Widens spill and, with `hasColor`, chroma of row j where a block of `wanted` kinds will read them. */
export function widenRestRow(j: i32, wanted: i32, hasColor: bool): void {
  const around = blockRow(tall, j);
  const e = siteRow(excess, j), u = siteRow(restU, j), v = siteRow(restV, j);
  const toE = lineRow(wideExcess, j), toU = lineRow(wideU, j), toV = lineRow(wideV, j);
  for (let i = 0; i < blocks; i += 16) {
    for (let bits = pick(around + i, wanted); isPicked(bits); bits = withoutNext(bits)) {
      const b = i + nextOf(bits);
      if ((<i32>load<u8>(around + b) & (MIXED | SPILT)) != 0) widen(e, toE, b);
      if (!hasColor) continue;
      widen(u, toU, b);
      widen(v, toV, b);
    }
  }
}

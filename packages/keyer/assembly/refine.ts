// Keying model §2.5 and the chroma of §2.6: M at luma resolution, sub(M), spill, and chroma without the screen's.

import { lookAround, MIXED, SCREEN, SPILT, SUBJECT } from './blocks';
import { clamp, lerp, ONE, scale } from './lanes';
import {
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
  near,
  padSites,
  projection,
  restU,
  restV,
  siteRow,
  siteStride,
  slope,
  wideExcess,
  wideMatte,
  wideMean,
  wideSlope,
  wideU,
  wideV,
  width,
} from './memory';
import { isLeft, spill } from './model';
import { aim, KEY_U, KEY_V, lower, lowerShare, plateAt, upper } from './plate';
import { widen, widenMean } from './widen';

/** Widens matte, luma and slope of row j where a mixed block will read them. */
export function widenMatteRow(j: i32): void {
  lookAround(j, false);
  const m = siteRow(matte, j), y = siteRow(mean, j), a = siteRow(slope, j);
  const toM = lineRow(wideMatte, j), toY = lineRow(wideMean, j), toA = lineRow(wideSlope, j);
  for (let b = 0; b < blocks; b++) {
    if ((load<u8>(near + b) & MIXED) == 0) continue;
    widen(m, toM, b);
    widen(a, toA, b);
    widenMean(y, toY, b);
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
 * `wanted` kinds.
 */
export function refineRow(j: i32, wanted: i32): void {
  lookAround(j, true);
  const kind = blockRow(kinds, j);
  const fine0 = fineRow(2 * j), fine1 = fineRow(2 * j + 1);
  aim(j);
  for (let b = 0; b < blocks; b++) {
    if ((load<u8>(near + b) & wanted) == 0) continue;
    const own = <i32>load<u8>(kind + b);
    if (own == MIXED) {
      refineLine(2 * j, b);
      if (2 * j + 1 < height) refineLine(2 * j + 1, b);
      // Outside the picture M is what it is at the border.
      const end = 2 * width;
      if (2 * (width - 1) >= 4 * BLOCK * b) {
        store<i16>(fine0 + end, load<i16>(fine0 + end - 2));
        store<i16>(fine1 + end, load<i16>(fine1 + end - 2));
      }
      if (2 * j + 1 == height) memory.copy(fine1 + 4 * BLOCK * b, fine0 + 4 * BLOCK * b, 4 * BLOCK + 2);
      if (isLeft) {
        const from = 4 * BLOCK * b;
        const before = b == 0 ? 0 : <i32>load<u8>(kind + b - 1);
        if (before != MIXED) {
          store<i16>(fine0 + from - 2, b == 0 ? load<i16>(fine0) : before == SCREEN ? <i16>ONE : 0);
          store<i16>(fine1 + from - 2, b == 0 ? load<i16>(fine1) : before == SCREEN ? <i16>ONE : 0);
        }
      }
    }
    cleanBlock(j, b, own);
  }
  padSites(siteRow(excess, j));
  padSites(siteRow(restU, j));
  padSites(siteRow(restV, j));
}

/** M of a block on one luma row. */
function refineLine(y: i32, b: i32): void {
  const j = y >> 1;
  const other = clampRow((y & 1) == 0 ? j - 1 : j + 1);
  const at = 4 * BLOCK * b;
  const m = lineRow(wideMatte, j) + at, mFar = lineRow(wideMatte, other) + at;
  const a = lineRow(wideSlope, j) + at, aFar = lineRow(wideSlope, other) + at;
  const mean0 = lineRow(wideMean, j) + at, meanFar = lineRow(wideMean, other) + at;
  const from = luma + y * lumaStride + 2 * BLOCK * b;
  const to = fineRow(y) + at;
  for (let k: usize = 0; k < 4 * BLOCK; k += 16) {
    const base = v128.load(mean0 + k);
    const average = i16x8.add(i16x8.add(i16x8.shl(base, 1), base), v128.load(meanFar + k));
    const residual = i16x8.sub(i16x8.shl(v128.load_ext<u8>(from + (k >> 1)), 7), average);
    const detail = clamp(scale(lerp(v128.load(a + k), v128.load(aFar + k)), residual), -1024, 1024);
    const coarseM = lerp(v128.load(m + k), v128.load(mFar + k));
    v128.store(to + k, clamp(i16x8.add(coarseM, i16x8.shl(detail, 3)), 0, ONE));
  }
}

/** sub(M), spill and the chroma that is left, of a block. */
function cleanBlock(j: i32, b: i32, kind: i32): void {
  const fine0 = fineRow(2 * j) + 4 * BLOCK * b, fine1 = fineRow(2 * j + 1) + 4 * BLOCK * b;
  const at = 2 * BLOCK * b;
  const p = siteRow(projection, j) + at;
  const toM = siteRow(coarse, j) + at, toE = siteRow(excess, j) + at, toU = siteRow(restU, j) + at, toV = siteRow(restV, j) + at;
  const u = chromaU + j * chromaStride + BLOCK * b, v = chromaV + j * chromaStride + BLOCK * b;
  const top = upper + at, bottom = lower + at;
  const share = i16x8.splat(<i16>lowerShare);
  const strength = i16x8.splat(<i16>spill);
  const centre = i16x8.splat(128);
  for (let k: usize = 0; k < 32; k += 16) {
    const cu = i16x8.shl(i16x8.sub(v128.load_ext<u8>(u + (k >> 1)), centre), 6);
    const cv = i16x8.shl(i16x8.sub(v128.load_ext<u8>(v + (k >> 1)), centre), 6);
    if (kind == SUBJECT) {
      v128.store(toM + k, i16x8.splat(0));
      v128.store(toE + k, i16x8.splat(0));
      v128.store(toU + k, cu);
      v128.store(toV + k, cv);
      continue;
    }
    const m = kind == MIXED ? subsample(fine0 + 2 * k, fine1 + 2 * k) : i16x8.splat(kind == SCREEN ? <i16>ONE : 0);
    const beyond = i16x8.max_s(i16x8.sub_sat_s(v128.load(p + k), m), i16x8.splat(0));
    const e = scale(beyond, strength);
    const sum = i16x8.add_sat_s(m, e);
    v128.store(toM + k, m);
    v128.store(toE + k, e);
    v128.store(toU + k, i16x8.sub_sat_s(cu, scale(sum, plateAt(top, bottom, share, <usize>(KEY_U * siteStride) + k))));
    v128.store(toV + k, i16x8.sub_sat_s(cv, scale(sum, plateAt(top, bottom, share, <usize>(KEY_V * siteStride) + k))));
  }
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
  lookAround(j, false);
  const e = siteRow(excess, j), u = siteRow(restU, j), v = siteRow(restV, j);
  const toE = lineRow(wideExcess, j), toU = lineRow(wideU, j), toV = lineRow(wideV, j);
  for (let b = 0; b < blocks; b++) {
    const kind = <i32>load<u8>(near + b);
    if ((kind & wanted) == 0) continue;
    if ((kind & (MIXED | SPILT)) != 0) widen(e, toE, b);
    if (!hasColor) continue;
    widen(u, toU, b);
    widen(v, toV, b);
  }
}

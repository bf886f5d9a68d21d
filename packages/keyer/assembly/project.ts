// Keying model §2.4: chroma to matte, and luma at the sites.

import { clamp, ONE, scale } from './lanes';
import { BLOCK, blocks, chromaStride, chromaU, chromaV, height, luma, lumaStride, matte, mean, padSites, projection, siteRow, siteStride, sitesAcross, width } from './memory';
import { halfGuard, isLeft, tolerance } from './model';
import { aim, AXIS_U, AXIS_V, fraction, lower, lowerShare, lowest, plateAt, reach, reachGain, reachShift, upper } from './plate';

/** Fills row j of `projection` and `matte`. */
export function projectRow(j: i32): void {
  const u = chromaU + j * chromaStride;
  const v = chromaV + j * chromaStride;
  // Whole blocks.
  v128.store(u + sitesAcross, i8x16.splat(load<u8>(u + sitesAcross - 1)));
  v128.store(v + sitesAcross, i8x16.splat(load<u8>(v + sitesAcross - 1)));
  const toP = siteRow(projection, j);
  const toM = siteRow(matte, j);
  aim(j);
  const top = upper, bottom = lower;
  const share = i16x8.splat(<i16>lowerShare);
  const axisU = AXIS_U * siteStride, axisV = AXIS_V * siteStride;
  const forgiven = i16x8.splat(<i16>(tolerance >> (13 - fraction)));
  const guard = i16x8.splat(<i16>halfGuard);
  const least = i16x8.splat(<i16>lowest);
  const gain = i16x8.splat(<i16>reachGain);
  const toThirteen = 13 - fraction;
  const most = i16x8.splat((<i16>32767) >> (<i16>toThirteen));
  const sign = i16x8.splat(128);
  for (let x = 0; x < BLOCK * blocks; x += 8) {
    const cu = i16x8.shl(i16x8.sub(v128.load_ext<u8>(u + x), sign), 7);
    const cv = i16x8.shl(i16x8.sub(v128.load_ext<u8>(v + x), sign), 7);
    const at = 2 * x;
    const bu = plateAt(top, bottom, share, axisU + at);
    const bv = plateAt(top, bottom, share, axisV + at);
    const along = i16x8.add_sat_s(scale(cu, bu), scale(cv, bv));
    const across = i16x8.abs(i16x8.sub_sat_s(scale(cu, bv), scale(cv, bu)));
    const off = scale(i16x8.max_s(i16x8.sub(across, forgiven), i16x8.splat(0)), guard);
    const p = i16x8.sub_sat_s(i16x8.sub_sat_s(along, off), off);
    v128.store(toP + at, i16x8.shl(i16x8.min_s(p, most), toThirteen));
    const above = i16x8.shl(clamp(i16x8.sub_sat_s(p, least), 0, reach), reachShift);
    v128.store(toM + at, i16x8.min_s(scale(above, gain), i16x8.splat(<i16>ONE)));
  }
  padSites(toP);
  padSites(toM);
}

/** Fills row j of `mean`: `sub` of luma (§2.1). */
export function averageRow(j: i32): void {
  const first = luma + 2 * j * lumaStride;
  padLuma(first);
  let second = first;
  if (2 * j + 1 < height) {
    second = first + lumaStride;
    padLuma(second);
  }
  const to = siteRow(mean, j);
  const low = i16x8.splat(255);
  if (isLeft) {
    for (let x = 0; x < BLOCK * blocks; x += 8) {
      const a = v128.load(first + 2 * x), b = v128.load(second + 2 * x);
      const before = i16x8.add(v128.and(v128.load(first + 2 * x - 1), low), v128.and(v128.load(second + 2 * x - 1), low));
      const here = i16x8.add(v128.and(a, low), v128.and(b, low));
      const after = i16x8.add(i16x8.shr_u(a, 8), i16x8.shr_u(b, 8));
      v128.store(to + 2 * x, i16x8.add(i16x8.add(before, after), i16x8.shl(here, 1)));
    }
  } else {
    for (let x = 0; x < BLOCK * blocks; x += 8) {
      const sum = i16x8.add(i16x8.extadd_pairwise_i8x16_u(v128.load(first + 2 * x)), i16x8.extadd_pairwise_i8x16_u(v128.load(second + 2 * x)));
      v128.store(to + 2 * x, i16x8.shl(sum, 1));
    }
  }
  padSites(to);
}

/** Repeats the outermost samples of a row of luma. */
function padLuma(row: usize): void {
  store<u8>(row - 1, load<u8>(row));
  store<u8>(row + width, load<u8>(row + width - 1));
}

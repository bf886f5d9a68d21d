// The colour match (src/looks.ts): the subject's light scaled and tinted, in what was composed.

import { MIXED, SCREEN } from './blocks';
import { scale } from './lanes';
import { chokeMatte, isChoked } from './looks';
import {
  behind,
  behindLuma,
  behindU,
  behindV,
  BLOCK,
  blockRow,
  blocks,
  chromaStride,
  coarse,
  height,
  keyedLuma,
  keyedU,
  keyedV,
  kinds,
  lumaStride,
  rgba,
  siteRow,
  sitesAcross,
  width,
} from './memory';
import { black, whitest } from './model';
import { fineRow } from './refine';

let isMatching: bool = false;
// Q15. What is added: a share of the subject's own, and shares of its luma to its chroma or to red, green and blue.
let more: i32 = 0;
let tintU: i32 = 0;
let tintV: i32 = 0;
// The same for two pixels of r, g, b, a; and the luma of r, g, b.
let moreColor: v128, tintColor: v128, lumaOfColor: v128;

/** `gain` of the subject's light; tints are shares of luma that are added to chroma and to red, green and blue. */
export function setMatch(gain: f32, u: f32, v: f32, red: f32, green: f32, blue: f32): void {
  isMatching = gain != 1 || u != 0 || v != 0;
  more = share(gain - 1);
  tintU = share(u);
  tintV = share(v);
  moreColor = pixelsOf(gain - 1, gain - 1, gain - 1);
  tintColor = pixelsOf(red, green, blue);
}

/** How much red, green and blue make of luma. */
export function setLumaOfColor(red: f32, green: f32, blue: f32): void {
  lumaOfColor = pixelsOf(red, green, blue);
}

function share(value: f32): i32 {
  return <i32>nearest<f32>(value * 32768);
}

function pixelsOf(red: f32, green: f32, blue: f32): v128 {
  return i64x2.splat(<i64>(share(red) & 0xffff) | (<i64>(share(green) & 0xffff) << 16) | (<i64>(share(blue) & 0xffff) << 32));
}

/** What shows of the background. */
// @ts-ignore: decorator
@inline
function through(back: v128, m: v128): v128 {
  return scale(i16x8.shl(back, 2), isChoked ? chokeMatte(m) : m);
}

// @ts-ignore: decorator
@inline
function rounded(value: v128): v128 {
  return i16x8.shr_s(i16x8.add(value, i16x8.splat(64)), 7);
}

/** Matches row j of sites and its luma in the composed planes. */
export function matchPlanes(j: i32): void {
  if (!isMatching) return;
  const kind = blockRow(kinds, j);
  const isLast = 2 * j + 1 == height;
  for (let b = 0; b < blocks; b++) {
    const own = <i32>load<u8>(kind + b);
    if (own == SCREEN) continue;
    for (let site = BLOCK * b; site < BLOCK * b + BLOCK; site += 8) {
      const at = 2 * j * lumaStride + 2 * site;
      const upper = matchLuma(at, fineRow(2 * j) + 4 * site, own == MIXED);
      const lower = isLast ? upper : matchLuma(at + lumaStride, fineRow(2 * j + 1) + 4 * site, own == MIXED);
      const light = i16x8.shr_s(i16x8.add(i16x8.add(upper, lower), i16x8.splat(2)), 2);
      const m = own == MIXED ? v128.load(siteRow(coarse, j) + 2 * site) : i16x8.splat(0);
      matchChroma(keyedU, behindU, j * chromaStride + site, m, scale(i16x8.shl(light, 7), i16x8.splat(<i16>tintU)));
      matchChroma(keyedV, behindV, j * chromaStride + site, m, scale(i16x8.shl(light, 7), i16x8.splat(<i16>tintV)));
    }
  }
}

/** Sixteen luma samples. Returns sums of pairs of the subject's luma. */
// @ts-ignore: decorator
@inline
function matchLuma(at: usize, fine: usize, isMixed: bool): v128 {
  const codes = v128.load(keyedLuma + at), back = v128.load(behindLuma + at);
  const none = i16x8.splat(0);
  const lowCodes = i16x8.extend_low_i8x16_u(codes), highCodes = i16x8.extend_high_i8x16_u(codes);
  const low = lumaBefore(lowCodes, i16x8.extend_low_i8x16_u(back), isMixed ? v128.load(fine) : none);
  const high = lumaBefore(highCodes, i16x8.extend_high_i8x16_u(back), isMixed ? v128.load(fine, 16) : none);
  v128.store(keyedLuma + at, i8x16.narrow_i16x8_u(lumaAfter(lowCodes, low), lumaAfter(highCodes, high)));
  const even = i16x8.shuffle(low, high, 0, 2, 4, 6, 8, 10, 12, 14), odd = i16x8.shuffle(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
  return i16x8.add(even, odd);
}

/** The subject's luma above black. */
// @ts-ignore: decorator
@inline
function lumaBefore(codes: v128, back: v128, m: v128): v128 {
  const dark = i16x8.splat(<i16>black);
  return i16x8.max_s(i16x8.sub(i16x8.sub(codes, dark), through(i16x8.sub(back, dark), m)), i16x8.splat(0));
}

// @ts-ignore: decorator
@inline
function lumaAfter(codes: v128, own: v128): v128 {
  const most = i16x8.max_s(codes, i16x8.splat(<i16>whitest));
  return i16x8.min_s(i16x8.add(codes, rounded(scale(i16x8.shl(own, 7), i16x8.splat(<i16>more)))), most);
}

// @ts-ignore: decorator
@inline
function matchChroma(plane: usize, back: usize, at: i32, m: v128, tint: v128): void {
  const grey = i16x8.splat(128);
  const codes = v128.load_ext<u8>(plane + at);
  const own = i16x8.sub(i16x8.sub(codes, grey), through(i16x8.sub(v128.load_ext<u8>(back + at), grey), m));
  const matched = i16x8.add(codes, rounded(i16x8.add(scale(i16x8.shl(own, 7), i16x8.splat(<i16>more)), tint)));
  v128.store64_lane(plane + at, i8x16.narrow_i16x8_u(matched, matched), 0);
}

/** Matches row j of sites in the composed RGBA. */
export function matchRgba(j: i32, isOver: bool, isPremultiplied: bool): void {
  if (!isMatching) return;
  const kind = blockRow(kinds, j);
  for (let b = 0; b < blocks; b++) {
    const own = <i32>load<u8>(kind + b);
    if (own == SCREEN) continue;
    for (let y = 2 * j; y < min(2 * j + 2, height); y++) {
      for (let i = BLOCK * b, end = min(BLOCK * b + BLOCK, sitesAcross); i < end; i++) matchPixels(2 * i, y, isOver && own == MIXED, isPremultiplied);
    }
  }
}

/** Two pixels. */
// @ts-ignore: decorator
@inline
function matchPixels(x: i32, y: i32, hasBackground: bool, isPremultiplied: bool): void {
  const at = 4 * (y * width + x);
  const codes = v128.load_ext<u8>(rgba + at);
  let own = codes;
  if (hasBackground) {
    const m = v128.load32_splat(fineRow(y) + 2 * x);
    own = i16x8.max_s(i16x8.sub(codes, through(v128.load_ext<u8>(behind + at), i16x8.shuffle(m, m, 0, 0, 0, 0, 1, 1, 1, 1))), i16x8.splat(0));
  }
  const halves = i32x4.dot_i16x8_s(own, lumaOfColor);
  const sums = i32x4.shr_s(i32x4.add(halves, i32x4.shuffle(halves, halves, 1, 0, 3, 2)), 8);
  const light = i16x8.shuffle(i16x8.narrow_i32x4_s(sums, sums), sums, 0, 0, 0, 0, 2, 2, 2, 2);
  let matched = i16x8.add(codes, rounded(i16x8.add(scale(i16x8.shl(own, 7), moreColor), scale(light, tintColor))));
  if (isPremultiplied) matched = i16x8.min_s(matched, i16x8.shuffle(codes, codes, 3, 3, 3, 3, 7, 7, 7, 7));
  const bytes = i8x16.narrow_i16x8_u(matched, matched);
  if (x + 1 < width) v128.store64_lane(rgba + at, bytes, 0);
  else v128.store32_lane(rgba + at, bytes, 0);
}

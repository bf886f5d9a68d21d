// Keying model §2.7: the result as RGBA. Colours are i16 with 5 fraction bits.

import { MIXED, SCREEN, SPILT } from './blocks';
import { clamp, lerp, ONE, scale, zipHigh, zipLow } from './lanes';
import { chokeMatte, isChoked, remainderOf } from './looks';
import {
  behind,
  BLOCK,
  blockRow,
  blocks,
  clampRow,
  height,
  kinds,
  lineRow,
  luma,
  lumaStride,
  rgba,
  scratch,
  shown,
  siteStride,
  wideExcess,
  wideU,
  wideV,
  width,
} from './memory';
import { black, blueU, greenU, greenV, lumaGain, redV, spillLuma } from './model';
import { aim, KEY_Y, lowerShare, plateAt, upper } from './plate';
import { fineRow } from './refine';

/** Bytes of a block's row of pixels. */
const TILE: i32 = 8 * BLOCK;

let red: v128, green: v128, blue: v128;

/** Composes the two luma rows of row j of sites, over the background or with alpha, which may be premultiplied. */
export function composeRgba(j: i32, isOver: bool, isPremultiplied: bool): void {
  const kind = blockRow(kinds, j);
  aim(j);
  for (let b = 0; b < blocks; b++) {
    const own = <i32>load<u8>(kind + b);
    const seen = shown + j * blocks + b;
    if (own == SCREEN) {
      if (load<u8>(seen) != 0) continue;
      store<u8>(seen, 1);
    } else store<u8>(seen, 0);
    const bytes = min(TILE, 4 * width - TILE * b);
    for (let y = 2 * j; y < min(2 * j + 2, height); y++) {
      const at = 4 * y * width + TILE * b;
      const to = rgba + at;
      if (own == SCREEN) {
        if (isOver) memory.copy(to, behind + at, bytes);
        else memory.fill(to, 0, bytes);
      } else if (bytes == TILE) composeLine(to, behind + at, y, b, own, isOver, isPremultiplied);
      else {
        composeLine(scratch, behind + at, y, b, own, isOver, isPremultiplied);
        memory.copy(to, scratch, bytes);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function composeLine(to: usize, back: usize, y: i32, b: i32, kind: i32, isOver: bool, isPremultiplied: bool): void {
  if (kind != MIXED) composeSubject(to, y, b, kind == SPILT);
  else if (isChoked) composeChoked(to, back, y, b, isOver, isPremultiplied);
  else composeMixed(to, back, y, b, isOver, isPremultiplied);
}

// Two, so that edges that aren't choked cost nothing more.

function composeMixed(to: usize, back: usize, y: i32, b: i32, isOver: bool, isPremultiplied: bool): void {
  composeEdge(to, back, y, b, isOver, isPremultiplied, false);
}

function composeChoked(to: usize, back: usize, y: i32, b: i32, isOver: bool, isPremultiplied: bool): void {
  composeEdge(to, back, y, b, isOver, isPremultiplied, true);
}

// @ts-ignore: decorator
@inline
function composeEdge(to: usize, back: usize, y: i32, b: i32, isOver: bool, isPremultiplied: bool, isThin: bool): void {
  if (isOver) composeOver(to, back, y, b, isThin);
  else if (isPremultiplied) composePremultiplied(to, y, b, isThin);
  else composeClear(to, y, b, isThin);
}

/** Colour of eight pixels from luma above black with 7 fraction bits, and chroma with 6. */
// @ts-ignore: decorator
@inline
function convert(light: v128, u6: v128, v6: v128): void {
  const u = i16x8.add_sat_s(u6, u6), v = i16x8.add_sat_s(v6, v6);
  const base = scale(light, i16x8.splat(<i16>lumaGain));
  red = i16x8.add_sat_s(base, scale(v, i16x8.splat(<i16>redV)));
  green = i16x8.add_sat_s(base, i16x8.add_sat_s(scale(u, i16x8.splat(<i16>greenU)), scale(v, i16x8.splat(<i16>greenV))));
  blue = i16x8.add_sat_s(base, scale(u, i16x8.splat(<i16>blueU)));
}

/** Colour of eight pixels without the screen's. `at` is the byte offset in rows of i16 at luma columns. */
// @ts-ignore: decorator
@inline
function subjectColor(y: i32, at: usize, m: v128, hasSpill: bool): void {
  const j = y >> 1;
  const far = clampRow((y & 1) == 0 ? j - 1 : j + 1);
  let light = i16x8.shl(i16x8.sub(v128.load_ext<u8>(luma + y * lumaStride + (at >> 1)), i16x8.splat(<i16>black)), 7);
  if (hasSpill) {
    const e = lerp(v128.load(lineRow(wideExcess, j) + at), v128.load(lineRow(wideExcess, far) + at));
    const share = i16x8.add_sat_s(m, scale(e, i16x8.splat(<i16>spillLuma)));
    const sites = plateAt(upper, i16x8.splat(<i16>lowerShare), <usize>(KEY_Y * siteStride) + ((at >> 5) << 4));
    const key = (at & 16) == 0 ? zipLow(sites, sites) : zipHigh(sites, sites);
    const screen = scale(share, key);
    light = i16x8.sub_sat_s(light, i16x8.shl(clamp(screen, -8191, 8191), 2));
  }
  const u = lerp(v128.load(lineRow(wideU, j) + at), v128.load(lineRow(wideU, far) + at));
  const v = lerp(v128.load(lineRow(wideV, j) + at), v128.load(lineRow(wideV, far) + at));
  convert(light, u, v);
}

/** Bytes of two vectors with 5 fraction bits. */
// @ts-ignore: decorator
@inline
function bytesOf(low: v128, high: v128): v128 {
  const half = i16x8.splat(16);
  return i8x16.narrow_i16x8_u(i16x8.shr_s(i16x8.add_sat_s(low, half), 5), i16x8.shr_s(i16x8.add_sat_s(high, half), 5));
}

/** Stores sixteen pixels. */
// @ts-ignore: decorator
@inline
function storePixels(to: usize, r: v128, g: v128, b: v128, a: v128): void {
  const rgLow = i8x16.shuffle(r, g, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const rgHigh = i8x16.shuffle(r, g, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const baLow = i8x16.shuffle(b, a, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const baHigh = i8x16.shuffle(b, a, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  v128.store(to, zipLow(rgLow, baLow));
  v128.store(to, zipHigh(rgLow, baLow), 16);
  v128.store(to, zipLow(rgHigh, baHigh), 32);
  v128.store(to, zipHigh(rgHigh, baHigh), 48);
}

function composeSubject(to: usize, y: i32, b: i32, hasSpill: bool): void {
  const none = i16x8.splat(0);
  for (let k: usize = 0; k < 64; k += 32) {
    const at = <usize>(4 * BLOCK * b) + k;
    subjectColor(y, at, none, hasSpill);
    const r = red, g = green, bl = blue;
    subjectColor(y, at + 16, none, hasSpill);
    storePixels(to + 2 * k, bytesOf(r, red), bytesOf(g, green), bytesOf(bl, blue), i8x16.splat(-1));
  }
}

/** Eight colours, none more than its alpha. */
// @ts-ignore: decorator
@inline
function hold(color: v128, alpha: v128): v128 {
  return i16x8.max_s(i16x8.min_s(color, alpha), i16x8.splat(0));
}

/** Alpha of eight pixels, 5 fraction bits. */
// @ts-ignore: decorator
@inline
function alphaOf(m: v128): v128 {
  return scale(i16x8.sub(i16x8.splat(<i16>ONE), m), i16x8.splat(32640));
}

/** Pulls the edge inwards, where that is wanted, and takes the colours along. Returns M. */
// @ts-ignore: decorator
@inline
function finish(m: v128, isThin: bool): v128 {
  if (!isThin) return m;
  const alpha = alphaOf(m), left = remainderOf(m);
  red = scale(hold(red, alpha), left);
  green = scale(hold(green, alpha), left);
  blue = scale(hold(blue, alpha), left);
  return chokeMatte(m);
}

/** Eight pixels over the background: adds what shows through. */
// @ts-ignore: decorator
@inline
function addBehind(back: usize, m: v128): void {
  const alpha = alphaOf(m);
  const first = v128.load(back), second = v128.load(back, 16);
  const rg = i8x16.shuffle(first, second, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  const b = i8x16.shuffle(first, second, 2, 6, 10, 14, 18, 22, 26, 30, 2, 6, 10, 14, 18, 22, 26, 30);
  red = i16x8.add(hold(red, alpha), scale(i16x8.shl(i16x8.extend_low_i8x16_u(rg), 7), m));
  green = i16x8.add(hold(green, alpha), scale(i16x8.shl(i16x8.extend_high_i8x16_u(rg), 7), m));
  blue = i16x8.add(hold(blue, alpha), scale(i16x8.shl(i16x8.extend_low_i8x16_u(b), 7), m));
}

// @ts-ignore: decorator
@inline
function composeOver(to: usize, back: usize, y: i32, b: i32, isThin: bool): void {
  const fine = fineRow(y) + 4 * BLOCK * b;
  for (let k: usize = 0; k < 64; k += 32) {
    const at = <usize>(4 * BLOCK * b) + k;
    const m0 = v128.load(fine + k), m1 = v128.load(fine + k, 16);
    subjectColor(y, at, m0, true);
    addBehind(back + 2 * k, finish(m0, isThin));
    const r = red, g = green, bl = blue;
    subjectColor(y, at + 16, m1, true);
    addBehind(back + 2 * k + 32, finish(m1, isThin));
    storePixels(to + 2 * k, bytesOf(r, red), bytesOf(g, green), bytesOf(bl, blue), i8x16.splat(-1));
  }
}

// @ts-ignore: decorator
@inline
function composePremultiplied(to: usize, y: i32, b: i32, isThin: bool): void {
  const fine = fineRow(y) + 4 * BLOCK * b;
  for (let k: usize = 0; k < 64; k += 32) {
    const at = <usize>(4 * BLOCK * b) + k;
    const m0 = v128.load(fine + k), m1 = v128.load(fine + k, 16);
    subjectColor(y, at, m0, true);
    const a0 = alphaOf(finish(m0, isThin));
    const r = hold(red, a0), g = hold(green, a0), bl = hold(blue, a0);
    subjectColor(y, at + 16, m1, true);
    const a1 = alphaOf(finish(m1, isThin));
    storePixels(to + 2 * k, bytesOf(r, hold(red, a1)), bytesOf(g, hold(green, a1)), bytesOf(bl, hold(blue, a1)), bytesOf(a0, a1));
  }
}

/** Divides eight colours by their alpha; halves are rounded up, as `bytesOf` does, so that blocks can't be told apart. */
// @ts-ignore: decorator
@inline
function straighten(color: v128, alpha: v128, lowGain: v128, highGain: v128): v128 {
  const held = hold(color, alpha);
  const half = f32x4.splat(0.5);
  const low = i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(held)), lowGain), half));
  const high = i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(held)), highGain), half));
  return i16x8.narrow_i32x4_s(low, high);
}

/** Eight pixels with straight alpha. Colours are whole codes afterwards. Returns alpha, whole codes too. */
// @ts-ignore: decorator
@inline
function separate(m: v128): v128 {
  const exact = alphaOf(m);
  const code = i16x8.shr_s(i16x8.add(exact, i16x8.splat(16)), 5);
  // Divided by the alpha that will be multiplied with, and never more: where that is 0, 0 / 0 becomes 0.
  const alpha = i16x8.min_s(exact, i16x8.shl(code, 5));
  const lowGain = f32x4.div(f32x4.splat(255.0 / 32.0), f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(code)));
  const highGain = f32x4.div(f32x4.splat(255.0 / 32.0), f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(code)));
  red = straighten(red, alpha, lowGain, highGain);
  green = straighten(green, alpha, lowGain, highGain);
  blue = straighten(blue, alpha, lowGain, highGain);
  return code;
}

// @ts-ignore: decorator
@inline
function composeClear(to: usize, y: i32, b: i32, isThin: bool): void {
  const fine = fineRow(y) + 4 * BLOCK * b;
  for (let k: usize = 0; k < 64; k += 32) {
    const at = <usize>(4 * BLOCK * b) + k;
    const m0 = v128.load(fine + k), m1 = v128.load(fine + k, 16);
    subjectColor(y, at, m0, true);
    const a0 = separate(finish(m0, isThin));
    const r = red, g = green, bl = blue;
    subjectColor(y, at + 16, m1, true);
    const a1 = separate(finish(m1, isThin));
    storePixels(
      to + 2 * k,
      i8x16.narrow_i16x8_u(r, red),
      i8x16.narrow_i16x8_u(g, green),
      i8x16.narrow_i16x8_u(bl, blue),
      i8x16.narrow_i16x8_u(a0, a1),
    );
  }
}

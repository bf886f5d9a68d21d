// Frames that come in another shape than the planes they are kept in.

import { chromaStride, chromaU, chromaV, given, interleaved, luma, lumaStride, sitesAcross, sitesDown, width } from './memory';
import { black, isLeft } from './model';

/** Copies rows of a plane from `given` to where they belong. */
export function placeRows(to: usize, toStride: i32, fromStride: i32, bytes: i32, rows: i32): void {
  for (let j = 0; j < rows; j++) memory.copy(to + j * toStride, given + j * fromStride, bytes);
}

/** Splits the interleaved chroma of NV12. */
export function deinterleave(): void {
  for (let j = 0; j < sitesDown; j++) {
    const from = interleaved + 2 * j * chromaStride;
    for (let i = 0; i < sitesAcross; i += 16) {
      const low = v128.load(from + 2 * i), high = v128.load(from + 2 * i, 16);
      v128.store(chromaU + j * chromaStride + i, i8x16.shuffle(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
      v128.store(chromaV + j * chromaStride + i, i8x16.shuffle(low, high, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
    }
  }
}

// Codes of R, G, B and A, Q15, for two pixels in turn.
export let toY: v128, toU: v128, toV: v128;

/** How R'G'B' becomes codes: luma of 1, and codes of red and blue of 1. Green is the rest, so that greys stay grey. */
export function setReading(unit: f32, yRed: f32, yBlue: f32, uRed: f32, uBlue: f32, vRed: f32, vBlue: f32): void {
  toY = rowOf(unit, yRed, yBlue);
  toU = rowOf(0, uRed, uBlue);
  toV = rowOf(0, vRed, vBlue);
}

function rowOf(unit: f32, red: f32, blue: f32): v128 {
  const r = <i32>nearest<f32>(red * 32768), b = <i32>nearest<f32>(blue * 32768);
  const g = <i32>nearest<f32>(unit * 32768) - r - b;
  return i64x2.splat(<i64>(r & 0xffff) | (<i64>(g & 0xffff) << 16) | (<i64>(b & 0xffff) << 32));
}

/** Makes planes of `rows` of opaque RGBA in `given`, `stride` bytes apart, from `row` of the frame on, which is even. */
export function readRgba(row: i32, rows: i32, stride: i32): void {
  for (let y = 0; y < rows; y += 2) {
    const j = (row + y) >> 1;
    const first = given + y * stride;
    const second = y + 1 < rows ? first + stride : first;
    readLuma(first, luma + 2 * j * lumaStride);
    if (second != first) readLuma(second, luma + (2 * j + 1) * lumaStride);
    const u = chromaU + j * chromaStride, v = chromaV + j * chromaStride;
    for (let i = 0; i < sitesAcross; i += 8) readSites(first + 8 * i, second + 8 * i, u + i, v + i);
    // What lies at the border looks for neighbours outside.
    if (isLeft) readBorder(first, second, 0, u, v);
    if (isLeft || (width & 1) != 0) readBorder(first, second, sitesAcross - 1, u, v);
  }
}

/** Sums of neighbours in two vectors of i32. */
// @ts-ignore: decorator
@inline
export function addPairs(a: v128, b: v128): v128 {
  return i32x4.add(i32x4.shuffle(a, b, 0, 2, 4, 6), i32x4.shuffle(a, b, 1, 3, 5, 7));
}

function readLuma(from: usize, to: usize): void {
  for (let i = 0; i < width; i += 16) {
    const at = from + 4 * i;
    v128.store(to + i, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(lumaOf(at), lumaOf(at + 16)), i16x8.narrow_i32x4_s(lumaOf(at + 32), lumaOf(at + 48))));
  }
}

/** Luma of four pixels. */
// @ts-ignore: decorator
@inline
function lumaOf(at: usize): v128 {
  const four = v128.load(at);
  const sum = addPairs(i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(four), toY), i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(four), toY));
  return i32x4.shr_s(i32x4.add(sum, i32x4.splat((black << 15) + 16384)), 15);
}

/** Chroma of eight sites: `sub` of the model (§2.1). */
function readSites(first: usize, second: usize, u: usize, v: usize): void {
  const a = siteSums(first, second), b = siteSums(first + 16, second + 16);
  const c = siteSums(first + 32, second + 32), d = siteSums(first + 48, second + 48);
  v128.store64_lane(u, chromaOf(a, b, c, d, toU), 0);
  v128.store64_lane(v, chromaOf(a, b, c, d, toV), 0);
}

/** Eight times the means of two sites' pixels. */
// @ts-ignore: decorator
@inline
function siteSums(first: usize, second: usize): v128 {
  const low = addRows(v128.load(first), v128.load(second)), high = addRowsHigh(v128.load(first), v128.load(second));
  const even = i64x2.shuffle(low, high, 0, 2), odd = i64x2.shuffle(low, high, 1, 3);
  // The columns before: −1 and 1.
  const before = isLeft ? i64x2.shuffle(addRows(v128.load(first - 4), v128.load(second - 4)), odd, 0, 2) : odd;
  return weigh(before, even, odd);
}

// @ts-ignore: decorator
@inline
function addRows(upper: v128, lower: v128): v128 {
  return i16x8.add(i16x8.extend_low_i8x16_u(upper), i16x8.extend_low_i8x16_u(lower));
}

// @ts-ignore: decorator
@inline
function addRowsHigh(upper: v128, lower: v128): v128 {
  return i16x8.add(i16x8.extend_high_i8x16_u(upper), i16x8.extend_high_i8x16_u(lower));
}

// @ts-ignore: decorator
@inline
function weigh(before: v128, here: v128, after: v128): v128 {
  const twice = i16x8.shl(here, 1);
  return isLeft ? i16x8.add(i16x8.add(before, after), twice) : i16x8.add(twice, i16x8.shl(after, 1));
}

/** Chroma of site i, where the picture has no pixel beside it. */
function readBorder(first: usize, second: usize, i: i32, u: usize, v: usize): void {
  const before = pixelAt(first, second, max(2 * i - 1, 0));
  const here = pixelAt(first, second, 2 * i);
  const after = pixelAt(first, second, min(2 * i + 1, width - 1));
  const site = weigh(before, here, after);
  v128.store8_lane(u + i, chromaOf(site, site, site, site, toU), 0);
  v128.store8_lane(v + i, chromaOf(site, site, site, site, toV), 0);
}

// @ts-ignore: decorator
@inline
function pixelAt(first: usize, second: usize, x: i32): v128 {
  return addRows(v128.load32_zero(first + 4 * x), v128.load32_zero(second + 4 * x));
}

// @ts-ignore: decorator
@inline
function chromaOf(a: v128, b: v128, c: v128, d: v128, weights: v128): v128 {
  const low = addPairs(i32x4.dot_i16x8_s(a, weights), i32x4.dot_i16x8_s(b, weights));
  const high = addPairs(i32x4.dot_i16x8_s(c, weights), i32x4.dot_i16x8_s(d, weights));
  const half = i32x4.splat((128 << 18) + (1 << 17));
  const eight = i16x8.narrow_i32x4_s(i32x4.shr_s(i32x4.add(low, half), 18), i32x4.shr_s(i32x4.add(high, half), 18));
  return i8x16.narrow_i16x8_u(eight, eight);
}

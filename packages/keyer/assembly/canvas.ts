// A keyed frame at its place on a canvas of another size: premultiplied RGBA, bilinear, over a picture of the canvas's size, to
// I420 without padding. Weights have 8 fraction bits.

import { addPairs, toU, toV, toY } from './inputs';
import { backdrop, blend, canvas, canvasHeight, canvasWidth, columns, height, lineBytes, lines, rgba, weights, width } from './memory';
import { black } from './model';

// What of the canvas the frame covers: the middles of its pixels.
let startX: i32 = 0;
let endX: i32 = 0;
let startY: i32 = 0;
let endY: i32 = 0;
let top: f64 = 0;
/** Rows of the frame in a row of the canvas. */
let step: f64 = 0;

/** Where the frame lies from now on, in pixels of the canvas. */
export function place(x: f64, y: f64, across: f64, down: f64): void {
  startX = clampTo(canvasWidth, ceil(x - 0.5));
  endX = max(startX, clampTo(canvasWidth, ceil(x + across - 0.5)));
  startY = clampTo(canvasHeight, ceil(y - 0.5));
  endY = max(startY, clampTo(canvasHeight, ceil(y + down - 0.5)));
  top = y;
  step = height / down;
  // Pixels are drawn four at a time.
  for (let i = startX; i < endX + 3; i++) {
    const source = min<f64>(width - 1, max<f64>(0, ((i + 0.5 - x) * width) / across - 0.5));
    // The last pixel has no neighbour, and needs none.
    const first = min(max(0, width - 2), <i32>floor(source));
    const second = min(256, <i32>nearest((source - first) * 256));
    store<i32>(columns + 4 * i, 4 * first);
    v128.store(weights + 16 * i, i64x2.replace_lane(i64x2.splat(lanesOf(256 - second)), 1, lanesOf(second)));
  }
}

function clampTo(most: i32, value: f64): i32 {
  return <i32>min<f64>(most, max<f64>(0, value));
}

function lanesOf(value: i32): i64 {
  return 0x0001000100010001 * <i64>value;
}

/**
 * Composes the keyed frame. Pixels and sites are taken four at a time; those of the last four that lie beyond a row are clear,
 * and leave what is there as it is.
 */
export function composeCanvas(): void {
  const size = canvasWidth * canvasHeight;
  memory.copy(canvas, backdrop, size + size / 2);
  if (endX == startX) return;
  const across = canvasWidth >> 1;
  for (let j = startY >> 1; 2 * j < endY; j++) {
    for (let r = 0; r < 2; r++) {
      drawLine(2 * j + r, lines + r * lineBytes);
      composeLuma(lines + r * lineBytes, canvas + (2 * j + r) * canvasWidth);
    }
    composeChroma(canvas + size + j * across, size / 4);
  }
}

/** A row of the canvas: its colours to `line`, clear where the frame isn't. */
function drawLine(y: i32, line: usize): void {
  const first = startX & ~7;
  if (y < startY || y >= endY) {
    memory.fill(line + 4 * first, 0, 4 * (endX + 8 - first));
    return;
  }
  memory.fill(line + 4 * first, 0, 4 * (startX - first));
  const from = sourceRow(y);
  for (let x = startX; x < endX; x += 4) {
    const at = columns + 4 * x;
    const a = v128.load64_zero(from + load<i32>(at)), b = v128.load64_zero(from + load<i32>(at, 4));
    const c = v128.load64_zero(from + load<i32>(at, 8)), d = v128.load64_zero(from + load<i32>(at, 12));
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) {
      v128.store(line + 4 * x, i64x2.splat(0));
      continue;
    }
    const weight = weights + 16 * x;
    const low = blendPairs(a, b, weight), high = blendPairs(c, d, weight + 32);
    v128.store(line + 4 * x, i8x16.narrow_i16x8_u(low, high));
  }
  memory.fill(line + 4 * endX, 0, 32);
}

/** Two pixels, each of two neighbours. */
// @ts-ignore: decorator
@inline
function blendPairs(a: v128, b: v128, weight: usize): v128 {
  const one = i16x8.mul(i16x8.extend_low_i8x16_u(a), v128.load(weight)), two = i16x8.mul(i16x8.extend_low_i8x16_u(b), v128.load(weight, 16));
  const sum = i16x8.add(i64x2.shuffle(one, two, 0, 2), i64x2.shuffle(one, two, 1, 3));
  return i16x8.shr_u(i16x8.add(sum, i16x8.splat(128)), 8);
}

function composeLuma(line: usize, luma: usize): void {
  const base = i32x4.splat((black << 15) + 16384);
  for (let x = startX & ~3; x < endX; x += 4) {
    const four = v128.load(line + 4 * x);
    if (!v128.any_true(four)) continue;
    const own = addPairs(i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(four), toY), i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(four), toY));
    const through = i32x4.shr_s(i32x4.mul(i32x4.sub(i32x4.splat(255), i32x4.shr_u(four, 24)), i32x4.splat(257)), 1);
    const behind = i32x4.sub(codesAt(luma + x), i32x4.splat(black));
    storeCodes(luma + x, i32x4.shr_s(i32x4.add(i32x4.add(own, i32x4.mul(through, behind)), base), 15));
  }
}

/** A row of sites: of V, `apart` bytes behind U. */
function composeChroma(u: usize, apart: i32): void {
  const other = lines + lineBytes;
  for (let i = (startX & ~7) >> 1; 2 * i < endX; i += 4) {
    const a = v128.load(lines + 8 * i), b = v128.load(lines + 8 * i, 16), c = v128.load(other + 8 * i), d = v128.load(other + 8 * i, 16);
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue;
    const low = siteSums(a, c), high = siteSums(b, d);
    const alpha = i32x4.shr_u(i32x4.shuffle(low, high, 1, 3, 5, 7), 16);
    const through = i32x4.shr_s(i32x4.mul(i32x4.sub(i32x4.splat(1020), alpha), i32x4.splat(257)), 1);
    composeSites(u + i, addPairs(i32x4.dot_i16x8_s(low, toU), i32x4.dot_i16x8_s(high, toU)), through);
    composeSites(u + apart + i, addPairs(i32x4.dot_i16x8_s(low, toV), i32x4.dot_i16x8_s(high, toV)), through);
  }
}

/** Colours of two sites: sums of four pixels. */
// @ts-ignore: decorator
@inline
function siteSums(upper: v128, lower: v128): v128 {
  const left = i16x8.add(i16x8.extend_low_i8x16_u(upper), i16x8.extend_low_i8x16_u(lower));
  const right = i16x8.add(i16x8.extend_high_i8x16_u(upper), i16x8.extend_high_i8x16_u(lower));
  return i16x8.add(i64x2.shuffle(left, right, 0, 2), i64x2.shuffle(left, right, 1, 3));
}

// @ts-ignore: decorator
@inline
function composeSites(at: usize, own: v128, through: v128): void {
  const behind = i32x4.sub(codesAt(at), i32x4.splat(128));
  storeCodes(at, i32x4.shr_s(i32x4.add(i32x4.add(own, i32x4.mul(through, behind)), i32x4.splat((128 << 17) + 65536)), 17));
}

/** Four codes. */
// @ts-ignore: decorator
@inline
function codesAt(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
}

// @ts-ignore: decorator
@inline
function storeCodes(at: usize, codes: v128): void {
  const words = i16x8.narrow_i32x4_s(codes, codes);
  v128.store32_lane(at, i8x16.narrow_i16x8_u(words, words), 0);
}

/** The frame's row for a row of the canvas: its own, or a blend of two. */
function sourceRow(y: i32): usize {
  const source = min<f64>(height - 1, max<f64>(0, (y + 0.5 - top) * step - 0.5));
  const first = <i32>floor(source);
  const second = min(256, <i32>nearest((source - first) * 256));
  const near = rgba + 4 * width * first;
  if (second == 0) return near;
  const far = near + 4 * width;
  const a = i16x8.splat(<i16>(256 - second)), b = i16x8.splat(<i16>second), half = i16x8.splat(128);
  for (let at = 0; at < 4 * width; at += 16) {
    const one = v128.load(near + at), two = v128.load(far + at);
    const low = i16x8.add(i16x8.mul(i16x8.extend_low_i8x16_u(one), a), i16x8.mul(i16x8.extend_low_i8x16_u(two), b));
    const high = i16x8.add(i16x8.mul(i16x8.extend_high_i8x16_u(one), a), i16x8.mul(i16x8.extend_high_i8x16_u(two), b));
    v128.store(blend + at, i8x16.narrow_i16x8_u(i16x8.shr_u(i16x8.add(low, half), 8), i16x8.shr_u(i16x8.add(high, half), 8)));
  }
  return blend;
}

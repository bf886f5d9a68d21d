// Looks (src/looks.ts): what is done to the result on demand.

import { ONE } from './lanes';
import { behind, behindLuma, behindU, behindV, chromaStride, height, line, lumaStride, sitesAcross, sitesDown, width } from './memory';

/** Whether edges are pulled inwards. */
export let isChoked: bool = false;
/** What has to be added to M, as a share of it, Q15. */
let chokeGain: i32 = 0;
/** M from which on nothing is left. */
let chokeEnd: f32 = 1;

/** Whether the background's light falls on the subject. */
export let isWrapping: bool = false;
/** Q15. */
export let wrapStrength: i32 = 0;
/** Cells of light that a box reaches to each side. */
export let wrapReach: i32 = 0;

/** `choke`: 0 to 0.5, `lightWrap`: 0 to 1. */
export function setLooks(choke: f32, lightWrap: f32, lightReach: i32): void {
  isWrapping = lightWrap > 0;
  wrapStrength = min(32767, <i32>nearest<f32>(lightWrap * 32768));
  wrapReach = lightReach;
  isChoked = choke > 0;
  chokeEnd = 1 - choke;
  chokeGain = min(32767, <i32>nearest<f32>((choke / chokeEnd) * 32768));
}

/** M of a choked edge. */
// @ts-ignore: decorator
@inline
export function chokeMatte(m: v128): v128 {
  return i16x8.min_s(i16x8.add(m, i16x8.q15mulr_sat_s(m, i16x8.splat(<i16>chokeGain))), i16x8.splat(<i16>ONE));
}

/** What a choke leaves of the subject, Q15. */
// @ts-ignore: decorator
@inline
export function remainderOf(m: v128): v128 {
  return i16x8.narrow_i32x4_s(remainderOfFour(i32x4.extend_low_i16x8_s(m)), remainderOfFour(i32x4.extend_high_i16x8_s(m)));
}

// @ts-ignore: decorator
@inline
function remainderOfFour(m: v128): v128 {
  const value = f32x4.convert_i32x4_s(m);
  const left = f32x4.max(f32x4.sub(f32x4.splat(chokeEnd * <f32>ONE), value), f32x4.splat(0));
  // All screen: 0 / 0, which becomes 0.
  const all = f32x4.mul(f32x4.sub(f32x4.splat(<f32>ONE), value), f32x4.splat(chokeEnd));
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(f32x4.div(left, all), f32x4.splat(32767))));
}

/** Blurs `behind` by boxes of a reach. */
export function blurRgba(reach: i32): void {
  if (reach == 0) return;
  for (let y = 0; y < height; y++) blurLines(behind + 4 * y * width, 4, 1, 4, width, reach);
  for (let x = 0; x < width; x++) blurLines(behind + 4 * x, 4 * width, 1, 4, height, reach);
}

/** Blurs the planes behind. */
export function blurPlanes(lumaReach: i32, chromaReach: i32): void {
  blurPlane(behindLuma, lumaStride, width, height, lumaReach);
  blurPlane(behindU, chromaStride, sitesAcross, sitesDown, chromaReach);
  blurPlane(behindV, chromaStride, sitesAcross, sitesDown, chromaReach);
}

function blurPlane(plane: usize, stride: i32, across: i32, down: i32, reach: i32): void {
  if (reach == 0) return;
  for (let y = 0; y < down; y += 4) blurLines(plane + y * stride, 1, stride, min(4, down - y), across, reach);
  for (let x = 0; x < across; x += 4) blurLines(plane + x, stride, 1, min(4, across - x), down, reach);
}

/** Blurs up to four lines of bytes at once, `apart` bytes from each other, the bytes of each `step` apart. */
function blurLines(at: usize, step: i32, apart: i32, lines: i32, count: i32, reach: i32): void {
  const second = min(1, lines - 1) * apart, third = min(2, lines - 1) * apart, fourth = min(3, lines - 1) * apart;
  const first = line, other = line + 16 * count;
  for (let i = 0; i < count; i++) {
    const from = at + i * step;
    const four = i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(
      load<u8>(from)), 1, load<u8>(from + second)), 2, load<u8>(from + third)), 3, load<u8>(from + fourth));
    v128.store(first + 16 * i, f32x4.convert_i32x4_s(four));
  }
  box(first, other, count, reach);
  box(other, first, count, reach);
  box(first, other, count, reach);
  for (let i = 0; i < count; i++) {
    const four = i32x4.trunc_sat_f32x4_s(f32x4.nearest(v128.load(other + 16 * i)));
    const to = at + i * step;
    store<u8>(to, i32x4.extract_lane(four, 0));
    if (lines > 1) store<u8>(to + second, i32x4.extract_lane(four, 1));
    if (lines > 2) store<u8>(to + third, i32x4.extract_lane(four, 2));
    if (lines > 3) store<u8>(to + fourth, i32x4.extract_lane(four, 3));
  }
}

/** Means of the samples, f32x4, up to `reach` away, with the ends repeated. */
export function box(from: usize, to: usize, count: i32, reach: i32): void {
  const size = 2 * reach + 1;
  const share = f32x4.splat(<f32>1 / <f32>size);
  const last = count - 1;
  let sum = f32x4.mul(v128.load(from), f32x4.splat(<f32>(reach + 1)));
  for (let i = 1; i <= reach; i++) sum = f32x4.add(sum, v128.load(from + 16 * min(i, last)));
  for (let i = 0; i < count; i++) {
    v128.store(to + 16 * i, f32x4.mul(sum, share));
    sum = f32x4.sub(f32x4.add(sum, v128.load(from + 16 * min(i + reach + 1, last))), v128.load(from + 16 * max(i - reach, 0)));
  }
}

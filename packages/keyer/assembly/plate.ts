// The screen's plate (keying model §2.3): bilinear between cells. Across, it is spread over the sites once, when it is
// set; down, two of those rows are mixed as they are needed.

import { setBounds } from './bounds';
import { BLOCK, blocks, cells, ROWS, siteStride, sitesAcross, sitesDown, spread } from './memory';
import { ceiling } from './model';

// The rows of a row of cells. As many lie behind them: what has to be added to come to the next row of cells.
/** ku / n and kv / n with `fraction + 7` bits. */
export const AXIS_U: i32 = 0;
export const AXIS_V: i32 = 1;
/** Centred chroma, 8 fraction bits. */
export const KEY_U: i32 = 2;
export const KEY_V: i32 = 3;
/** Luma above black, 7 fraction bits. */
export const KEY_Y: i32 = 4;

/** The matte's steepness, Q15 once what is missing to the ceiling is shifted left by `steepShift`. */
export const STEEPNESS: i32 = 5;

/** Fraction bits of the projection before it is brought to 13: fewer for pale keys, whose axis would overflow. */
export let fraction: i32 = 13;
export let steepShift: i32 = 0;
/** The ceiling and the lowest floor, with `fraction` bits. */
export let highest: i32 = 0;
export let lowest: i32 = 0;

let across: i32 = 0;
let down: i32 = 0;
let spanDown: f32 = 0;

/**
 * Takes over the cells in memory. `cellsAcross` × `cellsDown` of them; the picture spans `wide` × `tall` of them.
 */
export function setScreen(cellsAcross: i32, cellsDown: i32, wide: f32, tall: f32, black: i32): void {
  across = cellsAcross;
  down = cellsDown;
  spanDown = tall;

  fraction = 13;
  let steepest: f32 = 0, flattest: f32 = 32767;
  for (let i = 0; i < across * down; i++) {
    const u = load<f32>(cells + 16 * i, 4), v = load<f32>(cells + 16 * i, 8);
    const n = max<f32>(u * u + v * v, 1);
    const most = max<f32>(max<f32>(abs<f32>(u), abs<f32>(v)), 1);
    while (fraction > 11 && most / n * <f32>(1 << (fraction + 7)) > 32767) fraction--;
    const steepness = load<f32>(cells + 16 * i, 12);
    steepest = max<f32>(steepest, steepness);
    flattest = min<f32>(flattest, steepness);
  }
  highest = <i32>nearest<f32>(ceiling * <f32>(1 << fraction));
  lowest = <i32>floorf((ceiling - 1 / flattest) * <f32>(1 << fraction)) - 4;
  steepShift = 13 - fraction;
  while (steepest * steepUnit() > 32767) steepShift++;

  const high = <f32>(1 << (fraction + 7)), unit = steepUnit();
  for (let j = 0; j < down; j++) {
    const row = cells + 16 * j * across;
    for (let i = 0; i < BLOCK * blocks; i += 4) {
      const left = leftOf(i, wide);
      if (left == leftOf(i + 3, wide)) putFour(j, i, row, left, wide, high, unit, <f32>black);
      // Rarely a cell's centre lies between them.
      else for (let k = 0; k < 4; k++) putFour(j, i + k, row, leftOf(i + k, wide), wide, high, unit, <f32>black);
    }
  }
  for (let j = 0; j < down; j++) {
    const from = rowOf(j);
    const to = rowOf(min(down - 1, j + 1));
    for (let at = 0; at < DELTAS * siteStride - 32; at += 16) v128.store(from + DELTAS * siteStride + at, i16x8.sub_sat_s(v128.load(to + at), v128.load(from + at)));
  }
  setBounds(down);
}

/** Where the differences begin. */
const DELTAS: i32 = ROWS / 2;

/** The rows of a row of cells. */
export function rowOf(j: i32): usize {
  return spread + ROWS * j * siteStride;
}

/** Steepness 1, as `steepShift` has it. */
function steepUnit(): f32 {
  return <f32>(1 << (28 - fraction - steepShift));
}

function floorf(x: f32): f32 {
  return floor<f32>(x);
}

/** The cell to the left of a site, which may lie outside. */
function leftOf(i: i32, wide: f32): i32 {
  return <i32>floorf(((<f32>min(i, sitesAcross - 1) + 0.5) / <f32>sitesAcross) * wide - 0.5);
}

/** All quantities of four sites from i on, of which at least the first has the cell `left` to the left. */
function putFour(j: i32, i: i32, row: usize, left: i32, wide: f32, high: f32, unit: f32, black: f32): void {
  const sites = f32x4.min(f32x4.add(f32x4.splat(<f32>i), f32x4(0, 1, 2, 3)), f32x4.splat(<f32>(sitesAcross - 1)));
  const x = f32x4.sub(f32x4.mul(f32x4.div(f32x4.add(sites, f32x4.splat(0.5)), f32x4.splat(<f32>sitesAcross)), f32x4.splat(wide)), f32x4.splat(0.5));
  const share = f32x4.sub(x, f32x4.splat(<f32>left));
  const a = row + 16 * max(0, min(across - 1, left)), b = row + 16 * max(0, min(across - 1, left + 1));
  const ua = load<f32>(a, 4), va = load<f32>(a, 8), na = max<f32>(ua * ua + va * va, 1);
  const ub = load<f32>(b, 4), vb = load<f32>(b, 8), nb = max<f32>(ub * ub + vb * vb, 1);
  const to = rowOf(j) + 2 * i;
  put(to, AXIS_U, mix(ua / na, ub / nb, share), high);
  put(to, AXIS_V, mix(va / na, vb / nb, share), high);
  put(to, KEY_U, mix(ua, ub, share), 256);
  put(to, KEY_V, mix(va, vb, share), 256);
  put(to, KEY_Y, f32x4.sub(mix(load<f32>(a), load<f32>(b), share), f32x4.splat(black)), 128);
  put(to, STEEPNESS, mix(load<f32>(a, 12), load<f32>(b, 12), share), unit);
}

// @ts-ignore: decorator
@inline
function mix(a: f32, b: f32, share: v128): v128 {
  return f32x4.add(f32x4.splat(a), f32x4.mul(f32x4.splat(b - a), share));
}

// @ts-ignore: decorator
@inline
function put(to: usize, quantity: i32, values: v128, unit: f32): void {
  const whole = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(values, f32x4.splat(unit))));
  const four = i16x8.max_s(i16x8.narrow_i32x4_s(whole, whole), i16x8.splat(-32767));
  v128.store64_lane(to + quantity * siteStride, four, 0);
}

/** The row of cells above a row of sites, set by `aim`. */
export let upper: usize = 0;
/** Share of the one below, Q15. */
export let lowerShare: i32 = 0;
/** Number of the upper one. */
export let upperIndex: i32 = 0;

/** Chooses the rows for row j of sites. */
export function aim(j: i32): void {
  const y: f32 = ((<f32>j + 0.5) / <f32>sitesDown) * spanDown - 0.5;
  const top = <i32>floorf(y);
  upperIndex = max(0, min(down - 1, top));
  upper = rowOf(upperIndex);
  lowerShare = top < 0 ? 0 : min(32767, <i32>((y - <f32>top) * 32768));
}

/** One site of a quantity, at a byte offset into the row. */
export function plateAtSite(at: usize): i32 {
  const rise = <i32>load<i16>(upper + <usize>(DELTAS * siteStride) + at);
  return <i32>load<i16>(upper + at) + ((rise * lowerShare + 16384) >> 15);
}

/** Eight sites of a quantity, at a byte offset into the row. */
// @ts-ignore: decorator
@inline
export function plateAt(top: usize, share: v128, at: usize): v128 {
  return i16x8.add(v128.load(top + at), i16x8.q15mulr_sat_s(v128.load(top + <usize>(DELTAS * siteStride) + at), share));
}

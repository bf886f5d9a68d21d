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
  for (let i = 0; i < BLOCK * blocks; i++) {
    const x: f32 = ((<f32>min(i, sitesAcross - 1) + 0.5) / <f32>sitesAcross) * wide - 0.5;
    const left = <i32>floorf(x);
    const share: f32 = x - <f32>left;
    const toLeft = 16 * max(0, min(across - 1, left)), toRight = 16 * max(0, min(across - 1, left + 1));
    for (let j = 0; j < down; j++) {
      const a = cells + 16 * j * across + toLeft, b = cells + 16 * j * across + toRight;
      const ya = load<f32>(a), ua = load<f32>(a, 4), va = load<f32>(a, 8), na = max<f32>(ua * ua + va * va, 1), sa = load<f32>(a, 12);
      const yb = load<f32>(b), ub = load<f32>(b, 4), vb = load<f32>(b, 8), nb = max<f32>(ub * ub + vb * vb, 1), sb = load<f32>(b, 12);
      put(j, i, AXIS_U, mix(ua / na, ub / nb, share) * high);
      put(j, i, AXIS_V, mix(va / na, vb / nb, share) * high);
      put(j, i, KEY_U, mix(ua, ub, share) * 256);
      put(j, i, KEY_V, mix(va, vb, share) * 256);
      put(j, i, KEY_Y, (mix(ya, yb, share) - <f32>black) * 128);
      put(j, i, STEEPNESS, mix(sa, sb, share) * unit);
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

function mix(a: f32, b: f32, share: f32): f32 {
  return a + (b - a) * share;
}

function put(j: i32, i: i32, quantity: i32, value: f32): void {
  store<i16>(rowOf(j) + quantity * siteStride + 2 * i, <i16>max<f32>(-32767, min<f32>(32767, nearest<f32>(value))));
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

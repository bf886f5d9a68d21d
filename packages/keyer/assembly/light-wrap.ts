// The light wrap (src/looks.ts): light of the background that is seen, spread over the subject's edge. Colours of the light
// are f32x4, y, u, v or r, g, b above black, a cell of sites each; i16 with 7 fraction bits where they meet the frame.

import { MIXED, SCREEN } from './blocks';
import { ONE, scale, zipHigh, zipLow } from './lanes';
import { box, chokeMatte, isChoked, isWrapping, wrapReach, wrapStrength } from './looks';
import {
  behind,
  behindLuma,
  behindU,
  behindV,
  BLOCK,
  blockRow,
  blocks,
  CELL,
  cellsAcross,
  cellsDown,
  chromaStride,
  coarse,
  glow,
  glowRow,
  height,
  keyedLuma,
  keyedU,
  keyedV,
  kinds,
  light,
  line,
  lumaStride,
  matte,
  rgba,
  siteRow,
  sitesAcross,
  sitesDown,
  width,
} from './memory';
import { black, whitest } from './model';
import { projectRow } from './project';
import { fineRow } from './refine';

let isLit: bool = false;

/** The background is another one. */
export function forgetLight(): void {
  isLit = false;
}

/** Measures what light falls on the frame in memory. */
export function gatherLight(isRgba: bool): void {
  if (!isWrapping) return;
  if (!isLit) measureLight(isRgba);
  isLit = true;
  memory.fill(glow, 0, 16 * cellsAcross * cellsDown);
  for (let j = 0; j < sitesDown; j++) {
    projectRow(j);
    const from = siteRow(matte, j), to = glow + 16 * (j / CELL) * cellsAcross;
    for (let c = 0; c < cellsAcross; c++) v128.store(to + 16 * c, i32x4.add(v128.load(to + 16 * c), i32x4.extadd_pairwise_i16x8_s(v128.load(from + 16 * c))));
  }
  for (let r = 0; r < cellsDown; r++) {
    const whole = CELL * min(CELL, sitesDown - CELL * r) * ONE;
    for (let at = 16 * r * cellsAcross, end = at + 16 * cellsAcross; at < end; at += 16) {
      const sums = v128.load(glow + at);
      const sum = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) + i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3);
      v128.store(glow + at, f32x4.mul(v128.load(light + at), f32x4.splat(<f32>sum / <f32>whole)));
    }
  }
  if (wrapReach > 0) spreadGlow();
}

function spreadGlow(): void {
  const other = line + 16 * max(cellsAcross, cellsDown);
  for (let r = 0; r < cellsDown; r++) {
    const row = glow + 16 * r * cellsAcross;
    box(row, line, cellsAcross, wrapReach);
    box(line, other, cellsAcross, wrapReach);
    box(other, row, cellsAcross, wrapReach);
  }
  for (let c = 0; c < cellsAcross; c++) {
    const column = glow + 16 * c;
    for (let r = 0; r < cellsDown; r++) v128.store(line + 16 * r, v128.load(column + 16 * r * cellsAcross));
    box(line, other, cellsDown, wrapReach);
    box(other, line, cellsDown, wrapReach);
    box(line, other, cellsDown, wrapReach);
    for (let r = 0; r < cellsDown; r++) v128.store(column + 16 * r * cellsAcross, v128.load(other + 16 * r));
  }
}

/** Means of the background in each cell. */
function measureLight(isRgba: bool): void {
  for (let r = 0; r < cellsDown; r++) {
    for (let c = 0; c < cellsAcross; c++) {
      const x = 2 * CELL * c, y = 2 * CELL * r;
      const across = min(2 * CELL, width - x), down = min(2 * CELL, height - y);
      const i = CELL * c, j = CELL * r;
      const wide = min(CELL, sitesAcross - i), tall = min(CELL, sitesDown - j);
      const color = isRgba
        ? f32x4(
            meanOf(behind + 4 * (y * width + x), 4, 4 * width, across, down),
            meanOf(behind + 4 * (y * width + x) + 1, 4, 4 * width, across, down),
            meanOf(behind + 4 * (y * width + x) + 2, 4, 4 * width, across, down),
            0)
        : f32x4(
            meanOf(behindLuma + y * lumaStride + x, 1, lumaStride, across, down) - <f32>black,
            meanOf(behindU + j * chromaStride + i, 1, chromaStride, wide, tall) - 128,
            meanOf(behindV + j * chromaStride + i, 1, chromaStride, wide, tall) - 128,
            0);
      v128.store(light + 16 * (r * cellsAcross + c), color);
    }
  }
}

function meanOf(from: usize, step: i32, stride: i32, across: i32, down: i32): f32 {
  let sum = 0;
  for (let y = 0; y < down; y++) for (let x = 0; x < across; x++) sum += load<u8>(from + y * stride + x * step);
  const count = across * down;
  return <f32>sum / <f32>count;
}

/** Share of the farther cell at site k of a cell, Q15: 7/16 at its ends, 1/16 beside its middle. */
// @ts-ignore: decorator
@inline
function farShare(k: i32): i32 {
  return 2048 * (k < CELL / 2 ? CELL - 1 - 2 * k : 2 * k - CELL + 1);
}

/** Fills `glowRow` for row j of sites: the colour of each cell twice, from one before the first on. */
function aimGlow(j: i32): void {
  const own = j / CELL, k = j % CELL;
  const far = max(0, min(cellsDown - 1, k < CELL / 2 ? own - 1 : own + 1));
  const share = f32x4.splat(<f32>farShare(k) / 32768);
  for (let c = -1; c < cellsAcross + 2; c++) {
    const at = 16 * max(0, min(cellsAcross - 1, c));
    const near = v128.load(glow + 16 * own * cellsAcross + at);
    const color = f32x4.add(near, f32x4.mul(f32x4.sub(v128.load(glow + 16 * far * cellsAcross + at), near), share));
    const codes = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(color, f32x4.splat(128))));
    v128.store(cellAt(c), i16x8.narrow_i32x4_s(codes, codes));
  }
}

// @ts-ignore: decorator
@inline
function cellAt(c: i32): usize {
  return glowRow + 16 * (c + 1);
}

/** Whether any light falls on a block. */
// @ts-ignore: decorator
@inline
function isBlockLit(b: i32): bool {
  const c = 2 * b;
  return v128.any_true(v128.or(v128.or(v128.load(cellAt(c - 1)), v128.load(cellAt(c))), v128.or(v128.load(cellAt(c + 1)), v128.load(cellAt(c + 2)))));
}

/** How much of the light shows, Q15: the subject's share times the strength. */
// @ts-ignore: decorator
@inline
function showing(m: v128): v128 {
  const edge = isChoked ? chokeMatte(m) : m;
  const alpha = i16x8.min_u(i16x8.shl(i16x8.sub(i16x8.splat(<i16>ONE), edge), 2), i16x8.splat(32767));
  return scale(alpha, i16x8.splat(<i16>wrapStrength));
}

/** What light adds where `room` codes are left up to white. `unit`: two codes' share of all, Q15. */
// @ts-ignore: decorator
@inline
function added(color: v128, room: v128, shows: v128, unit: i32): v128 {
  return scale(scale(scale(color, i16x8.shl(room, 7)), shows), i16x8.splat(<i16>unit));
}

/** Light of a channel at the eight sites of a cell. */
// @ts-ignore: decorator
@inline
function glowAt(c: i32, channel: i32): v128 {
  const near = v128.load16_splat(cellAt(c) + 2 * channel);
  const far = i64x2.shuffle(v128.load16_splat(cellAt(c - 1) + 2 * channel), v128.load16_splat(cellAt(c + 1) + 2 * channel), 0, 3);
  return i16x8.add(near, scale(i16x8.sub(far, near), i16x8(14336, 10240, 6144, 2048, 2048, 6144, 10240, 14336)));
}

/** Lights row j of sites and its luma in the composed planes. */
export function wrapPlanes(j: i32): void {
  if (!isWrapping) return;
  const kind = blockRow(kinds, j);
  const isLast = 2 * j + 1 == height;
  const unit = 65536 / (whitest - black);
  aimGlow(j);
  for (let b = 0; b < blocks; b++) {
    const own = <i32>load<u8>(kind + b);
    if (own == SCREEN || !isBlockLit(b)) continue;
    for (let half = 0; half < 2; half++) {
      const site = BLOCK * b + CELL * half;
      const upper = keyedLuma + 2 * j * lumaStride + 2 * site, lower = isLast ? upper : upper + lumaStride;
      const sums = i16x8.add(i16x8.extadd_pairwise_i8x16_u(v128.load(upper)), i16x8.extadd_pairwise_i8x16_u(v128.load(lower)));
      const brightness = glowAt(2 * b + half, 0);
      wrapLuma(upper, brightness, fineRow(2 * j) + 4 * site, own == MIXED, unit);
      if (!isLast) wrapLuma(lower, brightness, fineRow(2 * j + 1) + 4 * site, own == MIXED, unit);
      const room = roomOf(i16x8.shr_u(i16x8.add(sums, i16x8.splat(2)), 2));
      const shows = showing(own == MIXED ? v128.load(siteRow(coarse, j) + 2 * site) : i16x8.splat(0));
      wrapChroma(keyedU + j * chromaStride + site, added(glowAt(2 * b + half, 1), room, shows, unit));
      wrapChroma(keyedV + j * chromaStride + site, added(glowAt(2 * b + half, 2), room, shows, unit));
    }
  }
}

// @ts-ignore: decorator
@inline
function roomOf(codes: v128): v128 {
  return i16x8.max_s(i16x8.sub(i16x8.splat(<i16>whitest), codes), i16x8.splat(0));
}

/** Sixteen luma samples. */
// @ts-ignore: decorator
@inline
function wrapLuma(at: usize, color: v128, fine: usize, isMixed: bool, unit: i32): void {
  const codes = v128.load(at);
  const low = i16x8.extend_low_i8x16_u(codes), high = i16x8.extend_high_i8x16_u(codes);
  const none = i16x8.splat(0);
  const m0 = isMixed ? v128.load(fine) : none, m1 = isMixed ? v128.load(fine, 16) : none;
  v128.store(at, i8x16.narrow_i16x8_u(
    i16x8.add(low, added(zipLow(color, color), roomOf(low), showing(m0), unit)),
    i16x8.add(high, added(zipHigh(color, color), roomOf(high), showing(m1), unit))));
}

// @ts-ignore: decorator
@inline
function wrapChroma(at: usize, more: v128): void {
  const codes = i16x8.add(v128.load_ext<u8>(at), more);
  v128.store64_lane(at, i8x16.narrow_i16x8_u(codes, codes), 0);
}

/** Lights row j of sites in the composed RGBA. */
export function wrapRgba(j: i32): void {
  if (!isWrapping) return;
  const kind = blockRow(kinds, j);
  aimGlow(j);
  for (let b = 0; b < blocks; b++) {
    const own = <i32>load<u8>(kind + b);
    if (own == SCREEN || !isBlockLit(b)) continue;
    for (let i = BLOCK * b, end = min(BLOCK * b + BLOCK, sitesAcross); i < end; i++) {
      const c = i / CELL, k = i % CELL;
      const near = v128.load(cellAt(c)), far = v128.load(cellAt(k < CELL / 2 ? c - 1 : c + 1));
      const color = i16x8.add(near, scale(i16x8.sub(far, near), i16x8.splat(<i16>farShare(k))));
      for (let y = 2 * j; y < min(2 * j + 2, height); y++) wrapPixels(2 * i, y, color, own == MIXED);
    }
  }
}

/** Two pixels of a site. */
// @ts-ignore: decorator
@inline
function wrapPixels(x: i32, y: i32, color: v128, isMixed: bool): void {
  const at = rgba + 4 * (y * width + x);
  const codes = v128.load_ext<u8>(at);
  const shows = showing(isMixed ? v128.load32_splat(fineRow(y) + 2 * x) : i16x8.splat(0));
  const more = added(color, i16x8.sub(i16x8.splat(255), codes), i16x8.shuffle(shows, shows, 0, 0, 0, 0, 1, 1, 1, 1), 257);
  const lit = i8x16.narrow_i16x8_u(i16x8.add(codes, more), codes);
  if (x + 1 < width) v128.store64_lane(at, lit, 0);
  else v128.store32_lane(at, lit, 0);
}

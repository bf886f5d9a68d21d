// Classes of blocks (keying model §2.8): each costs only what it needs. A block's class holds for it and two sites around
// it, so that leaving work out changes nothing.

import { CALM, ONE } from './lanes';
import { BLOCK, blockRow, blocks, blockStride, clampRow, flags, kinds, matte, projection, siteRow, tall, wide } from './memory';

/** What a row of a block with the two sites beside it is, bits of `flags`. */
const IS_SCREEN: u8 = 1;
const IS_SUBJECT: u8 = 2;
const IS_CLEAN: u8 = 4;

/** What a block is, bits of `kinds`: partly screen. */
export const MIXED: i32 = 1;
/** No screen, but some of its colour. */
export const SPILT: i32 = 2;
/** Nothing of the screen. */
export const SUBJECT: i32 = 4;
/** Nothing but screen. */
export const SCREEN: i32 = 8;

/** Fills row j of `flags`. */
export function flagRow(j: i32): void {
  const m = siteRow(matte, j);
  const p = siteRow(projection, j);
  const to = blockRow(flags, j);
  let b = 0;
  for (; b + 4 <= blocks; b += 4) {
    // Four at once, where they are all the same.
    const at = m + 2 * BLOCK * b;
    const before = v128.load(at - 4), after = v128.load(at + 116);
    let all = v128.and(before, after), some = v128.or(before, after);
    for (let k: usize = 12; k < 124; k += 16) {
      const eight = v128.load(at + k);
      all = v128.and(all, eight);
      some = v128.or(some, eight);
    }
    if (isWhole(all)) store<u32>(to + b, 0x01010101 * <u32>IS_SCREEN);
    else if (!v128.any_true(some)) for (let k = 0; k < 4; k++) store<u8>(to + b + k, IS_SUBJECT | cleanliness(p + 2 * BLOCK * (b + k)));
    else for (let k = 0; k < 4; k++) flagBlock(m, p, to, b + k);
  }
  for (; b < blocks; b++) flagBlock(m, p, to, b);
}

/** Whether all lanes are 1, given that none is more. */
// @ts-ignore: decorator
@inline
function isWhole(all: v128): bool {
  return i16x8.all_true(v128.and(all, i16x8.splat(<i16>ONE)));
}

// @ts-ignore: decorator
@inline
function cleanliness(from: usize): u8 {
  const most = i16x8.max_s(i16x8.max_s(v128.load(from - 4), v128.load(from + 12)), v128.load(from + 20));
  return v128.any_true(i16x8.gt_s(most, i16x8.splat(CALM))) ? 0 : IS_CLEAN;
}

function flagBlock(m: usize, p: usize, to: usize, b: i32): void {
  // From two sites before the block to two sites after it.
  const at = m + 2 * BLOCK * b;
  const before = v128.load(at - 4), middle = v128.load(at + 12), after = v128.load(at + 20);
  let flag: u8 = 0;
  if (!v128.any_true(v128.or(v128.or(before, middle), after))) flag = IS_SUBJECT | cleanliness(p + 2 * BLOCK * b);
  else if (isWhole(v128.and(v128.and(before, middle), after))) flag = IS_SCREEN;
  store<u8>(to + b, flag);
}

/** Fills row j of `kinds` from the five rows of `flags` around it. */
export function classifyRow(j: i32): void {
  const a = blockRow(flags, clampRow(j - 2)), b = blockRow(flags, clampRow(j - 1)), c = blockRow(flags, j);
  const d = blockRow(flags, clampRow(j + 1)), e = blockRow(flags, clampRow(j + 2));
  const to = blockRow(kinds, j);
  const kindOf = i8x16(1, 8, 2, 8, 1, 8, 4, 8, 1, 1, 1, 1, 1, 1, 1, 1);
  for (let i = 0; i < blocks; i += 16) {
    const all = v128.and(v128.and(v128.and(v128.load(a + i), v128.load(b + i)), v128.and(v128.load(c + i), v128.load(d + i))), v128.load(e + i));
    v128.store(to + i, i8x16.swizzle(kindOf, all));
  }
  // Beyond the row there is nothing that anything is wanted for.
  store<u64>(to + blocks, 0);
  store<u64>(to + blocks + 8, 0);
  store<u64>(to - 8, 0);
}

/** Fills row j of `tall`, the kinds in the three rows around it, and of `wide`, those in the columns beside it too. */
export function lookAround(j: i32): void {
  const a = blockRow(kinds, clampRow(j - 1)), b = blockRow(kinds, j), c = blockRow(kinds, clampRow(j + 1));
  const toTall = blockRow(tall, j), toWide = blockRow(wide, j);
  for (let i = 0; i < blocks; i += 16) v128.store(toTall + i, v128.or(v128.or(v128.load(a + i), v128.load(b + i)), v128.load(c + i)));
  store<u64>(toTall + blocks, 0);
  store<u64>(toTall - 8, 0);
  for (let i = 0; i < blocks; i += 16) v128.store(toWide + i, v128.or(v128.or(v128.load(toTall + i), v128.load(toTall + i - 1)), v128.load(toTall + i + 1)));
  // `wide` reaches one block beyond the row: nothing is wanted there.
  store<u64>(toWide + blocks, 0);
  store<u64>(toWide + blocks + 8, 0);
}

/** Which of sixteen blocks are of `wanted` kinds, as bits; see `isPicked`, `nextOf`, `withoutNext`. */
// @ts-ignore: decorator
@inline
export function pick(row: usize, wanted: i32): i32 {
  return i8x16.bitmask(i8x16.ne(v128.and(v128.load(row), i8x16.splat(<i8>wanted)), i8x16.splat(0)));
}

// @ts-ignore: decorator
@inline
export function isPicked(bits: i32): bool {
  return bits != 0;
}

// @ts-ignore: decorator
@inline
export function nextOf(bits: i32): i32 {
  return ctz(bits);
}

// @ts-ignore: decorator
@inline
export function withoutNext(bits: i32): i32 {
  return bits & (bits - 1);
}

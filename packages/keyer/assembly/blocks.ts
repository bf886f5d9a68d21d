// Classes of blocks (keying model §2.8): each costs only what it needs. A block's class holds for it and two sites around
// it, so that leaving work out changes nothing.

import { ONE } from './lanes';
import { BLOCK, blockRow, blocks, blockStride, clampRow, flags, kinds, matte, near, projection, siteRow } from './memory';

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
  const whole = i16x8.splat(<i16>ONE);
  const zero = i16x8.splat(0);
  for (let b = 0; b < blocks; b++) {
    // From two sites before the block to two sites after it.
    const at = m + 2 * BLOCK * b;
    const before = v128.load(at - 4), middle = v128.load(at + 12), after = v128.load(at + 20);
    let flag: u8 = 0;
    if (!v128.any_true(v128.or(v128.or(before, middle), after))) {
      flag = IS_SUBJECT;
      const from = p + 2 * BLOCK * b;
      const most = i16x8.max_s(i16x8.max_s(v128.load(from - 4), v128.load(from + 12)), v128.load(from + 20));
      if (!v128.any_true(i16x8.gt_s(most, zero))) flag |= IS_CLEAN;
    } else if (i16x8.all_true(v128.and(v128.and(v128.and(before, middle), after), whole))) flag = IS_SCREEN;
    store<u8>(to + b, flag);
  }
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

/** Fills `near`: which kinds there are in the three rows around row j. With `isWide`, also in the columns beside. */
export function lookAround(j: i32, isWide: bool): void {
  const a = blockRow(kinds, clampRow(j - 1)), b = blockRow(kinds, j), c = blockRow(kinds, clampRow(j + 1));
  for (let i = 0; i < blocks; i += 16) {
    let all = v128.or(v128.or(v128.load(a + i), v128.load(b + i)), v128.load(c + i));
    if (isWide) {
      all = v128.or(all, v128.or(v128.or(v128.load(a + i - 1), v128.load(b + i - 1)), v128.load(c + i - 1)));
      all = v128.or(all, v128.or(v128.or(v128.load(a + i + 1), v128.load(b + i + 1)), v128.load(c + i + 1)));
    }
    v128.store(near + i, all);
  }
}

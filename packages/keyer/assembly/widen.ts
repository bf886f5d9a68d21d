// `up` of the model (§2.1) in two steps: rows are widened to luma columns once, and mixed in pairs where they are needed.

import { lerp, zipHigh, zipLow } from './lanes';
import { BLOCK } from './memory';
import { isLeft } from './model';

/** Widens the block at byte offset `at` of a row of sites. */
// @ts-ignore: decorator
@inline
export function widen(from: usize, to: usize, b: i32): void {
  const site = from + 2 * BLOCK * b;
  const line = to + 4 * BLOCK * b;
  if (isLeft) {
    widenLeft(site, line);
    widenLeft(site + 16, line + 32);
  } else {
    widenCentre(site, line);
    widenCentre(site + 16, line + 32);
  }
}

// @ts-ignore: decorator
@inline
function widenCentre(site: usize, line: usize): void {
  const here = v128.load(site);
  const even = lerp(here, v128.load(site - 2)), odd = lerp(here, v128.load(site + 2));
  v128.store(line, zipLow(even, odd));
  v128.store(line + 16, zipHigh(even, odd));
}

// @ts-ignore: decorator
@inline
function widenLeft(site: usize, line: usize): void {
  const here = v128.load(site);
  const odd = i16x8.add(here, i16x8.shr_s(i16x8.sub_sat_s(v128.load(site + 2), here), 1));
  v128.store(line, zipLow(here, odd));
  v128.store(line + 16, zipHigh(here, odd));
}

/** The same for luma at the sites, without rounding: the result has two fraction bits more. */
// @ts-ignore: decorator
@inline
export function widenMean(from: usize, to: usize, b: i32): void {
  for (let k = 0; k < 2; k++) {
    const site = from + 2 * BLOCK * b + 16 * k;
    const line = to + 4 * BLOCK * b + 32 * k;
    const here = v128.load(site), after = v128.load(site + 2);
    let even: v128, odd: v128;
    if (isLeft) {
      even = i16x8.shl(here, 2);
      odd = i16x8.shl(i16x8.add(here, after), 1);
    } else {
      const three = i16x8.add(i16x8.shl(here, 1), here);
      even = i16x8.add(three, v128.load(site - 2));
      odd = i16x8.add(three, after);
    }
    v128.store(line, zipLow(even, odd));
    v128.store(line + 16, zipHigh(even, odd));
  }
}

// Arithmetic on eight i16 lanes.

/** 1 with 13 fraction bits. */
export const ONE: i32 = 8192;
/** Up to here the subject is left with the screen's colour (src/projection.ts). */
export const CALM: i16 = 98;

/** ¾ near + ¼ far, rounded. */
// @ts-ignore: decorator
@inline
export function lerp(near: v128, far: v128): v128 {
  return i16x8.add(near, i16x8.shr_s(i16x8.add(i16x8.sub_sat_s(far, near), i16x8.splat(2)), 2));
}

/** Rounded product, 15 bits down. */
// @ts-ignore: decorator
@inline
export function scale(a: v128, b: v128): v128 {
  return i16x8.q15mulr_sat_s(a, b);
}

// @ts-ignore: decorator
@inline
export function clamp(value: v128, least: i32, most: i32): v128 {
  return i16x8.max_s(i16x8.min_s(value, i16x8.splat(<i16>most)), i16x8.splat(<i16>least));
}

/** |a − b|. Not `abs`, which leaves a saturated −32768 negative. */
// @ts-ignore: decorator
@inline
export function distance(a: v128, b: v128): v128 {
  return i16x8.max_s(i16x8.sub_sat_s(a, b), i16x8.sub_sat_s(b, a));
}

/** Lanes of two vectors in turn: the first eight. */
// @ts-ignore: decorator
@inline
export function zipLow(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

/** The other eight. */
// @ts-ignore: decorator
@inline
export function zipHigh(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

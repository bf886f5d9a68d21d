/** Clamps to 0..1. */
export const clamp01 = (x: number): number => (x < 0 ? 0 : x > 1 ? 1 : x);

/** Linear from `a` (at 0) to `b` (at 1). */
export const mix = (a: number, b: number, amount: number): number => a + (b - a) * amount;

/** Eases from 0 at `from` to 1 at `to`, flat at both ends (Perlin's quintic). */
export const ease = (from: number, to: number, x: number): number => {
  const u = clamp01((x - from) / (to - from));
  return u * u * u * (u * (u * 6 - 15) + 10);
};

/** A fixed pseudo-random number in 0..1 for an integer and a channel; the same for every run. */
export const hash = (index: number, channel: number): number => {
  let h = Math.imul(index ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(channel + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 4_294_967_296;
};

/** Smooth noise in −1..1 that passes a new value every `periodSeconds`. */
export const drift = (timeSeconds: number, periodSeconds: number, channel: number): number => {
  const at = timeSeconds / periodSeconds;
  const cell = Math.floor(at);
  return mix(hash(cell, channel), hash(cell + 1, channel), ease(0, 1, at - cell)) * 2 - 1;
};

/** Rounds to a multiple of `step`, so that a part that moves by less than one can see needs no new picture. */
export const quantize = (x: number, step: number): number => Math.round(x / step) * step;

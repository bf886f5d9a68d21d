// Arithmetic of one lane, as WebAssembly has it: what assembly/ does with eight of them at once.

/** 1 with 13 fraction bits. */
export const ONE = 8192;

/** A number between two others. */
export const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** What i16 can hold: the end that is nearer for all else. */
export const saturate = (value: number): number => clamp(value, -32_768, 32_767);

/** What a byte can hold. */
export const byteOf = (value: number): number => clamp(value, 0, 255);

/** `add_sat_s` */
export const add = (a: number, b: number): number => saturate(a + b);

/** `sub_sat_s` */
export const subtract = (a: number, b: number): number => saturate(a - b);

/** `q15mulr_sat_s`: the rounded product, 15 bits down. */
export const scale = (a: number, b: number): number => saturate((a * b + 16_384) >> 15);

/** `avgr_u` */
export const average = (a: number, b: number): number => (a + b + 1) >> 1;

/** ¾ near + ¼ far, rounded. */
export const lerp = (near: number, far: number): number => near + ((subtract(far, near) + 2) >> 2);

/** The nearest whole number, the even one of two. */
export const nearest = (value: number): number => {
  const below = Math.floor(value);
  const beyond = value - below;
  return beyond > 0.5 || (beyond === 0.5 && below % 2 !== 0) ? below + 1 : below;
};

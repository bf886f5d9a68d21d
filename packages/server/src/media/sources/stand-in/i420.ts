/**
 * Converts a rectangle of opaque RGBA to I420, BT.601 limited range (ITU-R BT.601-7, 8-bit codes). Chroma is the mean
 * of each 2 × 2 block. `x`, `y`, `width` and `height` are even; `rgba` holds the rectangle alone, tightly packed;
 * `into` is a whole picture of `stride` × `rows`, tightly packed Y, U, V. Allocates nothing.
 */
export const rgbaToI420 = (
  rgba: Uint8ClampedArray,
  x: number,
  y: number,
  width: number,
  height: number,
  into: Uint8Array,
  stride: number,
  rows: number,
): void => {
  const half = stride >> 1;
  const uPlane = stride * rows;
  const vPlane = uPlane + half * (rows >> 1);
  for (let row = 0; row < height; row += 2) {
    let upper = row * width * 4;
    let lower = upper + width * 4;
    let luma = (y + row) * stride + x;
    let chroma = ((y + row) >> 1) * half + (x >> 1);
    for (let column = 0; column < width; column += 2) {
      // Every index is inside by the contract above; `?? 0` only satisfies the compiler.
      const r0 = rgba[upper] ?? 0,
        g0 = rgba[upper + 1] ?? 0,
        b0 = rgba[upper + 2] ?? 0;
      const r1 = rgba[upper + 4] ?? 0,
        g1 = rgba[upper + 5] ?? 0,
        b1 = rgba[upper + 6] ?? 0;
      const r2 = rgba[lower] ?? 0,
        g2 = rgba[lower + 1] ?? 0,
        b2 = rgba[lower + 2] ?? 0;
      const r3 = rgba[lower + 4] ?? 0,
        g3 = rgba[lower + 5] ?? 0,
        b3 = rgba[lower + 6] ?? 0;
      into[luma] = (16_829 * r0 + 33_039 * g0 + 6416 * b0 + 1_081_344) >> 16;
      into[luma + 1] = (16_829 * r1 + 33_039 * g1 + 6416 * b1 + 1_081_344) >> 16;
      into[luma + stride] = (16_829 * r2 + 33_039 * g2 + 6416 * b2 + 1_081_344) >> 16;
      into[luma + stride + 1] = (16_829 * r3 + 33_039 * g3 + 6416 * b3 + 1_081_344) >> 16;
      const r = r0 + r1 + r2 + r3;
      const g = g0 + g1 + g2 + g3;
      const b = b0 + b1 + b2 + b3;
      into[uPlane + chroma] = (28_784 * b - 9714 * r - 19_070 * g + 33_685_504) >> 18;
      into[vPlane + chroma] = (28_784 * r - 24_103 * g - 4681 * b + 33_685_504) >> 18;
      upper += 8;
      lower += 8;
      luma += 2;
      chroma += 1;
    }
  }
};

/**
 * A Gaussian blur, as three running means (Kovesi, "Fast almost-Gaussian filtering", 2010): the standard deviation is
 * within 3 % of `sigma` from 4 pixels up. Edges repeat. Returns a new plane.
 */
export const blur = (plane: Float32Array, width: number, height: number, sigma: number): Float32Array => {
  const radius = Math.max(1, Math.round((Math.sqrt(4 * sigma * sigma + 1) - 1) / 2));
  const from = Float32Array.from(plane);
  const to = new Float32Array(plane.length);
  for (let pass = 0; pass < 3; pass++) {
    average(from, to, width, height, 1, width, radius);
    average(to, from, height, width, width, 1, radius);
  }
  return from;
};

const average = (from: Float32Array, to: Float32Array, length: number, lines: number, step: number, stride: number, radius: number): void => {
  for (let line = 0; line < lines; line++) {
    const base = line * stride;
    const at = (i: number) => from[base + (i < 0 ? 0 : i >= length ? length - 1 : i) * step] ?? 0;
    let sum = 0;
    for (let i = -radius; i <= radius; i++) sum += at(i);
    for (let i = 0; i < length; i++) {
      to[base + i * step] = sum / (2 * radius + 1);
      sum += at(i + radius + 1) - at(i - radius);
    }
  }
};

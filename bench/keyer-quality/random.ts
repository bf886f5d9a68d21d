/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export const createRandom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Adds Gaussian noise of the given standard deviation (Box and Muller 1958). */
export const addNoise = (plane: Float32Array, sigma: number, random: () => number): void => {
  for (let i = 0; i < plane.length; i += 2) {
    const radius = sigma * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    plane[i] = (plane[i] ?? 0) + radius * Math.cos(angle);
    if (i + 1 < plane.length) plane[i + 1] = (plane[i + 1] ?? 0) + radius * Math.sin(angle);
  }
};

import type { ChromaImage } from './planes.js';

/** Sites at which the gain is measured, across and down. */
export const GAIN_GRID = { width: 32, height: 18 } as const;
/** Projections farther than this from 1 are not screen. */
export const GAIN_REACH = 0.15;
/** Nor are those farther than this from the mean of the others. */
export const GAIN_NOISE = 0.04;
/** From here on nothing has faded: half a code of alpha is at stake. */
const NEARLY_ONE = 0.998;
/** Fewer sites of screen than this tell nothing. */
export const GAIN_SITES = 8;

/**
 * The screen's strength in a frame as a share of what the plate says, at most 1: between two measurements of the plate a
 * video codec lets a flat screen fade by some codes, which would lie over the background as haze. A trimmed mean over a
 * few sites, measured in every frame. `ku`, `kv`: the plate's chroma at the image's samples.
 */
export const measureGain = (image: ChromaImage, ku: Float32Array, kv: Float32Array): number => {
  const { width, height } = GAIN_GRID;
  const meanNear = (centre: number, reach: number): number => {
    let count = 0;
    let sum = 0;
    for (let j = 0; j < height; j++) {
      const row = Math.floor(((2 * j + 1) * image.height) / (2 * height));
      for (let i = 0; i < width; i++) {
        const at = row * image.width + Math.floor(((2 * i + 1) * image.width) / (2 * width));
        const [u, v] = [ku[at] ?? 0, kv[at] ?? 0];
        const along = ((image.u[at] ?? 0) * u + (image.v[at] ?? 0) * v) / Math.max(u * u + v * v, 1);
        if (Math.abs(along - centre) > reach) continue;
        count++;
        sum += along;
      }
    }
    return count < GAIN_SITES ? 1 : sum / count;
  };
  const gain = meanNear(meanNear(1, GAIN_REACH), GAIN_NOISE);
  return gain >= NEARLY_ONE ? 1 : gain;
};

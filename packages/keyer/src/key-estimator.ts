import type { Codes } from './color.js';
import type { ChromaImage } from './planes.js';

/** A colour found on the border of the picture, and the share of border samples (0 to 1) that have it. */
export interface KeyEstimate extends Codes {
  readonly share: number;
}

const WINDOW = 8;

/**
 * Finds the screen's colour on the picture's border (keying model §2.2): the mode of the border's chroma histogram,
 * which survives a head or an arm in the border and marker pixels. Holds its histogram; one instance a stream.
 */
export class KeyEstimator {
  readonly #histogram = new Uint16Array(256 * 256);

  /** The most frequent colour of the border, as the mean of what lies within ±7 codes of it. */
  estimate(image: ChromaImage): KeyEstimate {
    const histogram = this.#histogram.fill(0);
    let mode = 0;
    forEachBorderSample(image, (i) => {
      const bin = (Math.round((image.u[i] ?? 0) + 128) & 255) * 256 + (Math.round((image.v[i] ?? 0) + 128) & 255);
      const count = (histogram[bin] ?? 0) + 1;
      histogram[bin] = count;
      if (count > (histogram[mode] ?? 0)) mode = bin;
    });
    return measure(image, (mode >> 8) - 128, (mode & 255) - 128);
  }

  /** Share of the border, 0 to 1, that has the given colour. */
  computeShare(image: ChromaImage, key: Codes): number {
    return measure(image, key.u, key.v).share;
  }
}

const measure = (image: ChromaImage, u0: number, v0: number): KeyEstimate => {
  let total = 0;
  let count = 0;
  let y = 0;
  let u = 0;
  let v = 0;
  forEachBorderSample(image, (i) => {
    total++;
    const du = image.u[i] ?? 0;
    const dv = image.v[i] ?? 0;
    if (Math.abs(du - u0) >= WINDOW || Math.abs(dv - v0) >= WINDOW) return;
    count++;
    y += image.y[i] ?? 0;
    u += du;
    v += dv;
  });
  return count === 0 ? { y: 16, u: u0, v: v0, share: 0 } : { y: y / count, u: u / count, v: v / count, share: count / total };
};

/** The band: the top h/36 rows, and the outer w/27 columns on both sides of the top third. */
const forEachBorderSample = (image: ChromaImage, visit: (index: number) => void): void => {
  const { width, height } = image;
  const rows = Math.max(2, Math.round(height / 36));
  const columns = Math.max(2, Math.round(width / 27));
  const third = Math.ceil(height / 3);
  for (let j = 0; j < third; j++) {
    for (let i = 0; i < width; i++) {
      if (j >= rows && i === columns) i = Math.max(columns, width - columns);
      visit(j * width + i);
    }
  }
};

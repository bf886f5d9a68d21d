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
  readonly #found = { y: 16, u: 0, v: 0, share: 0 };
  /** Where the border's samples lie in pictures of the size that came last. */
  #border = new Uint32Array(0);
  #width = 0;
  #height = 0;

  /** The most frequent colour of the border, as the mean of what lies within ±7 codes of it. It is overwritten by the next one. */
  estimate(image: ChromaImage): KeyEstimate {
    const border = this.#borderOf(image);
    const histogram = this.#histogram.fill(0);
    let mode = 0;
    for (let k = 0; k < border.length; k++) {
      const i = border[k] ?? 0;
      const bin = (Math.round((image.u[i] ?? 0) + 128) & 255) * 256 + (Math.round((image.v[i] ?? 0) + 128) & 255);
      const count = (histogram[bin] ?? 0) + 1;
      histogram[bin] = count;
      if (count > (histogram[mode] ?? 0)) mode = bin;
    }
    return this.#measure(image, (mode >> 8) - 128, (mode & 255) - 128);
  }

  /** Share of the border, 0 to 1, that has the given colour. */
  computeShare(image: ChromaImage, { u, v }: Codes): number {
    const border = this.#borderOf(image);
    let count = 0;
    for (let k = 0; k < border.length; k++) if (isNear(image, border[k] ?? 0, u, v)) count++;
    return count / border.length;
  }

  #measure(image: ChromaImage, u0: number, v0: number): KeyEstimate {
    const border = this.#borderOf(image);
    let count = 0;
    let y = 0;
    let u = 0;
    let v = 0;
    for (let k = 0; k < border.length; k++) {
      const i = border[k] ?? 0;
      if (!isNear(image, i, u0, v0)) continue;
      count++;
      y += image.y[i] ?? 0;
      u += image.u[i] ?? 0;
      v += image.v[i] ?? 0;
    }
    const found = this.#found;
    found.y = count === 0 ? 16 : y / count;
    found.u = count === 0 ? u0 : u / count;
    found.v = count === 0 ? v0 : v / count;
    found.share = count / border.length;
    return found;
  }

  /** The band: the top h/36 rows, and the outer w/27 columns on both sides of the top third. */
  #borderOf({ width, height }: ChromaImage): Uint32Array {
    if (width === this.#width && height === this.#height) return this.#border;
    const rows = Math.max(2, Math.round(height / 36));
    const columns = Math.max(2, Math.round(width / 27));
    const border: number[] = [];
    for (let j = 0; j < Math.ceil(height / 3); j++) {
      for (let i = 0; i < width; i++) {
        if (j >= rows && i === columns) i = Math.max(columns, width - columns);
        border.push(j * width + i);
      }
    }
    this.#width = width;
    this.#height = height;
    return (this.#border = Uint32Array.from(border));
  }
}

const isNear = ({ u, v }: ChromaImage, i: number, u0: number, v0: number): boolean =>
  Math.abs((u[i] ?? 0) - u0) < WINDOW && Math.abs((v[i] ?? 0) - v0) < WINDOW;

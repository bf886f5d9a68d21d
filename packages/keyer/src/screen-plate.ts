import type { Codes } from './color.js';
import type { ChromaImage } from './planes.js';

const SIGMAS = [1, 4, 16, 64] as const;
const GAINS = [1, 1e-2, 1e-4, 1e-6] as const;
const SURE_ALONG = 0.72;
const SURE_ACROSS = 0.18;
const MIN_CELLS = 10;
/** Weight of a fresh cell against its history, at most. */
const FRESH = 0.25;

/** Grid of the plate's measurement. Sizes are in samples of the image that it is measured on. */
export interface PlateGrid {
  /** Side of a cell. 8 at full chroma resolution. */
  readonly cellSize: number;
  /** Half the side of the erosion window. 2 at full chroma resolution. */
  readonly erosion: number;
}

/**
 * The empty screen as a low-resolution image (keying model §2.3): Y, U and V of the screen in each cell, measured where
 * the screen is surely seen, filled and smoothed where it is not. Keeps a history, so that what a moving subject
 * uncovered stays known. Buffers are made once.
 */
export class ScreenPlate {
  /** Cells across and down. */
  readonly width: number;
  readonly height: number;
  /** Interleaved y, u, v of each cell, in codes (chroma centred); row-major from the top. */
  readonly cells: Float32Array;
  readonly #grid: PlateGrid;
  readonly #imageWidth: number;
  readonly #imageHeight: number;
  readonly #sure: Uint8Array;
  /** Interleaved weight, y, u, v: the measured cells, their weights multiplied in by `#fill`. */
  readonly #measured: Float64Array;
  readonly #history: Float64Array;
  readonly #work: Float64Array;
  readonly #sum: Float64Array;
  readonly #blurs: readonly { readonly across: Float64Array; readonly down: Float64Array; readonly gain: number }[];

  /** For images of the given size. */
  constructor(imageWidth: number, imageHeight: number, grid: PlateGrid) {
    this.#imageWidth = imageWidth;
    this.#imageHeight = imageHeight;
    this.#grid = grid;
    const width = (this.width = Math.ceil(imageWidth / grid.cellSize));
    const height = (this.height = Math.ceil(imageHeight / grid.cellSize));
    this.cells = new Float32Array(width * height * 3);
    this.#sure = new Uint8Array(imageWidth * imageHeight);
    this.#measured = new Float64Array(width * height * 4);
    this.#history = new Float64Array(width * height * 4);
    this.#work = new Float64Array(width * height * 4);
    this.#sum = new Float64Array(width * height * 4);
    this.#blurs = SIGMAS.map((sigma, i) => ({ across: gaussian(width, sigma), down: gaussian(height, sigma), gain: GAINS[i] ?? 0 }));
  }

  /** Forgets the history. */
  reset(): void {
    this.#history.fill(0);
  }

  /** Sets every cell to the key: an even screen. */
  setConstant(key: Codes): void {
    for (let i = 0; i < this.cells.length; i += 3) {
      this.cells[i] = key.y;
      this.cells[i + 1] = key.u;
      this.cells[i + 2] = key.v;
    }
  }

  /** Measures an image of the constructor's size. Falls back to the constant key when too little screen is seen. */
  update(image: ChromaImage, key: Codes): void {
    const seen = this.#markSure(image, key);
    if (seen < MIN_CELLS * this.#grid.cellSize ** 2) return this.setConstant(key);
    this.#measure(image);
    this.#fill(key);
  }

  #markSure(image: ChromaImage, key: Codes): number {
    const n = key.u ** 2 + key.v ** 2;
    let seen = 0;
    for (let i = 0; i < this.#sure.length; i++) {
      const u = image.u[i] ?? 0;
      const v = image.v[i] ?? 0;
      const sure = (u * key.u + v * key.v) / n > SURE_ALONG && Math.abs(u * key.v - v * key.u) / n < SURE_ACROSS ? 1 : 0;
      this.#sure[i] = sure;
      seen += sure;
    }
    return seen;
  }

  /** Outside the frame counts as sure, so that the erosion doesn't eat the border. */
  #isEroded(x: number, y: number): boolean {
    const { erosion } = this.#grid;
    for (let j = Math.max(0, y - erosion); j <= Math.min(this.#imageHeight - 1, y + erosion); j++) {
      for (let i = Math.max(0, x - erosion); i <= Math.min(this.#imageWidth - 1, x + erosion); i++) {
        if (this.#sure[j * this.#imageWidth + i] === 0) return true;
      }
    }
    return false;
  }

  #measure(image: ChromaImage): void {
    const { cellSize } = this.#grid;
    const area = cellSize ** 2;
    for (let row = 0; row < this.height; row++) {
      for (let column = 0; column < this.width; column++) {
        let count = 0;
        let y = 0;
        let u = 0;
        let v = 0;
        for (let j = row * cellSize; j < Math.min(this.#imageHeight, (row + 1) * cellSize); j++) {
          for (let i = column * cellSize; i < Math.min(this.#imageWidth, (column + 1) * cellSize); i++) {
            const at = j * this.#imageWidth + i;
            if (this.#sure[at] === 0 || this.#isEroded(i, j)) continue;
            count++;
            y += image.y[at] ?? 0;
            u += image.u[at] ?? 0;
            v += image.v[at] ?? 0;
          }
        }
        if (count === 0) continue;
        const cell = 4 * (row * this.width + column);
        const known = (this.#history[cell] ?? 0) > 0;
        const weight = count / area;
        const fresh = known ? FRESH * Math.min(1, weight) : 1;
        this.#history[cell] = Math.max(this.#history[cell] ?? 0, weight);
        this.#history[cell + 1] = lerp(this.#history[cell + 1] ?? 0, y / count, fresh);
        this.#history[cell + 2] = lerp(this.#history[cell + 2] ?? 0, u / count, fresh);
        this.#history[cell + 3] = lerp(this.#history[cell + 3] ?? 0, v / count, fresh);
      }
    }
    for (let i = 0; i < this.#history.length; i += 4) {
      const weight = this.#history[i] ?? 0;
      this.#measured[i] = weight;
      for (let k = 1; k < 4; k++) this.#measured[i + k] = weight * (this.#history[i + k] ?? 0);
    }
  }

  /** Near data the narrow kernel wins, in holes the wider ones. */
  #fill(key: Codes): void {
    this.#sum.fill(0);
    for (const { across, down, gain } of this.#blurs) {
      blurAcross(this.#measured, this.#work, this.width, this.height, across);
      addBlurredDown(this.#work, this.#sum, this.width, this.height, down, gain);
    }
    for (let i = 0; i < this.width * this.height; i++) {
      const weight = Math.max(this.#sum[4 * i] ?? 0, 1e-12);
      const unknown = (this.#sum[4 * i] ?? 0) < 1e-12;
      this.cells[3 * i] = unknown ? key.y : (this.#sum[4 * i + 1] ?? 0) / weight;
      this.cells[3 * i + 1] = unknown ? key.u : (this.#sum[4 * i + 2] ?? 0) / weight;
      this.cells[3 * i + 2] = unknown ? key.v : (this.#sum[4 * i + 3] ?? 0) / weight;
    }
  }
}

const lerp = (from: number, to: number, share: number) => from + (to - from) * share;

/** A Gaussian over n cells with reflecting borders, as an n × n matrix: small, exact and quick to apply. */
const gaussian = (n: number, sigma: number): Float64Array => {
  const matrix = new Float64Array(n * n);
  const reach = Math.ceil(3 * sigma);
  const period = 2 * n;
  for (let i = 0; i < n; i++) {
    let total = 0;
    for (let d = -reach; d <= reach; d++) {
      const wrapped = (((i + d) % period) + period) % period;
      const j = wrapped < n ? wrapped : period - 1 - wrapped;
      const weight = Math.exp(-(d * d) / (2 * sigma * sigma));
      matrix[i * n + j] = (matrix[i * n + j] ?? 0) + weight;
      total += weight;
    }
    for (let j = 0; j < n; j++) matrix[i * n + j] = (matrix[i * n + j] ?? 0) / total;
  }
  return matrix;
};

const blurAcross = (from: Float64Array, to: Float64Array, width: number, height: number, matrix: Float64Array): void => {
  for (let row = 0; row < height; row++) {
    for (let i = 0; i < width; i++) {
      for (let k = 0; k < 4; k++) {
        let sum = 0;
        for (let j = 0; j < width; j++) sum += (matrix[i * width + j] ?? 0) * (from[4 * (row * width + j) + k] ?? 0);
        to[4 * (row * width + i) + k] = sum;
      }
    }
  }
};

const addBlurredDown = (from: Float64Array, to: Float64Array, width: number, height: number, matrix: Float64Array, gain: number): void => {
  for (let i = 0; i < height; i++) {
    for (let column = 0; column < width; column++) {
      for (let k = 0; k < 4; k++) {
        let sum = 0;
        for (let j = 0; j < height; j++) sum += (matrix[i * height + j] ?? 0) * (from[4 * (j * width + column) + k] ?? 0);
        const at = 4 * (i * width + column) + k;
        to[at] = (to[at] ?? 0) + gain * sum;
      }
    }
  }
};

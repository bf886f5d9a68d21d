import { checkImage, checkNumber, checkObject, checkSize } from './checks.js';
import { CellFiller } from './cell-filler.js';
import type { Codes } from './color.js';
import type { ChromaImage } from './planes.js';

const SURE_ALONG = 0.72;
const SURE_ACROSS = 0.18;
const MIN_CELLS = 10;
/** Weight of a fresh cell against its history, at most. */
const FRESH = 0.25;
/** Luma code of black. */
const BLACK = 16;

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
  readonly #sureAcross: Uint8Array;
  /** Interleaved weight, y, u, v of what was seen of each cell. */
  readonly #history: Float64Array;
  readonly #filler: CellFiller;
  #unevenness = 0;

  /**
   * For images of the given size.
   * @throws TypeError, RangeError for another size than 1 to 8192, or a grid that is none.
   */
  constructor(imageWidth: number, imageHeight: number, grid: PlateGrid) {
    checkSize(imageWidth, imageHeight, 1);
    checkObject('grid', grid);
    checkNumber('grid.cellSize', grid.cellSize, 1, 64, true);
    checkNumber('grid.erosion', grid.erosion, 0, 64, true);
    this.#imageWidth = imageWidth;
    this.#imageHeight = imageHeight;
    this.#grid = grid;
    const width = (this.width = Math.ceil(imageWidth / grid.cellSize));
    const height = (this.height = Math.ceil(imageHeight / grid.cellSize));
    this.cells = new Float32Array(width * height * 3);
    this.#sure = new Uint8Array(imageWidth * imageHeight);
    this.#sureAcross = new Uint8Array(imageWidth * imageHeight);
    this.#history = new Float64Array(width * height * 4);
    this.#filler = new CellFiller(width, height);
  }

  /** How unevenly the screen is lit: the standard deviation of its luma as a share of the mean. 0 for a flat one. */
  get unevenness(): number {
    return this.#unevenness;
  }

  /** Forgets the history. */
  reset(): void {
    this.#history.fill(0);
    this.#unevenness = 0;
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
    checkImage('image', image, this.#imageWidth, this.#imageHeight);
    const seen = this.#markSure(image, key);
    if (seen < MIN_CELLS * this.#grid.cellSize ** 2) return this.setConstant(key);
    this.#erode();
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

  /** Leaves what is sure all around. Outside the frame counts as sure, so that the border isn't eaten. */
  #erode(): void {
    const width = this.#imageWidth;
    const height = this.#imageHeight;
    for (let y = 0; y < height; y++) erodeLine(this.#sure, this.#sureAcross, y * width, 1, width, this.#grid.erosion);
    for (let x = 0; x < width; x++) erodeLine(this.#sureAcross, this.#sure, x, width, height, this.#grid.erosion);
  }

  #measure(image: ChromaImage): void {
    const { cellSize } = this.#grid;
    const area = cellSize ** 2;
    const sure = this.#sure;
    for (let row = 0; row < this.height; row++) {
      for (let column = 0; column < this.width; column++) {
        let count = 0;
        let y = 0;
        let u = 0;
        let v = 0;
        for (let j = row * cellSize; j < Math.min(this.#imageHeight, (row + 1) * cellSize); j++) {
          for (let i = column * cellSize; i < Math.min(this.#imageWidth, (column + 1) * cellSize); i++) {
            const at = j * this.#imageWidth + i;
            if (sure[at] === 0) continue;
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
    this.#weigh();
  }

  /** Hands what was seen to the filler, and measures how uneven it is. */
  #weigh(): void {
    const { measured } = this.#filler;
    let total = 0;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < this.#history.length; i += 4) {
      const weight = this.#history[i] ?? 0;
      measured[i] = weight;
      for (let k = 1; k < 4; k++) measured[i + k] = weight * (this.#history[i + k] ?? 0);
      const light = (this.#history[i + 1] ?? 0) - BLACK;
      total += weight;
      sum += weight * light;
      squares += weight * light * light;
    }
    const mean = sum / Math.max(total, 1e-6);
    this.#unevenness = Math.sqrt(Math.max(0, squares / Math.max(total, 1e-6) - mean * mean)) / Math.max(mean, 1);
  }

  #fill(key: Codes): void {
    const { filled } = this.#filler;
    this.#filler.fill();
    for (let i = 0; i < this.width * this.height; i++) {
      const isUnknown = filled[4 * i] === 0;
      this.cells[3 * i] = isUnknown ? key.y : (filled[4 * i + 1] ?? 0);
      this.cells[3 * i + 1] = isUnknown ? key.u : (filled[4 * i + 2] ?? 0);
      this.cells[3 * i + 2] = isUnknown ? key.v : (filled[4 * i + 3] ?? 0);
    }
  }
}

const lerp = (from: number, to: number, share: number) => from + (to - from) * share;

/** Erodes `count` samples, `step` apart, by `reach` on both sides: one that isn't 1 makes 0 of those near it. */
const erodeLine = (from: Uint8Array, to: Uint8Array, first: number, step: number, count: number, reach: number): void => {
  // Sample of the line from which on all are sure, up to the one looked at.
  let since = -reach;
  for (let k = 0; k < count + reach; k++) {
    if (k < count && from[first + k * step] === 0) since = k + 1;
    const at = k - reach;
    if (at >= 0) to[first + at * step] = at - since >= reach ? 1 : 0;
  }
};

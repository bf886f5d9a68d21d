import { CellFiller } from './cell-filler.js';

/** Guarded projections from here on may be screen seen through hair; the floor is measured away from them. */
const EDGE = 0.45;
/** Distance from those, in cells: soft edges and blur of motion stay out. */
const CLEARANCE = 1.25;
/** Less than this is the subject's own colour. */
const LEAST_SPILL = -0.05;
/** Standard deviations above the mean, and a margin: all but 2 % of what is near. */
const DEVIATIONS = 2;
const MARGIN = 0.03;
const MOST = 0.3;
/** Deep inside the subject nothing is lost by a higher floor: so much is added where all that is near is inside. */
const CORE_DEVIATIONS = 2;
const CORE_MOST = 0.15;
/** Share of samples near a cell that are inside, from which on and up to which a cell turns into such. */
const EDGE_WEIGHT = 0.6;
const CORE_WEIGHT = 0.95;
/** Weight of a fresh measurement. */
const FRESH = 1 / 8;

/**
 * The floor of the matte, place by place (keying model §2.4): what of the subject's inside looks like the screen, by spill
 * or cloth, lies below it. At edges it is what was found farther inside, so that soft hair and blur are keyed from almost
 * nothing up while a greenish shirt stays whole. Buffers are made once.
 */
export class FloorMap {
  /** The floor in each cell, on the scale from neutral (0) to the screen (1). */
  readonly cells: Float32Array;
  readonly #width: number;
  readonly #imageWidth: number;
  readonly #cellSize: number;
  readonly #filler: CellFiller;
  readonly #distances: Uint8Array;
  #isKnown = false;

  /** For images of the given size and square cells of `cellSize` samples. */
  constructor(imageWidth: number, imageHeight: number, cellSize: number) {
    this.#imageWidth = imageWidth;
    this.#cellSize = cellSize;
    this.#width = Math.ceil(imageWidth / cellSize);
    const height = Math.ceil(imageHeight / cellSize);
    this.cells = new Float32Array(this.#width * height);
    this.#filler = new CellFiller(this.#width, height);
    this.#distances = new Uint8Array(imageWidth * imageHeight);
  }

  /** Forgets what was measured. */
  reset(): void {
    this.#isKnown = false;
  }

  /** Sets every cell. */
  setConstant(floor: number): void {
    this.cells.fill(floor);
  }

  /** Measures guarded projections of an image of the constructor's size. Every cell gets from `least` to `most`. */
  update(projections: Float32Array, least: number, most: number): void {
    this.#measureDistances(projections);
    const { measured, filled } = this.#filler;
    const clearance = Math.round(CLEARANCE * this.#cellSize);
    const share = this.#cellSize ** -2;
    measured.fill(0);
    const distances = this.#distances;
    const imageWidth = this.#imageWidth;
    for (let row = 0, i = 0; i < projections.length; row++) {
      const firstCell = Math.floor(row / this.#cellSize) * this.#width;
      for (let x = 0; x < imageWidth; x++, i++) {
        if ((distances[i] ?? 0) < clearance) continue;
        const value = Math.max(LEAST_SPILL, projections[i] ?? 0);
        const cell = 4 * (firstCell + Math.floor(x / this.#cellSize));
        measured[cell] = (measured[cell] ?? 0) + share;
        measured[cell + 1] = (measured[cell + 1] ?? 0) + share * value;
        measured[cell + 2] = (measured[cell + 2] ?? 0) + share * value * value;
      }
    }
    this.#filler.fill();
    for (let i = 0; i < this.cells.length; i++) {
      const mean = filled[4 * i + 1] ?? 0;
      const deviation = Math.sqrt(Math.max(0, (filled[4 * i + 2] ?? 0) - mean * mean));
      const weight = filled[4 * i] ?? 0;
      const core = Math.min(1, Math.max(0, (weight - EDGE_WEIGHT) / (CORE_WEIGHT - EDGE_WEIGHT)));
      const found = weight === 0 ? 0 : mean + (DEVIATIONS + CORE_DEVIATIONS * core) * deviation + MARGIN;
      const floor = Math.min(most, MOST + CORE_MOST * core, Math.max(least, found));
      const before = this.cells[i] ?? 0;
      this.cells[i] = this.#isKnown ? before + (floor - before) * FRESH : floor;
    }
    this.#isKnown = true;
  }

  /** City-block distance of each sample from the nearest one that may be screen, in samples up to 255. */
  #measureDistances(projections: Float32Array): void {
    const distances = this.#distances;
    const width = this.#imageWidth;
    const last = distances.length - 1;
    for (let i = 0, x = 0; i <= last; i++, x = x + 1 === width ? 0 : x + 1) {
      const nearer = Math.min(x > 0 ? (distances[i - 1] ?? 0) : 254, i >= width ? (distances[i - width] ?? 0) : 254);
      distances[i] = (projections[i] ?? 0) > EDGE ? 0 : Math.min(254, nearer) + 1;
    }
    for (let i = last, x = width - 1; i >= 0; i--, x = x === 0 ? width - 1 : x - 1) {
      const nearer = Math.min(x < width - 1 ? (distances[i + 1] ?? 0) : 254, i + width <= last ? (distances[i + width] ?? 0) : 254);
      distances[i] = Math.min(distances[i] ?? 0, Math.min(254, nearer) + 1);
    }
  }
}

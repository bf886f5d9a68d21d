import { checkChoice, checkImage } from './checks.js';
import { codesOfHex, type Codes, hexOf, type Matrix } from './color.js';
import { FloorMap } from './floor-map.js';
import { KeyTracker, type NotKeyableReason } from './key-tracker.js';
import { type KeyingParameters, resolveParameters } from './parameters.js';
import type { ChromaImage } from './planes.js';
import { project } from './projection.js';
import { type PlateGrid, ScreenPlate } from './screen-plate.js';

/** The least floor: of an even screen, which lights nobody, and of an uneven one, which is a real one and does. */
const LEAST_FLOOR = 0.04;
const LEAST_FLOOR_IN_STUDIO = 0.13;
/** Unevenness from which on, and up to which, a screen turns into a real one. */
const EVEN = 0.02;
const UNEVEN = 0.04;

/**
 * Whether a picture can be keyed, and with which colour, `#rrggbb`. `confidence`, 0 to 1: the share of the picture's
 * border that has this colour, or the most frequent one when none can be keyed; 1 for a key that was given.
 */
export type Verdict = { readonly confidence: number } & (
  | { readonly keyable: true; readonly reason: null; readonly key: string }
  | { readonly keyable: false; readonly reason: NotKeyableReason; readonly key: null }
);

/**
 * All that is measured of a screen: its key, its plate and the floor of the matte, followed over time. It looks at
 * small or full pictures of one size; the caller decides how often.
 */
export class ScreenModel {
  readonly plate: ScreenPlate;
  readonly #floors: FloorMap;
  /**
   * How steeply the matte falls below the ceiling, in each cell of the plate: 1 / (ceiling − floor). This is what is
   * interpolated between cells.
   */
  readonly steepness: Float32Array;
  readonly #projections: Float32Array;
  readonly #parameters: KeyingParameters;
  readonly #tracker = new KeyTracker();
  readonly #fixedKey: Codes | null;
  readonly #width: number;
  readonly #height: number;
  readonly #cellSize: number;
  readonly #matrix: Matrix;
  #isReady = false;
  #generation = 0;

  /**
   * For pictures of the given size; `grid` scales the plate's cells to it, `matrix` is that of the pictures' codes.
   * @throws TypeError, RangeError for what is none of these.
   */
  constructor(width: number, height: number, grid: PlateGrid, parameters: KeyingParameters, matrix: Matrix = 'bt709') {
    checkChoice('matrix', matrix, ['bt601', 'bt709']);
    resolveParameters(parameters);
    this.#width = width;
    this.#height = height;
    this.plate = new ScreenPlate(width, height, grid);
    this.#floors = new FloorMap(width, height, grid.cellSize);
    this.#projections = new Float32Array(width * height);
    if (parameters.floor !== 'auto') this.#floors.setConstant(parameters.floor);
    this.steepness = this.#floors.cells.map((floor) => 1 / (parameters.ceiling - floor));
    this.#cellSize = grid.cellSize;
    this.#parameters = parameters;
    this.#matrix = matrix;
    this.#fixedKey = parameters.key === 'auto' ? null : codesOfHex(parameters.key, matrix);
  }

  /** The key in use, in codes; null while there is none. */
  get key(): Codes | null {
    return this.#fixedKey ?? this.#tracker.key;
  }

  /** Whether key, plate and floor have been measured. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Rises each time that the key jumps to another colour. */
  get generation(): number {
    return this.#generation;
  }

  /** Floor of the matte in each cell of the plate, on the scale from neutral (0) to the screen (1). */
  get floors(): Float32Array {
    return this.#floors.cells;
  }

  /** Makes the verdict; not for every frame, it allocates. */
  get verdict(): Verdict {
    const key = this.key;
    const confidence = this.#fixedKey === null ? this.#tracker.share : 1;
    if (key !== null) return { keyable: true, reason: null, key: hexOf(key, this.#matrix), confidence };
    return { keyable: false, reason: this.#tracker.reason ?? 'no_screen', key: null, confidence };
  }

  /**
   * Measures a picture. Returns whether it can be keyed.
   * @throws TypeError, RangeError for one of another size; nothing has changed then.
   */
  update(image: ChromaImage): boolean {
    checkImage('image', image, this.#width, this.#height);
    const jumped = this.#fixedKey === null && this.#tracker.update(image);
    if (jumped) {
      this.#forget();
      this.#generation++;
    }
    const key = this.key;
    if (key === null) return false;
    if (this.#parameters.plate) this.plate.update(image, key);
    else this.plate.setConstant(key);
    if (this.#parameters.floor === 'auto') this.#measureFloors(image);
    this.#isReady = true;
    return true;
  }

  /** Forgets everything: the next picture is the first one. */
  reset(): void {
    this.#tracker.reset();
    this.#forget();
  }

  #forget(): void {
    this.plate.reset();
    this.#floors.reset();
    this.#isReady = false;
  }

  #measureFloors(image: ChromaImage): void {
    const { cells, width, unevenness } = this.plate;
    const { u, v } = image;
    const projections = this.#projections;
    const cellSize = this.#cellSize;
    const parameters = this.#parameters;
    for (let j = 0; j < image.height; j++) {
      const row = Math.floor(j / cellSize) * width;
      for (let i = 0; i < image.width; i++) {
        const cell = 3 * (row + Math.floor(i / cellSize));
        const at = j * image.width + i;
        projections[at] = project(u[at] ?? 0, v[at] ?? 0, cells[cell + 1] ?? 0, cells[cell + 2] ?? 0, parameters);
      }
    }
    const studio = Math.min(1, Math.max(0, (unevenness - EVEN) / (UNEVEN - EVEN)));
    const { ceiling } = this.#parameters;
    // At most twice as steep in one place as in another: fixed point has no room for more.
    this.#floors.update(this.#projections, LEAST_FLOOR + (LEAST_FLOOR_IN_STUDIO - LEAST_FLOOR) * studio, (ceiling + LEAST_FLOOR) / 2);
    for (let i = 0; i < this.steepness.length; i++) this.steepness[i] = 1 / (ceiling - (this.floors[i] ?? 0));
  }
}

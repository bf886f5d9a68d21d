import type { Rectangle } from './framing.js';
import type { KeyingParameters } from './parameters.js';
import type { ChromaImage } from './planes.js';
import { project } from './projection.js';
import type { ScreenModel } from './screen-model.js';

/** A row or column belongs to the person when so much of it does: marks and noise at the edges are less. */
const LEAST_SHARE = 0.03;
/** Room around, in shares of the picture: for hair that the grid doesn't show, and so as not to move for a breath. */
const MARGIN = 0.03;
/** How much of the way inwards a side goes with each measurement: a person that has put its arms down may raise them again. */
const SHRINK = 0.025;
/** A side that is off by more sets the box moving, which it stops when none is off by more than a little. */
const LOOSE = 0.02;
const CLOSE = 0.001;
/** Time in which the box goes two thirds of its way, in milliseconds. */
const EASE_MS = 700;

/** Distances of the box's sides from the picture's, in shares of it: left, top, right, bottom. */
type Insets = Float64Array;

/**
 * Where the person is in a picture, slow and steady: a framing that followed every gesture would be seasick. It widens with
 * the person, and narrows over many seconds.
 */
export class PersonBox {
  readonly #wanted: Insets = new Float64Array(4);
  readonly #shown: Insets = new Float64Array(4);
  readonly #found: Insets = new Float64Array(4);
  readonly #box: { -readonly [Name in keyof Rectangle]: Rectangle[Name] } = { x: 0, y: 0, width: 1, height: 1 };
  readonly #counts: readonly [across: Uint32Array, down: Uint32Array];
  #isKnown = false;
  #isMoving = false;
  #movedAtMs = 0;

  /** For pictures on a grid of this size. */
  constructor(width: number, height: number) {
    this.#counts = [new Uint32Array(width), new Uint32Array(height)];
  }

  /** The box, in shares of the picture; the same object always. Null: none was found yet. */
  get box(): Rectangle | null {
    return this.#isKnown ? this.#box : null;
  }

  /** Looks for the person in a picture that a model has measured, in cells of `cellSize`. Returns whether the first one was found. */
  update(image: ChromaImage, model: ScreenModel, cellSize: number, parameters: KeyingParameters): boolean {
    if (!this.#find(image, model, cellSize, parameters)) return false;
    const isFirst = !this.#isKnown;
    this.#found.forEach((inset, side) => {
      const wider = this.#wanted[side] ?? 0;
      this.#wanted[side] = isFirst || inset < wider ? inset : wider + (inset - wider) * SHRINK;
    });
    if (isFirst) {
      this.#isKnown = true;
      this.#show(1);
    }
    return isFirst;
  }

  /** Moves the box on. Returns whether it has changed. */
  move(nowMs: number): boolean {
    const elapsedMs = nowMs - this.#movedAtMs;
    this.#movedAtMs = nowMs;
    let off = 0;
    for (let side = 0; side < 4; side++) off = Math.max(off, Math.abs((this.#wanted[side] ?? 0) - (this.#shown[side] ?? 0)));
    const wasMoving = this.#isMoving;
    this.#isMoving = this.#isKnown && off > (wasMoving ? CLOSE : LOOSE);
    if (!wasMoving || !this.#isMoving) return false;
    this.#show(1 - Math.exp(-elapsedMs / EASE_MS));
    return true;
  }

  /** The picture is of another stream. */
  reset(): void {
    this.#isKnown = this.#isMoving = false;
  }

  /** Goes a share of the way to what is wanted. */
  #show(share: number): void {
    const at = (side: number) => this.#shown[side] ?? 0;
    for (let side = 0; side < 4; side++) this.#shown[side] = at(side) + share * ((this.#wanted[side] ?? 0) - at(side));
    const box = this.#box;
    box.x = at(0);
    box.y = at(1);
    box.width = 1 - at(0) - at(2);
    box.height = 1 - at(1) - at(3);
  }

  #find({ width, height, u, v }: ChromaImage, { plate, floors, steepness }: ScreenModel, cellSize: number, parameters: KeyingParameters): boolean {
    const { cells } = plate;
    for (const counts of this.#counts) counts.fill(0);
    const [across, down] = this.#counts;
    for (let at = 0; at < width * height; at++) {
      const i = at % width;
      const j = Math.floor(at / width);
      const cell = Math.floor(j / cellSize) * plate.width + Math.floor(i / cellSize);
      const share = project(u[at] ?? 0, v[at] ?? 0, cells[3 * cell + 1] ?? 0, cells[3 * cell + 2] ?? 0, parameters);
      if ((share - (floors[cell] ?? 0)) * (steepness[cell] ?? 0) >= 0.5) continue;
      across[i] = (across[i] ?? 0) + 1;
      down[j] = (down[j] ?? 0) + 1;
    }
    return this.#measure(0, across, height) && this.#measure(1, down, width);
  }

  /** The insets of two sides that face each other. Returns false where nobody is. */
  #measure(side: number, counts: Uint32Array, length: number): boolean {
    const isOfPerson = (count: number) => count >= Math.max(2, LEAST_SHARE * length);
    const first = counts.findIndex(isOfPerson);
    this.#found[side] = Math.max(0, first / counts.length - MARGIN);
    this.#found[side + 2] = Math.max(0, 1 - (counts.findLastIndex(isOfPerson) + 1) / counts.length - MARGIN);
    return first >= 0;
  }
}

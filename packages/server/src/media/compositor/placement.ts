import type { Codes, Rectangle } from '@backlot/keyer';
import { Axis } from './axis.js';
import type { Picture } from './picture.js';

/** Puts an avatar's picture as it is, screen and all, at its place on a canvas of I420, bilinear. Nothing is allocated for a picture. */
export class Placement {
  readonly #width: number;
  readonly #height: number;
  readonly #columns: Axis;
  readonly #rows: Axis;
  readonly #chromaColumns: Axis;
  readonly #chromaRows: Axis;
  #sourceWidth = 0;
  #sourceHeight = 0;
  #at: Rectangle = { x: 0, y: 0, width: 0, height: 0 };

  /** For a canvas of even sides. */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#columns = new Axis(width);
    this.#rows = new Axis(height);
    this.#chromaColumns = new Axis(width / 2);
    this.#chromaRows = new Axis(height / 2);
  }

  /** Whether the picture is the canvas, sample by sample. */
  get isWhole(): boolean {
    const { x, y, width, height } = this.#at;
    return x === 0 && y === 0 && width === this.#width && height === this.#height && this.#sourceWidth === width && this.#sourceHeight === height;
  }

  /** From now on pictures of this size lie `at`. */
  lay(sourceWidth: number, sourceHeight: number, at: Rectangle): void {
    const before = this.#at;
    const isSame = before.x === at.x && before.y === at.y && before.width === at.width && before.height === at.height;
    if (isSame && this.#sourceWidth === sourceWidth && this.#sourceHeight === sourceHeight) return;
    this.#at = at;
    this.#sourceWidth = sourceWidth;
    this.#sourceHeight = sourceHeight;
    this.#columns.lay(sourceWidth, at.x, at.width);
    this.#rows.lay(sourceHeight, at.y, at.height);
    this.#chromaColumns.lay(Math.ceil(sourceWidth / 2), at.x / 2, at.width / 2);
    this.#chromaRows.lay(Math.ceil(sourceHeight / 2), at.y / 2, at.height / 2);
  }

  /** Draws the picture as it is; around it is its `screen`'s colour, or while that isn't known that of its first pixel. */
  draw({ data, width, height }: Picture, into: Uint8Array, screen: Codes | null): void {
    if (this.isWhole) {
      into.set(data);
      return;
    }
    const sourceSize = width * height;
    const sourceStride = Math.ceil(width / 2);
    const sourceChroma = sourceStride * Math.ceil(height / 2);
    const size = this.#width * this.#height;
    const y = screen === null ? data[0] : Math.round(screen.y);
    const u = screen === null ? data[sourceSize] : Math.round(screen.u) + 128;
    const v = screen === null ? data[sourceSize + sourceChroma] : Math.round(screen.v) + 128;
    scale(data, 0, width, this.#columns, this.#rows, into, 0, y ?? 16);
    scale(data, sourceSize, sourceStride, this.#chromaColumns, this.#chromaRows, into, size, u ?? 128);
    scale(data, sourceSize + sourceChroma, sourceStride, this.#chromaColumns, this.#chromaRows, into, size + size / 4, v ?? 128);
  }
}

/** Scales a plane onto the canvas; what it does not cover is `around`. */
const scale = (
  from: Uint8Array,
  fromOffset: number,
  stride: number,
  { first: left, second: right, weight: across, start, end }: Axis,
  { first: upper, second: lower, weight: down, start: top, end: bottom }: Axis,
  into: Uint8Array,
  offset: number,
  around: number,
): void => {
  const width = left.length;
  into.fill(around, offset, offset + top * width);
  into.fill(around, offset + bottom * width, offset + upper.length * width);
  for (let y = top; y < bottom; y++) {
    const at = offset + y * width;
    into.fill(around, at, at + start);
    into.fill(around, at + end, at + width);
    const high = fromOffset + (upper[y] ?? 0) * stride;
    const low = fromOffset + (lower[y] ?? 0) * stride;
    const below = down[y] ?? 0;
    for (let x = start; x < end; x++) {
      const a = left[x] ?? 0;
      const b = right[x] ?? 0;
      const far = across[x] ?? 0;
      const upperSample = (from[high + a] ?? 0) * (256 - far) + (from[high + b] ?? 0) * far;
      const lowerSample = (from[low + a] ?? 0) * (256 - far) + (from[low + b] ?? 0) * far;
      into[at + x] = (upperSample * (256 - below) + lowerSample * below + 32_768) >> 16;
    }
  }
};

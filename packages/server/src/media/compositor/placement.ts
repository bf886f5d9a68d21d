import type { LivekitRoomState } from '@backlot/contract';
import { type Codes, frameAvatar } from '@backlot/keyer';
import type { PlanarPicture } from '@backlot/keyer/wasm';
import { type Picture, planesOf } from './picture.js';

type Framing = LivekitRoomState['framing'];

/** Where an axis of the canvas takes its samples from: two neighbours, and the second one's weight of 256. */
interface Axis {
  /** The first and the last + 1 of the canvas that the picture covers. */
  readonly start: number;
  readonly end: number;
  readonly index: Int32Array;
  readonly weight: Int32Array;
}

const axisOf = (length: number, sourceLength: number, offset: number, extent: number): Axis => {
  const index = new Int32Array(length);
  const weight = new Int32Array(length);
  for (let at = 0; at < length; at++) {
    const source = Math.max(0, Math.min(sourceLength - 1, ((at + 0.5 - offset) * sourceLength) / extent - 0.5));
    index[at] = Math.min(Math.floor(source), Math.max(0, sourceLength - 2));
    weight[at] = sourceLength === 1 ? 0 : Math.round((source - (index[at] ?? 0)) * 256);
  }
  const clamp = (at: number): number => Math.max(0, Math.min(length, Math.round(at)));
  return { start: clamp(offset), end: clamp(offset + extent), index, weight };
};

/** Puts an avatar's picture where it stands on the canvas; around it is screen. */
export class Placement {
  readonly #width: number;
  readonly #height: number;
  readonly #placed: Uint8Array;
  readonly #placedPlanes: PlanarPicture;
  #framing: Framing;
  #source: readonly [width: number, height: number] = [0, 0];
  #isWhole = false;
  #axes: readonly [luma: readonly [Axis, Axis], chroma: readonly [Axis, Axis]] | null = null;

  constructor(width: number, height: number, framing: Framing) {
    this.#width = width;
    this.#height = height;
    this.#framing = framing;
    this.#placed = new Uint8Array((width * height * 3) / 2);
    this.#placedPlanes = planesOf(this.#placed, width, height);
  }

  frame(framing: Framing): void {
    this.#framing = framing;
    this.#source = [0, 0];
  }

  /** The picture on the canvas: itself when it fills it, else a copy that is valid until the next. `key`: the screen's colour. */
  place(picture: Picture, key: Codes | null): Uint8Array {
    const { data, width, height } = picture;
    if (this.#source[0] !== width || this.#source[1] !== height) this.#measure(width, height);
    if (this.#isWhole || this.#axes === null) return data;
    const [luma, chroma] = this.#axes;
    const [sourceSize, size] = [width * height, this.#width * this.#height];
    const [halfWidth, halfHeight] = [Math.ceil(width / 2), Math.ceil(height / 2)];
    // Until the screen is known, what the corner shows; the keyer's chroma is about 0.
    const y = key?.y ?? data[0] ?? 0;
    const u = key === null ? (data[sourceSize] ?? 128) : key.u + 128;
    const v = key === null ? (data[sourceSize + halfWidth * halfHeight] ?? 128) : key.v + 128;
    scale(data, 0, width, luma, this.#placed, 0, this.#width, this.#height, y);
    scale(data, sourceSize, halfWidth, chroma, this.#placed, size, this.#width / 2, this.#height / 2, u);
    scale(data, sourceSize + halfWidth * halfHeight, halfWidth, chroma, this.#placed, size + size / 4, this.#width / 2, this.#height / 2, v);
    return this.#placed;
  }

  /** The planes of a picture that `place` has returned. */
  planes(placed: Uint8Array): PlanarPicture {
    return placed === this.#placed ? this.#placedPlanes : planesOf(placed, this.#width, this.#height);
  }

  #measure(width: number, height: number): void {
    this.#source = [width, height];
    const { x: left, y: top, width: across, height: down } = frameAvatar(width, height, this.#width, this.#height, this.#framing);
    this.#isWhole = width === this.#width && height === this.#height && left === 0 && top === 0 && across === width && down === height;
    this.#axes = [
      [axisOf(this.#width, width, left, across), axisOf(this.#height, height, top, down)],
      [axisOf(this.#width / 2, Math.ceil(width / 2), left / 2, across / 2), axisOf(this.#height / 2, Math.ceil(height / 2), top / 2, down / 2)],
    ];
  }
}

const scale = (
  from: Uint8Array,
  fromOffset: number,
  fromStride: number,
  [columns, rows]: readonly [Axis, Axis],
  into: Uint8Array,
  intoOffset: number,
  width: number,
  height: number,
  around: number,
): void => {
  for (let row = 0; row < height; row++) {
    const to = intoOffset + row * width;
    if (row < rows.start || row >= rows.end) {
      into.fill(around, to, to + width);
      continue;
    }
    into.fill(around, to, to + columns.start);
    into.fill(around, to + columns.end, to + width);
    const upper = fromOffset + (rows.index[row] ?? 0) * fromStride;
    const below = rows.weight[row] ?? 0;
    const lower = below === 0 ? upper : upper + fromStride;
    for (let column = columns.start; column < columns.end; column++) {
      const at = columns.index[column] ?? 0;
      const right = columns.weight[column] ?? 0;
      const next = right === 0 ? at : at + 1;
      const top = (from[upper + at] ?? 0) * (256 - right) + (from[upper + next] ?? 0) * right;
      const bottom = (from[lower + at] ?? 0) * (256 - right) + (from[lower + next] ?? 0) * right;
      into[to + column] = (top * (256 - below) + bottom * below + 32_768) >> 16;
    }
  }
};

import type { Codes, Rectangle } from '@backlot/keyer';
import { Axis } from './axis.js';
import type { Picture } from './picture.js';

const EVEN_BYTES = 0x00ff00ff;
const HALF = 0x00800080;
// BT.601, limited range: shares of codes in a code of R'G'B', times 65536. Of chroma the sum of four pixels is taken.
const [RED_Y, GREEN_Y, BLUE_Y] = [16_829, 33_039, 6416];
const [RED_U, GREEN_U, BLUE_U] = [-2428, -4768, 7196];
const [RED_V, GREEN_V, BLUE_V] = [7196, -6026, -1170];

/** Puts an avatar's picture, as it is or keyed, at its place on a canvas of I420, bilinear. Nothing is allocated for a picture. */
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

  /**
   * Draws a keyed picture over what `into` holds. `pixels` are premultiplied RGBA, a word each. Canvas and chroma sites of four
   * pixels that are clear are left alone, which is most of them.
   */
  compose(pixels: Uint32Array, into: Uint8Array): void {
    const { first: left, second: right, weight: across, start: startX, end: endX } = this.#columns;
    const { first: upper, second: lower, weight: down, start: startY, end: endY } = this.#rows;
    const stride = this.#sourceWidth;
    const width = this.#width;
    const chromaU = width * this.#height;
    const chromaV = chromaU + chromaU / 4;
    for (let siteY = startY >> 1; 2 * siteY < endY; siteY++) {
      const firstY = Math.max(startY, 2 * siteY);
      const lastY = Math.min(endY - 1, 2 * siteY + 1);
      for (let siteX = startX >> 1; 2 * siteX < endX; siteX++) {
        const firstX = Math.max(startX, 2 * siteX);
        const lastX = Math.min(endX - 1, 2 * siteX + 1);
        let red = 0;
        let green = 0;
        let blue = 0;
        let alpha = 0;
        for (let y = firstY; y <= lastY; y++) {
          const top = (upper[y] ?? 0) * stride;
          const bottom = (lower[y] ?? 0) * stride;
          const low = down[y] ?? 0;
          for (let x = firstX; x <= lastX; x++) {
            const from = left[x] ?? 0;
            const to = right[x] ?? 0;
            const a = pixels[top + from] ?? 0;
            const b = pixels[top + to] ?? 0;
            const c = pixels[bottom + from] ?? 0;
            const d = pixels[bottom + to] ?? 0;
            if ((a | b | c | d) === 0) continue;
            const far = across[x] ?? 0;
            const redBlue = lerp(lerp(a & EVEN_BYTES, b & EVEN_BYTES, far), lerp(c & EVEN_BYTES, d & EVEN_BYTES, far), low);
            const greenAlpha = lerp(lerp((a >>> 8) & EVEN_BYTES, (b >>> 8) & EVEN_BYTES, far), lerp((c >>> 8) & EVEN_BYTES, (d >>> 8) & EVEN_BYTES, far), low);
            const r = redBlue & 255;
            const g = greenAlpha & 255;
            const bl = redBlue >>> 16;
            const al = greenAlpha >>> 16;
            red += r;
            green += g;
            blue += bl;
            alpha += al;
            const at = y * width + x;
            const behind = (into[at] ?? 0) - 16;
            into[at] = 16 + ((RED_Y * r + GREEN_Y * g + BLUE_Y * bl + 257 * (255 - al) * behind + 32_768) >> 16);
          }
        }
        if (alpha === 0) continue;
        const at = siteY * (width / 2) + siteX;
        const through = (257 * (1020 - alpha)) >> 2;
        const u = (into[chromaU + at] ?? 0) - 128;
        const v = (into[chromaV + at] ?? 0) - 128;
        into[chromaU + at] = 128 + ((RED_U * red + GREEN_U * green + BLUE_U * blue + through * u + 32_768) >> 16);
        into[chromaV + at] = 128 + ((RED_V * red + GREEN_V * green + BLUE_V * blue + through * v + 32_768) >> 16);
      }
    }
  }
}

/** Two bytes at once, 16 bits apart: `weight` of 256 of `b`, the rest of `a`. */
const lerp = (a: number, b: number, weight: number): number => ((Math.imul(a, 256 - weight) + Math.imul(b, weight) + HALF) >>> 8) & EVEN_BYTES;

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

// The scalar twin of keyer.wasm: the same integers with the same roundings, whole planes at a time, a site or a pixel at a
// time. It knows no blocks, so its equality with the SIMD proves too that leaving out blocks changes nothing. Looks are off.

import type { Matrix } from '../../color.js';
import type { KeyingParameters } from '../../parameters.js';
import type { ScreenModel } from '../../screen-model.js';
import type { Picture } from '../pictures.testing.js';
import type { Alpha } from '../plane-keyer.js';
import type { Grid } from './grid.testing.js';
import * as grid from './grid.testing.js';
import * as lanes from './lanes.testing.js';
import { computeMatte, type Matte } from './matte.testing.js';
import { createModel, type Model } from './model.testing.js';
import { type Plate, spreadPlate } from './plate.testing.js';

// Bound here, as the test runner looks imports up at every call.
const { at, createGrid, upsample } = grid;
const { add, byteOf, clamp, ONE, scale, subtract } = lanes;

const f32 = Math.fround;
/** From here on M counts as 1 in planes. */
const ALL_BUT_ONE = 8184;

/** How a frame is to be keyed. */
export interface TwinOptions {
  readonly screen: ScreenModel;
  readonly parameters: KeyingParameters;
  readonly matrix: Matrix;
  readonly isFullRange: boolean;
}

/** A frame that is keyed but for its background. */
export class Twin {
  readonly plate: Plate;
  readonly matte: Matte;
  readonly #picture: Picture;
  readonly #model: Model;
  /** The screen's share in luma above black, 5 fraction bits. */
  readonly #screenLight: Grid;
  #colors: readonly Grid[] | null = null;

  /** Keys a picture. */
  constructor(picture: Picture, { screen, parameters, matrix, isFullRange }: TwinOptions) {
    const { width, height } = picture;
    const model = createModel(parameters, matrix, isFullRange);
    const plate = spreadPlate(screen, width, height, isFullRange, parameters.ceiling);
    const matte = computeMatte(picture, plate, model);
    const excess = upsample(matte.excess, width, height, model.isLeft);
    this.#picture = picture;
    this.#model = model;
    this.plate = plate;
    this.matte = matte;
    this.#screenLight = createGrid(width, height, (x, y) =>
      scale(add(scale(at(excess, x, y), model.spillLuma), at(matte.fine, x, y)), at(plate.keyY, x >> 1, y >> 1)),
    );
  }

  /** What `keyToI420` makes over a background without padding; no padding either. */
  toI420(behind: Picture): Pick<Picture, 'y' | 'u' | 'v'> {
    const { black, white } = this.#model;
    const { fine, coarse, restU, restV } = this.matte;
    const chromaOf = (rest: Grid, back: Uint8Array) =>
      back.map((code, i) => {
        const m = coarse.values[i] ?? 0;
        if (m >= ALL_BUT_ONE) return code;
        return byteOf((add(add(rest.values[i] ?? 0, 32), 2 * scale(m, (code - 128) << 7)) >> 6) + 128);
      });
    return {
      y: behind.y.map((code, i) => {
        const m = fine.values[i] ?? 0;
        if (m >= ALL_BUT_ONE) return code;
        const light = this.#lumaAt(i);
        const own = subtract(32 * light + 16, this.#screenLight.values[i] ?? 0);
        // Never farther outside the legal codes than the frame itself goes there.
        return clamp(add(own, scale(m, (code - black) << 7)) >> 5, Math.min(light, black), Math.max(light, white));
      }),
      u: chromaOf(restU, behind.u),
      v: chromaOf(restV, behind.v),
    };
  }

  /** What `keyToRgba` makes: over `behind`, opaque RGBA without padding; without one, with alpha. */
  toRgba(behind: Uint8Array | null, alpha: Alpha): Uint8ClampedArray {
    const { fine } = this.matte;
    const colors = (this.#colors ??= this.#computeColors());
    return new Uint8ClampedArray(4 * fine.values.length).map((_, i) => {
      const m = fine.values[i >> 2] ?? 0;
      const opacity = scale(ONE - m, 32_640);
      const color = i % 4 === 3 ? opacity : clamp(colors[i % 4]?.values[i >> 2] ?? 0, 0, opacity);
      if (behind !== null) return i % 4 === 3 ? 255 : codeOf(color + scale((behind[i] ?? 0) << 7, m));
      return i % 4 === 3 || alpha === 'premultiplied' ? codeOf(color) : straighten(color, codeOf(opacity));
    });
  }

  /** Red, green and blue without the screen's, 5 fraction bits. */
  #computeColors(): readonly Grid[] {
    const { width, height } = this.#picture;
    const { black, isLeft, lumaGain, redV, greenU, greenV, blueU } = this.#model;
    const u = upsample(this.matte.restU, width, height, isLeft);
    const v = upsample(this.matte.restV, width, height, isLeft);
    const colorOf = (byU: number, byV: number) =>
      createGrid(width, height, (x, y) => {
        const i = y * width + x;
        const light = subtract((this.#lumaAt(i) - black) << 7, 4 * clamp(this.#screenLight.values[i] ?? 0, -8191, 8191));
        const chroma = add(scale(add(at(u, x, y), at(u, x, y)), byU), scale(add(at(v, x, y), at(v, x, y)), byV));
        return add(scale(light, lumaGain), chroma);
      });
    return [colorOf(0, redV), colorOf(greenU, greenV), colorOf(blueU, 0)];
  }

  /** Luma of the pixel at an index, were there no padding. */
  #lumaAt(index: number): number {
    const { y, width, lumaStride } = this.#picture;
    return y[Math.floor(index / width) * lumaStride + (index % width)] ?? 0;
  }
}

/** A code from 5 fraction bits. */
const codeOf = (value: number) => byteOf((value + 16) >> 5);

/** A code of a premultiplied colour with 5 fraction bits, divided by the alpha that it will be multiplied with. */
const straighten = (color: number, alpha: number): number =>
  alpha === 0 ? 0 : Math.floor(f32(f32(Math.min(color, 32 * alpha) * f32(f32(255 / 32) / alpha)) + 0.5));

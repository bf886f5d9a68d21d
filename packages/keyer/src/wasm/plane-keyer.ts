import { checkBytes, checkChoice, checkNumber, checkObject, checkPlane, checkSize } from '../checks.js';
import { type Codes, codesOf, type Matrix, rgbOf } from '../color.js';
import type { Rectangle } from '../framing.js';
import { boxReachOf, lightReachOf, type Looks, matchColors, measureSubject, resolveLooks } from '../looks.js';
import { type KeyingParameters, resolveParameters } from '../parameters.js';
import { type ChromaImage, createChromaImage } from '../planes.js';
import { gridSizeOf, SAMPLING_GRID } from '../sampling-grid.js';
import { ScreenModel } from '../screen-model.js';
import type { KeyerExports } from './keyer-exports.js';
import { NotReadyError } from './not-ready-error.js';

const PAGE_BYTES = 65_536;
const LEAST_SIDE = 16;
/** Of places on a canvas, in its pixels: far beyond any framing. */
const MOST_PLACE = 1_000_000;
const LEAST_EXTENT = 1 / 64;
/** Bytes that are copied at a time: they stay in the cache until they are where they belong. */
const PART_BYTES = 65_536;
/** ε of the slope (keying model §2.5), in squares of limited-range codes. */
const SLOPE_NOISE = 20;

/** What a `PlaneKeyer` is made for. */
export interface PlaneKeyerOptions {
  /** Size of the frames in pixels, 16 to 8192 each; may be odd. */
  readonly width: number;
  readonly height: number;
  /** The matrix that the frames are to be read by. */
  readonly matrix: Matrix;
  /** Whether codes span 0 to 255 instead of 16 to 235. Default false. */
  readonly isFullRange?: boolean;
  /** How to key; absent values take their defaults. */
  readonly parameters?: Partial<KeyingParameters>;
  /** How to style the result; absent looks are off. */
  readonly looks?: Partial<Looks>;
  /** Size of the canvas that `keyToCanvas` composes on, in pixels, even; absent: there is none. */
  readonly canvas?: { readonly width: number; readonly height: number } | undefined;
}

type CompleteOptions = Required<PlaneKeyerOptions> & { readonly parameters: KeyingParameters; readonly looks: Looks };

/** A decoded frame that can be copied out, such as a `VideoFrame`. */
export interface CopyableFrame {
  readonly format: string | null;
  /** What `copyTo` copies, in pixels; null for a frame that is closed. */
  readonly visibleRect: { readonly width: number; readonly height: number } | null;
  copyTo(destination: Uint8Array, options: { layout: { offset: number; stride: number }[] }): Promise<unknown>;
}

/** An I420 picture of 8 bits: luma, and chroma of ⌈width / 2⌉ × ⌈height / 2⌉ samples. Strides are bytes a row. */
export interface PlanarPicture {
  readonly y: Uint8Array;
  readonly u: Uint8Array;
  readonly v: Uint8Array;
  readonly lumaStride: number;
  readonly chromaStride: number;
}

/** An NV12 picture of 8 bits: luma, and chroma of which u and v take turns. Strides are bytes a row. */
export interface InterleavedPicture {
  readonly y: Uint8Array;
  /** ⌈width / 2⌉ × ⌈height / 2⌉ pairs. */
  readonly uv: Uint8Array;
  readonly lumaStride: number;
  readonly chromaStride: number;
}

type Bytes = Uint8Array | Uint8ClampedArray;

/** Some rows of a plane; `bytes` begin with the first one's. */
interface Part {
  readonly row: number;
  readonly rows: number;
  readonly bytes: Bytes;
}

interface Division {
  readonly strideBytes: number;
  readonly widthBytes: number;
  readonly height: number;
  readonly parts: readonly Part[];
}

/** What alpha does to colours: nothing (`straight`, as `ImageData` wants it), or they are multiplied by it. */
export type Alpha = (typeof ALPHAS)[number];

const ALPHAS = ['straight', 'premultiplied'] as const;

/**
 * Keys 4:2:0 frames of 8 bits on the processor: `keyer.wasm`, SIMD on one thread. All memory is laid out when it is
 * made; the views stay valid and nothing is allocated per frame, but some views of arrays that it was not given before: pools
 * should fill the same ones again. It needs no disposal.
 *
 * Per frame: give it (`setFrame`, `setFrameNv12`, `setFrameRgba`, `copyFrom`, or fill `y`, `u`, `v`), now and then
 * `model.update(keyer.sample())` and `setScreen(model)`, then `keyToRgba()` or `keyToI420()`.
 */
export class PlaneKeyer implements PlanarPicture {
  readonly width: number;
  readonly height: number;
  /** The frame's luma, `lumaStride` bytes a row. The caller fills the first `width` bytes of `height` rows. */
  readonly y: Uint8Array;
  /** The frame's chroma, `chromaStride` bytes a row: ⌈width / 2⌉ bytes of ⌈height / 2⌉ rows. */
  readonly u: Uint8Array;
  readonly v: Uint8Array;
  /** Chroma of an NV12 frame, u and v in turn, `2 * chromaStride` bytes a row; `splitChroma` brings it to `u` and `v`. */
  readonly uv: Uint8Array;
  readonly lumaStride: number;
  readonly chromaStride: number;
  /** What `keyToRgba` makes: width × height × 4 bytes. Only to be read. */
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
  /** What `keyToI420` makes, with the frame's strides. Only to be read. */
  readonly keyed: PlanarPicture;
  /** What `keyToCanvas` makes: I420 without padding, of the canvas's size; empty without one. Only to be read. */
  readonly canvas: Uint8Array;
  readonly #wasm: KeyerExports;
  readonly #options: CompleteOptions;
  readonly #memory: Uint8Array;
  readonly #given: Uint8Array;
  readonly #divisions = new WeakMap<Bytes, Division>();
  readonly #behind: Uint8Array;
  readonly #cells: Float32Array;
  readonly #image: ChromaImage;
  readonly #behindPlanes: PlanarPicture;
  readonly #backdrop: Uint8Array;
  #at: Rectangle | null = null;
  #isSampled = false;
  #hasScreen = false;
  #hasBackground = false;
  #hasPlanarBackground = false;
  // Mean colours, for the look that matches them.
  #subject: Codes | null = null;
  #surroundings: Codes | null = null;

  private constructor(module: WebAssembly.Module, options: CompleteOptions) {
    const { width, height, parameters, looks, isFullRange, matrix, canvas = { width: 0, height: 0 } } = options;
    const memory = new WebAssembly.Memory({ initial: 0 });
    const wasm = new WebAssembly.Instance(module, { env: { memory } }).exports as KeyerExports;
    this.width = width;
    this.height = height;
    this.#options = options;
    this.#wasm = wasm;
    const grid = gridSizeOf(width, height);
    this.#image = createChromaImage(grid.width, grid.height);
    const cellsAcross = Math.ceil(grid.width / SAMPLING_GRID.cellSize);
    const cellsDown = Math.ceil(grid.height / SAMPLING_GRID.cellSize);
    const bytes = wasm.layOut(width, height, cellsAcross, cellsDown, canvas.width, canvas.height);
    memory.grow(Math.ceil(bytes / PAGE_BYTES));

    const { buffer } = memory;
    const h = Math.ceil(height / 2);
    this.lumaStride = wasm.lumaStride.value;
    this.chromaStride = wasm.chromaStride.value;
    this.#memory = new Uint8Array(buffer);
    const pictureAt = (y: number, u: number, v: number): PlanarPicture => ({
      y: new Uint8Array(buffer, y, this.lumaStride * height),
      u: new Uint8Array(buffer, u, this.chromaStride * h),
      v: new Uint8Array(buffer, v, this.chromaStride * h),
      lumaStride: this.lumaStride,
      chromaStride: this.chromaStride,
    });
    ({ y: this.y, u: this.u, v: this.v } = pictureAt(wasm.luma.value, wasm.chromaU.value, wasm.chromaV.value));
    this.keyed = pictureAt(wasm.keyedLuma.value, wasm.keyedU.value, wasm.keyedV.value);
    this.#behindPlanes = pictureAt(wasm.behindLuma.value, wasm.behindU.value, wasm.behindV.value);
    this.uv = new Uint8Array(buffer, wasm.interleaved.value, 2 * this.chromaStride * h);
    this.rgba = new Uint8ClampedArray(buffer, wasm.rgba.value, 4 * width * height);
    const canvasBytes = (3 * canvas.width * canvas.height) / 2;
    this.canvas = new Uint8Array(buffer, wasm.canvas.value, canvasBytes);
    this.#backdrop = new Uint8Array(buffer, wasm.backdrop.value, canvasBytes);
    this.#given = new Uint8Array(buffer, wasm.given.value, wasm.givenBytes.value);
    this.#behind = new Uint8Array(buffer, wasm.behind.value, 4 * width * height);
    this.#cells = new Float32Array(buffer, wasm.cells.value, 4 * cellsAcross * cellsDown);

    const { siting, hueGuard, hueTolerance, hueSpread, ceiling, detail, spill, spillLuma } = parameters;
    wasm.setModel(siting === 'left', hueGuard, hueTolerance, hueSpread, ceiling, detail, spill, spillLuma);
    wasm.setLooks(looks.choke, looks.lightWrap, lightReachOf(height));
    // R'G'B' is linear in luma and chroma: its columns are the conversions of units.
    const lumaUnit = isFullRange ? 219 / 255 : 1;
    const chromaUnit = isFullRange ? 224 / 255 : 1;
    const [, greenU, blueU] = rgbOf(0, chromaUnit, 0, matrix);
    const [redV, greenV] = rgbOf(0, 0, chromaUnit, matrix);
    const red = codesOf(1, 0, 0, matrix);
    const blue = codesOf(0, 0, 1, matrix);
    wasm.setLumaOfColor(...lumaShares(matrix));
    const lumaCode = (y: number) => (y - 16) / lumaUnit;
    wasm.setReading(
      lumaCode(codesOf(1, 1, 1, matrix).y),
      lumaCode(red.y),
      lumaCode(blue.y),
      red.u / chromaUnit,
      blue.u / chromaUnit,
      red.v / chromaUnit,
      blue.v / chromaUnit,
    );
    wasm.setCoding(isFullRange ? 0 : 16, isFullRange ? 255 : 235, (255 / 219) * lumaUnit, redV, greenU, greenV, blueU, SLOPE_NOISE / lumaUnit ** 2);
  }

  /**
   * Makes one for frames of one size and coding. `module` is the compiled `keyer.wasm`.
   * @throws RangeError for a size that is no whole number from 16 to 8192, a canvas whose sides are not even or a parameter out
   * of its range, TypeError for another module or options of the wrong type.
   */
  static create(module: WebAssembly.Module, options: PlaneKeyerOptions): PlaneKeyer {
    if (!(module instanceof WebAssembly.Module) || !WebAssembly.Module.exports(module).some(({ name }) => name === 'layOut')) {
      throw new TypeError('module must be the compiled keyer.wasm.');
    }
    checkObject('options', options);
    checkSize(options.width, options.height, LEAST_SIDE);
    checkChoice('matrix', options.matrix, ['bt601', 'bt709']);
    checkChoice('isFullRange', options.isFullRange, [true, false, undefined]);
    if (options.canvas !== undefined) checkCanvas(options.canvas);
    return new PlaneKeyer(module, {
      ...options,
      canvas: options.canvas,
      isFullRange: options.isFullRange ?? false,
      parameters: resolveParameters(options.parameters),
      looks: resolveLooks(options.looks),
    });
  }

  /** A model of the screen that suits `sample` and `setScreen`. */
  createScreenModel(): ScreenModel {
    return new ScreenModel(this.#image.width, this.#image.height, SAMPLING_GRID, this.#options.parameters, this.#options.matrix);
  }

  /**
   * Copies a frame of this size in. The frame stays the caller's.
   * @throws TypeError for a frame that is neither I420 nor NV12 or is closed, RangeError for one of another size.
   */
  async copyFrom(frame: CopyableFrame): Promise<void> {
    checkObject('frame', frame);
    checkChoice('frame.format', frame.format, ['I420', 'NV12']);
    const { width, height } = frame.visibleRect ?? { width: 0, height: 0 };
    if (width !== this.width || height !== this.height) throw new RangeError(`frame must be ${this.width} × ${this.height}, not ${width} × ${height}.`);
    const luma = { offset: this.y.byteOffset, stride: this.lumaStride };
    if (frame.format === 'I420') {
      const stride = this.chromaStride;
      await frame.copyTo(this.#memory, { layout: [luma, { offset: this.u.byteOffset, stride }, { offset: this.v.byteOffset, stride }] });
    } else {
      await frame.copyTo(this.#memory, { layout: [luma, { offset: this.uv.byteOffset, stride: 2 * this.chromaStride }] });
      this.splitChroma();
    }
  }

  /**
   * Copies a frame in from planes.
   * @throws RangeError for planes or strides that are too short, TypeError for detached ones.
   */
  setFrame(picture: PlanarPicture): void {
    this.#checkPicture(picture);
    this.#copyPicture(picture, this);
  }

  /**
   * Copies a frame in from NV12.
   * @throws RangeError for planes or strides that are too short, TypeError for detached ones.
   */
  setFrameNv12(picture: InterleavedPicture): void {
    checkObject('picture', picture);
    const { y, uv, lumaStride, chromaStride } = picture;
    const rowBytes = 2 * Math.ceil(this.width / 2);
    const rows = Math.ceil(this.height / 2);
    checkPlane('y', y, 'lumaStride', lumaStride, this.width, this.height);
    checkPlane('uv', uv, 'chromaStride', chromaStride, rowBytes, rows);
    this.#copyPlane(y, lumaStride, this.y, this.lumaStride, this.width, this.height);
    this.#copyPlane(uv, chromaStride, this.uv, 2 * this.chromaStride, rowBytes, rows);
    this.splitChroma();
  }

  /**
   * Takes a frame of RGBA, straight and opaque: alpha is not looked at. It becomes 4:2:0 by the matrix, the range and the
   * siting that this was made for; the mean of 2 × 2 pixels by `centre`, 1-2-1 across by `left`. `strideBytes`: a row,
   * 4 × width unless given.
   * @throws RangeError for too few bytes or too small a stride, TypeError for detached bytes.
   */
  setFrameRgba(rgba: Bytes, strideBytes = 4 * this.width): void {
    checkPlane('rgba', rgba, 'strideBytes', strideBytes, 4 * this.width, this.height);
    for (const { row, rows, bytes } of this.#partsOf(rgba, strideBytes, 4 * this.width, this.height)) {
      this.#given.set(bytes);
      this.#wasm.readRgba(row, rows, strideBytes);
    }
  }

  /** Brings the chroma of an NV12 frame from `uv` to `u` and `v`. */
  splitChroma(): void {
    this.#wasm.deinterleave();
  }

  /** The frame in memory on a small grid, for `ScreenModel.update`. The image is overwritten by the next call. */
  sample(): ChromaImage {
    this.#isSampled = true;
    const image = this.#image;
    const { y, u, v, lumaStride, chromaStride } = this;
    const w = Math.ceil(this.width / 2);
    const h = Math.ceil(this.height / 2);
    const { isFullRange } = this.#options;
    const black = isFullRange ? 16 : 0;
    const lumaScale = (isFullRange ? 219 / 255 : 1) / 4;
    const chromaScale = isFullRange ? 224 / 255 : 1;
    for (let j = 0; j < image.height; j++) {
      const row = Math.floor(((j + 0.5) * h) / image.height);
      const upper = 2 * row * lumaStride;
      const lower = Math.min(2 * row + 1, this.height - 1) * lumaStride;
      for (let i = 0; i < image.width; i++) {
        const column = Math.floor(((i + 0.5) * w) / image.width);
        const left = 2 * column;
        const right = Math.min(left + 1, this.width - 1);
        const to = j * image.width + i;
        const from = row * chromaStride + column;
        const sum = (y[upper + left] ?? 0) + (y[upper + right] ?? 0) + (y[lower + left] ?? 0) + (y[lower + right] ?? 0);
        image.y[to] = black + lumaScale * sum;
        image.u[to] = chromaScale * ((u[from] ?? 0) - 128);
        image.v[to] = chromaScale * ((v[from] ?? 0) - 128);
      }
    }
    return image;
  }

  /**
   * Takes over what has been measured of the screen, from a model that `createScreenModel` made.
   * @throws NotReadyError for a model that has measured no screen yet, RangeError for one of pictures of another size.
   */
  setScreen(model: ScreenModel): void {
    if (!(model instanceof ScreenModel)) throw new TypeError('model must be a ScreenModel.');
    const { cells, width, height } = model.plate;
    if (4 * width * height !== this.#cells.length || width !== Math.ceil(this.#image.width / SAMPLING_GRID.cellSize)) {
      throw new RangeError(`model must be one that createScreenModel made: it has ${width} × ${height} cells.`);
    }
    if (!model.isReady) throw new NotReadyError('screen_not_measured', 'model has measured no screen yet: update it with sample() first.');
    const { isFullRange } = this.#options;
    const lumaScale = isFullRange ? 255 / 219 : 1;
    const chromaScale = isFullRange ? 255 / 224 : 1;
    for (let i = 0; i < width * height; i++) {
      this.#cells[4 * i] = ((cells[3 * i] ?? 0) - (isFullRange ? 16 : 0)) * lumaScale;
      this.#cells[4 * i + 1] = (cells[3 * i + 1] ?? 0) * chromaScale;
      this.#cells[4 * i + 2] = (cells[3 * i + 2] ?? 0) * chromaScale;
      this.#cells[4 * i + 3] = model.steepness[i] ?? 0;
    }
    const { cellSize } = SAMPLING_GRID;
    this.#wasm.setScreen(width, height, this.#image.width / cellSize, this.#image.height / cellSize, isFullRange ? 0 : 16);
    this.#hasScreen = true;
    this.#followSubject(model);
  }

  /**
   * What `keyToRgba` composes over: opaque RGBA of the frame's size, copied. Null: nothing.
   * @throws RangeError for another length, TypeError for detached bytes.
   */
  setBackground(rgba: Bytes | null): void {
    if (rgba !== null) {
      checkBytes('rgba', rgba, this.rgba.length);
      if (rgba.length > this.rgba.length) throw new RangeError(`rgba must have ${this.rgba.length} bytes, not ${rgba.length}.`);
    }
    this.#hasBackground = rgba !== null;
    if (rgba !== null) {
      this.#behind.set(rgba);
      this.#wasm.blurRgba(boxReachOf(this.#options.looks.blur * this.height));
    }
    this.#wasm.changeBackground();
    this.#surround(() => (rgba === null ? null : this.#meanOfRgba(rgba)));
  }

  /**
   * Keys the frame in memory with the screen that was set. Returns `rgba`: opaque over the background; without one
   * transparent, with straight or premultiplied `alpha`.
   * @throws NotReadyError without a screen.
   */
  keyToRgba(alpha: Alpha = 'straight'): Uint8ClampedArray<ArrayBuffer> {
    checkChoice('alpha', alpha, ALPHAS);
    this.#checkScreen();
    this.#wasm.keyToRgba(this.#hasBackground, alpha === 'premultiplied');
    return this.rgba;
  }

  /**
   * What `keyToI420` composes over: planes of the frame's size, matrix, range and siting, copied.
   * @throws RangeError for planes or strides that are too short, TypeError for detached ones.
   */
  setPlanarBackground(picture: PlanarPicture): void {
    this.#checkPicture(picture);
    this.#copyPicture(picture, this.#behindPlanes);
    const sigma = this.#options.looks.blur * this.height;
    this.#wasm.blurPlanes(boxReachOf(sigma), boxReachOf(sigma / 2));
    this.#hasPlanarBackground = true;
    this.#wasm.changeBackground();
    this.#surround(() => this.#meanOfPlanes(this.#behindPlanes));
  }

  /**
   * Keys the frame in memory with the screen that was set, over the planar background. Returns `keyed`.
   * @throws NotReadyError without a screen or a planar background.
   */
  keyToI420(): PlanarPicture {
    this.#checkScreen();
    if (!this.#hasPlanarBackground) throw new NotReadyError('background_not_set', 'keyToI420 needs setPlanarBackground first.');
    this.#wasm.keyToI420();
    return this.keyed;
  }

  /**
   * What `keyToCanvas` composes over: I420 without padding of the canvas's size, of the frames' matrix and range, copied.
   * @throws RangeError for another length, TypeError for detached bytes.
   */
  setCanvasBackground(picture: Uint8Array): void {
    checkBytes('picture', picture, this.#backdrop.length);
    if (picture.length > this.#backdrop.length) throw new RangeError(`picture must have ${this.#backdrop.length} bytes, not ${picture.length}.`);
    this.#backdrop.set(picture);
  }

  /**
   * Keys the frame in memory with the screen that was set, and puts it at its place on the canvas, bilinear, over the canvas's
   * background. `at` is in pixels of the canvas and may reach over it. Returns `canvas`. Looks that need a background are off.
   * @throws NotReadyError without a screen, RangeError for a place without extent.
   */
  keyToCanvas(at: Rectangle): Uint8Array {
    this.#checkScreen();
    const before = this.#at;
    if (before === null || before.x !== at.x || before.y !== at.y || before.width !== at.width || before.height !== at.height) {
      for (const side of ['x', 'y'] as const) checkNumber(`at.${side}`, at[side], -MOST_PLACE, MOST_PLACE);
      for (const side of ['width', 'height'] as const) checkNumber(`at.${side}`, at[side], LEAST_EXTENT, MOST_PLACE);
      this.#wasm.place(at.x, at.y, at.width, at.height);
      this.#at = { ...at };
    }
    this.#wasm.keyToRgba(false, true);
    this.#wasm.composeCanvas();
    return this.canvas;
  }

  /** The subject's mean colour, followed slowly: it must not flicker. */
  #followSubject(model: ScreenModel): void {
    const { looks, parameters } = this.#options;
    if (looks.colorMatch === 0 || !this.#isSampled) return;
    const fresh = measureSubject(this.#image, model, SAMPLING_GRID.cellSize, parameters);
    const old = this.#subject ?? fresh;
    if (fresh === null || old === null) return;
    const follow = (from: number, to: number) => from + (to - from) / 8;
    this.#subject = { y: follow(old.y, fresh.y), u: follow(old.u, fresh.u), v: follow(old.v, fresh.v) };
    this.#matchColors();
  }

  #surround(measure: () => Codes | null): void {
    if (this.#options.looks.colorMatch === 0) return;
    this.#surroundings = measure();
    this.#matchColors();
  }

  #matchColors(): void {
    const { looks, matrix, isFullRange } = this.#options;
    if (this.#subject === null || this.#surroundings === null) return this.#wasm.setMatch(1, 0, 0, 0, 0, 0);
    const { gain, tintU, tintV } = matchColors(this.#subject, this.#surroundings, looks.colorMatch);
    // Codes of full range count luma and chroma by other units.
    const unit = isFullRange ? 219 / 224 : 1;
    const [red, green, blue] = rgbOf(0, tintU, tintV, matrix);
    const perCode = 219 / 255;
    this.#wasm.setMatch(gain, unit * tintU, unit * tintV, perCode * red, perCode * green, perCode * blue);
  }

  #meanOfRgba(rgba: Bytes): Codes {
    const channel = (k: number) => meanOf(rgba, k, 4, 4 * this.width, this.width, this.height);
    return codesOf(channel(0), channel(1), channel(2), this.#options.matrix);
  }

  #meanOfPlanes({ y, u, v, lumaStride, chromaStride }: PlanarPicture): Codes {
    const { isFullRange } = this.#options;
    const chroma = (plane: Uint8Array) =>
      (isFullRange ? 224 / 255 : 1) * (meanOf(plane, 0, 1, chromaStride, Math.ceil(this.width / 2), Math.ceil(this.height / 2)) - 128);
    const luma = meanOf(y, 0, 1, lumaStride, this.width, this.height);
    return { y: isFullRange ? 16 + (219 / 255) * luma : luma, u: chroma(u), v: chroma(v) };
  }

  #checkScreen(): void {
    if (!this.#hasScreen) throw new NotReadyError('screen_not_set', 'A frame can be keyed after setScreen only.');
  }

  #checkPicture(picture: PlanarPicture): void {
    checkObject('picture', picture);
    const w = Math.ceil(this.width / 2);
    const h = Math.ceil(this.height / 2);
    checkPlane('y', picture.y, 'lumaStride', picture.lumaStride, this.width, this.height);
    checkPlane('u', picture.u, 'chromaStride', picture.chromaStride, w, h);
    checkPlane('v', picture.v, 'chromaStride', picture.chromaStride, w, h);
  }

  #copyPicture(from: PlanarPicture, to: PlanarPicture): void {
    const w = Math.ceil(this.width / 2);
    const h = Math.ceil(this.height / 2);
    this.#copyPlane(from.y, from.lumaStride, to.y, to.lumaStride, this.width, this.height);
    this.#copyPlane(from.u, from.chromaStride, to.u, to.chromaStride, w, h);
    this.#copyPlane(from.v, from.chromaStride, to.v, to.chromaStride, w, h);
  }

  #copyPlane(from: Uint8Array, fromStride: number, to: Uint8Array, toStride: number, widthBytes: number, height: number): void {
    for (const { row, rows, bytes } of this.#partsOf(from, fromStride, widthBytes, height)) {
      if (fromStride === toStride) to.set(bytes, row * toStride);
      else {
        this.#given.set(bytes);
        this.#wasm.placeRows(to.byteOffset + row * toStride, toStride, fromStride, widthBytes, rows);
      }
    }
  }

  /**
   * A picture in parts that `given` holds: a view of every row would be much garbage, and copying all at once is slow. They are
   * kept as long as the picture, whose memory is filled anew for another frame.
   */
  #partsOf(from: Bytes, strideBytes: number, widthBytes: number, height: number): readonly Part[] {
    const known = this.#divisions.get(from);
    if (known?.strideBytes === strideBytes && known.widthBytes === widthBytes && known.height === height) return known.parts;
    const parts: Part[] = [];
    // An even number: two rows share their chroma.
    const most = Math.max(2, Math.floor(PART_BYTES / strideBytes) & ~1);
    for (let row = 0; row < height; row += most) {
      const rows = Math.min(most, height - row);
      parts.push({ row, rows, bytes: from.subarray(row * strideBytes, (row + rows - 1) * strideBytes + widthBytes) });
    }
    this.#divisions.set(from, { strideBytes, widthBytes, height, parts });
    return parts;
  }
}

const checkCanvas = (canvas: { readonly width: number; readonly height: number }): void => {
  checkObject('canvas', canvas);
  checkSize(canvas.width, canvas.height, 2);
  if (canvas.width % 2 !== 0 || canvas.height % 2 !== 0) throw new RangeError(`canvas must have even sides, not ${canvas.width} × ${canvas.height}.`);
};

/** How much red, green and blue make of luma, black to white 1. */
const lumaShares = (matrix: Matrix): [number, number, number] => {
  const shareOf = (r: number, g: number, b: number) => (codesOf(r, g, b, matrix).y - 16) / 219;
  return [shareOf(255, 0, 0), shareOf(0, 255, 0), shareOf(0, 0, 255)];
};

/** Mean of a plane, or of a channel of pixels, from every fourth sample of every fourth row. */
const meanOf = (bytes: Bytes, offset: number, step: number, stride: number, width: number, height: number): number => {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < height; y += 4) {
    for (let x = 0; x < width; x += 4) {
      sum += bytes[y * stride + x * step + offset] ?? 0;
      count++;
    }
  }
  return sum / count;
};

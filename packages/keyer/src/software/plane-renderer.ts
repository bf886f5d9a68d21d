import { type Background, checkBackground } from '../background.js';
import { checkFraming, DEFAULT_FRAMING, fitRectangle, frameAvatar, type Framing, type Rectangle } from '../framing.js';
import { Keyability } from '../keyability.js';
import type { Owned } from '../owned.js';
import { type KeyingParameters, resolveParameters } from '../parameters.js';
import { PersonBox } from '../person-box.js';
import type { ChromaImage } from '../planes.js';
import { SAMPLING_GRID } from '../sampling-grid.js';
import type { ScreenModel, Verdict } from '../screen-model.js';
import { PlaneKeyer } from '../wasm/index.js';
import { Backdrop, createLayer } from './backdrop.js';

/** Frames between two measurements of a screen that is known: half a second at 30 fps. */
const MEASURE_EVERY = 15;

/** What a renderer tells its owner. Callbacks must not throw. */
export interface PlaneRendererOptions {
  /** The compiled `keyer.wasm`. */
  readonly module: Promise<WebAssembly.Module>;
  /** How to key; absent values take their defaults. */
  readonly parameters?: Partial<KeyingParameters>;
  /** The verdict has changed: whether the stream can be keyed, or its key. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /** A frame is on the canvas: `drawFrame` itself returns before. */
  readonly onDrawn: () => void;
  /** It can't work here: no WebAssembly, or frames that are not 4:2:0 in memory. Use another renderer. */
  readonly onUnfit: (error: Error) => void;
}

/** Parts that belong to one frame size and coding. */
interface Sized {
  readonly keyer: PlaneKeyer;
  readonly model: ScreenModel;
  readonly person: PersonBox;
  /** The keyed frame as a picture, for canvases of another shape or size. */
  readonly layer: OffscreenCanvasRenderingContext2D;
  readonly keyed: ImageData;
  readonly matrix: VideoMatrixCoefficients | null;
  readonly isFullRange: boolean;
}

/**
 * Does what `KeyRenderer` does where WebGL runs on the processor: takes the frame's planes as they were decoded, keys
 * them with WebAssembly SIMD and puts the picture on a 2D canvas. Several times cheaper there than any shader.
 * Whoever makes it disposes it.
 */
export class PlaneRenderer implements Owned {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #options: PlaneRendererOptions;
  readonly #parameters: KeyingParameters;
  readonly #keyability: Keyability;
  #module: WebAssembly.Module | null = null;
  #backdrop: Backdrop;
  #background: Background = { kind: 'none' };
  #framing = DEFAULT_FRAMING;
  #composedOver: Uint8ClampedArray | null = null;
  #sized: Sized | null = null;
  #mode: 'empty' | 'keyed' | 'plain' = 'empty';
  #isHeld = false;
  #isCopying = false;
  #age = 0;
  #disposed = false;

  /**
   * Takes a canvas that has no context yet; its `width` and `height` are the composited picture's.
   * @throws Error when the browser has no 2D canvas or no `VideoFrame`
   */
  constructor(canvas: HTMLCanvasElement, options: PlaneRendererOptions) {
    this.#parameters = resolveParameters(options.parameters);
    if (typeof VideoFrame === 'undefined') throw new Error('This browser has no VideoFrame.');
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('This browser has no 2D canvas.');
    this.#keyability = new Keyability(options.onVerdict);
    this.#canvas = canvas;
    this.#context = context;
    this.#options = options;
    this.#backdrop = new Backdrop(canvas.width, canvas.height);
    options.module.then(
      (module) => {
        this.#module = module;
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** What is known of the screen; null before the first frame. */
  get verdict(): Verdict | null {
    return this.#keyability.verdict;
  }

  /** Whether `redraw` would draw another picture than the one that is shown: a background has come or is fading. */
  get isMoving(): boolean {
    return this.#backdrop.isMoving;
  }

  /** What was measured of the screen, for tests and tools; null before the first frame. */
  get screen(): ScreenModel | null {
    return this.#sized?.model ?? null;
  }

  /**
   * Changes the background, cross-fading for `transitionMs` (0: at once). Takes over the image. It shows with the next
   * frame or `redraw`; call `redraw` while `isMoving`.
   * @throws TypeError, RangeError for what can't be shown; nothing has changed then.
   */
  setBackground(background: Background, transitionMs = 0): void {
    checkBackground(background, transitionMs);
    if (this.#background.kind === 'image') this.#background.image.close();
    this.#background = background;
    this.#backdrop.set(background, transitionMs);
  }

  /**
   * Changes where the avatar stands on the canvas. It shows with the next frame or `redraw`.
   * @throws TypeError, RangeError for a framing that can't be drawn; nothing has changed then.
   */
  setFraming(framing: Framing): void {
    checkFraming(framing);
    this.#framing = framing;
    if (framing.crop === 'person' && this.#sized?.model.isReady === true) this.#findPerson(this.#sized, this.#sized.keyer.sample());
  }

  /** Sets the canvas's size in pixels. The background is drawn anew at once; call `redraw`. */
  resize(width: number, height: number): void {
    if (this.#canvas.width === width && this.#canvas.height === height) return;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#backdrop = new Backdrop(width, height);
    this.#composedOver = null;
    this.#backdrop.set(this.#background, 0);
  }

  /** The stream is another one: its screen is measured before its first frame is drawn. The old picture stays. */
  restart(): void {
    this.#sized?.model.reset();
    this.#sized?.person.reset();
    this.#keyability.restart();
  }

  /**
   * Takes the video's frame of the given size in pixels; it is drawn a moment later (`onDrawn`), unless the one before
   * is still under way. `nowMs` is the clock of fades. Returns false: nothing was drawn yet.
   */
  drawFrame(video: HTMLVideoElement | VideoFrame, width: number, height: number, nowMs: number): boolean {
    if (this.#module === null || this.#isCopying || this.#disposed || width < 2 || height < 2) return false;
    let frame: VideoFrame;
    try {
      frame = new VideoFrame(video);
    } catch {
      // The video has nothing to show yet.
      return false;
    }
    if (frame.format !== 'I420' && frame.format !== 'NV12') {
      const { format } = frame;
      frame.close();
      this.#fail(new Error(`Frames are ${format ?? 'not in memory'}.`));
      return false;
    }
    let sized: Sized;
    try {
      sized = this.#sizeFor(this.#module, frame);
    } catch (error) {
      frame.close();
      this.#fail(error);
      return false;
    }
    this.#isCopying = true;
    sized.keyer.copyFrom(frame).then(
      () => {
        this.#isCopying = false;
        if (!this.#disposed) this.#draw(sized, frame, nowMs);
        frame.close();
      },
      (error: unknown) => {
        this.#isCopying = false;
        frame.close();
        this.#fail(error);
      },
    );
    return false;
  }

  /** Draws the last frame again, over the background as it is now. Returns false when it can't: a frame is on its way, or the stream has no key yet. */
  redraw(nowMs: number): boolean {
    // A frame that must not be seen yet lies in memory, unless nothing was seen before either.
    if (this.#isCopying || (this.#isHeld && this.#mode !== 'empty')) return false;
    this.#compose(nowMs);
    return true;
  }

  /** Frees the background's image. The canvas can't be used again. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#background.kind === 'image') this.#background.image.close();
    this.#background = { kind: 'none' };
    this.#sized = null;
  }

  #fail(thrown: unknown): void {
    if (this.#disposed) return;
    this.dispose();
    this.#options.onUnfit(thrown instanceof Error ? thrown : new Error(String(thrown)));
  }

  #sizeFor(module: WebAssembly.Module, frame: VideoFrame): Sized {
    const { width, height } = frame.visibleRect ?? { width: frame.codedWidth, height: frame.codedHeight };
    const { matrix, fullRange } = frame.colorSpace;
    const old = this.#sized;
    const isFullRange = fullRange === true;
    if (old !== null && old.keyer.width === width && old.keyer.height === height && old.matrix === matrix && old.isFullRange === isFullRange) return old;
    const keyer = PlaneKeyer.create(module, { width, height, matrix: matrix === 'bt709' ? 'bt709' : 'bt601', isFullRange, parameters: this.#parameters });
    const grid = keyer.sample();
    this.#composedOver = null;
    this.#sized = {
      keyer,
      model: keyer.createScreenModel(),
      person: new PersonBox(grid.width, grid.height),
      layer: createLayer(width, height),
      keyed: new ImageData(keyer.rgba, width, height),
      matrix,
      isFullRange,
    };
    return this.#sized;
  }

  #draw(sized: Sized, frame: VideoFrame, nowMs: number): void {
    const mode = this.#measure(sized);
    this.#isHeld = mode === null;
    if (mode === null) return;
    this.#mode = mode;
    if (mode === 'plain') this.#drawPlain(frame);
    else this.#compose(nowMs);
    this.#options.onDrawn();
  }

  /** Measures the screen when it is time. Returns how to draw the frame; null while that is unknown. */
  #measure(sized: Sized): 'keyed' | 'plain' | null {
    const { keyer, model } = sized;
    const isKnown = model.isReady;
    if (isKnown && ++this.#age < MEASURE_EVERY) return 'keyed';
    this.#age = 0;
    const sample = keyer.sample();
    const isFit = model.update(sample);
    if (isFit) {
      keyer.setScreen(model);
      if (this.#framing.crop === 'person') this.#findPerson(sized, sample);
    }
    if (!isKnown) return this.#keyability.judge(model, isFit);
    this.#keyability.report(model);
    return 'keyed';
  }

  #findPerson({ person, model }: Sized, sample: ChromaImage): void {
    person.update(sample, model, SAMPLING_GRID.cellSize, this.#parameters);
  }

  /** A stream without a screen fills the canvas as it is. */
  #drawPlain(frame: VideoFrame): void {
    const at = fitRectangle(frame.displayWidth, frame.displayHeight, this.#canvas.width, this.#canvas.height, 'cover');
    this.#context.globalCompositeOperation = 'copy';
    this.#context.drawImage(frame, at.x, at.y, at.width, at.height);
  }

  #compose(nowMs: number): void {
    if (this.#mode === 'plain') return;
    const backdrop = this.#backdrop;
    backdrop.update(nowMs);
    const context = this.#context;
    const sized = this.#mode === 'empty' ? null : this.#sized;
    if (sized === null) {
      context.globalCompositeOperation = 'copy';
      context.drawImage(backdrop.picture, 0, 0);
      return;
    }
    const { keyer, keyed, layer, person } = sized;
    if (this.#framing.crop === 'person') person.move(nowMs);
    const at: Rectangle = frameAvatar(keyer.width, keyer.height, backdrop.width, backdrop.height, this.#framing, person.box);
    const isWhole =
      at.x === 0 && at.y === 0 && at.width === keyer.width && at.height === keyer.height && keyer.width === backdrop.width && keyer.height === backdrop.height;
    const behind = isWhole ? backdrop.opaquePixels : null;
    if (behind !== this.#composedOver) {
      keyer.setBackground(behind);
      this.#composedOver = behind;
    }
    keyer.keyToRgba();
    if (behind !== null) {
      context.putImageData(keyed, 0, 0);
      return;
    }
    layer.putImageData(keyed, 0, 0);
    context.globalCompositeOperation = 'copy';
    context.drawImage(backdrop.picture, 0, 0);
    context.globalCompositeOperation = 'source-over';
    context.drawImage(layer.canvas, at.x, at.y, at.width, at.height);
  }
}

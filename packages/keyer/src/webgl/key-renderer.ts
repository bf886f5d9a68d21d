import type { Owned } from '../owned.js';
import { type KeyingParameters, resolveParameters } from '../parameters.js';
import { SAMPLING_GRID } from '../sampling-grid.js';
import { ScreenModel, type Verdict } from '../screen-model.js';
import { Backdrop } from './backdrop.js';
import { type Background, checkBackground } from '../background.js';
import { checkFraming, DEFAULT_FRAMING, fitRectangle, frameAvatar, type Framing, type Rectangle } from '../framing.js';
import { Keyability } from '../keyability.js';
import { PersonBox } from '../person-box.js';
import { FrameKeyer } from './frame-keyer.js';
import { FrameSampler } from './frame-sampler.js';
import { Program } from './program.js';
import { behindShader, compositeShader, copyShader, TILE_CLASS, tileVertexShader } from './shaders.js';

/** Frames between two measurements of a screen that is known: half a second at 30 fps. */
const MEASURE_EVERY = 15;

/** Parts that belong to one frame size. */
interface Sized extends Owned {
  readonly keyer: FrameKeyer;
  readonly sampler: FrameSampler;
  readonly model: ScreenModel;
  readonly person: PersonBox;
}

/** Parts that live as long as a GL context. */
interface Standing extends Owned {
  readonly backdrop: Backdrop;
  readonly composite: Program;
  readonly copy: Program;
  readonly behind: Program;
  readonly around: Program;
  /** Reads the nearest texel only. */
  readonly unfiltered: WebGLSampler;
}

/** What a renderer tells its owner. Callbacks run inside `drawFrame` or an event, and must not throw. */
export interface KeyRendererOptions {
  /** How to key; absent values take their defaults. */
  readonly parameters?: Partial<KeyingParameters>;
  /** The verdict has changed: whether the stream can be keyed, or its key. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /** The GL context is back after a loss: draw again. */
  readonly onRestored?: () => void;
}

/**
 * Keys frames of a green or blue screen and draws them over a background on a canvas, premultiplied. Made for streams:
 * textures are allocated when the frame's size changes and never per frame; the screen is measured before the first
 * frame and every half second after. Nothing of a stream is drawn before its first keyed frame; a stream that turns out
 * to have no screen is drawn as it is. Survives the loss of its context. Whoever makes it disposes it.
 */
export class KeyRenderer implements Owned {
  readonly #canvas: HTMLCanvasElement;
  readonly #gl: WebGL2RenderingContext;
  readonly #options: KeyRendererOptions;
  readonly #parameters: KeyingParameters;
  readonly #keyability: Keyability;
  #standing: Standing | null = null;
  #sized: Sized | null = null;
  #background: Background = { kind: 'none' };
  #framing = DEFAULT_FRAMING;
  #mode: 'empty' | 'keyed' | 'plain' = 'empty';
  #age = 0;
  #isHeld = false;
  #at: Rectangle = { x: 0, y: 0, width: 0, height: 0 };
  #placed: FrameKeyer | null = null;
  #placedMode: 'empty' | 'keyed' | 'plain' = 'empty';
  #disposed = false;

  /**
   * Takes a canvas that has no context yet; its `width` and `height` are the composited picture's.
   * @throws Error when the browser has no WebGL 2
   */
  constructor(canvas: HTMLCanvasElement, options: KeyRendererOptions = {}) {
    this.#parameters = resolveParameters(options.parameters);
    this.#canvas = canvas;
    this.#options = options;
    this.#keyability = new Keyability(options.onVerdict);
    const gl = canvas.getContext('webgl2', {
      alpha: true,
      antialias: false,
      depth: false,
      stencil: false,
      premultipliedAlpha: true,
      powerPreference: 'high-performance',
    });
    if (gl === null) throw new Error('This browser has no WebGL 2.');
    this.#gl = gl;
    canvas.addEventListener('webglcontextlost', this.#lose);
    canvas.addEventListener('webglcontextrestored', this.#restore);
    this.#stand();
  }

  /** What is known of the screen; null before the first frame. */
  get verdict(): Verdict | null {
    return this.#keyability.verdict;
  }

  /** Whether a frame of the stream is on the canvas. */
  get hasPicture(): boolean {
    return this.#mode !== 'empty';
  }

  /** Whether `redraw` would draw another picture than the one that is shown: a background has come or is fading. */
  get isMoving(): boolean {
    return this.#standing?.backdrop.isMoving ?? false;
  }

  /** What was measured of the screen, for tests and tools; null before the first frame. */
  get screen(): ScreenModel | null {
    return this.#sized?.model ?? null;
  }

  /**
   * Changes the background, cross-fading for `transitionMs` (0: at once). Takes over the image. It shows with the next
   * `drawFrame` or `redraw`; call `redraw` while `isMoving`.
   * @throws TypeError, RangeError for what can't be shown; nothing has changed then.
   */
  setBackground(background: Background, transitionMs = 0): void {
    checkBackground(background, transitionMs);
    if (this.#background.kind === 'image') this.#background.image.close();
    this.#background = background;
    if (!this.#gl.isContextLost()) this.#standing?.backdrop.set(background, transitionMs);
  }

  /**
   * Changes where the avatar stands on the canvas. It shows with the next `drawFrame` or `redraw`.
   * @throws TypeError, RangeError for a framing that can't be drawn; nothing has changed then.
   */
  setFraming(framing: Framing): void {
    checkFraming(framing);
    this.#framing = framing;
    this.#placed = null;
    if (this.#sized?.model.isReady === true) this.#findPerson(this.#sized);
  }

  /** Sets the canvas's size in pixels. The background is drawn anew at once; call `redraw`. */
  resize(width: number, height: number): void {
    if (this.#canvas.width === width && this.#canvas.height === height) return;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#placed = null;
    if (!this.#gl.isContextLost()) this.#stand();
  }

  /** The stream is another one: its screen is measured before its first frame is drawn. The old picture stays. */
  restart(): void {
    this.#sized?.model.reset();
    this.#sized?.person.reset();
    this.#sized?.sampler.cancel();
    this.#keyability.restart();
  }

  /**
   * Takes a new frame (video element, `VideoFrame`, canvas, bitmap) of the given size in pixels and draws it.
   * `nowMs` is the clock of fades. Returns false when nothing was drawn: no key yet, or no context.
   */
  drawFrame(source: TexImageSource, width: number, height: number, nowMs: number): boolean {
    if (this.#gl.isContextLost() || this.#standing === null || width < 2 || height < 2) return false;
    const sized = this.#sizeFor(width, height);
    sized.keyer.upload(source);
    const mode = this.#measure(sized);
    this.#isHeld = mode === null;
    if (mode === null) return false;
    this.#mode = mode;
    if (mode === 'keyed') sized.keyer.key();
    this.#compose(this.#standing, nowMs);
    return true;
  }

  /** Draws the last frame again, over the background as it is now. Returns false when it can't: no context, or a stream that began anew and has no key yet. */
  redraw(nowMs: number): boolean {
    if (this.#gl.isContextLost() || this.#standing === null) return false;
    // The frame's texture holds a frame that must not be seen yet, unless nothing was seen before either.
    if (this.#isHeld && this.#mode !== 'empty') return false;
    this.#compose(this.#standing, nowMs);
    return true;
  }

  /** Frees everything, the context included. The canvas can't be used again. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#canvas.removeEventListener('webglcontextlost', this.#lose);
    this.#canvas.removeEventListener('webglcontextrestored', this.#restore);
    this.#sized?.dispose();
    this.#standing?.dispose();
    this.#sized = null;
    this.#standing = null;
    if (this.#background.kind === 'image') this.#background.image.close();
    this.#background = { kind: 'none' };
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  readonly #lose = (event: Event): void => {
    // Without this the browser never restores it.
    event.preventDefault();
    this.#sized = null;
    this.#standing = null;
    this.#placed = null;
    this.#mode = 'empty';
  };

  readonly #restore = (): void => {
    this.#stand();
    this.#options.onRestored?.();
  };

  /** Makes what depends on the context and the canvas's size. */
  #stand(): void {
    this.#standing?.dispose();
    const gl = this.#gl;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    const backdrop = new Backdrop(gl, this.#canvas.width, this.#canvas.height);
    const composite = new Program(gl, compositeShader, ['frame', 'plate', 'edge', 'rest', 'backdrop', 'tiles'], tileVertexShader);
    const copy = new Program(gl, copyShader, ['frame', 'tiles'], tileVertexShader);
    const behind = new Program(gl, behindShader, ['backdrop', 'tiles'], tileVertexShader);
    const around = new Program(gl, behindShader, ['backdrop']);
    const unfiltered = gl.createSampler();
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.samplerParameteri(unfiltered, name, gl.NEAREST);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.samplerParameteri(unfiltered, name, gl.CLAMP_TO_EDGE);
    this.#standing = {
      backdrop,
      composite,
      copy,
      behind,
      around,
      unfiltered,
      dispose() {
        backdrop.dispose();
        composite.dispose();
        copy.dispose();
        behind.dispose();
        around.dispose();
        gl.deleteSampler(unfiltered);
      },
    };
    if (this.#background.kind !== 'none') backdrop.set(this.#background, 0);
  }

  #sizeFor(width: number, height: number): Sized {
    if (this.#sized !== null && this.#sized.keyer.width === width && this.#sized.keyer.height === height) return this.#sized;
    const old = this.#sized;
    old?.dispose();
    const gl = this.#gl;
    const sampler = new FrameSampler(gl, width, height);
    const { width: gridWidth, height: gridHeight } = sampler.image;
    // A stream that changes its resolution keeps what is known of its screen.
    const known = old !== null && old.sampler.image.width === gridWidth && old.sampler.image.height === gridHeight;
    const model = known ? old.model : new ScreenModel(gridWidth, gridHeight, SAMPLING_GRID, this.#parameters);
    const person = known ? old.person : new PersonBox(gridWidth, gridHeight);
    const keyer = new FrameKeyer(gl, width, height, model, gridWidth, gridHeight, SAMPLING_GRID.cellSize, this.#parameters);
    if (model.isReady) keyer.setScreen(model);
    this.#sized = {
      keyer,
      sampler,
      model,
      person,
      dispose() {
        keyer.dispose();
        sampler.dispose();
      },
    };
    return this.#sized;
  }

  /** Measures the screen when it is time. Returns how to draw the frame; null while that is unknown. */
  #measure(sized: Sized): 'keyed' | 'plain' | null {
    const { keyer, sampler, model } = sized;
    if (!model.isReady) {
      sampler.readNow(keyer.frame);
      const mode = this.#keyability.judge(model, model.update(sampler.image));
      if (mode !== 'keyed') return mode;
      keyer.setScreen(model);
      this.#findPerson(sized);
      return mode;
    }
    if (sampler.poll()) {
      model.update(sampler.image);
      keyer.setScreen(model);
      this.#findPerson(sized);
      this.#keyability.report(model);
    }
    if (++this.#age >= MEASURE_EVERY && !sampler.isReading) {
      this.#age = 0;
      sampler.begin(keyer.frame);
    }
    return 'keyed';
  }

  /** Looks where the person is, if that matters, in what was measured last. */
  #findPerson({ person, sampler, model }: Sized): void {
    if (this.#framing.crop === 'person' && person.update(sampler.image, model, SAMPLING_GRID.cellSize, this.#parameters)) this.#placed = null;
  }

  /** The backdrop, over it the tiles that are nothing but avatar, and at last those where the two meet. */
  #compose(standing: Standing, nowMs: number): void {
    const { backdrop, copy, behind } = standing;
    backdrop.update(nowMs);
    const gl = this.#gl;
    const { width, height } = this.#canvas;
    const keyer = this.#mode === 'empty' ? undefined : this.#sized?.keyer;
    if (keyer === undefined) return backdrop.copyToCanvas();
    if (this.#framing.crop === 'person' && this.#sized?.person.move(nowMs) === true) this.#placed = null;
    if (this.#placed !== keyer || this.#placedMode !== this.#mode) this.#place(keyer, width, height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, width, height);
    backdrop.surface.bind(0);
    this.#drawAround(standing.around, width, height);
    keyer.tiles.bind(1);
    if (this.#mode === 'keyed') {
      this.#aim(behind.use(), keyer, TILE_CLASS.background);
      behind.draw(keyer.tileVertices);
    }
    keyer.frame.bind(0);
    // A picture that isn't scaled needs no filter, which a renderer in software pays dearly for.
    gl.bindSampler(0, this.#at.width === keyer.width && this.#at.height === keyer.height ? standing.unfiltered : null);
    this.#aim(copy.use(), keyer, this.#mode === 'plain' ? -1 : TILE_CLASS.foreground);
    copy.draw(keyer.tileVertices);
    if (this.#mode === 'keyed') this.#drawMixed(standing, keyer);
    gl.bindSampler(0, null);
  }

  #drawMixed({ backdrop, composite }: Standing, keyer: FrameKeyer): void {
    keyer.plate.bind(1);
    keyer.edge.bind(2);
    keyer.rest.bind(3);
    backdrop.surface.bind(4);
    keyer.tiles.bind(5);
    this.#aim(composite.use(), keyer, TILE_CLASS.mixed);
    this.#gl.uniform1f(composite.at('spillLuma'), this.#parameters.spillLuma);
    composite.draw(keyer.tileVertices);
  }

  /** The backdrop where the frame leaves a gap: above it, and at its sides. */
  #drawAround(around: Program, width: number, height: number): void {
    const gl = this.#gl;
    // Whole pixels: those that the frame covers in part are drawn under it.
    const left = Math.min(width, Math.max(0, Math.ceil(this.#at.x)));
    const right = Math.min(width, Math.max(0, Math.floor(this.#at.x + this.#at.width)));
    const top = Math.min(height, Math.max(0, Math.ceil(this.#at.y)));
    const bottom = Math.min(height, Math.max(0, Math.floor(this.#at.y + this.#at.height)));
    if (left === 0 && top === 0 && right === width && bottom === height) return;
    around.use();
    gl.enable(gl.SCISSOR_TEST);
    this.#drawBand(around, 0, 0, left, height);
    this.#drawBand(around, right, 0, width - right, height);
    this.#drawBand(around, left, height - top, right - left, top);
    this.#drawBand(around, left, 0, right - left, height - bottom);
    gl.disable(gl.SCISSOR_TEST);
  }

  #drawBand(around: Program, x: number, y: number, width: number, height: number): void {
    if (width <= 0 || height <= 0) return;
    this.#gl.scissor(x, y, width, height);
    around.draw();
  }

  /** Points a program at the frame's tiles on the canvas. */
  #aim(program: Program, keyer: FrameKeyer, wanted: number): void {
    const gl = this.#gl;
    const { width, height } = this.#canvas;
    gl.uniform2f(program.at('targetSize'), width, height);
    gl.uniform4f(program.at('place'), this.#at.x, this.#at.y, this.#at.width, this.#at.height);
    gl.uniform2f(program.at('chromaSize'), keyer.edge.width, keyer.edge.height);
    gl.uniform2f(program.at('plateScale'), keyer.plateScaleX, keyer.plateScaleY);
    gl.uniform2f(program.at('frameScale'), 1, 1);
    gl.uniform2f(program.at('siteScale'), (0.5 * keyer.width) / keyer.edge.width, (0.5 * keyer.height) / keyer.edge.height);
    gl.uniform1f(program.at('siteShift'), this.#parameters.siting === 'left' ? 0.25 / keyer.edge.width : 0);
    gl.uniform1f(program.at('bleed'), 0);
    gl.uniform1f(program.at('flip'), -1);
    gl.uniform1f(program.at('wanted'), wanted);
  }

  /** Works out where the frame stands on the canvas; kept until the frame's or the canvas's size, the framing or the person's box changes. */
  #place(keyer: FrameKeyer, width: number, height: number): void {
    this.#placed = keyer;
    this.#placedMode = this.#mode;
    this.#at =
      this.#mode === 'plain'
        ? fitRectangle(keyer.width, keyer.height, width, height, 'cover')
        : frameAvatar(keyer.width, keyer.height, width, height, this.#framing, this.#sized?.person.box);
  }
}

import type { Background, Framing, KeyingParameters, Verdict } from '@backlot/keyer/webgl';
import { DropCounter } from './drop-counter.js';
import { FrameLoop } from './frame-loop.js';
import { createRenderer, type Renderer } from './renderer.js';
import type { Keying } from './session-events.js';

/** Figures of a picture. */
export interface PictureStats {
  /** Frames of the avatar drawn. */
  readonly framesDrawn: number;
  /** Frames that the browser presented and this player came too late for: since the first one drawn, while its page was visible. */
  readonly framesDropped: number;
  /** Frames drawn in the last second or so. */
  readonly rateFps: number;
  /** Size of the avatar's video in pixels; 0 before its first frame. */
  readonly width: number;
  readonly height: number;
  /** Whether the video can be keyed; null before its first frame. */
  readonly keying: Verdict | null;
}

/** What a picture is made of, and whom it tells. Callbacks must not throw. */
export interface PictureOptions {
  /** Its frames are drawn; whoever made it gives it a stream. */
  readonly video: HTMLVideoElement;
  /** A canvas of the picture's size that has no context yet; called again when the one before can't be drawn on any more. */
  readonly newCanvas: () => HTMLCanvasElement;
  /** Address of the folder of `software.js` and `keyer.wasm`; null: machines without a GPU use WebGL all the same. */
  readonly filesUrl: URL | null;
  /** The video is composed already: it is drawn as it is. */
  readonly isComposed: boolean;
  readonly keying: Keying;
  onVerdict(verdict: Verdict): void;
  /** A frame is on the canvas. */
  onFrame(): void;
  /** A background is on the canvas. */
  onBackground(version: number): void;
  /** It can be given backgrounds, or has lost the one that it had. */
  onReady(): void;
  /** It can't be drawn here; `reason` is for people. */
  onFailed(reason: string): void;
}

const CANNOT_DRAW = 'This browser can’t draw the video: it has no WebGL 2.';
const CANNOT_KEY = 'This browser’s graphics can’t key the video.';
const RATE_WINDOW_MS = 1000;
/** A video whose last frame is younger than this is running: two frames at 30 fps. */
const FED_MS = 67;
/** LiveKit ends a stream with black frames of a few pixels: those are no picture. */
const SMALLEST_SIDE = 16;

/** The keyer's parameters of a session's keying; what is absent stays so. */
const parametersOf = ({ key, floor, ceiling, hue_tolerance, detail, spill, plate }: Keying): Partial<KeyingParameters> => {
  const given = { key: key as KeyingParameters['key'] | undefined, floor, ceiling, hueTolerance: hue_tolerance, detail, spill, plate };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
};

/** Draws a video over its background, frame by frame. The last picture stays until another frame comes. */
export class Picture {
  readonly #options: PictureOptions;
  readonly #loop: FrameLoop;
  readonly #drops = new DropCounter();
  #renderer: Renderer | null = null;
  #size: readonly [width: number, height: number] | null = null;
  #framing: Framing | null = null;
  #pendingVersion: number | null = null;
  #presentedFrames: number | null = null;
  #framesDrawn = 0;
  #drawnAtMs = 0;
  #rateFps = 0;
  #rateFrom = 0;
  #rateFrames = 0;
  #isHeld = false;
  #isDisposed = false;

  constructor(options: PictureOptions) {
    this.#options = options;
    const { newCanvas, filesUrl, isComposed, keying, onVerdict } = options;
    this.#loop = new FrameLoop(options.video, this.#drawFrame, this.#tick);
    document.addEventListener('visibilitychange', this.#turnVisible);
    this.#loop.start();
    createRenderer({
      newCanvas,
      filesUrl,
      isComposed,
      parameters: parametersOf(keying),
      onVerdict,
      onDrawn: () => this.#frameDrawn(),
      onRestored: () => this.#loop.tick(),
      onReady: (renderer) => this.#takeRenderer(renderer),
    });
  }

  /** Figures as they are now. */
  get stats(): PictureStats {
    const { video } = this.#options;
    return {
      framesDrawn: this.#framesDrawn,
      framesDropped: this.#drops.count,
      rateFps: this.#rateFps,
      width: video.videoWidth,
      height: video.videoHeight,
      keying: this.#renderer?.verdict ?? null,
    };
  }

  /** Shows a background; it owns the image. Before `onReady` it is dropped. */
  setBackground(background: Background, version: number, transitionMs: number): void {
    if (this.#renderer === null || this.#isDisposed) {
      if (background.kind === 'image') background.image.close();
      return;
    }
    this.#renderer.setBackground(background, transitionMs);
    this.#pendingVersion = version;
    this.#loop.tick();
  }

  /** Sets the canvas's size in pixels. */
  resize(width: number, height: number): void {
    this.#size = [width, height];
    this.#renderer?.resize(width, height);
    this.#loop.tick();
  }

  /** Changes where the avatar stands on the canvas. */
  setFraming(framing: Framing): void {
    if (framing === this.#framing) return;
    this.#framing = framing;
    this.#renderer?.setFraming(framing);
    this.#loop.tick();
  }

  /** The video's next frame is of another stream. */
  restart(): void {
    this.#renderer?.restart();
    this.#drops.pause();
  }

  /** Whether frames are passed over and the last picture stays: a track that pauses or ends may send black ones. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
  }

  /** Draws no more; what is on the canvas stays. */
  stop(): void {
    this.#loop.stop();
  }

  /** Frees everything; the canvas can't be used again. Can be called twice. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#loop.stop();
    document.removeEventListener('visibilitychange', this.#turnVisible);
    this.#renderer?.dispose();
  }

  readonly #drawFrame = (presentedFrames: number | null): void => {
    const { video } = this.#options;
    const { videoWidth, videoHeight } = video;
    if (this.#isHeld || videoWidth < SMALLEST_SIDE || videoHeight < SMALLEST_SIDE) return;
    try {
      this.#presentedFrames = presentedFrames;
      if (this.#renderer?.drawFrame(video, videoWidth, videoHeight, performance.now()) === true) this.#frameDrawn();
    } catch {
      // A shader that the driver refuses stays refused.
      this.#fail(CANNOT_KEY);
    }
  };

  #frameDrawn(): void {
    const now = performance.now();
    this.#drops.take(this.#presentedFrames);
    this.#framesDrawn++;
    this.#drawnAtMs = now;
    this.#rateFrames++;
    if (now - this.#rateFrom >= RATE_WINDOW_MS) {
      this.#rateFps = Math.round((10_000 * this.#rateFrames) / (now - this.#rateFrom)) / 10;
      this.#rateFrom = now;
      this.#rateFrames = 0;
    }
    this.#drawn();
    this.#options.onFrame();
  }

  readonly #tick = (nowMs: number): boolean => {
    if (this.#renderer === null || this.#isDisposed) return false;
    // While frames come they move a fade on: drawing between them would only make them late.
    const isFed = performance.now() - this.#drawnAtMs < FED_MS;
    if (isFed && this.#pendingVersion === null) return this.#renderer.isMoving;
    if (this.#renderer.redraw(Math.max(nowMs, performance.now()))) this.#drawn();
    return this.#renderer.isMoving;
  };

  /** Something was drawn: a background that waited is on the canvas now. */
  #drawn(): void {
    if (this.#pendingVersion === null) return;
    const version = this.#pendingVersion;
    this.#pendingVersion = null;
    this.#options.onBackground(version);
  }

  /** Browsers don't call a page back that nobody sees: what it misses isn't dropped. */
  readonly #turnVisible = (): void => this.#drops.pause();

  #takeRenderer(renderer: Renderer | null): void {
    if (this.#isDisposed) {
      renderer?.dispose();
      return;
    }
    this.#renderer = renderer;
    if (renderer === null) return this.#fail(CANNOT_DRAW);
    if (this.#size !== null) renderer.resize(...this.#size);
    if (this.#framing !== null) renderer.setFraming(this.#framing);
    this.#options.onReady();
    this.#loop.tick();
  }

  #fail(reason: string): void {
    this.#loop.stop();
    this.#options.onFailed(reason);
  }
}

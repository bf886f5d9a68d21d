/** Calls back for each new frame of a video, and on the display's clock while something else moves. */
export class FrameLoop {
  readonly #video: HTMLVideoElement;
  readonly #onFrame: (presentedFrames: number | null) => void;
  readonly #onTick: (nowMs: number) => boolean;
  readonly #hasFrameCallback: boolean;
  #frameRequest = 0;
  #tickRequest = 0;
  #lastTime = -1;
  #isRunning = false;

  /**
   * `onFrame`: the video has a new frame, the given one that it has presented since it began (null where the browser doesn't
   * count). `onTick`: the display refreshes; it returns whether it wants another one.
   */
  constructor(video: HTMLVideoElement, onFrame: (presentedFrames: number | null) => void, onTick: (nowMs: number) => boolean) {
    this.#video = video;
    this.#onFrame = onFrame;
    this.#onTick = onTick;
    this.#hasFrameCallback = 'requestVideoFrameCallback' in video;
  }

  /** Begins to watch the video. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#request();
  }

  /** Asks for a tick at the display's next refresh. */
  tick(): void {
    if (this.#tickRequest === 0) this.#tickRequest = requestAnimationFrame(this.#handleTick);
  }

  /** Stops everything. */
  stop(): void {
    this.#isRunning = false;
    if (this.#hasFrameCallback) this.#video.cancelVideoFrameCallback(this.#frameRequest);
    else cancelAnimationFrame(this.#frameRequest);
    cancelAnimationFrame(this.#tickRequest);
    this.#tickRequest = 0;
  }

  #request(): void {
    this.#frameRequest = this.#hasFrameCallback ? this.#video.requestVideoFrameCallback(this.#handleFrame) : requestAnimationFrame(this.#handleFallback);
  }

  readonly #handleFrame = (_nowMs: number, { presentedFrames }: VideoFrameCallbackMetadata): void => {
    if (!this.#isRunning) return;
    this.#request();
    this.#onFrame(presentedFrames);
  };

  readonly #handleFallback = (): void => {
    if (!this.#isRunning) return;
    this.#request();
    if (this.#video.currentTime === this.#lastTime || this.#video.readyState < 2) return;
    this.#lastTime = this.#video.currentTime;
    this.#onFrame(null);
  };

  readonly #handleTick = (nowMs: number): void => {
    this.#tickRequest = 0;
    if (this.#onTick(nowMs)) this.tick();
  };
}

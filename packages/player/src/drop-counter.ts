/** Counts the frames that a video presented and nobody took. */
export class DropCounter {
  #last: number | null = null;
  #count = 0;

  /** Frames missed between frames that were taken. */
  get count(): number {
    return this.#count;
  }

  /** A frame was taken, the given one that the video has presented; null where the browser doesn't count them. */
  take(presentedFrames: number | null): void {
    if (this.#last !== null && presentedFrames !== null) this.#count += Math.max(0, presentedFrames - this.#last - 1);
    this.#last = presentedFrames;
  }

  /** What is missed until the next frame that is taken doesn't count. */
  pause(): void {
    this.#last = null;
  }
}

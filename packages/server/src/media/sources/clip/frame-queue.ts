/** Decoded frames between ffmpeg's pipe and the clock: bytes go in as they come, whole frames come out, buffers are used again. */
export class FrameQueue {
  readonly #frameBytes: number;
  readonly #frames: Uint8Array[] = [];
  readonly #spare: Uint8Array[] = [];
  #filling: Uint8Array;
  #filled = 0;
  /** Index of the oldest frame in the queue. */
  #head = 0;

  constructor(frameBytes: number) {
    this.#frameBytes = frameBytes;
    this.#filling = new Uint8Array(frameBytes);
  }

  /** Whole frames that wait. */
  get length(): number {
    return this.#frames.length;
  }

  write(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length;) {
      const size = Math.min(bytes.length - offset, this.#frameBytes - this.#filled);
      this.#filling.set(bytes.subarray(offset, offset + size), this.#filled);
      offset += size;
      this.#filled += size;
      if (this.#filled < this.#frameBytes) continue;
      this.#frames.push(this.#filling);
      this.#filling = this.#spare.pop() ?? new Uint8Array(this.#frameBytes);
      this.#filled = 0;
    }
  }

  /**
   * Copies frame `index` into `into` and drops those before it. When it has not come yet, the newest frame that has
   * is taken in its place. False when there is none.
   */
  read(index: number, into: Uint8Array): boolean {
    let frame: Uint8Array | undefined;
    while (this.#head <= index) {
      const next = this.#frames.shift();
      if (next === undefined) break;
      if (frame !== undefined) this.#spare.push(frame);
      frame = next;
      this.#head++;
    }
    if (frame === undefined) return false;
    into.set(frame);
    this.#spare.push(frame);
    return true;
  }
}

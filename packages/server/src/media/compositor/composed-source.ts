import { type Source, type StreamSource } from '../source.js';
import { type Picture, pictureBytes } from './picture.js';
import type { PictureCompositor } from './picture-compositor.js';

/** How often it is looked whether there is anything new: a swap or a stranger's picture need not wait for a frame's time. */
const ASKED_FPS = 100;
const ASK_MS = 1000 / ASKED_FPS;
/** Between two pictures of a fade when the avatar itself has none. */
const FADE_MS = 1000 / 30;

/** A source's pictures as the compositor makes them, on the canvas, with the source's sound. */
export class ComposedSource implements Source {
  readonly width: number;
  readonly height: number;
  readonly rateFps = ASKED_FPS;
  readonly isLive = true;
  readonly #compositor: PictureCompositor;
  readonly #source: Source | StreamSource;
  readonly #pictures: Pictures;
  #composedAtMs = -Infinity;
  #isChanged = true;

  /** Both are borrowed; whoever opened the source disposes it. */
  constructor(source: Source | StreamSource, compositor: PictureCompositor, { width, height }: { readonly width: number; readonly height: number }) {
    this.width = width;
    this.height = height;
    this.#source = source;
    this.#compositor = compositor;
    this.#pictures = 'picture' in source ? new StreamPictures(source) : new SteadyPictures(source);
  }

  /** Puts a picture of the canvas's size behind the avatar, cross-fading; null: nothing. */
  setBackground(picture: Uint8Array | null, transitionMs: number): void {
    this.#compositor.setBackground(picture, transitionMs);
    this.#isChanged = true;
  }

  readVideo(index: number, into: Uint8Array): boolean {
    const nowMs = index * ASK_MS;
    if (this.#pictures.take(nowMs)) this.#isChanged = true;
    const { picture } = this.#pictures;
    const isDue = this.#isChanged || (this.#compositor.isFading && nowMs - this.#composedAtMs >= FADE_MS);
    if (picture === null || !isDue || !this.#compositor.compose(picture, into, nowMs)) return false;
    this.#isChanged = false;
    this.#composedAtMs = nowMs;
    return true;
  }

  readAudio(into: Int16Array): void {
    this.#source.readAudio(into);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Pictures of a source, by the clock of what asks. */
interface Pictures {
  /** The newest one taken; null before the first. */
  readonly picture: Picture | null;
  /** Returns whether there is another one. */
  take(nowMs: number): boolean;
}

/** Those of a source that draws or decodes them at a rate of its own. */
class SteadyPictures implements Pictures {
  readonly #source: Source;
  readonly #picture: Picture;
  #taken = -1;
  #hasPicture = false;

  constructor(source: Source) {
    const { width, height } = source;
    this.#source = source;
    this.#picture = { data: new Uint8Array(pictureBytes(width, height)), width, height };
  }

  get picture(): Picture | null {
    return this.#hasPicture ? this.#picture : null;
  }

  take(nowMs: number): boolean {
    const due = Math.floor((nowMs * this.#source.rateFps) / 1000 + 1e-6);
    if (due === this.#taken) return false;
    this.#taken = due;
    if (!this.#source.readVideo(due, this.#picture.data)) return false;
    this.#hasPicture = true;
    return true;
  }
}

/** Those of a stream, whose newest one is there at any time. */
class StreamPictures implements Pictures {
  readonly #source: StreamSource;
  picture: Picture | null = null;

  constructor(source: StreamSource) {
    this.#source = source;
  }

  take(): boolean {
    const { picture } = this.#source;
    if (picture === this.picture) return false;
    this.picture = picture;
    return true;
  }
}

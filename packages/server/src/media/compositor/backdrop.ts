import type { Codes } from '@backlot/keyer';
import type { PlanarPicture } from '@backlot/keyer/wasm';
import { pictureBytes, planesOf } from './picture.js';

/** The first picture of a fade already shows some of the new background: as if it had begun this long before. */
const FADE_HEAD_START_MS = 17;

/** A picture of the canvas's size, the same four bytes at a time, and its planes. */
interface Layer {
  readonly data: Uint8Array;
  readonly words: Uint32Array;
  readonly planes: PlanarPicture;
}

/**
 * What is behind the avatar: a picture of the canvas's size, or nothing, which is the avatar's own screen. It is blended once
 * a picture while it fades; a swap in the middle of a fade fades on from what is shown. Nothing is allocated for a picture.
 */
export class Backdrop {
  readonly #width: number;
  readonly #height: number;
  #from: Layer;
  #mixed: Layer;
  /** Stands in for nothing while that fades in or out: the screen's colour. */
  readonly #screen: Layer;
  #to: Layer | null = null;
  #isFading = false;
  #startedAtMs: number | null = null;
  #transitionMs = 0;
  #version = 0;
  /** Whether `#to` is only there to be faded to. */
  #endsInNothing = false;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#from = this.#layerOf(new Uint8Array(pictureBytes(width, height)));
    this.#mixed = this.#layerOf(new Uint8Array(pictureBytes(width, height)));
    this.#screen = this.#layerOf(new Uint8Array(pictureBytes(width, height)));
  }

  /** What is shown; null: nothing. */
  get shown(): Layer | null {
    return this.#isFading ? this.#mixed : this.#to;
  }

  /** Another one for each other picture that is shown. */
  get version(): number {
    return this.#version;
  }

  get isFading(): boolean {
    return this.#isFading;
  }

  /** Begins to show a picture, borrowed, or nothing. `screen` is the colour of the avatar's screen; null: not known, and it isn't faded to or from. */
  set(picture: Uint8Array | null, transitionMs: number, screen: Codes | null): void {
    const from = this.shown ?? (screen === null ? null : this.#fillScreen(screen));
    const to = picture === null ? (screen === null || from === this.#screen ? null : this.#fillScreen(screen)) : this.#layerOf(picture);
    this.#isFading = transitionMs > 0 && from !== null && to !== null && !(picture === null && this.shown === null);
    if (this.#isFading && from !== null) {
      if (from === this.#mixed) [this.#from, this.#mixed] = [this.#mixed, this.#from];
      else this.#from.data.set(from.data);
    }
    this.#to = this.#isFading || picture !== null ? to : null;
    this.#endsInNothing = picture === null;
    this.#transitionMs = transitionMs;
    this.#startedAtMs = null;
    this.#version++;
  }

  /** Brings `shown` to what is to be seen at `nowMs`. The fade's clock starts with the first call. */
  update(nowMs: number): void {
    if (!this.#isFading || this.#to === null) return;
    this.#startedAtMs ??= nowMs - FADE_HEAD_START_MS;
    const progress = (nowMs - this.#startedAtMs) / this.#transitionMs;
    this.#version++;
    if (progress < 1) {
      mix(this.#from, this.#to, this.#mixed, Math.round(256 * progress));
      return;
    }
    this.#isFading = false;
    if (this.#endsInNothing) this.#to = null;
  }

  #layerOf(data: Uint8Array): Layer {
    const aligned = data.byteOffset % 4 === 0 ? data : data.slice();
    const { buffer, byteOffset, length } = aligned;
    return { data: aligned, words: new Uint32Array(buffer, byteOffset, length >> 2), planes: planesOf(aligned, this.#width, this.#height) };
  }

  #fillScreen({ y, u, v }: Codes): Layer {
    const { planes } = this.#screen;
    planes.y.fill(Math.round(y));
    planes.u.fill(Math.round(u) + 128);
    planes.v.fill(Math.round(v) + 128);
    return this.#screen;
  }
}

const EVEN_BYTES = 0x00ff00ff;
const HALF = 0x00800080;

/** `into` = (1 − weight / 256) · from + weight / 256 · to. */
const mix = (from: Layer, to: Layer, into: Layer, weight: number): void => {
  const rest = 256 - weight;
  const [a, b, result] = [from.words, to.words, into.words];
  for (let i = 0; i < result.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    const even = (Math.imul(x & EVEN_BYTES, rest) + Math.imul(y & EVEN_BYTES, weight) + HALF) >>> 8;
    const odd = Math.imul((x >>> 8) & EVEN_BYTES, rest) + Math.imul((y >>> 8) & EVEN_BYTES, weight) + HALF;
    result[i] = (even & EVEN_BYTES) | (odd & ~EVEN_BYTES);
  }
  for (let i = 4 * result.length; i < into.data.length; i++) into.data[i] = ((from.data[i] ?? 0) * rest + (to.data[i] ?? 0) * weight + 128) >> 8;
};

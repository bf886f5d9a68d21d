import type { LivekitRoomState } from '@backlot/contract';
import type { KeyingParameters, ScreenModel } from '@backlot/keyer';
import { type PlanarPicture, PlaneKeyer } from '@backlot/keyer/wasm';
import { type Picture, planesOf } from './picture.js';
import { Placement } from './placement.js';

/** The screen is measured anew so often, in pictures. */
const MEASURE_EVERY = 15;
/** Pictures in a row that can't be keyed before they are shown as they are: there is no screen. */
const PATIENCE = 10;
/** The first picture of a fade already shows some of the new background. */
const FADE_HEAD_START_MS = 17;

type Looks = Pick<LivekitRoomState, 'canvas' | 'framing' | 'keying'>;

/** How the session says it, as the keyer does. */
const parametersOf = ({ hue_tolerance: hueTolerance, key, ...same }: LivekitRoomState['keying']): Partial<KeyingParameters> => ({
  ...Object.fromEntries(Object.entries(same).filter(([, value]) => value !== undefined)),
  ...(hueTolerance === undefined ? {} : { hueTolerance }),
  ...(key === undefined ? {} : { key: key === 'auto' ? 'auto' : (`#${key.slice(1)}` as const) }),
});

/**
 * Composes an avatar's pictures over a background, on one canvas: I420, BT.601 limited, tightly packed, in and out.
 * Allocates nothing per picture.
 */
export class PictureCompositor {
  readonly #module: WebAssembly.Module;
  readonly #width: number;
  readonly #height: number;
  readonly #placement: Placement;
  #keyer: PlaneKeyer;
  #model: ScreenModel;
  #age = 0;
  #unfit = 0;
  #to: Uint8Array | null = null;
  readonly #from: Uint8Array;
  readonly #mixed: Uint8Array;
  readonly #mixedPlanes: PlanarPicture;
  #fadeStartMs = 0;
  #fadeMs = 0;

  constructor(module: WebAssembly.Module, looks: Looks) {
    const { width, height } = looks.canvas;
    this.#module = module;
    this.#width = width;
    this.#height = height;
    this.#placement = new Placement(width, height, looks.framing);
    this.#from = new Uint8Array((width * height * 3) / 2);
    this.#mixed = new Uint8Array(this.#from.length);
    this.#mixedPlanes = planesOf(this.#mixed, width, height);
    [this.#keyer, this.#model] = this.#createKeyer(looks);
  }

  /** Whether a fade is under way. */
  get isFading(): boolean {
    return this.#fadeMs > 0;
  }

  /** Takes another framing and keying; the canvas stays. */
  configure(looks: Looks): void {
    this.#placement.frame(looks.framing);
    [this.#keyer, this.#model] = this.#createKeyer(looks);
    if (this.#to !== null) this.#keyer.setPlanarBackground(this.#mixedPlanes);
  }

  /** Puts another background behind the avatar: a picture of the canvas's size, borrowed; null: none, the avatar's own screen. */
  setBackground(picture: Uint8Array | null, transitionMs: number, nowMs: number): void {
    const isFade = transitionMs > 0 && this.#to !== null && picture !== null;
    if (isFade) this.#from.set(this.#mixed);
    this.#to = picture;
    this.#fadeStartMs = nowMs - FADE_HEAD_START_MS;
    this.#fadeMs = isFade ? transitionMs + FADE_HEAD_START_MS : 0;
    if (picture === null || isFade) return;
    this.#mixed.set(picture);
    this.#keyer.setPlanarBackground(this.#mixedPlanes);
  }

  /** Composes a picture into `into`. Returns false, and `into` is not to be shown, while it is unknown how to key. */
  compose(picture: Picture, into: Uint8Array, nowMs: number): boolean {
    const placed = this.#placement.place(picture, this.#model.key);
    if (this.#to === null) {
      into.set(placed);
      return true;
    }
    this.#fade(this.#to, nowMs);
    this.#keyer.setFrame(this.#placement.planes(placed));
    const isKnown = this.#model.isReady;
    if (!isKnown || ++this.#age >= MEASURE_EVERY) {
      this.#age = 0;
      const isFit = this.#model.update(this.#keyer.sample());
      if (isFit) this.#keyer.setScreen(this.#model);
      this.#unfit = isFit ? 0 : this.#unfit + 1;
      if (!isKnown && !isFit) {
        if (this.#unfit < PATIENCE) return false;
        into.set(placed);
        return true;
      }
    }
    const { y, u, v, lumaStride, chromaStride } = this.#keyer.keyToI420();
    const size = this.#width * this.#height;
    copyRows(y, lumaStride, into, 0, this.#width, this.#height);
    copyRows(u, chromaStride, into, size, this.#width / 2, this.#height / 2);
    copyRows(v, chromaStride, into, size + size / 4, this.#width / 2, this.#height / 2);
    return true;
  }

  #fade(to: Uint8Array, nowMs: number): void {
    if (this.#fadeMs === 0) return;
    const share = Math.max(0, Math.min(1, (nowMs - this.#fadeStartMs) / this.#fadeMs));
    if (share === 1) {
      this.#fadeMs = 0;
      this.#mixed.set(to);
    } else {
      const weight = Math.round(share * 256);
      const from = this.#from;
      const mixed = this.#mixed;
      for (let index = 0; index < mixed.length; index++) {
        const before = from[index] ?? 0;
        mixed[index] = before + ((((to[index] ?? 0) - before) * weight) >> 8);
      }
    }
    this.#keyer.setPlanarBackground(this.#mixedPlanes);
  }

  #createKeyer({ keying }: Looks): [PlaneKeyer, ScreenModel] {
    const keyer = PlaneKeyer.create(this.#module, { width: this.#width, height: this.#height, matrix: 'bt601', parameters: parametersOf(keying) });
    this.#unfit = 0;
    return [keyer, keyer.createScreenModel()];
  }
}

const copyRows = (from: Uint8Array, stride: number, into: Uint8Array, offset: number, width: number, rows: number): void => {
  if (stride === width) {
    into.set(from.length === width * rows ? from : from.subarray(0, width * rows), offset);
    return;
  }
  for (let row = 0; row < rows; row++) into.set(from.subarray(row * stride, row * stride + width), offset + row * width);
};

import type { Canvas, Framing, Keying } from '@backlot/contract';
import {
  type ChromaImage,
  fitRectangle,
  frameAvatar,
  Keyability,
  type KeyingParameters,
  PersonBox,
  type Rectangle,
  resolveParameters,
  SAMPLING_GRID,
  type ScreenModel,
} from '@backlot/keyer';
import { type PlanarPicture, PlaneKeyer } from '@backlot/keyer/wasm';
import { Backdrop } from './backdrop.js';
import { type Picture, planesOf } from './picture.js';
import { Placement } from './placement.js';

/** Pictures between two measurements of a screen that is known: half a second at 30 fps. */
const MEASURE_EVERY = 15;
/** The keyer's smallest side. LiveKit ends a stream with black pictures that are smaller. */
const LEAST_SIDE = 16;

/** What a session says of its picture. */
export interface Composing {
  readonly canvas: Canvas;
  readonly framing: Framing;
  readonly keying: Keying;
}

/** Parts that belong to one size of the avatar's pictures. */
interface Sized {
  readonly keyer: PlaneKeyer;
  readonly model: ScreenModel;
  readonly person: PersonBox;
  /** The keyed picture's rows, plane after plane, without what pads them. */
  readonly rows: readonly Uint8Array[];
}

/** How the session says it, as the keyer does. */
const parametersOf = ({ hue_tolerance: hueTolerance, key, ...same }: Keying): KeyingParameters =>
  resolveParameters({ ...same, hueTolerance, key: key as KeyingParameters['key'] | undefined } as Partial<KeyingParameters>);

/**
 * Composes an avatar's pictures over a background, on one canvas: I420, BT.601 limited range, tightly packed, in and out. It
 * keys at the avatar's own size by the same model, at the same cadence and in the same place as the player's renderers. The
 * avatar's size may change at any time. Nothing is allocated for a picture, as long as pictures come in the same buffer.
 */
export class PictureCompositor {
  readonly #module: WebAssembly.Module;
  readonly #width: number;
  readonly #height: number;
  readonly #backdrop: Backdrop;
  readonly #placement: Placement;
  #framing: Framing;
  #parameters: KeyingParameters;
  #keyability = new Keyability(undefined);
  #sized: Sized | null = null;
  #mode: 'keyed' | 'plain' | null = null;
  #age = 0;
  /** The buffer that the last picture came in, and its planes. */
  #given: Uint8Array | null = null;
  #planes: PlanarPicture | null = null;
  /** What the keyer has behind the avatar. */
  #behind: PlanarPicture | Uint8Array | null = null;
  #behindVersion = 0;

  /** `module` is the compiled `keyer.wasm`. */
  constructor(module: WebAssembly.Module, { canvas: { width, height }, framing, keying }: Composing) {
    this.#module = module;
    this.#width = width;
    this.#height = height;
    this.#backdrop = new Backdrop(width, height);
    this.#placement = new Placement(width, height);
    this.#framing = framing;
    this.#parameters = parametersOf(keying);
  }

  /** Whether a fade is under way: `compose` makes another picture of the same one. */
  get isFading(): boolean {
    return this.#backdrop.isFading;
  }

  /** Takes another framing and keying; the canvas stays. */
  configure({ framing, keying }: Omit<Composing, 'canvas'>): void {
    this.#framing = framing;
    this.#parameters = parametersOf(keying);
    this.#keyability = new Keyability(undefined);
    this.#sized = null;
  }

  /** Puts another background behind the avatar, cross-fading: a picture of the canvas's size, borrowed; null: none, the avatar's own screen. */
  setBackground(picture: Uint8Array | null, transitionMs: number): void {
    this.#backdrop.set(picture, transitionMs, this.#mode === 'keyed' ? (this.#sized?.model.key ?? null) : null);
  }

  /** The next picture is of another stream: its screen is measured before it is shown. */
  restart(): void {
    this.#sized?.model.reset();
    this.#sized?.person.reset();
    this.#keyability.restart();
  }

  /** Composes a picture into `into`, which is the canvas. Returns false, and `into` is not to be shown, while it is unknown how to key. */
  compose(picture: Picture, into: Uint8Array, nowMs: number): boolean {
    const { width, height } = picture;
    if (width < LEAST_SIDE || height < LEAST_SIDE) return false;
    const sized = this.#sizeFor(width, height);
    this.#backdrop.update(nowMs);
    const { shown } = this.#backdrop;
    const isDue = !sized.model.isReady || ++this.#age >= MEASURE_EVERY;
    if (isDue || shown !== null) sized.keyer.setFrame(this.#planesOf(picture));
    if (isDue) this.#measure(sized);
    if (this.#framing.crop === 'person') sized.person.move(nowMs);
    if (shown !== null && this.#mode === null) return false;
    const at = this.#placeOf(sized);
    this.#placement.lay(width, height, at);
    if (shown === null || this.#mode !== 'keyed') this.#placement.draw(picture, into, sized.model.key);
    else if (this.#placement.isWhole) this.#composeWhole(sized, shown.planes, into);
    else this.#composePlaced(sized, shown.data, at, into);
    return true;
  }

  /** The picture is the canvas: planes go in and planes come out. */
  #composeWhole({ keyer, rows }: Sized, behind: PlanarPicture, into: Uint8Array): void {
    if (this.#isBehindNew(behind)) keyer.setPlanarBackground(behind);
    keyer.keyToI420();
    let at = 0;
    for (const row of rows) {
      into.set(row, at);
      at += row.length;
    }
  }

  #composePlaced({ keyer }: Sized, behind: Uint8Array, at: Rectangle, into: Uint8Array): void {
    if (this.#isBehindNew(behind)) keyer.setCanvasBackground(behind);
    into.set(keyer.keyToCanvas(at));
  }

  /** Whether the keyer has another picture behind the avatar, or it in another form. */
  #isBehindNew(behind: PlanarPicture | Uint8Array): boolean {
    const { version } = this.#backdrop;
    if (this.#behind === behind && this.#behindVersion === version) return false;
    this.#behind = behind;
    this.#behindVersion = version;
    return true;
  }

  /** Without a screen the picture fills the canvas as it is. */
  #placeOf({ keyer: { width, height }, person }: Sized): Rectangle {
    return this.#mode === 'plain'
      ? fitRectangle(width, height, this.#width, this.#height, 'cover')
      : frameAvatar(width, height, this.#width, this.#height, this.#framing, person.box);
  }

  /** Measures the screen of the picture in the keyer. */
  #measure({ keyer, model, person }: Sized): void {
    this.#age = 0;
    const isKnown = model.isReady;
    const sample = keyer.sample();
    const isFit = model.update(sample);
    if (isFit) {
      keyer.setScreen(model);
      if (this.#framing.crop === 'person') person.update(sample, model, SAMPLING_GRID.cellSize, this.#parameters);
    }
    if (!isKnown) this.#mode = this.#keyability.judge(model, isFit);
  }

  #sizeFor(width: number, height: number): Sized {
    const old = this.#sized;
    if (old !== null && old.keyer.width === width && old.keyer.height === height) return old;
    const keyer = PlaneKeyer.create(this.#module, {
      width,
      height,
      matrix: 'bt601',
      parameters: this.#parameters,
      canvas: { width: this.#width, height: this.#height },
    });
    const grid = keyer.sample();
    // A stream that changes its resolution keeps what is known of its screen.
    const isKnown = old !== null && isSameSize(grid, old.keyer.sample());
    const model = isKnown ? old.model : keyer.createScreenModel();
    if (isKnown && model.isReady) keyer.setScreen(model);
    if (!isKnown) this.#keyability.restart();
    this.#behind = null;
    this.#given = null;
    this.#sized = {
      keyer,
      model,
      person: isKnown ? old.person : new PersonBox(grid.width, grid.height),
      rows: rowsOf(keyer.keyed, width, height),
    };
    return this.#sized;
  }

  #planesOf({ data, width, height }: Picture): PlanarPicture {
    if (this.#planes === null || this.#given !== data) this.#planes = planesOf(data, width, height);
    this.#given = data;
    return this.#planes;
  }
}

const isSameSize = (one: ChromaImage, other: ChromaImage): boolean => one.width === other.width && one.height === other.height;

const rowsOf = ({ y, u, v, lumaStride, chromaStride }: PlanarPicture, width: number, height: number): Uint8Array[] => {
  const chromaWidth = Math.ceil(width / 2);
  const rows = (plane: Uint8Array, stride: number, length: number, count: number) =>
    Array.from({ length: count }, (_, row) => plane.subarray(row * stride, row * stride + length));
  return [
    ...rows(y, lumaStride, width, height),
    ...rows(u, chromaStride, chromaWidth, Math.ceil(height / 2)),
    ...rows(v, chromaStride, chromaWidth, Math.ceil(height / 2)),
  ];
};

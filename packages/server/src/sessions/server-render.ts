import type { Canvas, Framing, Keying, RenditionFit } from '@backlot/contract';
import type { Logger } from 'pino';
import type { AvatarEntrance, Composition, EntranceObserver } from '../avatars/composition.js';
import { toError } from '../errors.js';
import type { MediaBackground } from '../media/port.js';
import type { SurfaceBackground } from '../surfaces/background.js';

export interface ServerRenderOptions {
  readonly canvas: Canvas;
  readonly framing: Framing;
  readonly keying: Keying;
  readonly fit: RenditionFit;
  /** As the session starts. */
  readonly background: SurfaceBackground;
  /** The bytes of an image as it is scaled for the canvas. */
  readonly readPicture: (sourceSha256: string) => Promise<Uint8Array<ArrayBuffer>>;
  readonly openEntrance: (observer: EntranceObserver) => AvatarEntrance;
  readonly log: Logger;
}

/** A session's picture as our own media children compose it: how, and over which background as it changes. */
export class ServerRender implements Composition {
  readonly canvas: Canvas;
  readonly framing: Framing;
  readonly keying: Keying;
  readonly #options: ServerRenderOptions;
  readonly #listeners = new Set<(background: MediaBackground, transitionMs: number) => void>();
  #background: SurfaceBackground;

  constructor(options: ServerRenderOptions) {
    this.#options = options;
    this.canvas = options.canvas;
    this.framing = options.framing;
    this.keying = options.keying;
    this.#background = options.background;
  }

  async background(): Promise<MediaBackground> {
    return this.#load(this.#background);
  }

  follow(listener: (background: MediaBackground, transitionMs: number) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  openEntrance(observer: EntranceObserver): AvatarEntrance {
    return this.#options.openEntrance(observer);
  }

  /** The session's background has changed. */
  change(background: SurfaceBackground, transitionMs: number): void {
    this.#background = background;
    this.#load(background).then(
      (loaded) => {
        // What was read meanwhile is newer.
        if (this.#background !== background) return;
        for (const listener of this.#listeners) listener(loaded, transitionMs);
      },
      (thrown: unknown) => this.#options.log.error({ err: toError(thrown) }, 'a background could not be read for its composition'),
    );
  }

  async #load({ color, sourceSha256 }: SurfaceBackground): Promise<MediaBackground> {
    const { fit, readPicture } = this.#options;
    if (sourceSha256 !== null) return { kind: 'image', bytes: await readPicture(sourceSha256), fit };
    return color === null ? { kind: 'none' } : { kind: 'color', color };
  }
}

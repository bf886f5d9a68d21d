import type { Background } from '@backlot/keyer/webgl';
import { Backoff, pause } from './backoff.js';
import type { BackgroundState } from './session-events.js';

const REQUEST_TIMEOUT_MS = 30_000;

/** Loads and decodes a background; the caller owns its image. `base`: what a relative address is relative to. */
export const loadBackground = async (
  { image_url, color, fit }: Pick<BackgroundState, 'image_url' | 'color' | 'fit'>,
  base: string,
  signal: AbortSignal,
): Promise<Background> => {
  if (image_url === null) return color === null ? { kind: 'none' } : { kind: 'color', color };
  const url = new URL(image_url, base);
  const response = await fetch(url, { credentials: 'omit', signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]) });
  if (!response.ok) throw new Error(`The background image answered ${response.status}.`);
  return { kind: 'image', image: await createImageBitmap(await response.blob(), { premultiplyAlpha: 'premultiply' }), fit };
};

/** Gets a background that is ready to be shown; it owns the image. */
export type ShowBackground = (background: Background, version: number, transitionMs: number) => void;

/**
 * Turns the feed's background states into decoded images, newest first: a state that isn't newer than the last one is
 * ignored, and one that arrives while an image still loads takes its place.
 */
export class LiveBackground {
  readonly #base: string;
  readonly #show: ShowBackground;
  #version = -1;
  #state: BackgroundState | null = null;
  #shown = false;
  #loading: AbortController | null = null;

  /** `base`: what relative image URLs are relative to. */
  constructor(base: string, show: ShowBackground) {
    this.#base = base;
    this.#show = show;
  }

  /** Version of the newest state that has arrived; −1 before the first. */
  get version(): number {
    return this.#version;
  }

  /** Takes a state. Resolves when it is shown, or no longer needed; never rejects. */
  async take(state: BackgroundState): Promise<void> {
    if (state.background_version <= this.#version) return;
    this.#version = state.background_version;
    this.#state = state;
    this.#loading?.abort();
    const loading = (this.#loading = new AbortController());
    const { signal } = loading;
    const backoff = new Backoff();
    while (!signal.aborted) {
      try {
        const background = await loadBackground(state, this.#base, signal);
        if (signal.aborted) {
          if (background.kind === 'image') background.image.close();
          return;
        }
        // What a viewer finds is simply there; only changes fade.
        this.#show(background, state.background_version, this.#shown ? state.transition_ms : 0);
        this.#shown = true;
        return;
      } catch {
        await pause(backoff.next(), signal);
      }
    }
  }

  /** Shows the newest state once more, without a fade: to a renderer that has just begun. */
  repeat(): void {
    if (this.#state === null) return;
    this.#version = -1;
    this.#shown = false;
    void this.take(this.#state);
  }

  /** Stops loading. */
  close(): void {
    this.#loading?.abort();
  }
}

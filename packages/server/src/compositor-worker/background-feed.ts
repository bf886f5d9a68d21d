import { setTimeout as delay } from 'node:timers/promises';
import type { LivekitRoomState } from '@backlot/contract';
import type { CompositionLog } from './composition.js';
import { toError } from '../errors.js';
import { loadBackground } from '../media/compositor/load-background.js';

const REQUEST_TIMEOUT_MS = 10_000;
/** Backlot's renditions are far smaller. */
const MAX_IMAGE_BYTES = 32 * 1024 * 1024;
const BACKOFF_MS = [200, 500, 1000, 2000, 5000];

type BackgroundState = LivekitRoomState['background'];
type Canvas = LivekitRoomState['canvas'];

/** Turns a session's background states into pictures, newest first: what arrives while an image still loads takes its place. */
export class BackgroundFeed {
  readonly #show: (background: Uint8Array | null, transitionMs: number) => void;
  readonly #log: CompositionLog;
  #wanted: string | null = null;
  #canvas: Canvas | null = null;
  #isShown = false;
  #loading: AbortController | null = null;

  /** `show` hears each background once it is there. */
  constructor(show: (background: Uint8Array | null, transitionMs: number) => void, log: CompositionLog) {
    this.#show = show;
    this.#log = log;
  }

  /** Whether there has been any. */
  get isShown(): boolean {
    return this.#isShown;
  }

  /** Takes a state. Resolves when it is shown, or no longer needed; never rejects. */
  async take(state: BackgroundState, canvas: Canvas): Promise<void> {
    const wanted = `${state.background_version} ${state.fit} ${canvas.width} ${canvas.height}`;
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    // Another canvas begins with nothing.
    if (canvas.width !== this.#canvas?.width || canvas.height !== this.#canvas.height) this.#isShown = false;
    this.#canvas = canvas;
    this.#loading?.abort();
    const { signal } = (this.#loading = new AbortController());
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        const background = await load(state, canvas, signal);
        if (signal.aborted) return;
        // What is found is simply there; only changes fade.
        const transitionMs = this.#isShown ? state.transition_ms : 0;
        this.#isShown = true;
        this.#show(background, transitionMs);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#log.warn({ err: toError(error) }, 'the background could not be loaded');
        await delay(BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)], undefined, { signal }).catch(() => undefined);
      }
    }
  }

  close(): void {
    this.#loading?.abort();
  }
}

const load = async ({ image_url: url, color, fit }: BackgroundState, { width, height }: Canvas, signal: AbortSignal): Promise<Uint8Array | null> => {
  if (url === null) return loadBackground(color === null ? { kind: 'none' } : { kind: 'color', color }, width, height);
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]) });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the image's address answered ${response.status}`);
  }
  return loadBackground({ kind: 'image', bytes: await readAll(response, MAX_IMAGE_BYTES), fit }, width, height);
};

const readAll = async (response: Response, maxBytes: number): Promise<Uint8Array> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > maxBytes) throw new Error(`the image has more than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
};

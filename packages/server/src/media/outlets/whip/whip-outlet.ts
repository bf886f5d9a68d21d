import { setTimeout as delay } from 'node:timers/promises';
import { MediaFailure } from '../../failure.js';
import type { Source } from '../../source.js';
import { maxBitrateBps } from '../bitrate.js';
import { OfferRefused } from '../../webrtc-endpoint.js';
import { Publication } from './publication.js';
import { Pump } from './pump.js';
import type { LocalTrack, Wrtc } from '../../wrtc.js';

/** Pauses before another try; after the last one the outlet gives up. */
const BACKOFF_MS = [100, 300, 1000, 3000];
/** A connection that lasted so long was a good one: the tries are counted anew. */
const STABLE_MS = 10_000;

export interface WhipOutletOptions {
  readonly wrtc: Wrtc;
  /** Borrowed: whoever opened it disposes it, after the outlet. */
  readonly source: Source;
  readonly url: string;
  readonly token: string;
  readonly onPublished: () => void;
  /** Called once, when it can't go on. */
  readonly onFailed: (failure: MediaFailure) => void;
}

/** Encodes a source as VP8 and Opus and publishes it by WHIP, again when the connection drops. */
export class WhipOutlet implements AsyncDisposable {
  readonly #options: WhipOutletOptions;
  readonly #abort = new AbortController();
  readonly #video: LocalTrack;
  readonly #audio: LocalTrack;
  readonly #pump: Pump;
  readonly #running: Promise<void>;

  /** Starts at once. */
  constructor(options: WhipOutletOptions) {
    this.#options = options;
    const { RTCVideoSource, RTCAudioSource } = options.wrtc.nonstandard;
    // Drawn or decoded pictures have no sensor noise; libwebrtc's filter against it would only soften hair.
    const video = new RTCVideoSource({ isScreencast: false, needsDenoising: false });
    const audio = new RTCAudioSource();
    this.#video = video.createTrack();
    this.#audio = audio.createTrack();
    this.#pump = new Pump({
      source: options.source,
      video,
      audio,
      onFirstFrame: options.onPublished,
      onError: (error) =>
        this.#fail(error instanceof MediaFailure ? error : new MediaFailure('avatar_failed', "The avatar's picture could not be made.", error)),
    });
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running;
    this.#video.stop();
    this.#audio.stop();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const gone = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    for (let failures = 0; !signal.aborted;) {
      try {
        await using publication = await this.#publish();
        const sinceMs = performance.now();
        this.#pump.start();
        await Promise.race([publication.lost, gone]);
        this.#pump.stop();
        if (performance.now() - sinceMs >= STABLE_MS) failures = 0;
        if (!signal.aborted) throw new Error('the media connection was lost');
      } catch (error) {
        if (signal.aborted) return;
        const pauseMs = BACKOFF_MS[failures++];
        if (error instanceof OfferRefused || pauseMs === undefined) {
          this.#fail(new MediaFailure('avatar_failed', "The avatar's picture could not be sent.", error));
          return;
        }
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  #publish(): Promise<Publication> {
    const { wrtc, source, url, token } = this.#options;
    return Publication.open({
      wrtc,
      url,
      token,
      video: this.#video,
      audio: this.#audio,
      maxBitrateBps: maxBitrateBps(source.width, source.height),
      signal: this.#abort.signal,
    });
  }

  #fail(failure: MediaFailure): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.#options.onFailed(failure);
  }
}

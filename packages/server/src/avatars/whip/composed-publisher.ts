import { BacklotError, toError } from '../../errors.js';
import type { MediaHost, MediaJob } from '../../media/port.js';
import type { AvatarEntrance, Composition } from '../composition.js';
import { startMediaJob } from '../media-avatar.js';
import type { AvatarStart, RunningAvatar } from '../port.js';

/**
 * A person's or a program's stream that is composed here: whoever publishes comes in apart from the viewers, is received once by
 * a media child and published composed. The child comes and goes with the publisher.
 */
export class ComposedPublisher implements RunningAvatar {
  readonly #media: MediaHost;
  readonly #start: AvatarStart;
  readonly #abort = new AbortController();
  readonly #entrance: AvatarEntrance;
  /** What was begun last; each waits for the one before. */
  #work: Promise<void> = Promise.resolve();
  #job: MediaJob | null = null;
  /** Aborts the job that is under way. */
  #stay = new AbortController();

  /** Opens the way in at once. */
  constructor(media: MediaHost, start: AvatarStart, composition: Composition) {
    this.#media = media;
    this.#start = start;
    this.#entrance = composition.openEntrance({ publisherLive: () => this.#compose(), publisherLeft: () => this.#rest() });
  }

  async speak(): Promise<never> {
    throw new BacklotError('speech_unsupported');
  }

  async leave(): Promise<void> {
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    this.#rest();
    await this.#work;
    await this.#entrance[Symbol.asyncDispose]();
  }

  #compose(): void {
    const { signal } = (this.#stay = new AbortController());
    this.#next(async () => {
      if (signal.aborted || this.#abort.signal.aborted) return;
      try {
        this.#job = await startMediaJob(
          this.#media,
          { type: 'whep', ...this.#entrance.watch },
          { ...this.#start, signal: AbortSignal.any([signal, this.#abort.signal]) },
        );
      } catch (error) {
        // A publisher that has left again is told by the stage.
        if (signal.aborted || this.#abort.signal.aborted) return;
        this.#start.observer.failed('avatar_failed', error instanceof BacklotError ? error.message : toError(error).message);
      }
    });
  }

  #rest(): void {
    this.#stay.abort();
    this.#next(async () => {
      const job = this.#job;
      this.#job = null;
      await job?.[Symbol.asyncDispose]();
    });
  }

  #next(work: () => Promise<void>): void {
    this.#work = this.#work.then(work);
  }
}

import type { Logger } from 'pino';
import { BacklotError } from '../errors.js';
import { MediaChild } from './media-child.js';
import { MediaRun } from './media-run.js';
import type { MediaHost, MediaJob, MediaJobSpec, MediaObserver } from './port.js';

export interface MediaHostOptions {
  readonly log: Logger;
  /**
   * Children that are kept loaded, waiting for a job: they cost memory (some 70 MB each) and save its first picture
   * 200 to 400 ms.
   *
   * @default 1
   */
  readonly spare?: number;
  /**
   * Jobs at once.
   *
   * @default 32
   */
  readonly maxChildren?: number;
}

/** The media host. Its first spare is made in the background. */
export const createMediaHost = (options: MediaHostOptions): MediaHost => new ChildProcessHost(options);

class ChildProcessHost implements MediaHost {
  readonly #log: Logger;
  readonly #spare: number;
  readonly #maxChildren: number;
  readonly #spares = new Set<MediaChild>();
  readonly #runs = new Set<MediaRun>();
  #disposed = false;

  constructor({ log, spare = 1, maxChildren = 32 }: MediaHostOptions) {
    this.#log = log;
    this.#spare = spare;
    this.#maxChildren = maxChildren;
    this.#refill();
  }

  async start(spec: MediaJobSpec, observer: MediaObserver, signal: AbortSignal): Promise<MediaJob> {
    if (this.#disposed) throw new BacklotError('shutting_down');
    if (this.#runs.size >= this.#maxChildren) throw new BacklotError('sessions_full');
    signal.throwIfAborted();
    const child = this.#take();
    const run = new MediaRun(
      child,
      {
        published: () => {
          // Not before: the new spare would compete with this job's first picture.
          this.#refill();
          observer.published();
        },
        speechStarted: (speech) => observer.speechStarted(speech),
        speechEnded: (speechId) => observer.speechEnded(speechId),
        failed: (code, message) => observer.failed(code, message),
      },
      this.#log,
    );
    this.#runs.add(run);
    void child.exited.then(() => {
      this.#runs.delete(run);
      this.#refill();
    });
    await run.start(spec, signal);
    return run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    for (const child of this.#spares) child.kill();
    await Promise.all([...[...this.#spares].map((child) => child.exited), ...[...this.#runs].map((run) => run[Symbol.asyncDispose]())]);
  }

  /** The spare that is furthest on, else a new child. */
  #take(): MediaChild {
    const spares = [...this.#spares];
    const child = spares.find((spare) => spare.isReady) ?? spares.find((spare) => !spare.gone);
    if (child === undefined) return new MediaChild(this.#log);
    this.#spares.delete(child);
    return child;
  }

  #refill(): void {
    while (!this.#disposed && this.#spares.size < this.#spare) {
      const child = new MediaChild(this.#log);
      this.#spares.add(child);
      void child.exited.then(() => {
        // One that came to load is replaced; one that can't load would fail again, so the next job tries anew.
        if (this.#spares.delete(child) && child.wasReady) this.#refill();
      });
    }
  }
}

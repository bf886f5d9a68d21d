import type { Logger } from 'pino';
import { toError } from '../errors.js';

/** How long to wait, in milliseconds; doubled with each failure, and again `firstMs` after a success. */
export interface Backoff {
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface RepeaterOptions {
  /** What it does, for logs. */
  readonly name: string;
  readonly task: (signal: AbortSignal) => Promise<void>;
  /** From one success to the next run, in milliseconds; null: once is enough. */
  readonly everyMs: number | null;
  readonly backoff: Backoff;
  readonly log: Logger;
}

/** Does something now and, as long as it fails, again later; stops when it is disposed. Warns of the first failure in a row. */
export class Repeater implements AsyncDisposable {
  readonly #options: RepeaterOptions;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #failures = 0;

  constructor(options: RepeaterOptions) {
    this.#options = options;
  }

  /** Runs it for the first time; resolves when that is over, whatever came of it. */
  async start(): Promise<void> {
    this.#running = this.#run();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { name, task, everyMs, backoff, log } = this.#options;
    let waitMs = everyMs;
    try {
      await task(this.#abort.signal);
      if (this.#failures > 0) log.info({ name, failures: this.#failures }, 'works again');
      this.#failures = 0;
    } catch (thrown) {
      waitMs = Math.min(backoff.lastMs, backoff.firstMs * 2 ** Math.min(this.#failures, 20));
      // Once tells it: what is away for a night should not fill the log.
      const level = this.#failures++ === 0 ? 'warn' : 'debug';
      if (!this.#abort.signal.aborted) log[level]({ err: toError(thrown), name, waitMs }, 'failed, and is tried again');
    }
    if (waitMs === null || this.#abort.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#run();
    }, waitMs).unref();
  }
}

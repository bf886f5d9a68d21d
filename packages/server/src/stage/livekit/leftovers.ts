import type { Logger } from 'pino';
import { setTimeout as pause } from 'node:timers/promises';
import { toError } from '../../errors.js';
import type { RoomSpec } from '../port.js';

/** Between two rounds, at first and at most. */
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 30_000;

export interface LeftoversOptions {
  /** Clears what one session has left. Throws when that can't be done now. */
  readonly clear: (spec: RoomSpec) => Promise<void>;
  readonly log: Logger;
}

/** What sessions that are over have left on LiveKit, tried until it is cleared. Disposing gives up: the next process begins anew. */
export class Leftovers implements Disposable {
  readonly #options: LeftoversOptions;
  readonly #specs = new Set<RoomSpec>();
  readonly #abort = new AbortController();
  #isClearing = false;

  constructor(options: LeftoversOptions) {
    this.#options = options;
  }

  add(specs: readonly RoomSpec[]): void {
    for (const spec of specs) this.#specs.add(spec);
    if (!this.#isClearing) void this.#clearAll();
  }

  [Symbol.dispose](): void {
    this.#abort.abort();
  }

  async #clearAll(): Promise<void> {
    const { signal } = this.#abort;
    this.#isClearing = true;
    let waitMs = FIRST_WAIT_MS;
    while (this.#specs.size > 0 && !signal.aborted) {
      if (await this.#clearUntilFailure()) waitMs = FIRST_WAIT_MS;
      if (this.#specs.size > 0) await pause(waitMs, undefined, { signal }).catch(() => undefined);
      waitMs = Math.min(MAX_WAIT_MS, waitMs * 2);
    }
    this.#isClearing = false;
  }

  /** One after the other: nobody waits for them. Where one fails LiveKit is away, mostly. Resolves to whether any was cleared. */
  async #clearUntilFailure(): Promise<boolean> {
    const { clear, log } = this.#options;
    let isAnyCleared = false;
    for (const spec of this.#specs) {
      if (this.#abort.signal.aborted) break;
      this.#specs.delete(spec);
      try {
        await clear(spec);
        isAnyCleared = true;
      } catch (error) {
        // Behind the others, in case it is only this one.
        this.#specs.add(spec);
        log.warn({ sessionId: spec.place.sessionId, err: toError(error) }, 'LiveKit room is not cleared yet');
        break;
      }
    }
    return isAnyCleared;
  }
}

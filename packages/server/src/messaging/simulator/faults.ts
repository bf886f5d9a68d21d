/** How the simulated provider misbehaves. */
export interface Faults {
  /** Answered instead of doing anything; null: none. */
  readonly status: number | null;
  /** Sent as `Retry-After` with such an answer, in seconds. */
  readonly retryAfterSeconds: number | null;
  /** Before every answer, in milliseconds. */
  readonly delayMs: number;
  /** Takes requests and never answers. */
  readonly isHanging: boolean;
}

/** A provider that is well. */
export const NO_FAULTS: Faults = { status: null, retryAfterSeconds: null, delayMs: 0, isHanging: false };

/** Tells the simulated provider to fail, in memory only: a restart heals it. */
export class FaultSwitch {
  #faults: Faults = NO_FAULTS;

  get current(): Faults {
    return this.#faults;
  }

  set(faults: Faults): void {
    this.#faults = faults;
  }
}

import { BacklotError } from '../../errors.js';

/** How many fetches run at once. */
export interface FetchLimits {
  readonly maxPerOrganization: number;
  readonly maxPerProcess: number;
  /** Fetches that wait for their turn, at most. */
  readonly maxWaiting: number;
  /** How long one waits. */
  readonly maxWaitMs: number;
}

interface Waiting {
  readonly organizationId: string;
  readonly begin: () => void;
}

const RETRY_AFTER_SECONDS = 2;

/** Turns for fetches: so many at a time for an organization and for the process, the rest wait a moment in line. */
export class FetchSlots {
  readonly #limits: FetchLimits;
  readonly #running = new Map<string, number>();
  readonly #waiting: Waiting[] = [];
  #total = 0;

  constructor(limits: FetchLimits) {
    this.#limits = limits;
  }

  /**
   * Runs a fetch when its turn has come. Throws `image_fetch_busy`, as 429 when it is the organization that fetches too
   * much and as 503 when everybody does; and the signal's reason.
   */
  async run<Result>(organizationId: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    await this.#take(organizationId, signal);
    try {
      return await work();
    } finally {
      this.#release(organizationId);
    }
  }

  #isFree(organizationId: string): boolean {
    const { maxPerOrganization, maxPerProcess } = this.#limits;
    return this.#total < maxPerProcess && (this.#running.get(organizationId) ?? 0) < maxPerOrganization;
  }

  #occupy(organizationId: string): void {
    this.#total++;
    this.#running.set(organizationId, (this.#running.get(organizationId) ?? 0) + 1);
  }

  async #take(organizationId: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#isFree(organizationId)) {
      this.#occupy(organizationId);
      return;
    }
    if (this.#waiting.length >= this.#limits.maxWaiting) throw this.#busy(organizationId);
    const turn = AbortSignal.any([signal, AbortSignal.timeout(this.#limits.maxWaitMs)]);
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.aborted ? (signal.reason as Error) : this.#busy(organizationId));
      };
      const waiting: Waiting = {
        organizationId,
        begin: () => {
          turn.removeEventListener('abort', leave);
          resolve();
        },
      };
      this.#waiting.push(waiting);
      turn.addEventListener('abort', leave, { once: true });
    });
  }

  #release(organizationId: string): void {
    this.#total--;
    const left = (this.#running.get(organizationId) ?? 0) - 1;
    if (left > 0) this.#running.set(organizationId, left);
    else this.#running.delete(organizationId);
    const index = this.#waiting.findIndex((waiting) => this.#isFree(waiting.organizationId));
    const [next] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (next === undefined) return;
    this.#occupy(next.organizationId);
    next.begin();
  }

  #busy(organizationId: string): BacklotError {
    const isOwn = (this.#running.get(organizationId) ?? 0) >= this.#limits.maxPerOrganization;
    return new BacklotError('image_fetch_busy', { status: isOwn ? 429 : 503, retryAfterSeconds: RETRY_AFTER_SECONDS });
  }
}

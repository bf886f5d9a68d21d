const FIRST_MS = 250;
const LONGEST_MS = 8000;

/** Waiting times of retries: doubled each time, up to 8 s, scattered so that a crowd doesn't come back at once. */
export class Backoff {
  #attempt = 0;

  /** The next waiting time in milliseconds. */
  next(): number {
    const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#attempt++);
    return most * (0.5 + Math.random() / 2);
  }

  /** It worked: begin with the shortest wait again. */
  reset(): void {
    this.#attempt = 0;
  }
}

/** Waits. Resolves early, without throwing, when the signal aborts. */
export const pause = (durationMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, durationMs);
    signal.addEventListener('abort', finish);
  });

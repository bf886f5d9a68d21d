import type { Sha256 } from './port.js';

/**
 * Who is about to refer to which blobs. An upload that finds its bytes already stored and a reaper that is about to
 * delete them would otherwise miss each other: the row that refers to the blob comes after the blob. Holds for one
 * process; the lock on the data folder guarantees that there is only one.
 */
export class BlobClaims {
  readonly #claimed = new Map<Sha256, number>();
  readonly #deleting = new Map<Sha256, Promise<void>>();

  /** Keeps a blob from being deleted until the claim is disposed of. Waits for a deletion that is under way. */
  async claim(sha256: Sha256): Promise<Disposable> {
    for (let deleting = this.#deleting.get(sha256); deleting !== undefined; deleting = this.#deleting.get(sha256)) await deleting;
    this.#claimed.set(sha256, (this.#claimed.get(sha256) ?? 0) + 1);
    let released = false;
    return {
      [Symbol.dispose]: () => {
        if (released) return;
        released = true;
        const left = (this.#claimed.get(sha256) ?? 1) - 1;
        if (left === 0) this.#claimed.delete(sha256);
        else this.#claimed.set(sha256, left);
      },
    };
  }

  /**
   * Runs `work`, which checks once more and deletes, while nobody can claim the blob. False, without running it,
   * when somebody holds a claim.
   */
  async whileUnclaimed(sha256: Sha256, work: () => Promise<void>): Promise<boolean> {
    if (this.#claimed.has(sha256) || this.#deleting.has(sha256)) return false;
    const working = work();
    const settled = working.then(
      () => undefined,
      () => undefined,
    );
    this.#deleting.set(sha256, settled);
    try {
      await working;
    } finally {
      this.#deleting.delete(sha256);
    }
    return true;
  }
}

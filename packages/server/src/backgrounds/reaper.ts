import type { Logger } from 'pino';
import type { BlobClaims } from '../blobs/claims.js';
import type { BlobStore } from '../blobs/port.js';
import type { Database } from '../database/database.js';
import { deleteUnneededRenditions, findReferenced } from './repository.js';

export interface ReaperOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly claims: BlobClaims;
  readonly log: Logger;
  readonly now?: () => Date;
}

/** What a run removed. */
export interface Reaped {
  readonly renditions: number;
  readonly blobs: number;
}

const HOUR_MS = 60 * 60_000;
const BATCH = 200;

/**
 * Removes what nobody refers to any more: pictures of images that are in no library and behind no surface in use,
 * and blobs without a row. What is younger than an hour stays: its row may be on the way. A run can stop at any
 * point; the next one goes on.
 */
export class Reaper implements AsyncDisposable {
  readonly #options: ReaperOptions;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  /** Runs now, in the background, and every hour. */
  start(): void {
    const run = () => {
      this.#running = this.#running
        .then(() => this.run())
        .catch((error: unknown) => {
          if (!this.#stop.signal.aborted) this.#options.log.error({ err: error }, 'unused images could not be removed');
        });
    };
    run();
    this.#timer = setInterval(run, HOUR_MS);
    this.#timer.unref();
  }

  async run(): Promise<Reaped> {
    const { database, blobs, log } = this.#options;
    const before = new Date((this.#options.now?.() ?? new Date()).getTime() - HOUR_MS);
    let renditions = 0;
    for (let deleted = BATCH; deleted === BATCH && !this.#stop.signal.aborted; renditions += deleted) {
      deleted = await deleteUnneededRenditions(database.executor, before, BATCH);
    }
    let reaped = 0;
    let batch: string[] = [];
    for await (const blob of blobs.list()) {
      if (this.#stop.signal.aborted) break;
      if (blob.storedAt >= before) continue;
      batch.push(blob.sha256);
      if (batch.length < BATCH) continue;
      reaped += await this.#reapBatch(batch);
      batch = [];
    }
    if (batch.length > 0) reaped += await this.#reapBatch(batch);
    if (renditions > 0 || reaped > 0) log.info({ renditions, blobs: reaped }, 'unused images were removed');
    return { renditions, blobs: reaped };
  }

  /** Removes a blob now, however young, unless something refers to it or is about to. */
  async discard(sha256: string): Promise<boolean> {
    const { database, blobs, claims } = this.#options;
    let deleted = false;
    await claims.whileUnclaimed(sha256, async () => {
      // Looked up again now that nobody can come to refer to it unnoticed.
      if ((await findReferenced(database.executor, [sha256])).has(sha256)) return;
      await blobs.delete(sha256);
      deleted = true;
    });
    return deleted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#running;
  }

  async #reapBatch(hashes: readonly string[]): Promise<number> {
    const referenced = await findReferenced(this.#options.database.executor, hashes);
    let reaped = 0;
    for (const sha256 of hashes) {
      if (this.#stop.signal.aborted) return reaped;
      if (!referenced.has(sha256) && (await this.discard(sha256))) reaped++;
    }
    return reaped;
  }
}

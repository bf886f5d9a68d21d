import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import { BacklotError, toError } from '../errors.js';
import { type BackgroundRecord, lockBackground, unlockBackground } from './background-repository.js';
import { Turns } from './turns.js';

export interface ChangeLockOptions {
  readonly database: Database;
  readonly log: Logger;
  readonly now: () => Date;
  /** How long one waits for the change before. Default: 5 s. */
  readonly waitMs?: number | undefined;
  /** How long the lock of a killed process stays: shorter than others wait. Default: 4 s. */
  readonly leaseMs?: number;
}

const RETRY_MS = 50;

/**
 * One change of a conversation's background at a time: in this process in the order in which they came, among processes
 * by a lease in the database, which is renewed while the change is under way.
 */
export class ChangeLock {
  readonly #options: ChangeLockOptions;
  readonly #waitMs: number;
  readonly #leaseMs: number;
  readonly #turns = new Map<string, { readonly turns: Turns; users: number }>();

  constructor(options: ChangeLockOptions) {
    this.#options = options;
    this.#waitMs = options.waitMs ?? 5_000;
    this.#leaseMs = options.leaseMs ?? 4_000;
  }

  /** Works alone, on what is known by then. Throws `background_update_in_progress` when others don't finish in time. */
  async run<Result>(conversationId: string, work: (known: BackgroundRecord) => Promise<Result>): Promise<Result> {
    const deadlineMs = performance.now() + this.#waitMs;
    const entry = this.#turns.get(conversationId) ?? { turns: new Turns(1), users: 0 };
    this.#turns.set(conversationId, entry);
    entry.users++;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), this.#waitMs);
    try {
      return await entry.turns.take(async () => {
        clearTimeout(timer);
        return this.#lease(conversationId, deadlineMs, work);
      }, patience.signal);
    } catch (error) {
      throw patience.signal.aborted ? new BacklotError('background_update_in_progress', { cause: error }) : error;
    } finally {
      clearTimeout(timer);
      if (--entry.users === 0) this.#turns.delete(conversationId);
    }
  }

  async #lease<Result>(conversationId: string, deadlineMs: number, work: (known: BackgroundRecord) => Promise<Result>): Promise<Result> {
    const { executor } = this.#options.database;
    const holder = randomUUID();
    let known = await this.#take(conversationId, holder);
    while (known === null) {
      if (performance.now() >= deadlineMs) throw new BacklotError('background_update_in_progress');
      await pause(RETRY_MS);
      known = await this.#take(conversationId, holder);
    }
    const renewal = setInterval(() => {
      this.#take(conversationId, holder).catch((thrown: unknown) => this.#options.log.warn({ err: toError(thrown) }, 'lock was not renewed'));
    }, this.#leaseMs / 3);
    try {
      return await work(known);
    } finally {
      clearInterval(renewal);
      await unlockBackground(executor, conversationId, holder).catch((thrown: unknown) =>
        this.#options.log.warn({ err: toError(thrown) }, 'lock stays until its lease ends'),
      );
    }
  }

  async #take(conversationId: string, holder: string): Promise<BackgroundRecord | null> {
    const now = this.#options.now();
    return lockBackground(this.#options.database.executor, conversationId, holder, now, new Date(now.getTime() + this.#leaseMs));
  }
}

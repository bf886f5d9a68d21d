import type { WebhookDeliveryError } from '@backlot/contract';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import { BacklotError, toError } from '../errors.js';
import type { Sealer } from '../identity/sealer.js';
import { parseRetryAfterMs, retryDelayMs } from './backoff.js';
import { type Attempt, claimDue, deleteOldEvents, disableGone, returnAttempt, storeAttempt } from './repository.js';
import { openSecrets } from './secrets.js';
import type { WebhookSender } from './sender.js';
import { signWebhook } from './signature.js';

export interface WebhookDispatcherOptions {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly sender: WebhookSender;
  readonly log: Logger;
  readonly now?: () => Date;
  /** From 0 to 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** How often it looks for what is due without being woken, in milliseconds. Default: 2000. */
  readonly pollMs?: number;
  /** Longest attempt, in milliseconds. Default: 15 000. */
  readonly timeoutMs?: number;
  /** Attempts under way at once. Default: 32. */
  readonly maxAttempts?: number;
  /** Attempts under way at once for one endpoint. Default: 4. */
  readonly maxAttemptsPerEndpoint?: number;
}

type Outcome =
  | { readonly kind: 'delivered'; readonly status: number }
  | { readonly kind: 'failed'; readonly error: WebhookDeliveryError; readonly status: number | null; readonly retryAfterMs: number | null };

/** An attempt that is being made, and how to break it off. */
interface UnderWay {
  readonly endpointId: string;
  readonly abort: AbortController;
}

/** Why an attempt was broken off. */
const TIMED_OUT = new Error('the endpoint took too long');
const STOPPING = new Error('the server stops');

/** Before looking: what published an event is answered first, and events that come together are looked for once. */
const WAKE_DELAY_MS = 10;
const POLL_MS = 2_000;
const TIMEOUT_MS = 15_000;
/** After an attempt's time-out: for storing what came of it. */
const LEASE_MARGIN_MS = 30_000;
/** When the process stops, attempts get so long to finish. */
const GRACE_MS = 3_000;
const HOUR_MS = 60 * 60_000;
const KEPT_MS = 30 * 24 * HOUR_MS;
const SWEEP_BATCH = 1_000;
const GONE = 410;

/**
 * Sends what is due, each event at least once to each endpoint. Nothing is held in memory: a delivery is due by its
 * row, and whoever tries it moves that time ahead as a lease. So several processes share the work, and what a killed
 * one was at is tried again, with the same `webhook-id`.
 */
export class WebhookDispatcher implements AsyncDisposable {
  readonly #options: WebhookDispatcherOptions;
  readonly #now: () => Date;
  readonly #underWay = new Map<Promise<void>, UnderWay>();
  readonly #timers: NodeJS.Timeout[] = [];
  #round: Promise<void> | null = null;
  #isWokenAgain = false;
  #sweep: Promise<unknown> = Promise.resolve();
  #isStopping = false;

  constructor(options: WebhookDispatcherOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
  }

  /** Begins to send, and to remove events that are older than 30 days. */
  start(): void {
    const sweep = (): void => {
      this.#sweep = this.#sweep.then(() => this.sweep()).catch((thrown: unknown) => this.#options.log.error({ err: toError(thrown) }, 'old events stay'));
    };
    this.#timers.push(setInterval(this.wake, this.#options.pollMs ?? POLL_MS).unref(), setInterval(sweep, HOUR_MS).unref());
    this.wake();
    sweep();
  }

  /** Attempts that are being made by this process. */
  get attemptsUnderWay(): number {
    return this.#underWay.size;
  }

  /** Looks for what is due now. */
  readonly wake = (): void => {
    if (this.#isStopping) return;
    this.#isWokenAgain = true;
    this.#round ??= pause(WAKE_DELAY_MS)
      .then(() => this.#claim())
      .catch((thrown: unknown) => this.#options.log.error({ err: toError(thrown) }, 'webhooks wait for the database'))
      .finally(() => {
        this.#round = null;
        if (this.#isWokenAgain) this.wake();
      });
  };

  /** Removes events that are older than 30 days. Returns how many. */
  async sweep(): Promise<number> {
    const before = new Date(this.#now().getTime() - KEPT_MS);
    let removed = 0;
    for (let batch = SWEEP_BATCH; batch === SWEEP_BATCH && !this.#isStopping; removed += batch) {
      batch = await deleteOldEvents(this.#options.database.executor, before, SWEEP_BATCH);
    }
    return removed;
  }

  /** Claims nothing more, lets attempts finish for a moment, and gives back those that don't. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([this.#round, this.#sweep]);
    const grace = setTimeout(() => {
      for (const { abort } of this.#underWay.values()) abort.abort(STOPPING);
    }, GRACE_MS);
    await Promise.all(this.#underWay.keys());
    clearTimeout(grace);
  }

  async #claim(): Promise<void> {
    const { database, maxAttempts = 32, maxAttemptsPerEndpoint = 4, timeoutMs = TIMEOUT_MS, log } = this.#options;
    while (this.#isWokenAgain && !this.#isStopping) {
      this.#isWokenAgain = false;
      const total = maxAttempts - this.#underWay.size;
      if (total <= 0) return;
      const underWay = new Map<string, number>();
      for (const { endpointId } of this.#underWay.values()) underWay.set(endpointId, (underWay.get(endpointId) ?? 0) + 1);
      const now = this.#now();
      const leasedUntil = new Date(now.getTime() + timeoutMs + LEASE_MARGIN_MS);
      const attempts = await claimDue(database.executor, now, leasedUntil, { total, perEndpoint: maxAttemptsPerEndpoint, underWay });
      for (const attempt of attempts) {
        const abort = new AbortController();
        const work = this.#attempt(attempt, abort)
          // Its lease runs out, then it is tried again.
          .catch((thrown: unknown) => log.error({ err: toError(thrown), deliveryId: attempt.deliveryId }, 'a webhook attempt was not stored'))
          .finally(() => {
            this.#underWay.delete(work);
            this.wake();
          });
        this.#underWay.set(work, { endpointId: attempt.endpoint.id, abort });
      }
    }
  }

  async #attempt(attempt: Attempt, abort: AbortController): Promise<void> {
    const { database, log } = this.#options;
    const startedAtMs = performance.now();
    const outcome = await this.#send(attempt, abort);
    if (outcome === null) {
      await returnAttempt(database.executor, attempt, this.#now());
      return;
    }
    const now = this.#now();
    const facts = { lastStatus: outcome.status, lastDurationMs: Math.round(performance.now() - startedAtMs) };
    if (outcome.kind === 'delivered') {
      await storeAttempt(database.executor, attempt, { ...facts, state: 'delivered', lastError: null, nextAttemptAt: null, finishedAt: now });
      return;
    }
    const { error, status, retryAfterMs } = outcome;
    const isOver = status === GONE || error === 'endpoint_disabled';
    const delayMs = isOver ? null : retryDelayMs(attempt.number, retryAfterMs, (this.#options.random ?? Math.random)());
    log.warn(
      { endpointId: attempt.endpoint.id, eventId: attempt.eventId, attempt: attempt.number, error, status, retryInMs: delayMs },
      'webhook not delivered',
    );
    await database.transaction(async (transaction) => {
      await storeAttempt(transaction, attempt, {
        ...facts,
        lastError: error,
        ...(delayMs === null
          ? { state: 'failed', nextAttemptAt: null, finishedAt: now }
          : { state: 'pending', nextAttemptAt: new Date(now.getTime() + delayMs), finishedAt: null }),
      });
      if (status === GONE) await disableGone(transaction, attempt.endpoint, now);
    });
  }

  /** Makes the attempt; null when this process stops before it is over. */
  async #send({ eventId, body, endpoint }: Attempt, abort: AbortController): Promise<Outcome | null> {
    const { sender, sealer, timeoutMs = TIMEOUT_MS } = this.#options;
    const fail = (error: WebhookDeliveryError, status: number | null = null, retryAfterMs: number | null = null): Outcome => ({
      kind: 'failed',
      error,
      status,
      retryAfterMs,
    });
    if (!endpoint.isEnabled) return fail('endpoint_disabled');
    const at = this.#now();
    const { signal } = abort;
    const timer = setTimeout(() => abort.abort(TIMED_OUT), timeoutMs);
    try {
      const headers = { 'content-type': 'application/json', ...signWebhook(openSecrets(sealer, endpoint, at), eventId, at, body) };
      const { status, retryAfter } = await sender.post(endpoint.url, { headers, body, signal });
      if (status >= 200 && status < 300) return { kind: 'delivered', status };
      return fail('bad_status', status, parseRetryAfterMs(retryAfter, at));
    } catch (thrown) {
      if (signal.reason === STOPPING) return null;
      if (signal.reason === TIMED_OUT) return fail('timeout');
      return fail(thrown instanceof BacklotError && thrown.code === 'url_not_allowed' ? 'url_not_allowed' : 'connection_failed');
    } finally {
      clearTimeout(timer);
    }
  }
}

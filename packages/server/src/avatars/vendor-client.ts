import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { BacklotError, type BacklotErrorOptions } from '../errors.js';
import { callOut, NoAnswerError, type OutgoingAnswer, type OutgoingCall, readRetryAfter } from '../http/outgoing.js';

const MAX_TRIES = 3;
/** Longest wait before a try; a vendor that asks for a longer one is not tried again. */
const MAX_WAIT_MS = 4_000;

/** How an avatar vendor is called. */
export interface VendorClientOptions {
  /** The vendor's name, for people. */
  readonly title: string;
  readonly baseUrl: string;
  readonly log: Logger;
  /** How long the vendor may take to answer. Default 10 s. */
  readonly timeoutMs?: number;
  /** Longest wait after the first try that failed; it doubles with every further one. Default 500 ms. */
  readonly firstWaitMs?: number;
}

/** A call of a vendor. */
export interface VendorCall<Schema extends z.ZodType> extends Omit<OutgoingCall, 'url' | 'timeoutMs'> {
  /** What it does, for logs and causes: neither path nor address. */
  readonly operation: string;
  readonly path: string;
  /** What the body of an answer of 2xx holds. */
  readonly answer: Schema;
  /** Whether twice is as good as once. What is not is tried again only when it surely had no effect. */
  readonly isRepeatable: boolean;
  /** For what takes longer than other calls. */
  readonly timeoutMs?: number;
}

/** A call of a vendor that failed: `avatar_vendor_refused` or `avatar_vendor_unavailable`. */
export class VendorError extends BacklotError {
  override readonly name = 'VendorError';
  /** Whether the call may have had its effect. */
  readonly mayBeDone: boolean;

  constructor(code: 'avatar_vendor_refused' | 'avatar_vendor_unavailable', options: BacklotErrorOptions, mayBeDone: boolean) {
    super(code, options);
    this.mayBeDone = mayBeDone;
  }
}

/** What a status says to people; the vendor's own words stay out, they may hold what was sent. */
const explain = (title: string, status: number): string => {
  switch (status) {
    case 401:
    case 403:
      return `${title} refused the stored API key.`;
    case 402:
      return `${title} refused to start the avatar: the account has no credit left.`;
    case 404:
      return `${title} has no avatar with these ids.`;
    default:
      return `${title} refused to start the avatar.`;
  }
};

/**
 * Calls an avatar vendor: a time-out for each try, bounded answers, at most three tries of what may be repeated, with
 * full jitter and as `Retry-After` asks. No error or log line of it holds an address, a header or a body.
 */
export class VendorClient {
  readonly #options: Required<VendorClientOptions>;

  constructor(options: VendorClientOptions) {
    this.#options = { timeoutMs: 10_000, firstWaitMs: 500, ...options, baseUrl: options.baseUrl.replace(/\/+$/, '') };
  }

  /** @throws VendorError */
  async call<Schema extends z.ZodType>(call: VendorCall<Schema>): Promise<z.output<Schema>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#try(call);
      } catch (error) {
        if (!(error instanceof VendorError) || attempt === MAX_TRIES) throw error;
        const waitMs = this.#waitMs(error, call, attempt);
        if (waitMs === null) throw error;
        await sleep(waitMs, undefined, { signal: call.signal }).catch(() => {
          throw error;
        });
      }
    }
  }

  #waitMs({ facts, mayBeDone, retryAfterSeconds }: VendorError, { isRepeatable, signal }: VendorCall<z.ZodType>, attempt: number): number | null {
    if (!facts.retryable || signal.aborted || (mayBeDone && !isRepeatable)) return null;
    const askedMs = (retryAfterSeconds ?? 0) * 1000;
    if (askedMs > MAX_WAIT_MS) return null;
    return Math.max(askedMs, Math.random() * Math.min(MAX_WAIT_MS, this.#options.firstWaitMs * 2 ** (attempt - 1)));
  }

  async #try<Schema extends z.ZodType>(call: VendorCall<Schema>): Promise<z.output<Schema>> {
    const { title, baseUrl, timeoutMs, log } = this.#options;
    const { operation, path } = call;
    let answer: OutgoingAnswer;
    try {
      answer = await callOut({ timeoutMs, ...call, url: `${baseUrl}${path}` });
    } catch (thrown) {
      if (!(thrown instanceof NoAnswerError)) throw thrown;
      const { reason, mayBeDone } = thrown;
      log.warn({ vendor: title, operation, reason }, 'the avatar vendor did not answer');
      throw this.#unavailable(`${operation}: ${reason}`, mayBeDone);
    }
    const { status, headers, json } = answer;
    if (status >= 200 && status < 300) {
      const read = call.answer.safeParse(json);
      if (read.success) return read.data;
      log.warn({ vendor: title, operation, status }, "the avatar vendor's answer can't be read");
      const cause = new Error(`${operation}: the answer can't be read`);
      throw new VendorError('avatar_vendor_refused', { message: `${title} answered something that Backlot can't read.`, cause }, true);
    }
    log.warn({ vendor: title, operation, status }, 'the avatar vendor refused a call');
    const cause = `${operation}: answered ${status}`;
    // 429 and 503 say that nothing was done; the other server errors don't say.
    if (status === 429 || status === 503) throw this.#unavailable(cause, false, readRetryAfter(headers.get('retry-after'), new Date()));
    if (status === 408 || status >= 500) throw this.#unavailable(cause, true, readRetryAfter(headers.get('retry-after'), new Date()));
    throw new VendorError('avatar_vendor_refused', { message: explain(title, status), cause: new Error(cause) }, false);
  }

  #unavailable(cause: string, mayBeDone: boolean, retryAfterSeconds?: number): VendorError {
    const { title } = this.#options;
    const options = { message: `${title} does not answer.`, cause: new Error(cause), ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
    return new VendorError('avatar_vendor_unavailable', options, mayBeDone);
  }
}

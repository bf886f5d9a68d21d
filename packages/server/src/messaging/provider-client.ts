import type { Logger } from 'pino';
import { BacklotError } from '../errors.js';
import { callOut, NoAnswerError, type OutgoingAnswer, type OutgoingCall, readRetryAfter } from '../http/outgoing.js';
import { OutcomeUnknownError } from './port.js';

/** How long a provider may take, in milliseconds. */
export interface ProviderTimeouts {
  /** For an image, answer included. */
  readonly uploadMs: number;
  /** For everything else. */
  readonly callMs: number;
}

/** What providers get unless their options say otherwise. */
export const PROVIDER_TIMEOUTS: ProviderTimeouts = { uploadMs: 30_000, callMs: 10_000 };

/** A call to a provider. */
export interface ProviderCall extends Omit<OutgoingCall, 'url' | 'headers'> {
  /** What it does, for logs and causes: neither path nor address, which hold phone numbers and secrets. */
  readonly operation: string;
  /** Behind the base address, with its query; parts from outside percent-encoded. */
  readonly path: string;
  /** Whether it changes something, so that its outcome can be in doubt. */
  readonly isChange: boolean;
}

/** A provider's answer of any status but those that the client turns into errors itself. */
export type ProviderAnswer = Pick<OutgoingAnswer, 'status' | 'json'>;

/** What a provider's answer other than 2xx means; undefined: what its status says by itself. */
export type ReadRefusal = (answer: ProviderAnswer, call: ProviderCall) => BacklotError | undefined;

export interface ProviderClientOptions {
  /** From the configuration, and therefore trusted; a path in it is kept. */
  readonly baseUrl: string;
  /** Sent with every call; may hold secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** Added to every call's query; may hold secrets. */
  readonly query?: Readonly<Record<string, string>>;
  readonly readRefusal?: ReadRefusal;
  readonly log: Logger;
}

/**
 * Calls a messaging provider: time-outs, bounded answers, and the errors that the port promises. Never retries, never
 * follows a redirect. No error or log line of it holds an address, a header or a body.
 */
export class ProviderClient {
  readonly #options: ProviderClientOptions;
  readonly #base: string;

  constructor(options: ProviderClientOptions) {
    this.#options = options;
    this.#base = options.baseUrl.replace(/\/+$/, '');
  }

  /**
   * Answers of 2xx.
   *
   * @throws BacklotError `provider_error`, `provider_unavailable`, or what `readRefusal` says; `OutcomeUnknownError`
   */
  async send(call: ProviderCall): Promise<ProviderAnswer> {
    const { readRefusal } = this.#options;
    const { status, json, headers } = await this.#call(call);
    if (status >= 200 && status < 300) {
      if (json !== undefined || status === 204) return { status, json };
      throw this.unreadable(call);
    }
    const error = readRefusal?.({ status, json }, call) ?? this.#refusalOf(status, call, headers);
    // Whoever runs Backlot must act on these; the rest passes.
    const level = status === 401 || error.code === 'provider_not_ready' ? 'error' : 'warn';
    this.#options.log[level]({ operation: call.operation, status, code: error.code }, 'the messaging provider refused a call');
    throw error;
  }

  /** The error for a 2xx whose body is not what the provider documents. */
  unreadable(call: Pick<ProviderCall, 'operation' | 'isChange'>): BacklotError {
    const cause = new Error(`${call.operation}: the answer can't be read`);
    this.#options.log.warn({ operation: call.operation }, "the messaging provider's answer can't be read");
    return call.isChange ? new OutcomeUnknownError({ cause }, 'provider_error') : new BacklotError('provider_error', { cause });
  }

  #url(path: string): string {
    const query = new URLSearchParams(this.#options.query ?? {}).toString();
    return `${this.#base}${path}${query === '' ? '' : `${path.includes('?') ? '&' : '?'}${query}`}`;
  }

  async #call(call: ProviderCall): Promise<OutgoingAnswer> {
    const { operation, isChange } = call;
    try {
      return await callOut({ ...call, url: this.#url(call.path), headers: this.#options.headers });
    } catch (thrown) {
      if (!(thrown instanceof NoAnswerError)) throw thrown;
      const { reason, mayBeDone } = thrown;
      const cause = new Error(`${operation}: ${reason}`);
      this.#options.log.warn({ operation, reason }, 'the messaging provider did not answer');
      if (reason === 'too large') throw this.unreadable(call);
      throw isChange && mayBeDone ? new OutcomeUnknownError({ cause }) : new BacklotError('provider_unavailable', { cause });
    }
  }

  #refusalOf(status: number, { operation, isChange }: ProviderCall, headers: Headers): BacklotError {
    const cause = new Error(`${operation}: answered ${status}`);
    const retryAfterSeconds = readRetryAfter(headers.get('retry-after'), new Date());
    const options = { cause, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
    switch (status) {
      case 402:
      case 403:
        return new BacklotError('provider_not_ready', { cause });
      case 429:
      case 503:
        return new BacklotError('provider_unavailable', options);
      case 504:
        return isChange ? new OutcomeUnknownError(options) : new BacklotError('provider_unavailable', options);
      case 500:
      case 502:
        return isChange ? new OutcomeUnknownError(options, 'provider_error') : new BacklotError('provider_error', options);
      default:
        return new BacklotError('provider_error', options);
    }
  }
}

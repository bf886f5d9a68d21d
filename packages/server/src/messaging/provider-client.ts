import type { Logger } from 'pino';
import { BacklotError } from '../errors.js';
import { OutcomeUnknownError, type ProviderImage } from './port.js';

/** How long a provider may take, in milliseconds. */
export interface ProviderTimeouts {
  /** For an image, answer included. */
  readonly uploadMs: number;
  /** For everything else. */
  readonly callMs: number;
}

/** What providers get unless their options say otherwise. */
export const PROVIDER_TIMEOUTS: ProviderTimeouts = { uploadMs: 30_000, callMs: 10_000 };

/** Answers are facts about a chat or a page of messages; a larger one is nonsense. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const MAX_RETRY_AFTER_SECONDS = 3600;

/** The connection was never made: nothing can have happened. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** A call to a provider. */
export interface ProviderCall {
  /** What it does, for logs and causes: neither path nor address, which hold phone numbers and secrets. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Behind the base address, with its query; parts from outside percent-encoded. */
  readonly path: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly body?: { readonly contentType: string; readonly bytes: Uint8Array<ArrayBuffer> };
  /** Whether it changes something, so that its outcome can be in doubt. */
  readonly isChange: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A provider's answer of any status but those that the client turns into errors itself. */
export interface ProviderAnswer {
  readonly status: number;
  /** The parsed body; undefined where it is not JSON. */
  readonly json: unknown;
}

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
 * Seconds of a `Retry-After` header, 1 to 3600: a number of seconds or a date. RFC 9110 §10.2.3.
 * Undefined when there is none that can be read.
 */
export const readRetryAfter = (header: string | null, now: Date): number | undefined => {
  if (header === null) return undefined;
  const text = header.trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - now.getTime()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, seconds));
};

/** A form with one file in it. RFC 7578. By hand, because the platform's `FormData` takes half as long again for 10 MB. */
export const encodeFileForm = (field: string, image: ProviderImage): { readonly contentType: string; readonly bytes: Uint8Array<ArrayBuffer> } => {
  const boundary = `backlot-${crypto.randomUUID()}`;
  const fileName = image.fileName.replace(/["\r\n]/g, '_');
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${fileName}"\r\nContent-Type: ${image.mediaType}\r\n\r\n`;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    bytes: Buffer.concat([Buffer.from(head), image.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
};

/** The code of a network error, wherever `fetch` has put it; never its text, which may hold what was sent. */
const networkCodeOf = (thrown: unknown): string => {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth++) {
    if (error instanceof AggregateError && error.errors.length > 0) return networkCodeOf(error.errors[0]);
    if ('code' in error && typeof error.code === 'string') return error.code;
  }
  return thrown instanceof Error ? thrown.name : 'unknown';
};

const readBounded = async (response: Response): Promise<string> => {
  const decoder = new TextDecoder();
  let text = '';
  let sizeBytes = 0;
  const body = response.body as ReadableStream<Uint8Array> | null;
  if (body === null) return text;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new RangeError('the answer is too large');
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

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
    const { response, text } = await this.#fetch(call);
    const answer: ProviderAnswer = { status: response.status, json: parseJson(text) };
    if (response.ok) {
      if (answer.json !== undefined || response.status === 204) return answer;
      throw this.unreadable(call);
    }
    const error = readRefusal?.(answer, call) ?? this.#refusalOf(answer, call, response.headers);
    // Whoever runs Backlot must act on these; the rest passes.
    const level = response.status === 401 || error.code === 'provider_not_ready' ? 'error' : 'warn';
    this.#options.log[level]({ operation: call.operation, status: response.status, code: error.code }, 'the messaging provider refused a call');
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

  async #fetch(call: ProviderCall): Promise<{ readonly response: Response; readonly text: string }> {
    const { operation, method, isChange } = call;
    const body = call.body?.bytes ?? (call.json === undefined ? null : JSON.stringify(call.json));
    const contentType = call.body?.contentType ?? (call.json === undefined ? undefined : 'application/json');
    if (call.signal.aborted) throw new BacklotError('provider_unavailable', { cause: new Error(`${operation}: given up before it was sent`) });
    const timeout = AbortSignal.timeout(call.timeoutMs);
    try {
      const response = await fetch(this.#url(call.path), {
        method,
        headers: { accept: 'application/json', ...this.#options.headers, ...(contentType === undefined ? {} : { 'content-type': contentType }) },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([call.signal, timeout]),
      });
      return { response, text: await readBounded(response) };
    } catch (thrown) {
      // What was thrown may quote headers and addresses: only its code goes on.
      const reason = timeout.aborted ? 'timed out' : call.signal.aborted ? 'given up' : networkCodeOf(thrown);
      const cause = new Error(`${operation}: ${reason}`);
      this.#options.log.warn({ operation, reason }, 'the messaging provider did not answer');
      if (thrown instanceof RangeError) throw this.unreadable(call);
      throw isChange && !NOT_SENT.has(reason) ? new OutcomeUnknownError({ cause }) : new BacklotError('provider_unavailable', { cause });
    }
  }

  #refusalOf({ status }: ProviderAnswer, { operation, isChange }: ProviderCall, headers: Headers): BacklotError {
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

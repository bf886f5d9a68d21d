import { BacklotApiError } from './api-error.js';

/** Where a Backlot is and how to speak to it. */
export interface BacklotClientOptions {
  /** Address of the server, such as `http://127.0.0.1:8787`. */
  readonly baseUrl: string;
  /** API key or a session's access token, sent as `Authorization: Bearer`. */
  readonly apiKey?: string;
  /** Cookie mode for pages on the server's own origin, such as the console. */
  readonly credentials?: 'same-origin' | 'include';
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** How long one call may take, body included. Default 30 000 ms; uploads get four times as long. */
  readonly timeoutMs?: number;
}

/** What every call takes. */
export interface CallOptions {
  /** Gives the call up; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long the call may take, in milliseconds. */
  readonly timeoutMs?: number;
}

/** What every call that creates something takes. */
export interface CreateOptions extends CallOptions {
  /** A random UUID: the call takes effect once, however often it is repeated in 24 hours. */
  readonly idempotencyKey?: string;
}

/** A query's values; `undefined` ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

interface Call extends CreateOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  readonly body?: FormData | object;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** Sends requests and turns every failure into a {@link BacklotApiError}. */
export class Transport {
  readonly #options: BacklotClientOptions;
  readonly #fetch: typeof fetch;
  readonly #baseUrl: string;

  constructor(options: BacklotClientOptions) {
    if (!/^https?:\/\//.test(options.baseUrl)) {
      throw new TypeError(`baseUrl must start with http:// or https://, not be ${JSON.stringify(options.baseUrl)}.`);
    }
    this.#options = options;
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#baseUrl = options.baseUrl.replace(/\/+$/, '');
  }

  /** A call with a JSON answer; `undefined` for an empty one. */
  async send<Reply>(call: Call): Promise<Reply> {
    const multipart = call.body instanceof FormData;
    const timeoutMs = call.timeoutMs ?? (this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS) * (multipart ? 4 : 1);
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]);
    try {
      const response = await this.#request(call, signal, 'application/json');
      const text = await response.text();
      return (text === '' ? undefined : parseJson(text, response)) as Reply;
    } catch (error) {
      throw this.#explain(error, call.signal, timeout.aborted ? timeoutMs : null);
    }
  }

  /** A call whose answer is read as it comes. The signal ends it; only the wait for the headers is timed. */
  async open(path: string, signal: AbortSignal): Promise<Response> {
    const timeoutMs = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    try {
      return await this.#request({ method: 'GET', path }, AbortSignal.any([signal, late.signal]), 'text/event-stream');
    } catch (error) {
      throw this.#explain(error, signal, late.signal.aborted ? timeoutMs : null);
    } finally {
      clearTimeout(timer);
    }
  }

  async #request(call: Call, signal: AbortSignal, accept: string): Promise<Response> {
    const url = new URL(`${this.#baseUrl}${call.path}`);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers = new Headers({ accept });
    if (this.#options.apiKey !== undefined) headers.set('authorization', `Bearer ${this.#options.apiKey}`);
    if (call.idempotencyKey !== undefined) headers.set('idempotency-key', call.idempotencyKey);
    const init: RequestInit = { method: call.method, headers, signal, credentials: this.#options.credentials ?? 'omit' };
    if (call.body instanceof FormData) {
      init.body = call.body;
    } else if (call.body !== undefined) {
      headers.set('content-type', 'application/json');
      init.body = JSON.stringify(call.body);
    }
    const response = await this.#fetch(url, init);
    if (!response.ok) throw BacklotApiError.fromReply(response.status, (name) => response.headers.get(name), await response.text());
    return response;
  }

  #explain(error: unknown, signal: AbortSignal | undefined, timedOutAfterMs: number | null): unknown {
    if (error instanceof BacklotApiError) return error;
    if (signal?.aborted === true) return signal.reason;
    if (timedOutAfterMs !== null) {
      return new BacklotApiError(`The server did not answer within ${timedOutAfterMs} ms.`, { code: 'timeout', status: 0 }, { cause: error });
    }
    return new BacklotApiError("The server can't be reached.", { code: 'connection_failed', status: 0 }, { cause: error });
  }
}

const parseJson = (text: string, response: Response): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BacklotApiError(
      'The server answered with something that is not JSON.',
      { code: 'unexpected_response', status: response.status, requestId: response.headers.get('x-request-id') },
      { cause },
    );
  }
};

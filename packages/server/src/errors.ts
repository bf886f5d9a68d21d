import { ERROR_CODES, type ErrorCode, type ErrorFacts } from '@backlot/contract';

/** A field of the request and what is wrong with it. */
export interface ErrorDetail {
  readonly field: string;
  readonly message: string;
}

export interface BacklotErrorOptions {
  /** Replaces the code's general sentence; shown to the caller. */
  readonly message?: string;
  readonly details?: readonly ErrorDetail[];
  /** Replaces the code's status: the same failure of another part of a request, such as a reference in its body. */
  readonly status?: ErrorFacts['status'];
  /** Seconds after which a retry makes sense; sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** What went wrong underneath; logged, never shown. */
  readonly cause?: unknown;
}

/**
 * An error with a stable code. Everything that a caller sees of a failure comes from here;
 * what is not a `BacklotError` is a 500 with the code `internal`.
 */
export class BacklotError extends Error {
  override readonly name: string = 'BacklotError';
  readonly code: ErrorCode;
  readonly status: ErrorFacts['status'];
  readonly details: readonly ErrorDetail[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: BacklotErrorOptions = {}) {
    super(options.message ?? ERROR_CODES[code].message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status ?? ERROR_CODES[code].status;
    this.details = options.details ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds ?? (ERROR_CODES[code].retryable && this.status !== 500 ? 1 : undefined);
  }

  get facts(): ErrorFacts {
    return ERROR_CODES[this.code];
  }
}

/** Turns whatever third-party code threw into an `Error`. */
export const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

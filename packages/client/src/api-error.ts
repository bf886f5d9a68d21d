import type { ErrorBody, ErrorCode } from '@backlot/contract';

/** What can go wrong without an answer from Backlot, or with one that isn't Backlot's. */
export type ClientErrorCode = 'connection_failed' | 'timeout' | 'unexpected_response';

/** One thing that is wrong with a request, by field. */
export type ErrorDetail = ErrorBody['error']['details'][number];

/** The facts of a {@link BacklotApiError}. */
export interface ApiErrorFacts {
  readonly code: ErrorCode | ClientErrorCode;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly details?: readonly ErrorDetail[];
  /** Names the request in the server's log; null when there was no answer. */
  readonly requestId?: string | null;
  /** Seconds to wait before trying again; null when the server named none. */
  readonly retryAfterSeconds?: number | null;
  /** Page about the code; null when there was no answer. */
  readonly docsUrl?: string | null;
}

/** A call that did not succeed. Branch on `code`; `message` is for people. */
export class BacklotApiError extends Error {
  override readonly name = 'BacklotApiError';
  readonly code: ErrorCode | ClientErrorCode;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly details: readonly ErrorDetail[];
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;
  readonly docsUrl: string | null;
  /** Whether the same call may succeed later without being changed. */
  readonly retryable: boolean;

  constructor(message: string, facts: ApiErrorFacts, options?: ErrorOptions) {
    super(message, options);
    this.code = facts.code;
    this.status = facts.status;
    this.details = facts.details ?? [];
    this.requestId = facts.requestId ?? null;
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null;
    this.docsUrl = facts.docsUrl ?? null;
    this.retryable = this.retryAfterSeconds !== null || facts.status === 0 || facts.status === 429 || facts.status >= 500;
  }

  /** The error that a reply stands for: Backlot's own body, or something between us and Backlot (a proxy's page). */
  static fromReply(status: number, header: (name: string) => string | null, body: string): BacklotApiError {
    const retryAfter = Number.parseInt(header('retry-after') ?? '', 10);
    const retryAfterSeconds = Number.isNaN(retryAfter) ? null : retryAfter;
    const error = parseErrorBody(body);
    if (error === null) {
      return new BacklotApiError(`The server answered with status ${status} and no error that Backlot gives.`, {
        code: 'unexpected_response',
        status,
        requestId: header('x-request-id'),
        retryAfterSeconds,
      });
    }
    return new BacklotApiError(error.message, {
      code: error.code,
      status,
      details: error.details,
      requestId: error.request_id,
      retryAfterSeconds,
      docsUrl: error.docs_url,
    });
  }
}

const parseErrorBody = (body: string): ErrorBody['error'] | null => {
  try {
    const parsed = JSON.parse(body) as Partial<ErrorBody> | null;
    return typeof parsed?.error?.code === 'string' && typeof parsed.error.message === 'string' ? parsed.error : null;
  } catch {
    return null;
  }
};

/** A call of another service. */
export interface OutgoingCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly body?: { readonly contentType: string; readonly bytes: Uint8Array<ArrayBuffer> };
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** An answer of any status. */
export interface OutgoingAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body; undefined where it is not JSON. */
  readonly json: unknown;
}

/** Answers are facts or a page of them; a larger one is nonsense. */
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

/** A call without an answer. It holds no text of what was thrown, which may quote addresses, headers and bodies. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  /** `timed out`, `given up`, `too large`, or the code of a network error. */
  readonly reason: string;
  /** Whether it may have had its effect. */
  readonly mayBeDone: boolean;

  constructor(reason: string, mayBeDone: boolean) {
    super(reason);
    this.reason = reason;
    this.mayBeDone = mayBeDone;
  }
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
export const encodeFileForm = (
  field: string,
  file: { readonly bytes: Uint8Array; readonly mediaType: string; readonly fileName: string },
): { readonly contentType: string; readonly bytes: Uint8Array<ArrayBuffer> } => {
  const boundary = `backlot-${crypto.randomUUID()}`;
  const fileName = file.fileName.replace(/["\r\n]/g, '_');
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${fileName}"\r\nContent-Type: ${file.mediaType}\r\n\r\n`;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    bytes: Buffer.concat([Buffer.from(head), file.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
};

/** The code of a network error, wherever `fetch` has put it; never its text. */
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
    if (sizeBytes > MAX_ANSWER_BYTES) throw new NoAnswerError('too large', true);
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
 * Calls a service whose address is trusted: a time-out for the whole answer, which is bounded; no redirect is followed,
 * nothing is tried twice.
 *
 * @throws NoAnswerError
 */
export const callOut = async (call: OutgoingCall): Promise<OutgoingAnswer> => {
  const body = call.body?.bytes ?? (call.json === undefined ? null : JSON.stringify(call.json));
  const contentType = call.body?.contentType ?? (call.json === undefined ? undefined : 'application/json');
  if (call.signal.aborted) throw new NoAnswerError('given up before it was sent', false);
  const timeout = AbortSignal.timeout(call.timeoutMs);
  try {
    const response = await fetch(call.url, {
      method: call.method,
      headers: { accept: 'application/json', ...call.headers, ...(contentType === undefined ? {} : { 'content-type': contentType }) },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([call.signal, timeout]),
    });
    return { status: response.status, headers: response.headers, json: parseJson(await readBounded(response)) };
  } catch (thrown) {
    if (thrown instanceof NoAnswerError) throw thrown;
    const reason = timeout.aborted ? 'timed out' : call.signal.aborted ? 'given up' : networkCodeOf(thrown);
    throw new NoAnswerError(reason, !NOT_SENT.has(reason));
  }
};

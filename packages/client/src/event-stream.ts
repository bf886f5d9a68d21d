import { BacklotApiError } from './api-error.js';
import { readServerSentEvents } from './server-sent-events.js';
import type { Transport } from './transport.js';

/** Options of a stream of events. */
export interface EventsOptions {
  readonly signal?: AbortSignal;
  /** A stream that is silent for so long is opened anew. Default 45 000 ms; Backlot sends a comment every few seconds. */
  readonly idleTimeoutMs?: number;
  /** Called each time that the stream is open: what happened while it was not is to be read anew. */
  readonly onOpen?: () => void;
  /** Called when the stream was lost and will be opened again. */
  readonly onReconnect?: (error: BacklotApiError | null) => void;
}

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5_000;

/**
 * Events of these names, for as long as the caller wants them. A lost stream is opened again. Throws
 * {@link BacklotApiError} for what trying again can't mend, and the signal's reason when that is aborted.
 */
export async function* followEvents<Event extends { readonly event: string }>(
  transport: Transport,
  path: string,
  names: readonly Event['event'][],
  options: EventsOptions = {},
): AsyncGenerator<Event, void, undefined> {
  const caller = options.signal ?? new AbortController().signal;
  let delayMs = FIRST_DELAY_MS;
  for (;;) {
    caller.throwIfAborted();
    const idle = new AbortController();
    const restartIdle = createRestartable(() => idle.abort(), options.idleTimeoutMs ?? 45_000);
    let lost: BacklotApiError | null = null;
    try {
      const response = await transport.open(path, AbortSignal.any([caller, idle.signal]));
      restartIdle.restart();
      options.onOpen?.();
      for await (const { event, data } of readServerSentEvents(response.body ?? new ReadableStream(), restartIdle.restart)) {
        if (!names.includes(event)) continue;
        const parsed = { event, data: JSON.parse(data) as unknown } as unknown as Event;
        delayMs = FIRST_DELAY_MS;
        yield parsed;
      }
    } catch (error) {
      if (caller.aborted) throw caller.reason;
      if (error instanceof BacklotApiError && !error.retryable) throw error;
      lost =
        error instanceof BacklotApiError ? error : new BacklotApiError('The connection was lost.', { code: 'connection_failed', status: 0 }, { cause: error });
    } finally {
      restartIdle.stop();
    }
    options.onReconnect?.(lost);
    await sleep(Math.max(delayMs, (lost?.retryAfterSeconds ?? 0) * 1000), caller);
    delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
  }
}

const createRestartable = (action: () => void, afterMs: number) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => clearTimeout(timer);
  return {
    stop,
    restart: (): void => {
      stop();
      timer = setTimeout(action, afterMs);
    },
  };
};

const sleep = async (durationMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, durationMs);
    signal.addEventListener('abort', end, { once: true });
  });

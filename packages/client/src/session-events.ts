import type { SessionEvent } from '@backlot/contract';
import { BacklotApiError } from './api-error.js';
import { readServerSentEvents } from './server-sent-events.js';
import type { Transport } from './transport.js';

/** Options of {@link followSession}. */
export interface EventsOptions {
  readonly signal?: AbortSignal;
  /** A stream that is silent for so long is opened anew. Default 45 000 ms; Backlot sends a comment every few seconds. */
  readonly idleTimeoutMs?: number;
  /** Called when the stream was lost and will be opened again. */
  readonly onReconnect?: (error: BacklotApiError | null) => void;
}

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5_000;
const NAMES: readonly string[] = ['session', 'background', 'speech', 'viewers'] satisfies readonly SessionEvent['event'][];

/**
 * A session's events, from its state as it is now until it ends. A lost stream is opened again; since every stream
 * starts with the whole state, nothing that matters is missed, and what was seen already is not repeated. Throws
 * {@link BacklotApiError} for what trying again can't mend, and the signal's reason when that is aborted.
 */
export async function* followSession(transport: Transport, path: string, options: EventsOptions = {}): AsyncGenerator<SessionEvent, void, undefined> {
  const caller = options.signal ?? new AbortController().signal;
  const seen = new Map<SessionEvent['event'], string>();
  let version = -1;
  let delayMs = FIRST_DELAY_MS;
  for (;;) {
    caller.throwIfAborted();
    const idle = new AbortController();
    const restartIdle = createRestartable(() => idle.abort(), options.idleTimeoutMs ?? 45_000);
    let lost: BacklotApiError | null = null;
    try {
      const response = await transport.open(path, AbortSignal.any([caller, idle.signal]));
      restartIdle.restart();
      for await (const { event, data } of readServerSentEvents(response.body ?? new ReadableStream(), restartIdle.restart)) {
        if (!NAMES.includes(event)) continue;
        const parsed = { event, data: JSON.parse(data) as unknown } as SessionEvent;
        delayMs = FIRST_DELAY_MS;
        if (seen.get(parsed.event) === data) continue;
        seen.set(parsed.event, data);
        if (parsed.event === 'background') {
          if (parsed.data.background_version < version) continue;
          version = parsed.data.background_version;
        }
        yield parsed;
        if (parsed.event === 'session' && (parsed.data.status === 'ended' || parsed.data.status === 'failed')) return;
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

import type { Logger } from 'pino';
import { BacklotError } from '../errors.js';
import type { MediaChild } from './media-child.js';
import type { MediaReply } from './messages.js';
import type { MediaBackground, MediaJob, MediaJobSpec, MediaObserver } from './port.js';

const START_TIMEOUT_MS = 15_000;
/** espeak-ng says the longest text in well under a second. */
const SPEAK_TIMEOUT_MS = 10_000;
/** To unpublish; then the process is killed. */
const STOP_TIMEOUT_MS = 2500;

interface Pending<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
}

/** One job in its child: turns messages into calls, and every way in which a process can end into one failure. */
export class MediaRun implements MediaJob {
  readonly #child: MediaChild;
  readonly #observer: MediaObserver;
  readonly #log: Logger;
  readonly #speeches = new Map<string, Pending<{ readonly audible: boolean }>>();
  #start: Pending<void> | null = null;
  #over = false;

  constructor(child: MediaChild, observer: MediaObserver, log: Logger) {
    this.#child = child;
    this.#observer = observer;
    this.#log = log;
    child.observe({ reply: (message) => this.#receive(message), exited: () => this.#lose("The process that makes the avatar's picture ended unexpectedly.") });
  }

  /** Waits for the child, hands it the job and waits until its source is open. Throws `BacklotError`, and the process is ended. */
  async start(spec: MediaJobSpec, signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(START_TIMEOUT_MS)]);
    const abort = (): void => {
      this.#start?.reject(new BacklotError('internal', { message: 'The avatar did not start in time.', cause: limit.reason }));
      // A child that hangs may not read its messages.
      this.#end();
    };
    try {
      await new Promise<void>((resolve, reject) => {
        this.#start = { resolve, reject };
        limit.addEventListener('abort', abort, { once: true });
        if (limit.aborted) abort();
        else if (this.#child.gone) this.#lose("The process that makes the avatar's picture did not start.");
        else void this.#child.ready.then((ready) => ready && this.#child.send({ type: 'start', ...spec }));
      });
    } finally {
      limit.removeEventListener('abort', abort);
      this.#start = null;
    }
  }

  async speak(speechId: string, text: string): Promise<{ readonly audible: boolean }> {
    if (this.#over) throw new BacklotError('session_ended');
    const limit = AbortSignal.timeout(SPEAK_TIMEOUT_MS);
    try {
      return await new Promise((resolve, reject) => {
        this.#speeches.set(speechId, { resolve, reject });
        limit.addEventListener('abort', () => reject(new BacklotError('internal', { cause: limit.reason })), { once: true });
        this.#child.send({ type: 'speak', speechId, text });
      });
    } finally {
      this.#speeches.delete(speechId);
    }
  }

  setBackground(background: MediaBackground, transitionMs: number): void {
    if (!this.#over) this.#child.send({ type: 'background', background, transitionMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await this.#child.exited;
  }

  #receive(message: MediaReply): void {
    if (this.#over) return;
    switch (message.type) {
      case 'ready':
        return;
      case 'started':
        this.#start?.resolve();
        return;
      case 'published':
        this.#observer.published();
        return;
      case 'speech-accepted':
        this.#speeches.get(message.speechId)?.resolve({ audible: message.audible });
        return;
      case 'speech-refused':
        this.#speeches.get(message.speechId)?.reject(new BacklotError(message.code, { cause: new Error(message.reason) }));
        return;
      case 'speech-started': {
        const { speechId, text, durationMs, audible } = message;
        this.#observer.speechStarted({ speechId, text, durationMs, audible });
        return;
      }
      case 'speech-ended':
        this.#observer.speechEnded(message.speechId);
        return;
      case 'background-failed':
        this.#log.error({ reason: message.reason, mediaPid: this.#child.pid }, 'a background could not be shown');
        return;
      case 'failed':
        this.#log.error({ code: message.code, reason: message.reason, mediaPid: this.#child.pid }, 'media job failed');
        this.#fail(message.code, message.message);
        return;
    }
  }

  #lose(message: string): void {
    if (this.#over) return;
    this.#log.error({ mediaPid: this.#child.pid }, 'media child lost');
    this.#fail('avatar_failed', message);
  }

  #fail(code: 'avatar_failed' | 'clip_unreadable', message: string): void {
    const starting = this.#start;
    starting?.reject(new BacklotError(code === 'clip_unreadable' ? code : 'internal', { message }));
    this.#end(new BacklotError('internal', { message }));
    if (starting === null) this.#observer.failed(code, message);
  }

  /** From here on nothing is told. The process gets some time to unpublish. */
  #end(reason: BacklotError = new BacklotError('session_ended')): void {
    if (this.#over) return;
    this.#over = true;
    this.#start?.reject(reason);
    for (const speech of this.#speeches.values()) speech.reject(reason);
    this.#child.send({ type: 'stop' });
    const timer = setTimeout(() => this.#child.kill(), this.#child.isReady ? STOP_TIMEOUT_MS : 0);
    void this.#child.exited.then(() => clearTimeout(timer));
  }
}

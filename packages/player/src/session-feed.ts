import { Backoff, pause } from './backoff.js';
import { EventStreamParser } from './event-stream-parser.js';
import type { BackgroundState, SessionEvents, SessionState, SpeechState } from './session-events.js';

/** Longest silence of a feed that is taken for alive. Servers send a comment more often than this. */
const SILENCE_MS = 45_000;

/** The session can't be followed, and trying again won't help. */
export type FeedRefusal = 'unauthenticated' | 'session_not_found';

/** What a feed reports. */
export interface SessionFeedObserver extends SessionEvents {
  /** The server refuses for good. */
  refused(refusal: FeedRefusal): void;
}

/**
 * Follows a session's live feed until it is closed or the session is over, over as many connections as that takes.
 * Each connection begins with the current state, so one that dropped catches up by itself.
 */
export class SessionFeed {
  readonly #url: string;
  readonly #token: string;
  readonly #observer: SessionFeedObserver;
  readonly #closing = new AbortController();
  #isOver = false;

  constructor(sessionUrl: string, token: string, observer: SessionFeedObserver) {
    this.#url = `${sessionUrl}/events`;
    this.#token = token;
    this.#observer = observer;
  }

  /** Starts to follow. Resolves when there is nothing left to follow; never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#closing;
    const backoff = new Backoff();
    while (!signal.aborted && !this.#isOver) {
      try {
        await this.#follow(signal, backoff);
      } catch {
        // Dropped, silent or unreachable: all the same to a viewer, who only needs it back.
      }
      if (!this.#isOver) await pause(backoff.next(), signal);
    }
  }

  /** Stops following. */
  close(): void {
    this.#closing.abort();
  }

  async #follow(closing: AbortSignal, backoff: Backoff): Promise<void> {
    const connection = new AbortController();
    const abort = () => connection.abort();
    closing.addEventListener('abort', abort);
    let silence = setTimeout(abort, SILENCE_MS);
    try {
      const response = await fetch(this.#url, {
        headers: { Accept: 'text/event-stream', Authorization: `Bearer ${this.#token}` },
        cache: 'no-store',
        credentials: 'omit',
        signal: connection.signal,
      });
      if (response.status === 401 || response.status === 403) return this.#refuse('unauthenticated');
      if (response.status === 404) return this.#refuse('session_not_found');
      if (!response.ok || response.body === null) return;
      backoff.reset();
      const parser = new EventStreamParser(this.#dispatch);
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(silence);
        silence = setTimeout(abort, SILENCE_MS);
        parser.push(decoder.decode(value, { stream: true }));
      }
    } finally {
      clearTimeout(silence);
      closing.removeEventListener('abort', abort);
      connection.abort();
    }
  }

  #refuse(refusal: FeedRefusal): void {
    this.#isOver = true;
    this.#observer.refused(refusal);
  }

  readonly #dispatch = (name: string, data: string): void => {
    if (this.#closing.signal.aborted) return;
    // The feed is the session's own server: its shape is trusted, a newer server's further events are passed over.
    if (name === 'session') {
      const state = JSON.parse(data) as SessionState;
      this.#isOver ||= state.status === 'ended' || state.status === 'failed';
      this.#observer.session(state);
    } else if (name === 'background') this.#observer.background(JSON.parse(data) as BackgroundState);
    else if (name === 'speech') this.#observer.speech(JSON.parse(data) as SpeechState);
  };
}

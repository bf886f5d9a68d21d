import type { Logger } from 'pino';
import { io, type Socket } from 'socket.io-client';
import { toError } from '../../errors.js';
import type { BlueBubblesApi } from '../bluebubbles-wire/api.js';
import type { InboundEvent, InboundListener } from '../port.js';
import type { Backoff } from '../repeater.js';

export interface PhotonSocketOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly api: BlueBubblesApi;
  readonly listener: InboundListener;
  readonly log: Logger;
  /** Between attempts to connect. */
  readonly backoff: Backoff;
}

/** From the connection to `auth-ok`, and to open a connection. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Messages that wait to be kept; beyond that they are read from the server later. */
const MAX_WAITING = 500;
/** Ids of messages that were passed on, to leave out what comes twice. */
const MAX_REMEMBERED = 2000;
/** A message may arrive after one that is newer: what was missed is looked for from so long before the last. */
const OVERLAP_MS = 60_000;

/**
 * Hears of messages over Socket.IO: by websocket only, because over polling the server may push a message twice under
 * different guids. What happened while it was not connected is read from the server as soon as it is again.
 * Source: photon-hq/advanced-imessage-kit 1.15, client.ts.
 */
export class PhotonSocket implements AsyncDisposable {
  readonly #options: PhotonSocketOptions;
  readonly #socket: Socket;
  readonly #abort = new AbortController();
  readonly #passedOn = new Set<string>();
  #isAuthenticated = false;
  #failures = 0;
  #connecting: NodeJS.Timeout | undefined;
  #catchingUp: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #waiting = 0;
  #hasMissed = true;
  #newestMs = Date.now();

  constructor(options: PhotonSocketOptions) {
    this.#options = options;
    const { baseUrl, apiKey, backoff } = options;
    // A path in the address would be taken for a namespace.
    const { origin, pathname } = new URL(baseUrl);
    this.#socket = io(origin, {
      path: `${pathname.replace(/\/+$/, '')}/socket.io`,
      auth: { apiKey },
      transports: ['websocket'],
      forceNew: true,
      autoConnect: false,
      timeout: CONNECT_TIMEOUT_MS,
      reconnectionDelay: backoff.firstMs,
      reconnectionDelayMax: backoff.lastMs,
    });
  }

  start(): void {
    const { log } = this.#options;
    this.#socket.on('connect', () => {
      this.#connecting = setTimeout(() => this.#giveUp('nothing came of the authentication'), CONNECT_TIMEOUT_MS).unref();
    });
    this.#socket.on('auth-ok', () => {
      clearTimeout(this.#connecting);
      this.#isAuthenticated = true;
      this.#failures = 0;
      log.info('connected to Photon for messages');
      this.#catchUp();
    });
    this.#socket.on('auth-error', () => {
      log.error('Photon refused our key');
      this.#giveUp('the key was refused');
    });
    this.#socket.on('new-message', (pushed: unknown) => {
      if (this.#isAuthenticated) this.#take(pushed);
    });
    this.#socket.on('disconnect', (reason) => {
      this.#isAuthenticated = false;
      this.#hasMissed = true;
      clearTimeout(this.#connecting);
      // The library connects again by itself, unless one of both sides meant to end it.
      if (reason === 'io server disconnect') this.#giveUp('the server ended the connection');
    });
    this.#socket.on('connect_error', () => {
      // The error's text may quote the address. Inactive: the server refused, and the library leaves it at that.
      log.warn({ isRefused: !this.#socket.active }, "Photon can't be reached for messages");
      if (!this.#socket.active) this.#giveUp('the connection was refused');
    });
    this.#socket.connect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    this.#isAuthenticated = false;
    clearTimeout(this.#connecting);
    clearTimeout(this.#catchingUp);
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
    await this.#work;
  }

  /** Ends the connection and makes another one later. */
  #giveUp(reason: string): void {
    if (this.#abort.signal.aborted) return;
    this.#isAuthenticated = false;
    this.#hasMissed = true;
    this.#socket.disconnect();
    clearTimeout(this.#connecting);
    const waitMs = this.#waitMs();
    this.#options.log.warn({ reason, waitMs }, 'connects to Photon again later');
    this.#connecting = setTimeout(() => this.#socket.connect(), waitMs).unref();
  }

  #waitMs(): number {
    const { firstMs, lastMs } = this.#options.backoff;
    return Math.min(lastMs, firstMs * 2 ** Math.min(this.#failures++, 20));
  }

  #take(pushed: unknown): void {
    if (this.#waiting >= MAX_WAITING) {
      this.#hasMissed = true;
      return;
    }
    this.#waiting++;
    this.#do(async () => {
      try {
        const event = await this.#options.api.eventOf(pushed, this.#abort.signal);
        if (event !== null) await this.#passOn(event);
      } catch (error) {
        // It was pushed without its chat and could not be read: it will be found with what was missed.
        this.#hasMissed = true;
        throw error;
      } finally {
        this.#waiting--;
        if (this.#waiting === 0 && this.#hasMissed) this.#catchUp();
      }
    });
  }

  /** Reads what was missed; tries again later while the server doesn't answer. */
  #catchUp(): void {
    this.#do(async () => {
      if (!this.#hasMissed || !this.#isAuthenticated) return;
      this.#hasMissed = false;
      try {
        const { api } = this.#options;
        for await (const event of api.eventsSince(new Date(this.#newestMs - OVERLAP_MS), this.#abort.signal)) await this.#passOn(event);
        this.#failures = 0;
      } catch (error) {
        this.#hasMissed = true;
        clearTimeout(this.#catchingUp);
        // Without a connection it waits for the next one.
        if (this.#isAuthenticated) this.#catchingUp = setTimeout(() => this.#catchUp(), this.#waitMs()).unref();
        throw error;
      }
    });
  }

  /** One thing after the other, so that messages are kept in their order. */
  #do(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((thrown: unknown) => {
      if (!this.#abort.signal.aborted) this.#options.log.warn({ err: toError(thrown) }, "messages of Photon can't be read");
    });
  }

  async #passOn(event: InboundEvent): Promise<void> {
    if (event.kind === 'message') {
      const { messageId, sentAt } = event.message;
      if (this.#passedOn.has(messageId)) return;
      this.#passedOn.add(messageId);
      const [oldest] = this.#passedOn;
      if (this.#passedOn.size > MAX_REMEMBERED && oldest !== undefined) this.#passedOn.delete(oldest);
      // A Mac whose clock is fast must not have us look for missed messages in the future only.
      this.#newestMs = Math.max(this.#newestMs, Math.min(sentAt.getTime(), Date.now()));
    }
    await this.#options.listener(event);
  }
}

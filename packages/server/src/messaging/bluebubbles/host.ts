import type { Logger } from 'pino';
import type { BlueBubblesApi } from '../bluebubbles-wire/api.js';
import { type Backoff, Repeater } from '../repeater.js';

export interface BlueBubblesHostOptions {
  readonly api: BlueBubblesApi;
  readonly backoff: Backoff;
  readonly log: Logger;
}

/** The Private API is switched on and off, and its helper comes and goes, while we run. */
const EVERY_MS = 300_000;

/** What the Mac behind BlueBubbles can do, asked at the start and every five minutes. */
export class BlueBubblesHost implements AsyncDisposable {
  readonly #options: BlueBubblesHostOptions;
  readonly #repeater: Repeater;
  #hasPrivateApi: boolean | null = null;

  constructor(options: BlueBubblesHostOptions) {
    this.#options = options;
    const { backoff, log } = options;
    this.#repeater = new Repeater({ name: 'asking BlueBubbles what it can do', task: async (signal) => this.#ask(signal), everyMs: EVERY_MS, backoff, log });
  }

  /** Typing and names of groups need it; null until the server has answered. */
  get hasPrivateApi(): boolean | null {
    return this.#hasPrivateApi;
  }

  /** Resolves when it was asked once, whether it answered or not. */
  async start(): Promise<void> {
    await this.#repeater.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#repeater[Symbol.asyncDispose]();
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { api, log } = this.#options;
    const { hasPrivateApi, ...versions } = await api.getServerInfo(signal);
    if (hasPrivateApi === this.#hasPrivateApi) return;
    this.#hasPrivateApi = hasPrivateApi;
    if (hasPrivateApi) log.info(versions, 'BlueBubbles answers');
    else log.warn(versions, "BlueBubbles' Private API is off: no typing indicators, no names of groups");
  }
}

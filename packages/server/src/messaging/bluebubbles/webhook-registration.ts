import type { Logger } from 'pino';
import type { BlueBubblesApi } from '../bluebubbles-wire/api.js';
import type { ProviderMemory } from '../port.js';
import { type Backoff, Repeater } from '../repeater.js';

export interface WebhookRegistrationOptions {
  readonly api: BlueBubblesApi;
  readonly memory: ProviderMemory;
  /** Ends with a secret: deliveries bear no signature. */
  readonly webhookUrl: string;
  readonly backoff: Backoff;
  readonly log: Logger;
}

/** Sees to it that BlueBubbles delivers to our address, and no longer to the one that we had before. */
export class WebhookRegistration implements AsyncDisposable {
  readonly #options: WebhookRegistrationOptions;
  readonly #repeater: Repeater;

  constructor(options: WebhookRegistrationOptions) {
    this.#options = options;
    const { backoff, log } = options;
    this.#repeater = new Repeater({ name: "registering BlueBubbles' webhook", task: async (signal) => this.#register(signal), everyMs: null, backoff, log });
  }

  /** Resolves after the first try, whatever came of it. */
  async start(): Promise<void> {
    await this.#repeater.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#repeater[Symbol.asyncDispose]();
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { api, memory, webhookUrl } = this.#options;
    const id = await api.registerWebhook(webhookUrl, signal);
    const known = await memory.read();
    const { webhookId: before } = known;
    if (before === String(id)) return;
    if (before !== undefined && /^\d+$/.test(before)) await api.removeWebhook(Number(before), signal);
    await memory.write({ ...known, webhookId: String(id) });
  }
}

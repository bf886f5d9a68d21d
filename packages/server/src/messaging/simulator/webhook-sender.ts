import type { Logger } from 'pino';
import { toError } from '../../errors.js';
import { signDelivery } from '../blooio/signature.js';
import type { StoredWebhook } from './state-folder.js';

/** Waits before the second and each later try, in milliseconds. */
const RETRIES_MS = [1_000, 5_000, 30_000, 120_000] as const;
const TIMEOUT_MS = 10_000;
/** Beyond that new deliveries are dropped, as a provider's own backlog would be; reading messages back finds them. */
const MAX_UNDER_WAY = 1_000;

/** A delivery in Blooio's form. */
export interface Delivery {
  readonly event: string;
  readonly message_id: string;
  readonly [field: string]: unknown;
}

/** Delivers signed webhooks, again and again where nobody takes them. */
export class WebhookSender implements AsyncDisposable {
  readonly #log: Logger;
  readonly #retriesMs: readonly number[];
  readonly #abort = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(log: Logger, retriesMs: readonly number[] = RETRIES_MS) {
    this.#log = log;
    this.#retriesMs = retriesMs;
  }

  /** Sends in the background. */
  send(webhook: StoredWebhook, delivery: Delivery): void {
    if (this.#abort.signal.aborted || this.#underWay.size >= MAX_UNDER_WAY) return;
    const running: Promise<void> = this.#deliver(webhook, delivery).finally(() => this.#underWay.delete(running));
    this.#underWay.add(running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await Promise.allSettled(this.#underWay);
  }

  async #deliver(webhook: StoredWebhook, delivery: Delivery): Promise<void> {
    const rawBody = Buffer.from(JSON.stringify(delivery));
    for (const waitMs of [0, ...this.#retriesMs]) {
      await this.#wait(waitMs);
      if (this.#abort.signal.aborted) return;
      try {
        const response = await fetch(webhook.url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'x-blooio-event': delivery.event,
            'x-blooio-message-id': delivery.message_id,
            'x-blooio-signature': signDelivery(webhook.secret, rawBody, new Date()),
          },
          body: rawBody,
          redirect: 'manual',
          signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(TIMEOUT_MS)]),
        });
        await response.body?.cancel();
        if (response.ok) return;
        this.#log.debug({ status: response.status }, "the simulator's webhook was not taken");
      } catch (thrown) {
        this.#log.debug({ reason: toError(thrown).name }, "the simulator's webhook was not delivered");
      }
    }
  }

  async #wait(ms: number): Promise<void> {
    const { signal } = this.#abort;
    if (ms === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
    });
  }
}

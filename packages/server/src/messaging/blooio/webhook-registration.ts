import type { Logger } from 'pino';
import { BacklotError, toError } from '../../errors.js';
import type { ProviderMemory } from '../port.js';
import type { ProviderClient } from '../provider-client.js';
import { rotationAnswer, webhookAnswer } from './wire.js';

const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 300_000;

export interface WebhookRegistrationOptions {
  readonly client: ProviderClient;
  readonly memory: ProviderMemory;
  readonly webhookUrl: string;
  readonly timeoutMs: number;
  readonly log: Logger;
}

/**
 * Sees to it that Blooio delivers to our address, and keeps the signing secret, which is told once. When it was told
 * to a Backlot that has forgotten it, the secret is rotated: the address holds a secret of ours, so that nobody else
 * waits for it. A provider that doesn't answer is asked again later.
 */
export class WebhookRegistration implements AsyncDisposable {
  readonly #options: WebhookRegistrationOptions;
  readonly #abort = new AbortController();
  #secret: string | null = null;
  #retry: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: WebhookRegistrationOptions) {
    this.#options = options;
  }

  /** What deliveries are signed with; null until it is known. */
  get secret(): string | null {
    return this.#secret;
  }

  /** Resolves after the first try, whatever came of it. */
  async start(): Promise<void> {
    const { memory, webhookUrl } = this.#options;
    const { webhookUrl: knownUrl, webhookSecret } = await memory.read();
    if (knownUrl === webhookUrl && webhookSecret !== undefined) this.#secret = webhookSecret;
    this.#running = this.#try(FIRST_RETRY_MS);
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#retry);
    await this.#running;
  }

  async #try(retryMs: number): Promise<void> {
    try {
      await this.#register();
    } catch (thrown) {
      if (this.#abort.signal.aborted) return;
      this.#options.log.warn({ err: toError(thrown), retryMs }, "the provider's webhook is not registered");
      this.#retry = setTimeout(() => {
        this.#running = this.#try(Math.min(LAST_RETRY_MS, retryMs * 2));
      }, retryMs).unref();
    }
  }

  async #register(): Promise<void> {
    const { memory, webhookUrl } = this.#options;
    const registered = webhookAnswer.safeParse(
      await this.#post('register webhook', '/webhooks', { webhook_url: webhookUrl, webhook_type: 'all', valid_until: -1 }),
    );
    if (!registered.success) throw new BacklotError('provider_error');
    const { webhook_id: webhookId, signing_secret: told } = registered.data;
    if ((told === null || told === undefined) && this.#secret !== null) return;
    const secret = told ?? (await this.#rotate(webhookId));
    await memory.write({ ...(await memory.read()), webhookUrl, webhookSecret: secret });
    this.#secret = secret;
  }

  async #rotate(webhookId: string): Promise<string> {
    const rotated = rotationAnswer.safeParse(await this.#post('rotate webhook secret', `/webhooks/${encodeURIComponent(webhookId)}/secret/rotate`));
    if (!rotated.success) throw new BacklotError('provider_error');
    return rotated.data.signing_secret;
  }

  async #post(operation: string, path: string, json?: unknown): Promise<unknown> {
    const { client, timeoutMs } = this.#options;
    const answer = await client.send({ operation, method: 'POST', path, json, isChange: true, timeoutMs, signal: this.#abort.signal });
    return answer.json;
  }
}

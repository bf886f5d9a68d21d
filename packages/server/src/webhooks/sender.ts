/** What an endpoint answered. Its body is not of interest. */
export interface WebhookAnswer {
  readonly status: number;
  /** The `Retry-After` header as it came; null without one. */
  readonly retryAfter: string | null;
}

/** What webhooks need of a client that reaches public addresses only. */
export interface WebhookSender {
  /** Throws `invalid_webhook_url` or `url_not_allowed` for an address that would never be reached. */
  check(url: string): Promise<void>;
  /**
   * Sends a body. Redirects are answers like others; of the answer's body at most 64 KB are read.
   * Throws `url_not_allowed`, the signal's reason, or whatever the connection died of.
   */
  post(
    url: string,
    request: { readonly headers: Readonly<Record<string, string>>; readonly body: string; readonly signal: AbortSignal },
  ): Promise<WebhookAnswer>;
}

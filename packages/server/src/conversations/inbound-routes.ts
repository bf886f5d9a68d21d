import { createHash, timingSafeEqual } from 'node:crypto';
import { BacklotError } from '../errors.js';
import type { App } from '../http/context.js';
import type { InboundListener, MessagingProvider } from '../messaging/port.js';

export interface InboundRoutesOptions {
  readonly provider: Pick<MessagingProvider, 'name' | 'receive'>;
  /** Part of the address that only the provider was told. */
  readonly secret: string;
  readonly listener: InboundListener;
  readonly now?: () => Date;
}

/** Path of a provider's webhook. */
export const inboundPath = (provider: string, secret: string): string => `/v1/messaging/inbound/${provider}/${secret}`;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Takes the messaging provider's webhooks. No key: the secret in the address, and a signature where the provider signs. */
export const registerInboundRoutes = (app: App, { provider, secret, listener, now = () => new Date() }: InboundRoutesOptions): void => {
  const expected = digest(inboundPath(provider.name, secret));
  app.post(inboundPath(':provider', ':secret'), async (context) => {
    // Digests are of one length, so that comparing takes the same time whatever was sent.
    if (!timingSafeEqual(digest(context.req.path), expected)) throw new BacklotError('route_not_found');
    const rawBody = context.var.bodyBytes ?? new Uint8Array();
    const events = await provider.receive({ headers: context.req.raw.headers, rawBody, hasSecretPath: true }, now());
    for (const event of events) await listener(event);
    return context.json({});
  });
};

import { createHmac, timingSafeEqual } from 'node:crypto';
import { BacklotError } from '../../errors.js';

/** How far the time of a signature may be from ours, in seconds. */
const TOLERANCE_SECONDS = 300;
/** Both names have been seen on deliveries. */
const HEADERS = ['x-blooio-signature', 'blooio-signature'] as const;

/** HMAC-SHA256 over `<unix seconds>.<raw body>`, in hex. Source: docs.blooio.com, "Webhook events". */
const macOf = (secret: string, timestamp: string, rawBody: Uint8Array): Buffer => createHmac('sha256', secret).update(`${timestamp}.`).update(rawBody).digest();

/** A signature header, as Blooio's deliveries have it: `t=<unix seconds>,v1=<hex>`. */
export const signDelivery = (secret: string, rawBody: Uint8Array, now: Date): string => {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  return `t=${timestamp},v1=${macOf(secret, timestamp, rawBody).toString('hex')}`;
};

interface Signature {
  readonly timestamp: string;
  readonly macs: readonly Buffer[];
}

const parse = (header: string): Signature | null => {
  const pairs = header.split(',').map((pair) => pair.trim().split('=', 2));
  const timestamp = pairs.find(([name]) => name === 't')?.[1];
  if (timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return null;
  const macs = pairs.flatMap(([name, value]) => (name === 'v1' && value !== undefined && /^[0-9a-f]{64}$/i.test(value) ? [Buffer.from(value, 'hex')] : []));
  return { timestamp, macs };
};

/**
 * Lets a delivery pass that one of the secrets has signed within five minutes of now; during a rotation there may be
 * several signatures, of which one must fit.
 *
 * @throws BacklotError `webhook_refused`
 */
export const verifyDelivery = (secrets: readonly string[], headers: Headers, rawBody: Uint8Array, now: Date): void => {
  for (const name of HEADERS) {
    const signature = parse(headers.get(name) ?? '');
    if (signature === null || Math.abs(Number(signature.timestamp) - now.getTime() / 1000) > TOLERANCE_SECONDS) continue;
    for (const secret of secrets) {
      const expected = macOf(secret, signature.timestamp, rawBody);
      if (signature.macs.some((mac) => timingSafeEqual(mac, expected))) return;
    }
  }
  throw new BacklotError('webhook_refused');
};

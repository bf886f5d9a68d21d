import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** SHA-256 of a text, hex: how keys, links and cookies are kept. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** A random secret that is safe in addresses: 256 bits, base64url. */
export const createSecret = (): string => randomBytes(32).toString('base64url');

/** HMAC-SHA256 over a labelled text; the label keeps signatures of one purpose from being used for another. */
export const signText = (key: Uint8Array, purpose: string, text: string): Buffer => createHmac('sha256', key).update(`${purpose}\n${text}`).digest();

/** Compares in constant time; false when `given` is not base64url of the right length. */
export const isSignature = (expected: Buffer, given: string): boolean => {
  const bytes = Buffer.from(given, 'base64url');
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
};

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Encrypts secrets of others that Backlot must be able to read again: signing secrets, providers' keys. */
export interface Sealer {
  /** Encrypts a text for a purpose: it can't be opened for another one. */
  seal(purpose: string, text: string): Uint8Array;
  /** @throws Error when it was not sealed here for this purpose. */
  open(purpose: string, sealed: Uint8Array): string;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM under a key derived from the installation's secret (HKDF, RFC 5869). Layout: nonce, tag, text. */
export const createSealer = (secret: Uint8Array): Sealer => {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'backlot sealer', 32));
  return {
    seal: (purpose, text) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    open: (purpose, sealed) => {
      const bytes = Buffer.from(sealed);
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(purpose))
        .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
    },
  };
};

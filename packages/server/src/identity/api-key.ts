import { createHash, randomBytes } from 'node:crypto';

const PREFIX = 'blk_';
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const CHECKSUM_LENGTH = 6;

const toBase58 = (bytes: Uint8Array): string => {
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  while (value > 0n) {
    text = `${ALPHABET.charAt(Number(value % 58n))}${text}`;
    value /= 58n;
  }
  return text.padStart(44, ALPHABET.charAt(0));
};

const checksum = (body: string): string =>
  toBase58(
    createHash('sha256')
      .update(PREFIX + body)
      .digest()
      .subarray(0, 8),
  ).slice(-CHECKSUM_LENGTH);

/** A new API key: `blk_`, 32 random bytes in base58, and a checksum at the end, so that secret scanners can tell real ones. */
export const createApiKey = (): string => {
  const body = toBase58(randomBytes(32));
  return `${PREFIX}${body}${checksum(body)}`;
};

/** Whether a text is an API key that we made, without a look at the database. Keys from `BACKLOT_API_KEY` need not be. */
export const isApiKey = (text: string): boolean => {
  if (!text.startsWith(PREFIX)) return false;
  const body = text.slice(PREFIX.length, -CHECKSUM_LENGTH);
  return body.length > 0 && text.endsWith(checksum(body));
};

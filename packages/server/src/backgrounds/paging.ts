import { createHash } from 'node:crypto';
import { BacklotError } from '../errors.js';
const fingerprint = (filter: readonly string[]) => createHash('sha256').update(JSON.stringify(filter)).digest('base64url').slice(0, 12);
export const encodeCursor = (position: { readonly createdAt: Date; readonly id: string }, filter: readonly string[]): string =>
  Buffer.from(JSON.stringify([position.createdAt.getTime(), position.id, fingerprint(filter)])).toString('base64url');
export const decodeCursor = (cursor: string, filter: readonly string[]): { createdAt: Date; id: string } => {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parsed) && typeof parsed[0] === 'number' && typeof parsed[1] === 'string' && parsed[2] === fingerprint(filter)) return { createdAt: new Date(parsed[0]), id: parsed[1] };
  } catch {}
  throw new BacklotError('invalid_cursor');
};

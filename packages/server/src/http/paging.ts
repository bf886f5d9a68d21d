import { MAX_TITLE_LENGTH } from '@backlot/contract';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { BacklotError } from '../errors.js';

/** Where the next page starts: after the row with these facts. */
export interface Position {
  readonly createdAt: Date;
  readonly id: string;
  /** In lists by title. */
  readonly title?: string;
}

/** The last millisecond of the year 9999: beyond it times are written in another way, which PostgreSQL doesn't read. */
const MAX_TIME_MS = 253_402_300_799_999;

const cursorSchema = z.tuple([z.number().int().min(0).max(MAX_TIME_MS), z.string().max(64), z.string(), z.string().max(MAX_TITLE_LENGTH).optional()]);

/** A cursor only fits the list and the filter that it came from. */
const fingerprint = (filter: readonly string[]): string => createHash('sha256').update(JSON.stringify(filter)).digest('base64url').slice(0, 12);

const encodeCursor = ({ createdAt, id, title }: Position, filter: readonly string[]): string =>
  Buffer.from(JSON.stringify([createdAt.getTime(), id, fingerprint(filter), ...(title === undefined ? [] : [title])])).toString('base64url');

/** Reads a cursor of this list and filter. Throws `invalid_cursor`. */
export const decodeCursor = (cursor: string | undefined, filter: readonly string[]): Position | undefined => {
  if (cursor === undefined) return undefined;
  try {
    const [createdAt, id, print, title] = cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    if (print === fingerprint(filter)) return { createdAt: new Date(createdAt), id, ...(title === undefined ? {} : { title }) };
  } catch (cause) {
    throw new BacklotError('invalid_cursor', { cause });
  }
  throw new BacklotError('invalid_cursor');
};

const byTime = ({ createdAt, id }: Position): Position => ({ createdAt, id });

/** Cuts a page out of `limit + 1` rows: the extra one only tells that there is more. `positionOf`: what the list's order goes by. */
export const toPage = <Row extends { readonly record: Position; readonly view: unknown }>(
  rows: readonly Row[],
  limit: number,
  filter: readonly string[],
  positionOf: (record: Row['record']) => Position = byTime,
): { data: Row['view'][]; next_cursor: string | null } => {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    data: page.map(({ view }) => view),
    next_cursor: rows.length > limit && last !== undefined ? encodeCursor(positionOf(last.record), filter) : null,
  };
};

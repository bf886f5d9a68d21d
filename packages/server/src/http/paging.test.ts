import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, toPage } from './paging.js';

const row = (id: string, atMs: number) => ({ record: { id, createdAt: new Date(atMs) }, view: id });

describe('paging', () => {
  it('gives a cursor that leads behind the last row of the page', () => {
    const { data, next_cursor: cursor } = toPage([row('c', 3), row('b', 2), row('a', 1)], 2, ['sessions']);
    expect(data).toEqual(['c', 'b']);
    expect(decodeCursor(cursor ?? undefined, ['sessions'])).toEqual({ id: 'b', createdAt: new Date(2) });
  });

  it('has no cursor on the last page', () => {
    expect(toPage([row('b', 2), row('a', 1)], 2, []).next_cursor).toBeNull();
    expect(toPage([], 2, []).next_cursor).toBeNull();
  });

  it('refuses the cursor of another list or filter', () => {
    const cursor = toPage([row('b', 2), row('a', 1)], 1, ['images', 'office']).next_cursor ?? '';
    expect(() => decodeCursor(cursor, ['images', 'other'])).toThrow(expect.objectContaining({ code: 'invalid_cursor' }));
    expect(() => decodeCursor(cursor, ['sessions', 'office'])).toThrow(expect.objectContaining({ code: 'invalid_cursor' }));
  });

  it('answers any other text with invalid_cursor', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.json().map((json) => Buffer.from(json).toString('base64url')),
        ),
        (text) => {
          expect(() => decodeCursor(text, [])).toThrow(expect.objectContaining({ code: 'invalid_cursor' }));
        },
      ),
    );
  });

  it('refuses a time that no row can have', () => {
    const cursor = toPage([row('b', 2), row('a', 1)], 1, []).next_cursor ?? '';
    const forged = Buffer.from(Buffer.from(cursor, 'base64url').toString().replace('[2,', '[9000000000000000,')).toString('base64url');
    expect(() => decodeCursor(forged, [])).toThrow(expect.objectContaining({ code: 'invalid_cursor' }));
  });
});

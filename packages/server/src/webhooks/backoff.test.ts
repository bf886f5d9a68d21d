import { describe, expect, it } from 'vitest';
import { MAX_ATTEMPTS, parseRetryAfterMs, retryDelayMs } from './backoff.js';

describe('backoff', () => {
  it('waits longer each time, spread by a fifth, and ends', () => {
    expect(retryDelayMs(1, null, 0)).toBe(5_000);
    expect(retryDelayMs(1, null, 1)).toBe(6_000);
    expect(retryDelayMs(MAX_ATTEMPTS - 1, null, 0)).toBe(24 * 3_600_000);
    expect(retryDelayMs(MAX_ATTEMPTS, null, 0)).toBeNull();
    expect(retryDelayMs(MAX_ATTEMPTS + 1, null, 0)).toBeNull();
  });

  it('never comes earlier than asked for, nor later than a day for it', () => {
    expect(retryDelayMs(1, 60_000, 1)).toBe(60_000);
    expect(retryDelayMs(3, 60_000, 0)).toBe(120_000);
    expect(retryDelayMs(1, 90 * 3_600_000, 0)).toBe(24 * 3_600_000);
  });

  it('reads Retry-After as seconds or a date, and nothing else', () => {
    const now = new Date('2026-11-20T12:00:00Z');
    expect(parseRetryAfterMs('120', now)).toBe(120_000);
    expect(parseRetryAfterMs(' 0 ', now)).toBe(0);
    expect(parseRetryAfterMs('Fri, 20 Nov 2026 12:01:00 GMT', now)).toBe(60_000);
    expect(parseRetryAfterMs('Fri, 20 Nov 2026 11:00:00 GMT', now)).toBe(0);
    for (const header of [null, '', 'soon', '1e9']) expect(parseRetryAfterMs(header, now)).toBeNull();
  });
});

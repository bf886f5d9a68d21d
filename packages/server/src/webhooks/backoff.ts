const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Waits after the first, second, … failed attempt. When they are used up, the delivery has failed. */
const DELAYS_MS = [5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS, 12 * HOUR_MS, 24 * HOUR_MS] as const;
/** Most that an endpoint can ask to wait. */
const MAX_RETRY_AFTER_MS = 24 * HOUR_MS;
/** Share of a wait by which it differs at most, so that what failed together is not repeated together. */
const JITTER = 0.2;

/** How often a delivery is tried before it has failed. */
export const MAX_ATTEMPTS = DELAYS_MS.length + 1;

/**
 * Milliseconds to wait after a failed attempt; null when it was the last.
 *
 * @param attempt 1 for the first
 * @param retryAfterMs what the endpoint asked for: never tried earlier, up to a day
 * @param random from 0 to 1
 */
export const retryDelayMs = (attempt: number, retryAfterMs: number | null, random: number): number | null => {
  const delayMs = DELAYS_MS[attempt - 1];
  if (delayMs === undefined) return null;
  const jittered = Math.round(delayMs * (1 + JITTER * random));
  return Math.max(jittered, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
};

/** Reads a `Retry-After` header (RFC 9110 §10.2.3): seconds or a date. Null when it is neither. */
export const parseRetryAfterMs = (header: string | null, now: Date): number | null => {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * SECOND_MS;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - now.getTime());
};

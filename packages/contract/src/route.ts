import { z } from '@hono/zod-openapi';
import { errorBody } from './common.js';
import { ERROR_CODES, type ErrorCode, type ErrorFacts } from './errors.js';

/** A JSON reply. */
export const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

/** The error replies of a route, grouped by status with their codes in the description; a pair names another status than the code's own. */
export const errors = (...codes: readonly (ErrorCode | readonly [ErrorCode, ErrorFacts['status']])[]) => {
  const byStatus = new Map<number, string[]>();
  for (const entry of codes) {
    const [code, status] = typeof entry === 'string' ? [entry, ERROR_CODES[entry].status] : entry;
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\``]);
  }
  return Object.fromEntries([...byStatus].map(([status, names]) => [status, json(errorBody, names.join(', '))]));
};

/** What can come of an image's address, wherever one is taken. The last two: what the address leads to is too large; too much is fetched at once. */
export const IMAGE_URL_ERRORS = [
  'invalid_image_url',
  'url_not_allowed',
  'image_fetch_failed',
  'unsupported_image_type',
  ['image_too_large', 422],
  'image_fetch_busy',
  ['image_fetch_busy', 503],
] as const satisfies readonly (ErrorCode | readonly [ErrorCode, ErrorFacts['status']])[];

/** Routes that need an API key (or the console's cookie). */
export const secured = { security: [{ apiKey: [] }] };

/** Header of every POST: the same key and request give the same reply once. */
export const idempotent = z.object({
  'idempotency-key': z.string().optional().openapi({ description: 'A random UUID: the request takes effect once, however often it is sent in 24 hours.' }),
});

import { z } from '@hono/zod-openapi';
import { ERROR_CODES, type ErrorCode } from './errors.js';

/** Characters of random ids: no vowels and no look-alikes, so that no words appear and ids can be read aloud. */
export const ID_ALPHABET = '23456789bcdfghjkmnpqrstvwxz';
/** Random characters after an id's prefix: 20 × log2(27) = 95 bits. */
export const ID_LENGTH = 20;

/** Schema of a prefixed id such as `bg_…`. */
export const idSchema = <Prefix extends string>(prefix: Prefix, example: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[${ID_ALPHABET}]{${ID_LENGTH}}$`), `must be an id that starts with ${prefix}_`)
    .openapi({ example });

/** An id in a path or a reference: its form is not checked, because what does not exist is a 404 whatever it looks like. */
export const idReference = (example: string) => z.string().min(1).max(64).openapi({ example });

/** Id of a background image, `bg_…`. */
export const backgroundImageId = idSchema('bg', 'bg_7kq2mx9cvt4wz8hn3pdr');
/** Id of a session, `sess_…`. */
export const sessionId = idSchema('sess', 'sess_4tz8hw2kq9mx7cvn3pdr');

/** Address of an image to fetch. Its form is not checked here: whoever fetches it says in one code what is wrong with it. */
export const imageUrl = z
  .string()
  .openapi({ description: 'An https address of a JPEG, PNG, GIF, WebP or HEIC of at most 10 MB, public.', example: 'https://images.example.com/office.jpg' });

/** RFC 3339 time in UTC, milliseconds. */
export const time = z.iso.datetime({ precision: 3 }).openapi({ example: '2026-11-20T12:00:00.000Z' });

/** Query of every list. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50).openapi({ description: 'Items a page, 1 to 100.' }),
  cursor: z.string().max(2048).optional().openapi({ description: '`next_cursor` of the page before.' }),
});

/** Query value that has a list counted: only who shows the number needs it. */
export const includeTotal = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true')
  .openapi({ type: 'boolean', description: 'Whether to count the items on all pages.' });

/** How many items all pages of a list have together. */
export const total = z.number().int().min(0).optional().openapi({ description: 'Items on all pages, if `include_total` asked for it.' });

/** Shape of every list: `next_cursor` is null on the last page. */
export const pageOf = <Item extends z.ZodType>(item: Item) => z.object({ data: z.array(item), next_cursor: z.string().nullable() });

const codes = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];

/** Body of every error reply. */
export const errorBody = z
  .object({
    error: z.object({
      code: z.enum(codes).openapi({ example: 'invalid_request' }),
      message: z.string(),
      type: z.enum(['invalid_request', 'authentication', 'not_found', 'conflict', 'rate_limit', 'unavailable', 'internal']),
      details: z.array(z.object({ field: z.string(), message: z.string() })),
      request_id: z.string(),
      docs_url: z.string(),
    }),
  })
  .openapi('Error');

export type ErrorBody = z.infer<typeof errorBody>;

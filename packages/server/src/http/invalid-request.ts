import type { z } from 'zod';
import { BacklotError } from '../errors.js';

/** The refusal of a request that does not fit its schema: each field and what is wrong with it. */
export const invalidRequest = (error: z.core.$ZodError): BacklotError =>
  new BacklotError('invalid_request', {
    details: error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ field: [...issue.path, key].join('.'), message: 'is not a field of this request' }))
        : [{ field: issue.path.join('.'), message: issue.message }],
    ),
  });

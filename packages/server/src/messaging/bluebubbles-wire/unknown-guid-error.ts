import { BacklotError } from '../../errors.js';

/** The server knows no such guid; it may know a chat by another. */
export class UnknownGuidError extends BacklotError {
  override readonly name = 'UnknownGuidError';

  constructor(cause: Error) {
    super('provider_error', { cause });
  }
}

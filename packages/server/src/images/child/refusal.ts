import type { ChildReply } from '../messages.js';

/** Why an image is refused: a code for callers, and what the decoder said for the log. */
export class Refusal extends Error {
  override readonly name: string = 'Refusal';
  readonly code: Extract<ChildReply, { type: 'refused' }>['code'];

  constructor(code: Refusal['code'], reason: string, cause?: unknown) {
    super(reason, { cause });
    this.code = code;
  }
}

/** Makes a refusal of what a decoder threw. libvips tells its failures apart only by their texts. */
export const toRefusal = (error: unknown): Refusal => {
  if (error instanceof Refusal) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (reason.startsWith('timeout:')) return new Refusal('image_service_failed', reason, error);
  if (reason.includes('exceeds pixel limit')) return new Refusal('image_too_many_pixels', reason, error);
  if (reason.includes('unsupported image format')) return new Refusal('image_unsupported_type', reason, error);
  return new Refusal('image_undecodable', reason, error);
};

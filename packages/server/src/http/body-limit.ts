import { MAX_IMAGE_BYTES } from '@backlot/contract';
import type { Context, MiddlewareHandler } from 'hono';
import { BacklotError } from '../errors.js';
import type { AppEnv } from './context.js';

/** Largest body that is not a form, in bytes. */
const MAX_BODY_BYTES = 1024 * 1024;
/** A form holds an image and a little around it. */
const MAX_FORM_BYTES = MAX_IMAGE_BYTES + 64 * 1024;

/** Reads a body into memory, counting while it streams. Throws `tooLarge`. */
const readBounded = async (
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  tooLarge: 'image_too_large' | 'body_too_large',
): Promise<Uint8Array<ArrayBuffer>> => {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) throw new BacklotError(tooLarge);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
};

/** Reads a request's body into memory, for those who need it whole; later readers get it again. */
const holdBody = async (context: Context<AppEnv>, maxBytes: number, tooLarge: 'image_too_large' | 'body_too_large'): Promise<void> => {
  const { raw } = context.req;
  if (raw.body === null) return;
  const body = await readBounded(raw.body, maxBytes, tooLarge);
  context.set('bodyBytes', body);
  context.req.raw = new Request(raw.url, { method: raw.method, headers: raw.headers, signal: raw.signal, ...(body.byteLength === 0 ? {} : { body }) });
};

const isForm = (context: Context): boolean => context.req.header('content-type')?.startsWith('multipart/form-data') ?? false;

/** Bounds what a request may make us hold. Forms stream on to their route, which counts them itself. */
export const limitBody = (): MiddlewareHandler<AppEnv> => async (context, next) => {
  if (!isForm(context)) await holdBody(context, MAX_BODY_BYTES, 'body_too_large');
  await next();
};

/** The whole body, also of a form. For those whom authentication let in. Throws `image_too_large`. */
export const readWholeBody = async (context: Context<AppEnv>): Promise<Uint8Array> => {
  if (isForm(context)) await holdBody(context, MAX_FORM_BYTES, 'image_too_large');
  return context.var.bodyBytes ?? new Uint8Array();
};

import { MAX_IMAGE_BYTES, MAX_TITLE_LENGTH, title as titleSchema } from '@backlot/contract';
import { BacklotError } from '../errors.js';
import { type FormPart, multipartBoundary, MultipartError, parseMultipart } from '../http/multipart.js';

/** What a person uploads: one image and what to call it. */
export interface Upload {
  readonly title: string;
  readonly bytes: Uint8Array;
}

/** Room for the form around the image. */
const MAX_BODY_BYTES = MAX_IMAGE_BYTES + 64 * 1024;
const UNTITLED = 'Untitled';

/** A title from a file's name: without folder and extension, underscores as spaces, no control characters. */
export const titleFromFilename = (filename: string): string => {
  const base = filename.split(/[/\\]/).at(-1) ?? '';
  const cleaned = base
    .replace(/\.[A-Za-z0-9]{1,5}$/, '')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}_]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  // A cut must not leave half of a character.
  return (
    cleaned
      .slice(0, MAX_TITLE_LENGTH)
      .replace(/[\uD800-\uDBFF]$/, '')
      .trim() || UNTITLED
  );
};

/** Reads a body up to a limit, counting while it comes: what is larger is refused at that byte, whatever its header says. */
const readBody = async (request: Request): Promise<Buffer> => {
  const declared = Number(request.headers.get('content-length') ?? Number.NaN);
  if (declared > MAX_BODY_BYTES) throw new BacklotError('image_too_large');
  let body = Buffer.allocUnsafe(declared > 0 ? declared : 256 * 1024);
  let length = 0;
  // `lib.dom` is not here, so the body's type is told by hand.
  const stream = request.body as ReadableStream<Uint8Array> | null;
  if (stream === null) return Buffer.alloc(0);
  for await (const chunk of stream) {
    const needed = length + chunk.byteLength;
    if (needed > MAX_BODY_BYTES) throw new BacklotError('image_too_large');
    if (needed > body.byteLength) {
      const larger = Buffer.allocUnsafe(Math.min(MAX_BODY_BYTES, Math.max(needed, body.byteLength * 2)));
      body.copy(larger, 0, 0, length);
      body = larger;
    }
    body.set(chunk, length);
    length = needed;
  }
  return body.subarray(0, length);
};

const invalid = (field: string, message: string): BacklotError => new BacklotError('invalid_request', { details: [{ field, message }] });

const titleOf = (fields: readonly FormPart[], filename: string): string => {
  const titles = fields.filter((field) => field.name === 'title');
  const [first] = titles;
  if (first === undefined) return titleFromFilename(filename);
  if (titles.length > 1) throw invalid('title', 'must be there once');
  const parsed = titleSchema.safeParse(Buffer.from(first.bytes).toString('utf8'));
  if (!parsed.success) throw invalid('title', parsed.error.issues[0]?.message ?? 'is invalid');
  return parsed.data;
};

/**
 * Reads the form of an upload: exactly one file in the field `image`, and perhaps a `title`. At most 10 MB are held
 * in memory and nothing is written. Throws `unsupported_media_type`, `image_too_large`, `image_missing`,
 * `image_duplicate_field`, `image_empty`, `invalid_request`.
 */
export const readUpload = async (request: Request): Promise<Upload> => {
  const boundary = multipartBoundary(request.headers.get('content-type'));
  if (boundary === null) {
    throw new BacklotError('unsupported_media_type', {
      message: 'An upload is a form: send multipart/form-data with one file in the field `image`, or JSON with `image_url`.',
    });
  }
  const body = await readBody(request);
  let parts: FormPart[];
  try {
    parts = parseMultipart(body, boundary);
  } catch (error) {
    if (!(error instanceof MultipartError)) throw error;
    throw new BacklotError('invalid_request', { message: `The form can't be read: ${error.message}.`, cause: error });
  }
  // A file field that nothing was chosen for comes with an empty name.
  const files = parts.filter((part) => part.filename !== null && !(part.filename === '' && part.bytes.byteLength === 0));
  if (files.length > 1) throw new BacklotError('image_duplicate_field');
  const [file] = files;
  if (file?.name !== 'image') throw new BacklotError('image_missing', { details: [{ field: 'image', message: 'must be a file' }] });
  const unknown = parts.find((part) => part !== file && part.name !== 'title' && part.filename === null);
  if (unknown !== undefined) throw invalid(unknown.name.slice(0, 100), 'is not a known field');
  if (file.bytes.byteLength === 0) throw new BacklotError('image_empty');
  if (file.bytes.byteLength > MAX_IMAGE_BYTES) throw new BacklotError('image_too_large');
  return { title: titleOf(parts, file.filename ?? ''), bytes: file.bytes };
};

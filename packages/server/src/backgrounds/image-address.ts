import { createBackgroundImageFromUrl } from '@backlot/contract';
import { BacklotError } from '../errors.js';
import { invalidRequest } from '../http/invalid-request.js';
import { titleFromFilename } from './upload.js';

/** Where an image of the library is to be fetched from, and what to call it. */
export interface ImageAddress {
  readonly title: string;
  /** As it came: whoever fetches it judges it. */
  readonly imageUrl: string;
}

/** Whether a request names an image's address instead of bringing the image. */
export const isImageAddress = (request: Request): boolean => /^application\/json(?:;|$)/i.test(request.headers.get('content-type') ?? '');

const nameOf = (url: string): string => {
  if (!URL.canParse(url)) return '';
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
};

/** Reads `{title?, image_url}`; without a title it is the file's name in the address. Throws `invalid_json`, `invalid_request`. */
export const readImageAddress = async (request: Request): Promise<ImageAddress> => {
  let body: unknown;
  try {
    body = await request.json();
  } catch (error) {
    throw new BacklotError('invalid_json', { cause: error });
  }
  const parsed = createBackgroundImageFromUrl.safeParse(body);
  if (!parsed.success) throw invalidRequest(parsed.error);
  const { title, image_url: imageUrl } = parsed.data;
  return { title: title ?? titleFromFilename(nameOf(imageUrl)), imageUrl };
};

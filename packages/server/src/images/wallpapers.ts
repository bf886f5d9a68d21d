import { type BackgroundImageFacts, MAX_IMAGE_BYTES } from '@backlot/contract';
import { createHash } from 'node:crypto';
import { BacklotError } from '../errors.js';
import type { ImageJob, ImagePool, PreparedImage } from './image-pool.js';
import type { ImageFacts } from './messages.js';
import { PHONE_MARGINS, PHONE_WINDOW } from './phone.js';
import { SNIFF_BYTES, sniffImage } from './sniff.js';

/** What an image is that may become the wallpaper of a chat. */
export interface WallpaperFacts extends BackgroundImageFacts {
  /** As it goes to a provider. */
  readonly mediaType: 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp' | 'image/heic';
  readonly frames: number;
  readonly animated: boolean;
  /** Whether any pixel lets something through. */
  readonly transparent: boolean;
  /** What EXIF tells of the file's orientation, 1 to 8; 1 is upright. `width` and `height` are upright already. */
  readonly orientation: number;
}

/** A rendition for phones. */
export interface PhoneWallpaper {
  /** At most 10 MB. */
  readonly bytes: Uint8Array;
  readonly mediaType: 'image/jpeg';
  readonly width: number;
  readonly height: number;
}

type Format = WallpaperFacts['format'];

const FORMATS: Readonly<Partial<Record<ImageFacts['mediaType'], Format>>> = {
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/heic': 'heic',
};

/** The same failures have other names here than at an upload: the wire of conversations was there before. */
const toWallpaperError = (error: unknown): unknown => {
  if (!(error instanceof BacklotError)) return error;
  switch (error.code) {
    case 'image_too_many_pixels':
      return new BacklotError('image_dimensions_too_large', { cause: error });
    // The first bytes were an image's: what follows is not.
    case 'image_unsupported_type':
    case 'image_undecodable':
      return new BacklotError('image_unreadable', { cause: error });
    default:
      return error;
  }
};

/** Looks at images before they become the wallpaper of a chat, and makes them fit phones. */
export class Wallpapers {
  readonly #pool: Pick<ImagePool, 'prepare'>;

  constructor(pool: Pick<ImagePool, 'prepare'>) {
    this.#pool = pool;
  }

  /**
   * Tells what an image is, having decoded all of it: every frame of an animation. Throws `unsupported_image_type`
   * (AVIF too: no provider takes it), `image_too_large`, `image_dimensions_too_large` (all frames together), `image_unreadable`, all 422, and
   * `image_service_busy`, `image_service_failed`. Rejects when `signal` aborts.
   */
  async inspect(bytes: Uint8Array, signal?: AbortSignal): Promise<WallpaperFacts> {
    const { image } = await this.#decode(bytes, { frames: 'all', outputs: [] }, signal);
    const { mediaType, width, height, frames, transparent, orientation } = image;
    const format = FORMATS[mediaType];
    if (format === undefined) throw new BacklotError('unsupported_image_type');
    return { format, mediaType: `image/${format}`, width, height, sizeBytes: bytes.byteLength, frames, animated: frames > 1, transparent, orientation };
  }

  /**
   * A JPEG that shows the whole of a phone's share of the image although phones zoom twofold into wallpapers that a
   * program sets (`phone.ts`): the image, cropped to the screen, stands where the zoom looks, amid its blurred
   * continuation. The first frame of an animation; on black where it is transparent. Takes AVIF too;
   * throws what `inspect` throws.
   */
  async toPhone(bytes: Uint8Array, signal?: AbortSignal): Promise<PhoneWallpaper> {
    const { width, height } = PHONE_WINDOW;
    const output = { fit: 'surround', width, height, margins: PHONE_MARGINS, format: 'jpeg', maxBytes: MAX_IMAGE_BYTES } as const;
    const { pictures } = await this.#decode(bytes, { outputs: [output] }, signal);
    const [picture] = pictures;
    if (picture === undefined) throw new Error('a job without output was answered');
    return { bytes: picture.bytes, mediaType: 'image/jpeg', width: picture.width, height: picture.height };
  }

  async #decode(bytes: Uint8Array, job: Pick<ImageJob, 'frames' | 'outputs'>, signal: AbortSignal | undefined): Promise<PreparedImage> {
    if (bytes.byteLength > MAX_IMAGE_BYTES) throw new BacklotError('image_too_large', { status: 422 });
    if (sniffImage(bytes.subarray(0, SNIFF_BYTES)) === null) throw new BacklotError('unsupported_image_type');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    try {
      return await this.#pool.prepare({ sha256, file: bytes, ...job }, signal);
    } catch (error) {
      throw toWallpaperError(error);
    }
  }
}

import type { BackgroundImageFacts, BackgroundWarning, SetConversationBackground } from '@backlot/contract';
import { createHash } from 'node:crypto';
import { BacklotError } from '../errors.js';
import type { ImageFetcher } from '../http/safe-fetch/safe-fetcher.js';
import { warningsFor } from '../images/wallpaper-warnings.js';
import type { Wallpapers } from '../images/wallpapers.js';
import type { ProviderImage } from '../messaging/port.js';
import { backgroundIdOf } from './background-id.js';
import { Turns } from './turns.js';

/** The bytes that shall become a chat's background, and what a decoder says of them. */
export interface WantedBytes {
  readonly bytes: Uint8Array;
  /** Still under way, so that they can be stored meanwhile. */
  readonly checked: Promise<WantedImage>;
}

/** An image that shall become a chat's background, looked at and ready to be sent. */
export interface WantedImage {
  readonly sent: ProviderImage;
  /** Of the bytes that are sent. */
  readonly sha256: string;
  readonly backgroundId: string;
  /** Facts of what is sent. */
  readonly facts: BackgroundImageFacts;
  readonly warnings: readonly BackgroundWarning[];
}

export interface WantedImagesOptions {
  readonly fetcher: ImageFetcher;
  readonly library: {
    /** Throws `background_image_not_found`. */
    readBytes(organizationId: string, id: string): Promise<Uint8Array>;
  };
  readonly wallpapers: Pick<Wallpapers, 'inspect' | 'toPhone'>;
}

/** Images that are decoded at once; more would only wait in the children's queue. */
const MAX_DECODING = 8;

const isNotFound = (error: unknown): boolean =>
  error instanceof BacklotError && (error.code === 'background_image_not_found' || error.code === 'rendition_not_found');

/** Gets the image of a request: from its address or the library, whole, decoded, and made to fit if that is asked for. */
export class WantedImages {
  readonly #options: WantedImagesOptions;
  readonly #decoding = new Turns(MAX_DECODING);

  constructor(options: WantedImagesOptions) {
    this.#options = options;
  }

  /**
   * Gets it. Throws the codes of fetching and `background_image_not_found` (422); `checked` those of `Wallpapers` and
   * `image_too_large` (422) above the provider's `maxBytes`, which come here when it was made to fit.
   */
  async get(
    request: SetConversationBackground,
    context: { readonly organizationId: string; readonly isGroup: boolean; readonly maxBytes: number },
    signal: AbortSignal,
  ): Promise<WantedBytes> {
    const given = await this.#read(request, context.organizationId, signal);
    const checked = this.#check(given, request, context, signal);
    const bytes = request.fit === 'original' ? given : (await checked).sent.bytes;
    return { bytes, checked };
  }

  async #check(
    given: Uint8Array,
    request: SetConversationBackground,
    context: { readonly isGroup: boolean; readonly maxBytes: number },
    signal: AbortSignal,
  ): Promise<WantedImage> {
    const { wallpapers } = this.#options;
    const { fit } = request;
    const original = await this.#decoding.take(async () => wallpapers.inspect(given, signal), signal);
    const phone = fit === 'phone' ? await this.#decoding.take(async () => wallpapers.toPhone(given, signal), signal) : null;
    const bytes = phone?.bytes ?? given;
    if (bytes.byteLength > context.maxBytes)
      throw new BacklotError('image_too_large', { status: 422, message: 'The image is larger than the provider takes.' });
    const format = phone === null ? original.format : 'jpeg';
    const { width, height } = phone ?? original;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return {
      sent: { bytes, mediaType: phone?.mediaType ?? original.mediaType, fileName: `background.${format === 'jpeg' ? 'jpg' : format}` },
      sha256,
      // A library image that is sent as it is keeps its id; what was made of it is another picture.
      backgroundId: typeof request.background_image === 'string' ? request.background_image : backgroundIdOf(sha256),
      facts: { width, height, format, sizeBytes: bytes.byteLength },
      warnings: warningsFor(original, { isGroup: context.isGroup, fit }),
    };
  }

  async #read(request: SetConversationBackground, organizationId: string, signal: AbortSignal): Promise<Uint8Array> {
    const { fetcher, library } = this.#options;
    if (typeof request.image_url === 'string') return (await fetcher.fetchImage(request.image_url, { organizationId, signal })).bytes;
    if (typeof request.background_image !== 'string') throw new BacklotError('invalid_request');
    try {
      return await library.readBytes(organizationId, request.background_image);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new BacklotError('background_image_not_found', {
        status: 422,
        details: [{ field: 'background_image', message: 'is not in the library' }],
        cause: error,
      });
    }
  }
}

import { type BackgroundImage, type BackgroundImageSort, MAX_IMAGE_BYTES } from '@backlot/contract';
import type { BlobRead } from '../blobs/port.js';
import type { ClaimedBlob } from '../blobs/store-claimed.js';
import type { Database, Executor } from '../database/database.js';
import { BacklotError } from '../errors.js';
import { createId } from '../ids.js';
import type { Size } from '../images/geometry.js';
import type { UrlSigner } from '../identity/url-signer.js';
import { publishEvent } from '../webhooks/outbox.js';
import { adviseOn } from './advice.js';
import { SNIFF_BYTES, sniffImage } from '../images/sniff.js';
import type { Reaper } from './reaper.js';
import type { PreparedPictures, Renditions } from './renditions/renditions.js';
import { canonicalVariant, parseVariant, type RenditionRequest, type Variant, variantName } from './renditions/variant.js';
import {
  type BackgroundImagePosition,
  type BackgroundImageRecord,
  countBackgroundImages,
  deleteBackgroundImage,
  findBackgroundImage,
  insertBackgroundImage,
  listBackgroundImages,
  renameBackgroundImage,
  type RenditionRecord,
} from './repository.js';

export interface BackgroundImageServiceOptions {
  readonly database: Database;
  readonly renditions: Renditions;
  readonly reaper: Reaper;
  readonly signer: UrlSigner;
  /** Base address that viewers use, without a slash at the end. */
  readonly publicUrl: string;
  /** Called when webhook events have been written. */
  readonly onPublished?: (() => void) | undefined;
  readonly now?: () => Date;
}

/** A picture ready to be sent. */
export interface OpenRendition {
  readonly record: RenditionRecord;
  /** Opens the bytes; the caller reads them to the end or cancels. */
  open(): Promise<BlobRead>;
}

/** An image that was taken for a surface, until a row refers to it. */
export interface IngestedImage {
  readonly sourceSha256: string;
  /** Tells the database about its picture, in the transaction that makes that row. */
  record(transaction: Executor): Promise<void>;
}

/** Part of an address of a picture: box and fit. */
export interface RenditionBox {
  readonly width: number;
  readonly height: number;
  readonly fit: 'cover' | 'contain';
}

const THUMBNAIL = canonicalVariant({ width: 320, height: 180, fit: 'cover' });
const WHOLE = canonicalVariant({ width: 1920, height: 1920, fit: 'contain' });
/** Made at upload, so that a thumbnail or a swap on the usual canvases never waits. */
const EAGER: readonly Variant[] = [
  THUMBNAIL,
  canonicalVariant({ width: 1280, height: 720, fit: 'cover' }),
  canonicalVariant({ width: 720, height: 1280, fit: 'cover' }),
];

const HOUR_MS = 60 * 60_000;
/** Signed addresses stay the same for so long, so that they are cached, … */
const STABLE_MS = 12 * HOUR_MS;
/** … and work at least this long. */
const VALID_MS = 24 * HOUR_MS;

/** The library: images that can be a background. */
export class BackgroundImageService {
  readonly #options: BackgroundImageServiceOptions;
  readonly #now: () => Date;

  constructor(options: BackgroundImageServiceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
  }

  /**
   * Takes an image into the library. Once this resolves it survives a killed process; when it rejects nothing stays.
   * Throws `image_empty`, `image_too_large`, `image_unsupported_type`, `image_too_many_pixels`, `image_undecodable`,
   * `image_service_busy`, `image_service_failed`, `storage_full`.
   */
  async create(organizationId: string, upload: { readonly title: string; readonly bytes: Uint8Array }, signal?: AbortSignal): Promise<BackgroundImage> {
    const { title, bytes } = upload;
    return this.#store(bytes, EAGER, signal, async ({ sha256, sizeBytes }, prepared) => {
      const now = this.#now();
      const record: BackgroundImageRecord = { id: createId('bg'), organizationId, title, sha256, sizeBytes, ...prepared.image, createdAt: now, updatedAt: now };
      await this.#options.database.transaction(async (transaction) => {
        await insertBackgroundImage(transaction, record);
        await prepared.record(transaction);
        await publishEvent(transaction, { organizationId, type: 'background_image.created', data: describe(record) }, now);
      });
      this.#options.onPublished?.();
      return this.#view(record);
    });
  }

  /**
   * Takes an image for one surface alone: it is in no list, and stays for as long as the surface is on air. `use` makes
   * the surface refer to it, in a transaction that also records the image's picture. Throws as `create` does.
   */
  async ingest<Result>(bytes: Uint8Array, box: RenditionBox, signal: AbortSignal, use: (image: IngestedImage) => Promise<Result>): Promise<Result> {
    return this.#store(bytes, [canonicalVariant(box)], signal, async ({ sha256 }, prepared) =>
      use({ sourceSha256: sha256, record: async (transaction) => prepared.record(transaction) }),
    );
  }

  /**
   * Keeps the bytes of an image for a surface that `use` makes refer to them; when that fails nothing stays. `use` begins
   * at once and waits for `stored` before it writes the reference, or sends what can't be taken back. Pictures are made
   * when somebody asks for one. Throws `storage_full`.
   */
  async keep<Result>(bytes: Uint8Array, signal: AbortSignal, use: (stored: Promise<unknown>) => Promise<Result>): Promise<Result> {
    const storing = this.#options.renditions.storeSource(bytes, signal);
    // Whoever waits for it hears of it.
    storing.catch(() => undefined);
    try {
      const result = await use(storing);
      (await storing)[Symbol.dispose]();
      return result;
    } catch (error) {
      const source = await storing.catch(() => null);
      source?.[Symbol.dispose]();
      if (source !== null) await this.#options.reaper.discard(source.sha256).catch(() => false);
      throw error;
    }
  }

  /**
   * The bytes of a library image, for programs that take JPEG, PNG, GIF, WebP and HEIC: an AVIF comes as a JPEG of its
   * size. Throws `background_image_not_found`.
   */
  async readBytes(organizationId: string, id: string): Promise<Uint8Array> {
    const { sha256, mediaType, width, height } = await this.#find(organizationId, id);
    const { renditions } = this.#options;
    const variant = canonicalVariant({ width, height, fit: 'contain', format: 'jpeg' });
    const read = mediaType === 'image/avif' ? await renditions.open(await renditions.ensure(sha256, variant), variant) : await renditions.readSource(sha256);
    return new Uint8Array(await new Response(read.stream).arrayBuffer());
  }

  /** Stores an image with its first pictures while `use` makes a row that refers to it; when anything fails nothing stays. */
  async #store<Result>(
    bytes: Uint8Array,
    variants: readonly Variant[],
    signal: AbortSignal | undefined,
    use: (source: ClaimedBlob, prepared: PreparedPictures) => Promise<Result>,
  ): Promise<Result> {
    const { renditions, reaper } = this.#options;
    if (bytes.byteLength === 0) throw new BacklotError('image_empty');
    if (bytes.byteLength > MAX_IMAGE_BYTES) throw new BacklotError('image_too_large');
    if (sniffImage(bytes.subarray(0, SNIFF_BYTES)) === null) throw new BacklotError('image_unsupported_type');
    using source = await renditions.storeSource(bytes, signal);
    try {
      using prepared = await renditions.prepare(source.sha256, variants, signal);
      return await use(source, prepared);
    } catch (error) {
      // Refused bytes don't stay until the reaper comes, unless somebody else has stored the same.
      source[Symbol.dispose]();
      await reaper.discard(source.sha256).catch(() => false);
      throw error;
    }
  }

  async list(
    organizationId: string,
    filter: {
      readonly search?: string | undefined;
      readonly sort?: BackgroundImageSort | undefined;
      readonly after?: BackgroundImagePosition | undefined;
      readonly limit: number;
    },
  ): Promise<{ record: BackgroundImageRecord; view: BackgroundImage }[]> {
    const records = await listBackgroundImages(this.#options.database.executor, { organizationId, ...filter });
    return records.map((record) => ({ record, view: this.#view(record) }));
  }

  /** How many images `list` has on all pages. */
  async count(organizationId: string, search: string | undefined): Promise<number> {
    return countBackgroundImages(this.#options.database.executor, { organizationId, search });
  }

  /** Throws `background_image_not_found`. */
  async get(organizationId: string, id: string): Promise<BackgroundImage> {
    return this.#view(await this.#find(organizationId, id));
  }

  /** Throws `background_image_not_found`. */
  async rename(organizationId: string, id: string, title: string): Promise<BackgroundImage> {
    const record = await renameBackgroundImage(this.#options.database.executor, organizationId, id, { title, updatedAt: this.#now() });
    if (record === null) throw new BacklotError('background_image_not_found');
    return this.#view(record);
  }

  /** Takes an image out of the library, at once. Surfaces that show it go on. Throws `background_image_not_found`. */
  async remove(organizationId: string, id: string): Promise<void> {
    await this.#options.database.transaction(async (transaction) => {
      const record = await deleteBackgroundImage(transaction, organizationId, id);
      if (record === null) throw new BacklotError('background_image_not_found');
      await publishEvent(transaction, { organizationId, type: 'background_image.deleted', data: { id, title: record.title } }, this.#now());
    });
    this.#options.onPublished?.();
  }

  /**
   * What a surface keeps of an image. Given a transaction, the image can't be deleted before it ends, so a surface
   * made in it is sure to keep the bytes. Throws `background_image_not_found`.
   */
  async resolve(organizationId: string, id: string, transaction?: Executor): Promise<{ id: string; sourceSha256: string; transparent: boolean }> {
    const { sha256, transparent } = await this.#find(organizationId, id, transaction);
    return { id, sourceSha256: sha256, transparent };
  }

  /** Makes sure that the picture for a canvas is there, so that no viewer waits for it. */
  async ensureRendition(sourceSha256: string, box: RenditionBox): Promise<void> {
    await this.#options.renditions.ensure(sourceSha256, canonicalVariant(box));
  }

  /** The bytes of the picture for a canvas, as viewers get it. Throws `rendition_not_found`. */
  async readPicture(sourceSha256: string, box: RenditionBox): Promise<Uint8Array<ArrayBuffer>> {
    const { open } = await this.#open(sourceSha256, canonicalVariant(box));
    return new Uint8Array(await new Response((await open()).stream).arrayBuffer());
  }

  /** A JPEG of exactly this size, cropped and enlarged as it needs. Throws `rendition_not_found` and what decoding throws. */
  async exactPicture(sourceSha256: string, size: Size, maxBytes: number): Promise<Uint8Array> {
    return this.#options.renditions.exact(sourceSha256, size, maxBytes);
  }

  /**
   * Absolute address of a picture that works without a key, also after the library's entry was deleted. The same for
   * up to 12 hours, valid for at least 24.
   */
  signedRenditionUrl(sourceSha256: string, box: RenditionBox): string {
    return this.#signedUrl(sourceSha256, canonicalVariant(box));
  }

  /** A picture of a library entry. Throws `background_image_not_found` and what decoding throws. */
  async rendition(organizationId: string, id: string, request: RenditionRequest): Promise<OpenRendition> {
    const { sha256 } = await this.#find(organizationId, id);
    return this.#open(sha256, canonicalVariant(request));
  }

  /** A picture by its signed address. Throws `rendition_not_found`. */
  async signedRendition(
    sourceSha256: string,
    name: string,
    query: { readonly expires: string | undefined; readonly signature: string | undefined },
  ): Promise<OpenRendition> {
    const variant = parseVariant(name);
    if (variant === null || !this.#options.signer.verify(renditionPath(sourceSha256, variant), query)) throw new BacklotError('rendition_not_found');
    return this.#open(sourceSha256, variant);
  }

  async #open(sourceSha256: string, variant: Variant): Promise<OpenRendition> {
    const { renditions } = this.#options;
    const record = await renditions.ensure(sourceSha256, variant);
    return { record, open: () => renditions.open(record, variant) };
  }

  async #find(organizationId: string, id: string, transaction?: Executor): Promise<BackgroundImageRecord> {
    const { database } = this.#options;
    const record = await findBackgroundImage(transaction ?? database.executor, organizationId, id, { lock: transaction !== undefined });
    if (record === null) throw new BacklotError('background_image_not_found');
    return record;
  }

  #signedUrl(sourceSha256: string, variant: Variant): string {
    const { signer, publicUrl } = this.#options;
    const path = renditionPath(sourceSha256, variant);
    const expiresAt = new Date(Math.ceil(this.#now().getTime() / STABLE_MS) * STABLE_MS + VALID_MS);
    return `${publicUrl}${path}?${signer.sign(path, expiresAt)}`;
  }

  #view(record: BackgroundImageRecord): BackgroundImage {
    return {
      ...describe(record),
      image_url: this.#signedUrl(record.sha256, WHOLE),
      thumbnail_url: this.#signedUrl(record.sha256, THUMBNAIL),
      advice: adviseOn(record),
      updated_at: record.updatedAt.toISOString(),
    };
  }
}

const describe = (record: BackgroundImageRecord) => ({
  id: record.id,
  title: record.title,
  width: record.width,
  height: record.height,
  size_bytes: record.sizeBytes,
  media_type: record.mediaType,
  sha256: record.sha256,
  created_at: record.createdAt.toISOString(),
});

/** Path of a picture's signed address. */
export const renditionPath = (sourceSha256: string, variant: Variant): string => `/v1/renditions/${sourceSha256}/${variantName(variant)}`;

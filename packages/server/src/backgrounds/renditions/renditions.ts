import type { BlobClaims } from '../../blobs/claims.js';
import type { BlobRead, BlobStore } from '../../blobs/port.js';
import { type ClaimedBlob, storeClaimed } from '../../blobs/store-claimed.js';
import type { Database, Executor } from '../../database/database.js';
import { BacklotError, toError } from '../../errors.js';
import type { Size } from '../../images/geometry.js';
import type { ImagePool, PreparedImage } from '../../images/image-pool.js';
import type { ImageFacts, PrepareOutput } from '../../images/messages.js';
import { findRendition, type RenditionRecord, trimRenditions, upsertRenditions } from '../repository.js';
import { type Variant, variantName } from './variant.js';

export interface RenditionsOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly claims: BlobClaims;
  readonly pool: ImagePool;
  readonly now: () => Date;
}

/** The first pictures of an uploaded image, stored but not yet known to the database. */
export interface PreparedPictures extends Disposable {
  readonly image: ImageFacts;
  /** Tells the database about the pictures, in the transaction that makes the image's row. */
  record(transaction: Executor): Promise<void>;
}

/** Pictures that are kept of one image; the oldest go first and are made again when somebody asks. */
const MAX_KEPT = 64;

const toOutput = ({ width, height, fit, format }: Variant): PrepareOutput => ({ width, height, fit, format: format ?? 'auto' });

/** The scaled copies of uploaded images: made once, kept under the image's hash, independent of library entries. */
export class Renditions {
  readonly #options: RenditionsOptions;
  /** Pictures that are being made, so that many who ask at once wait for one. */
  readonly #making = new Map<string, Promise<RenditionRecord>>();

  constructor(options: RenditionsOptions) {
    this.#options = options;
  }

  /** Stores an uploaded file. Dispose of the result after the transaction that refers to it. Throws `storage_full`. */
  async storeSource(bytes: Uint8Array, signal?: AbortSignal): Promise<ClaimedBlob> {
    return storeClaimed(this.#options.blobs, this.#options.claims, bytes, signal);
  }

  /**
   * Makes the first pictures of a stored file from one decode. Dispose of the result after its transaction. Throws
   * the `image_…` codes and `storage_full`.
   */
  async prepare(sourceSha256: string, variants: readonly Variant[], signal?: AbortSignal): Promise<PreparedPictures> {
    const prepared = await this.#decode(sourceSha256, variants, signal);
    const { records, ...stored } = await this.#store(sourceSha256, variants, prepared);
    return { image: prepared.image, record: (transaction) => upsertRenditions(transaction, records), ...stored };
  }

  /**
   * A picture of an image, made now if it is not there yet. Throws `rendition_not_found` when the image is gone, and
   * what decoding throws.
   */
  async ensure(sourceSha256: string, variant: Variant): Promise<RenditionRecord> {
    return (await findRendition(this.#options.database.executor, sourceSha256, variantName(variant))) ?? this.#makeOnce(sourceSha256, variant);
  }

  /** A JPEG of exactly this size, cropped and enlarged as it needs, made now and not kept. Throws what `ensure` throws. */
  async exact(sourceSha256: string, size: Size, maxBytes: number): Promise<Uint8Array> {
    const { pool, blobs } = this.#options;
    await using file = await blobs.openFile(sourceSha256);
    if (file === null) throw new BacklotError('rendition_not_found');
    const margins = { left: 0, top: 0, right: 0, bottom: 0 };
    const output = { fit: 'surround', ...size, margins, format: 'jpeg', maxBytes } as const;
    const { pictures } = await pool.prepare({ sha256: sourceSha256, file: file.path, outputs: [output] });
    const [picture] = pictures;
    if (picture === undefined) throw new Error('a job without output was answered');
    return picture.bytes;
  }

  /** Opens a picture's bytes; one whose bytes were lost is made again. */
  async open(record: RenditionRecord, variant: Variant): Promise<BlobRead> {
    const { blobs } = this.#options;
    const read = await blobs.read(record.sha256);
    if (read !== null) return read;
    const made = await this.#makeOnce(record.sourceSha256, variant);
    const again = await blobs.read(made.sha256);
    if (again === null) throw new BacklotError('rendition_not_found');
    return again;
  }

  /** Opens an uploaded file as it was stored. Throws `rendition_not_found` when it is gone. */
  async readSource(sha256: string): Promise<BlobRead> {
    const read = await this.#options.blobs.read(sha256);
    if (read === null) throw new BacklotError('rendition_not_found');
    return read;
  }

  #makeOnce(sourceSha256: string, variant: Variant): Promise<RenditionRecord> {
    const key = `${sourceSha256}/${variantName(variant)}`;
    const running = this.#making.get(key);
    if (running !== undefined) return running;
    const making = this.#make(sourceSha256, variant).finally(() => this.#making.delete(key));
    this.#making.set(key, making);
    return making;
  }

  async #make(sourceSha256: string, variant: Variant): Promise<RenditionRecord> {
    const { database } = this.#options;
    const prepared = await this.#decode(sourceSha256, [variant]);
    using stored = await this.#store(sourceSha256, [variant], prepared);
    const [record] = stored.records;
    if (record === undefined) throw new Error('a job without output was answered');
    await database.transaction(async (transaction) => {
      await upsertRenditions(transaction, [record]);
      await trimRenditions(transaction, sourceSha256, MAX_KEPT);
    });
    return record;
  }

  async #decode(sha256: string, variants: readonly Variant[], signal?: AbortSignal): Promise<PreparedImage> {
    const { blobs, pool } = this.#options;
    await using file = await blobs.openFile(sha256);
    if (file === null) throw new BacklotError('rendition_not_found');
    return await pool.prepare({ sha256, file: file.path, outputs: variants.map(toOutput) }, signal);
  }

  async #store(
    sourceSha256: string,
    variants: readonly Variant[],
    { pictures }: PreparedImage,
  ): Promise<{ readonly records: readonly RenditionRecord[] } & Disposable> {
    const { blobs, claims, now } = this.#options;
    if (pictures.length !== variants.length) throw new Error(`the image child made ${pictures.length} of ${variants.length} pictures`);
    const createdAt = now();
    const storing = await Promise.allSettled(pictures.map((picture) => storeClaimed(blobs, claims, picture.bytes)));
    const held = storing.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const release = () => {
      for (const blob of held) blob[Symbol.dispose]();
    };
    const failed = storing.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      release();
      throw toError(failed.reason);
    }
    const records = held.flatMap(({ sha256, sizeBytes }, index) => {
      const [picture, variant] = [pictures[index], variants[index]];
      if (picture === undefined || variant === undefined) return [];
      const { width, height, format } = picture;
      return [{ sourceSha256, variant: variantName(variant), sha256, sizeBytes, mediaType: `image/${format}`, width, height, createdAt }];
    });
    return { records, [Symbol.dispose]: release };
  }
}

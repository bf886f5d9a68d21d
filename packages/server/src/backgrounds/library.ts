import { availableParallelism } from 'node:os';
import { MAX_IMAGE_PIXELS } from '@backlot/contract';
import type { Logger } from 'pino';
import { BlobClaims } from '../blobs/claims.js';
import type { BlobStore } from '../blobs/port.js';
import type { Database } from '../database/database.js';
import type { UrlSigner } from '../identity/url-signer.js';
import { ImagePool, type ImagePoolOptions } from '../images/image-pool.js';
import { Reaper } from './reaper.js';
import { Renditions } from './renditions/renditions.js';
import { BackgroundImageService } from './service.js';

export interface LibraryOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly signer: UrlSigner;
  /** Base address that viewers use, without a slash at the end. */
  readonly publicUrl: string;
  readonly log: Logger;
  /** Where children write what they make, before it is stored; emptied at start. */
  readonly scratchFolder: string;
  /** Folder of the blobs, which children read. */
  readonly blobFolder: string;
  /** Called when webhook events have been written. */
  readonly onPublished?: () => void;
  readonly now?: () => Date;
  /** Changes to the limits of image decoding. */
  readonly decoding?: Partial<ImagePoolOptions>;
}

/** The library with all its parts. */
export interface Library extends AsyncDisposable {
  readonly service: BackgroundImageService;
  readonly reaper: Reaper;
  readonly pool: ImagePool;
}

/** Puts the library together and starts its first image child. `reaper.start()` is left to the caller. */
export const openLibrary = async (options: LibraryOptions): Promise<Library> => {
  const { database, blobs, log, signer, publicUrl, scratchFolder, blobFolder } = options;
  const now = options.now ?? (() => new Date());
  const claims = new BlobClaims();
  const pool = await ImagePool.start({
    folder: scratchFolder,
    readableFolders: [blobFolder],
    log,
    maxPixels: MAX_IMAGE_PIXELS,
    maxChildren: Math.max(2, Math.min(4, availableParallelism())),
    ...options.decoding,
  });
  const reaper = new Reaper({ database, blobs, claims, log, now });
  const renditions = new Renditions({ database, blobs, claims, pool, now });
  const service = new BackgroundImageService({ database, renditions, reaper, signer, publicUrl, onPublished: options.onPublished, now });
  return {
    service,
    reaper,
    pool,
    [Symbol.asyncDispose]: async () => {
      await reaper[Symbol.asyncDispose]();
      await pool[Symbol.asyncDispose]();
    },
  };
};

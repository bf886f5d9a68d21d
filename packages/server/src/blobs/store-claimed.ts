import type { BlobClaims } from './claims.js';
import type { BlobStore, Sha256 } from './port.js';

/** A stored blob that is not deleted before it is disposed of: until then a row can be made that refers to it. */
export interface ClaimedBlob extends Disposable {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/** Stores bytes and claims them. */
export const storeClaimed = async (blobs: BlobStore, claims: BlobClaims, bytes: Uint8Array, signal?: AbortSignal): Promise<ClaimedBlob> => {
  const stored = await blobs.putBytes(bytes, signal);
  const claim = await claims.claim(stored.sha256);
  try {
    // Deleted between the two lines above: from now on it stays.
    if (!(await blobs.exists(stored.sha256))) await blobs.putBytes(bytes, signal);
  } catch (error) {
    claim[Symbol.dispose]();
    throw error;
  }
  return { ...stored, [Symbol.dispose]: () => claim[Symbol.dispose]() };
};

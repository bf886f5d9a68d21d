/** Hash of a blob's bytes: 64 lower-case hex digits. */
export type Sha256 = string;

/** An opened blob, whole or in part. */
export interface BlobRead {
  readonly sizeBytes: number;
  /** The bytes asked for. Whoever takes the stream reads it to the end or cancels it. */
  readonly stream: ReadableStream<Uint8Array>;
}

/** A stored blob, as lists show it. `storedAt` is renewed when the same bytes are stored again. */
export interface BlobEntry {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  readonly storedAt: Date;
}

/**
 * Content-addressed, immutable bytes.
 *
 * Every adapter guarantees: a blob is visible whole or not at all, also after a crash; once `put` resolves, the
 * bytes survive a killed process; putting the same bytes twice stores them once; keys are hashes, so nothing that
 * a user sent reaches a path. Failures are `BacklotError`s: `storage_full`, `storage_unavailable`.
 */
export interface BlobStore {
  /** Stores the file at `path` (which is left where it is) and returns its hash. */
  putFile(path: string, signal?: AbortSignal): Promise<{ sha256: Sha256; sizeBytes: number }>;
  /** Stores bytes that are in memory. */
  putBytes(bytes: Uint8Array, signal?: AbortSignal): Promise<{ sha256: Sha256; sizeBytes: number }>;
  /** Opens a blob, whole or from `start` to `end` (both inclusive); null if there is none. */
  read(sha256: Sha256, range?: { readonly start: number; readonly end: number }): Promise<BlobRead | null>;
  /** A local file with the blob's bytes, for a decoder; null if there is none. Only valid until `dispose`. */
  openFile(sha256: Sha256): Promise<({ readonly path: string } & AsyncDisposable) | null>;
  exists(sha256: Sha256): Promise<boolean>;
  /** Deleting what is not there is no error. */
  delete(sha256: Sha256): Promise<void>;
  /** All blobs, in the order of their hashes. */
  list(): AsyncIterable<BlobEntry>;
}

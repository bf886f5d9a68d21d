import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, link, mkdir, open, opendir, readFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { BacklotError, toError } from '../../errors.js';
import type { BlobEntry, BlobRead, BlobStore, Sha256 } from '../port.js';

/** Name of the file in the store's root that says which installation the blobs belong to. */
export const MARKER_FILE = 'installation';

const HASH = /^[0-9a-f]{64}$/;
const TEMPORARY = /^\.[0-9a-f]{64}\.[0-9a-f]{16}\.tmp$/;
const TEMPORARY_LIFE_MS = 60 * 60_000;
const CHUNK_BYTES = 1024 * 1024;

export interface FilesystemBlobStoreOptions {
  /** Root of the store; made when it is missing. */
  readonly folder: string;
  /** Id that the database and the folder must agree about. */
  readonly installationId: string;
  /** Whether the database refers to blobs: then a folder without marker is a lost mount and not a new one. */
  readonly expectsBlobs: boolean;
  readonly now?: () => Date;
}

const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

const toStorageError = (thrown: unknown): Error => {
  const error = toError(thrown);
  if (error instanceof BacklotError || error.name === 'AbortError') return error;
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new BacklotError('storage_full', { cause: error, retryAfterSeconds: 60 });
  return new BacklotError('storage_unavailable', { cause: error, retryAfterSeconds: 5 });
};

const ignoring = async (code: string, work: Promise<unknown>): Promise<boolean> => {
  try {
    await work;
    return true;
  } catch (error) {
    if (errorCode(error) === code) return false;
    throw error;
  }
};

const syncFolder = async (folder: string): Promise<void> => {
  await using handle = await open(folder, 'r');
  await handle.sync();
};

/** Calls `take` with the file's bytes, piece by piece; the piece is only valid during the call. */
const eachChunk = async (path: string, take: (chunk: Uint8Array) => Promise<void> | void, signal?: AbortSignal): Promise<void> => {
  await using handle = await open(path, 'r');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, null);
    if (bytesRead === 0) return;
    await take(buffer.subarray(0, bytesRead));
  }
};

/** Makes a folder and what is missing above it. Returns their parents: a new folder is only safe once those are synced. */
const makeFolder = async (folder: string): Promise<readonly string[]> => {
  const first = await mkdir(folder, { recursive: true });
  const parents: string[] = [];
  if (first !== undefined) for (let made = folder; made.length >= first.length; made = dirname(made)) parents.push(dirname(made));
  return parents;
};

const writeWhole = async (handle: FileHandle, bytes: Uint8Array): Promise<void> => {
  let offset = 0;
  while (offset < bytes.byteLength) offset += (await handle.write(bytes, offset, bytes.byteLength - offset)).bytesWritten;
};

/** Checks the marker of the store's root, or sets it on a folder that nothing was stored in yet. */
const checkMarker = async ({ folder, installationId, expectsBlobs }: FilesystemBlobStoreOptions): Promise<void> => {
  const path = join(folder, MARKER_FILE);
  let marker: string;
  try {
    marker = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    if (expectsBlobs) {
      throw new Error(`The image folder ${folder} is not the one that the database knows: its file "${MARKER_FILE}" is missing. Is a disk not mounted?`, {
        cause: error,
      });
    }
    const temporary = `${path}.${randomBytes(8).toString('hex')}`;
    {
      await using handle = await open(temporary, 'wx');
      await handle.writeFile(`${installationId}\n`);
      await handle.sync();
    }
    await rename(temporary, path);
    await syncFolder(folder);
    return;
  }
  if (marker !== installationId) {
    throw new Error(`The image folder ${folder} belongs to another installation (${marker}) than the database (${installationId}).`);
  }
};

/**
 * Blobs as files `sha256/ab/cd/<hash>`. A blob is written to a temporary file beside its place, synced, and linked to
 * its name, which only ever succeeds for one writer; where hard links are not to be had it is renamed, which is
 * harmless because equal names are equal bytes. Storing what is already there renews its time, so that a reaper who
 * goes by age leaves it alone.
 */
class FilesystemBlobStore implements BlobStore {
  readonly #root: string;
  readonly #now: () => Date;
  #hardLinks = true;

  constructor(folder: string, now: () => Date) {
    this.#root = join(folder, 'sha256');
    this.#now = now;
  }

  async putFile(path: string, signal?: AbortSignal): Promise<{ sha256: Sha256; sizeBytes: number }> {
    try {
      const hash = createHash('sha256');
      let sizeBytes = 0;
      await eachChunk(
        path,
        (chunk) => {
          hash.update(chunk);
          sizeBytes += chunk.byteLength;
        },
        signal,
      );
      const sha256 = hash.digest('hex');
      await this.#put(sha256, sizeBytes, async (handle) => {
        // Hashed again while it is copied: the name must be true even if somebody writes to the file meanwhile.
        const copied = createHash('sha256');
        await eachChunk(
          path,
          async (chunk) => {
            copied.update(chunk);
            await writeWhole(handle, chunk);
          },
          signal,
        );
        if (copied.digest('hex') !== sha256) throw new Error('the file changed while it was stored');
      });
      return { sha256, sizeBytes };
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async putBytes(bytes: Uint8Array, signal?: AbortSignal): Promise<{ sha256: Sha256; sizeBytes: number }> {
    try {
      signal?.throwIfAborted();
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      await this.#put(sha256, bytes.byteLength, (handle) => writeWhole(handle, bytes), signal);
      return { sha256, sizeBytes: bytes.byteLength };
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async read(sha256: Sha256, range?: { readonly start: number; readonly end: number }): Promise<BlobRead | null> {
    const path = this.#path(sha256);
    if (path === null) return null;
    try {
      const handle = await open(path, 'r');
      try {
        const { size } = await handle.stat();
        const start = Math.min(range?.start ?? 0, size);
        const end = Math.min((range?.end ?? size - 1) + 1, size);
        const sizeBytes = Math.max(0, end - start);
        if (sizeBytes === 0) {
          await handle.close();
          return { sizeBytes, stream: new Blob([]).stream() };
        }
        // Node's and the DOM's stream types differ only in name; the stream closes the handle at its end or on cancel.
        const stream = Readable.toWeb(createReadStream(path, { fd: handle, start, end: end - 1, highWaterMark: 256 * 1024 })) as ReadableStream<Uint8Array>;
        return { sizeBytes, stream };
      } catch (error) {
        await handle.close();
        throw error;
      }
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      throw toStorageError(error);
    }
  }

  async openFile(sha256: Sha256): Promise<({ readonly path: string } & AsyncDisposable) | null> {
    const path = this.#path(sha256);
    if (path === null || !(await this.exists(sha256))) return null;
    return { path, [Symbol.asyncDispose]: () => Promise.resolve() };
  }

  async exists(sha256: Sha256): Promise<boolean> {
    const path = this.#path(sha256);
    if (path === null) return false;
    try {
      return await ignoring('ENOENT', stat(path));
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async delete(sha256: Sha256): Promise<void> {
    const path = this.#path(sha256);
    if (path === null) return;
    try {
      await ignoring('ENOENT', unlink(path));
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async *list(): AsyncIterable<BlobEntry> {
    for await (const { name, path } of this.#files()) {
      if (!HASH.test(name)) continue;
      try {
        const { size, mtime } = await stat(path);
        yield { sha256: name, sizeBytes: size, storedAt: mtime };
      } catch (error) {
        // Deleted since the folder was read.
        if (errorCode(error) !== 'ENOENT') throw toStorageError(error);
      }
    }
  }

  /** Removes what writers left behind that were killed. */
  async sweepTemporaries(): Promise<void> {
    const before = this.#now().getTime() - TEMPORARY_LIFE_MS;
    for await (const { name, path } of this.#files()) {
      if (!TEMPORARY.test(name)) continue;
      const { mtimeMs } = await stat(path);
      if (mtimeMs < before) await ignoring('ENOENT', unlink(path));
    }
  }

  async *#files(): AsyncIterable<{ readonly name: string; readonly path: string }> {
    for (const outer of await this.#names(this.#root)) {
      for (const inner of await this.#names(join(this.#root, outer))) {
        const folder = join(this.#root, outer, inner);
        for (const name of await this.#names(folder)) yield { name, path: join(folder, name) };
      }
    }
  }

  async #names(folder: string): Promise<string[]> {
    try {
      const names: string[] = [];
      for await (const entry of await opendir(folder)) names.push(entry.name);
      return names.sort();
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
      throw toStorageError(error);
    }
  }

  /** Null for what is no hash: it then can't be there. */
  #path(sha256: Sha256): string | null {
    return HASH.test(sha256) ? join(this.#root, sha256.slice(0, 2), sha256.slice(2, 4), sha256) : null;
  }

  async #put(sha256: Sha256, sizeBytes: number, write: (handle: FileHandle) => Promise<void>, signal?: AbortSignal): Promise<void> {
    const folder = join(this.#root, sha256.slice(0, 2), sha256.slice(2, 4));
    const path = join(folder, sha256);
    if (await this.#renew(path, sizeBytes)) return;
    const parents = await makeFolder(folder);
    // Beside the write: each waits for the disk.
    const synced = Promise.all(parents.map(syncFolder));
    synced.catch(() => undefined);
    const temporary = join(folder, `.${sha256}.${randomBytes(8).toString('hex')}.tmp`);
    try {
      {
        await using handle = await open(temporary, 'wx');
        await write(handle);
        await handle.sync();
      }
      await synced;
      signal?.throwIfAborted();
      await this.#publish(temporary, path);
      await syncFolder(folder);
    } finally {
      await ignoring('ENOENT', unlink(temporary));
    }
  }

  async #publish(temporary: string, path: string): Promise<void> {
    if (this.#hardLinks) {
      try {
        await ignoring('EEXIST', link(temporary, path));
        return;
      } catch (error) {
        if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errorCode(error) ?? '')) throw error;
        this.#hardLinks = false;
      }
    }
    await rename(temporary, path);
  }

  /** True when the blob is there. Its time becomes now. */
  async #renew(path: string, sizeBytes: number): Promise<boolean> {
    try {
      const { size } = await stat(path);
      if (size !== sizeBytes) {
        // Only a damaged disk gets here: files are published whole. The next write replaces it.
        await ignoring('ENOENT', unlink(path));
        return false;
      }
      const now = this.#now();
      await utimes(path, now, now);
      return true;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    }
  }
}

/**
 * Opens the blob store in a folder: makes it, checks that it belongs to this installation, and removes what killed
 * writers left. Throws a plain `Error` with a whole sentence when the folder is not to be trusted or not writable.
 */
export const openFilesystemBlobStore = async (options: FilesystemBlobStoreOptions): Promise<BlobStore> => {
  await mkdir(options.folder, { recursive: true });
  await checkMarker(options);
  const store = new FilesystemBlobStore(options.folder, options.now ?? (() => new Date()));
  await store.sweepTemporaries();
  return store;
};

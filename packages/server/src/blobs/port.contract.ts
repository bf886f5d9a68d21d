import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobEntry, BlobStore } from './port.js';

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const collect = async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> => new Uint8Array(await new Response(stream).arrayBuffer());
const list = async (store: BlobStore): Promise<BlobEntry[]> => {
  const entries: BlobEntry[] = [];
  for await (const entry of store.list()) entries.push(entry);
  return entries;
};

/** What every blob store must do, run by each adapter's tests. `open` makes an empty store. */
export const describeBlobStore = (name: string, open: () => Promise<{ readonly store: BlobStore } & AsyncDisposable>): void => {
  describe(`blob store: ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    let store: BlobStore;
    let folder: string;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
      folder = await mkdtemp(join(tmpdir(), 'backlot-blobs-'));
    });
    afterEach(async () => {
      await opened[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    const read = async (sha256: string, range?: { start: number; end: number }): Promise<Uint8Array> => {
      const found = await store.read(sha256, range);
      if (found === null) throw new Error('the blob is not there');
      const bytes = await collect(found.stream);
      expect(bytes.byteLength).toBe(found.sizeBytes);
      return bytes;
    };

    it('stores bytes under their hash and reads them back', async () => {
      const bytes = randomBytes(70_000);
      expect(await store.putBytes(bytes)).toEqual({ sha256: hashOf(bytes), sizeBytes: 70_000 });
      expect(Buffer.compare(await read(hashOf(bytes)), bytes)).toBe(0);
      expect(await store.exists(hashOf(bytes))).toBe(true);
    });

    it('stores a file and leaves the original where it is', async () => {
      const bytes = randomBytes(3_000_001);
      const path = join(folder, 'source');
      await writeFile(path, bytes);
      expect(await store.putFile(path)).toEqual({ sha256: hashOf(bytes), sizeBytes: bytes.byteLength });
      await rm(path);
      expect(Buffer.compare(await read(hashOf(bytes)), bytes)).toBe(0);
    });

    it('stores equal bytes once, also when writers race', async () => {
      const bytes = randomBytes(500_000);
      const results = await Promise.all(Array.from({ length: 8 }, () => store.putBytes(bytes)));
      expect(new Set(results.map((result) => result.sha256))).toEqual(new Set([hashOf(bytes)]));
      expect((await list(store)).map((entry) => entry.sha256)).toEqual([hashOf(bytes)]);
      expect(Buffer.compare(await read(hashOf(bytes)), bytes)).toBe(0);
    });

    it('reads ranges: inside, to the end, beyond the end', async () => {
      const bytes = randomBytes(1000);
      const { sha256 } = await store.putBytes(bytes);
      expect(Buffer.compare(await read(sha256, { start: 10, end: 19 }), bytes.subarray(10, 20))).toBe(0);
      expect(Buffer.compare(await read(sha256, { start: 990, end: 5000 }), bytes.subarray(990))).toBe(0);
      expect(await read(sha256, { start: 1000, end: 1001 })).toHaveLength(0);
    });

    it('stores zero bytes', async () => {
      const { sha256, sizeBytes } = await store.putBytes(new Uint8Array(0));
      expect(sizeBytes).toBe(0);
      expect(await read(sha256)).toHaveLength(0);
    });

    it('lends a local file for decoding', async () => {
      const bytes = randomBytes(1000);
      const { sha256 } = await store.putBytes(bytes);
      await using file = await store.openFile(sha256);
      if (file === null) throw new Error('no file');
      expect(await store.putFile(file.path)).toEqual({ sha256, sizeBytes: 1000 });
      expect(await store.openFile('0'.repeat(64))).toBeNull();
    });

    it('deletes, and deleting again is no error', async () => {
      const { sha256 } = await store.putBytes(randomBytes(10));
      await store.delete(sha256);
      expect(await store.exists(sha256)).toBe(false);
      expect(await store.read(sha256)).toBeNull();
      await expect(store.delete(sha256)).resolves.toBeUndefined();
    });

    it('lists all blobs in the order of their hashes', async () => {
      const stored = await Promise.all(Array.from({ length: 40 }, (_, index) => store.putBytes(Buffer.from(`blob ${index}`))));
      const entries = await list(store);
      expect(entries.map((entry) => entry.sha256)).toEqual(stored.map((blob) => blob.sha256).sort());
      for (const entry of entries) expect(Math.abs(Date.now() - entry.storedAt.getTime())).toBeLessThan(600_000);
    });

    it('renews the time of what is stored again', async () => {
      const bytes = randomBytes(10);
      const { sha256 } = await store.putBytes(bytes);
      const [before] = await list(store);
      const later = Date.now();
      while (Date.now() <= later + 5);
      await store.putBytes(bytes);
      const [after] = await list(store);
      expect(after?.sha256).toBe(sha256);
      expect(after?.storedAt.getTime()).toBeGreaterThan(before?.storedAt.getTime() ?? Infinity);
    });

    it('leaves nothing behind when a write is aborted or its source is missing', async () => {
      const path = join(folder, 'source');
      await writeFile(path, randomBytes(5_000_000));
      await expect(store.putFile(path, AbortSignal.abort())).rejects.toThrow(/abort/i);
      await expect(store.putBytes(randomBytes(10), AbortSignal.abort())).rejects.toThrow(/abort/i);
      await expect(store.putFile(join(folder, 'missing'))).rejects.toThrow('The image store');
      expect(await list(store)).toEqual([]);
    });

    it('stores 100 MB without holding them in memory', async () => {
      const path = join(folder, 'large');
      await writeFile(path, Buffer.alloc(100 * 1024 * 1024, 7));
      global.gc?.();
      const before = process.memoryUsage().rss;
      const { sizeBytes } = await store.putFile(path);
      expect(sizeBytes).toBe(100 * 1024 * 1024);
      expect(process.memoryUsage().rss - before).toBeLessThan(60 * 1024 * 1024);
    });

    it.each(['../../etc/passwd', '/etc/passwd', 'a\0b', '', 'ABCDEF', '..', `${'0'.repeat(63)}/`])('has no blob named %j', async (key) => {
      expect(await store.exists(key)).toBe(false);
      expect(await store.read(key)).toBeNull();
      expect(await store.openFile(key)).toBeNull();
      await expect(store.delete(key)).resolves.toBeUndefined();
    });
  });
};

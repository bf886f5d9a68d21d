import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeBlobStore } from '../port.contract.js';
import { MARKER_FILE, openFilesystemBlobStore } from './store.js';

const run = promisify(execFile);

const temporaryFolder = () => mkdtemp(join(tmpdir(), 'backlot-store-'));
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => entry.name);

describeBlobStore('filesystem', async () => {
  const folder = await temporaryFolder();
  return {
    store: await openFilesystemBlobStore({ folder, installationId: 'test', expectsBlobs: false }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
});

describe('filesystem blob store', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('marks a new folder and recognises it again', async () => {
    const first = await openFilesystemBlobStore({ folder, installationId: 'one', expectsBlobs: false });
    const { sha256 } = await first.putBytes(Buffer.from('kept'));
    const second = await openFilesystemBlobStore({ folder, installationId: 'one', expectsBlobs: true });
    expect(await second.exists(sha256)).toBe(true);
  });

  it('refuses a folder without marker when the database refers to blobs: a disk is not mounted', async () => {
    await expect(openFilesystemBlobStore({ folder, installationId: 'one', expectsBlobs: true })).rejects.toThrow('Is a disk not mounted?');
    expect(await filesIn(folder)).toEqual([]);
  });

  it('refuses the folder of another installation', async () => {
    await openFilesystemBlobStore({ folder, installationId: 'one', expectsBlobs: false });
    await expect(openFilesystemBlobStore({ folder, installationId: 'two', expectsBlobs: false })).rejects.toThrow('belongs to another installation');
  });

  it('sweeps temporary files of killed writers at boot, but not those of writers at work', async () => {
    const name = (hash: string) => `.${hash.repeat(64)}.${'0'.repeat(16)}.tmp`;
    const place = join(folder, 'sha256', 'aa', 'aa');
    await mkdir(place, { recursive: true });
    await writeFile(join(place, name('a')), 'left behind');
    await writeFile(join(place, name('b')), 'being written');
    const twoHoursAgo = new Date(Date.now() - 2 * 3_600_000);
    await utimes(join(place, name('a')), twoHoursAgo, twoHoursAgo);
    await openFilesystemBlobStore({ folder, installationId: 'one', expectsBlobs: false });
    expect((await filesIn(folder)).sort()).toEqual([name('b'), MARKER_FILE]);
  });

  it('answers storage_full on a full disk, leaves nothing behind, and goes on', async (context) => {
    try {
      await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
    } catch {
      if (process.env['CI'] === 'true' && process.getuid?.() === 0) process.stderr.write('SKIPPED under CI: ');
      process.stderr.write('the full-disk test needs the right to mount a tmpfs\n');
      context.skip();
    }
    try {
      const store = await openFilesystemBlobStore({ folder, installationId: 'one', expectsBlobs: false });
      await expect(store.putBytes(randomBytes(2_000_000))).rejects.toMatchObject({ code: 'storage_full' });
      expect(await filesIn(folder)).toEqual([MARKER_FILE]);
      const { sha256 } = await store.putBytes(randomBytes(1000));
      expect(await store.exists(sha256)).toBe(true);
    } finally {
      await run('umount', [folder]);
    }
  });
});

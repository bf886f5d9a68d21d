import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasSharedData, sharedData } from '@backlot/testing';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BacklotError } from '../errors.js';
import { openTestLibrary, ORGANIZATION, type TestLibrary } from './library.testing.js';

const run = promisify(execFile);
/** Without `image_service_failed`: the code of a job whose child died or hung. */
const CODES = ['image_empty', 'image_unsupported_type', 'image_too_many_pixels', 'image_undecodable'];

describe.skipIf(!hasSharedData)('hostile images', () => {
  let test: TestLibrary;
  let folder: string;
  beforeAll(async () => {
    // As few children as possible for all of them: what one file breaks, the next would suffer from.
    test = await openTestLibrary({ decoding: { jobsPerChild: 100_000 } });
    // Never into the checkout: the files are made to crash what opens them.
    folder = await mkdtemp(join(tmpdir(), 'backlot-hostile-'));
    await run('tar', ['-xJf', sharedData('hostile.tar.xz'), '-C', folder]);
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it('every file of the corpus ends as a coded refusal or a clean image, and no child dies', async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(1000);
    const wrong: string[] = [];
    let taken = 0;
    const check = async (path: string): Promise<void> => {
      try {
        const image = await test.library.service.create(ORGANIZATION, { title: 'x', bytes: await readFile(path) });
        taken++;
        const { record, open } = await test.library.service.rendition(ORGANIZATION, image.id, { width: 320, height: 180, fit: 'cover' });
        const { data, info } = await sharp(await new Response((await open()).stream).arrayBuffer())
          .raw()
          .toBuffer({ resolveWithObject: true });
        if (info.width !== record.width || data.byteLength === 0) wrong.push(`${path}: ${info.width} instead of ${record.width} pixels wide`);
      } catch (error) {
        if (!(error instanceof BacklotError) || !CODES.includes(error.code)) wrong.push(`${path}: ${String(error)}`);
      }
    };
    const queue = [...files];
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let path = queue.pop(); path !== undefined; path = queue.pop()) await check(path);
      }),
    );
    expect(wrong).toEqual([]);
    // Most of what other decoders take is taken: the refusals are not a decoder that fails at everything.
    expect(taken).toBeGreaterThan(200);
  }, 180_000);
});

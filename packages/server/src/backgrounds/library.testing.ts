import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openFilesystemBlobStore } from '../blobs/filesystem/store.js';
import type { BlobStore } from '../blobs/port.js';
import type { Database } from '../database/database.js';
import { openPgliteDatabase } from '../database/pglite/pglite-database.js';
import { backgroundImages, organizations, renditions, sessions, surfaces } from '../database/schema.js';
import { BacklotError } from '../errors.js';
import { createApp } from '../http/app.js';
import type { App } from '../http/context.js';
import { type ImageFetcher, SafeFetcher } from '../http/safe-fetch/safe-fetcher.js';
import { createUrlSigner } from '../identity/url-signer.js';
import { type Library, type LibraryOptions, openLibrary } from './library.js';
import { registerBackgroundImageRoutes } from './routes.js';

/** Two organizations that are there. */
export const ORGANIZATION = 'org_test';
export const OTHER_ORGANIZATION = 'org_other';

/** A library with its routes, on real parts. */
export interface TestLibrary extends AsyncDisposable {
  readonly library: Library;
  readonly app: App;
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly folder: string;
}

/**
 * Opens a library in a temporary folder, or in the given one, which then stays. A database that is given is emptied
 * and lent: opening one takes seconds.
 */
export const openTestLibrary = async (
  changes: Partial<LibraryOptions> & { readonly maxUploads?: number; readonly folder?: string; readonly fetcher?: ImageFetcher } = {},
): Promise<TestLibrary> => {
  const folder = changes.folder ?? (await mkdtemp(join(tmpdir(), 'backlot-library-')));
  // Without a folder of its own the database lives in memory.
  const database = changes.database ?? (await openPgliteDatabase(changes.folder === undefined ? undefined : join(folder, 'database')));
  if (changes.database !== undefined) for (const table of [surfaces, sessions, renditions, backgroundImages]) await database.executor.delete(table);
  const rows = [ORGANIZATION, OTHER_ORGANIZATION].map((id) => ({ id, name: id, createdAt: new Date() }));
  await database.executor.insert(organizations).values(rows).onConflictDoNothing();
  const blobFolder = join(folder, 'blobs');
  const blobs = await openFilesystemBlobStore({
    folder: blobFolder,
    installationId: 'test',
    expectsBlobs: false,
    ...(changes.now === undefined ? {} : { now: changes.now }),
  });
  const log = pino({ level: 'silent' });
  const library = await openLibrary({
    database,
    blobs,
    signer: createUrlSigner(new Uint8Array(32)),
    publicUrl: 'http://backlot.test',
    log,
    scratchFolder: join(folder, 'images'),
    blobFolder,
    ...changes,
  });
  const app = createApp({ log, version: '0.0.0', publicUrl: 'http://backlot.test' });
  registerBackgroundImageRoutes(app, {
    service: library.service,
    fetcher: changes.fetcher ?? new SafeFetcher({ log }),
    requireOrganization: async (context, next) => {
      const organizationId = context.req.header('x-organization') ?? ORGANIZATION;
      if (organizationId === 'none') throw new BacklotError('unauthenticated');
      context.set('principal', { organizationId, via: 'api_key' });
      await next();
    },
    ...(changes.maxUploads === undefined ? {} : { maxUploads: changes.maxUploads }),
  });
  return {
    library,
    app,
    database,
    blobs,
    folder,
    [Symbol.asyncDispose]: async () => {
      await library[Symbol.asyncDispose]();
      if (changes.database === undefined) await database[Symbol.asyncDispose]();
      if (changes.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
};

import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../database/database.js';
import { openPgliteDatabase } from '../database/pglite/pglite-database.js';
import { type Cluster, findPostgres, startCluster } from '../database/postgres/cluster.testing.js';
import { openPostgresDatabase } from '../database/postgres/postgres-database.js';
import { backgroundImages, organizations } from '../database/schema.js';
import { deleteTemplate, findTemplate, insertTemplate, listTemplates, type TemplateRecord, updateTemplate } from './template-repository.js';

const bin = findPostgres();
const AT = new Date('2026-11-20T12:00:00.123Z');
const [OWN, OTHER] = ['org_own', 'org_other'];

const describeTemplates = (name: string, open: () => Promise<Database>): void => {
  describe(`templates on ${name}`, () => {
    let database: Database;
    beforeAll(async () => {
      database = await open();
      await database.executor.insert(organizations).values([OWN, OTHER].map((id) => ({ id, name: id, createdAt: AT })));
    });
    afterAll(async () => {
      await database?.[Symbol.asyncDispose]();
    });

    const add = async (change: Partial<TemplateRecord> & { readonly id: string }): Promise<TemplateRecord> => {
      const record: TemplateRecord = {
        organizationId: OWN,
        title: 'Evening show',
        avatar: { provider: 'clip', clip: 'presenter.mp4' },
        voice: null,
        backgroundImageId: null,
        imageSha256: null,
        canvas: { width: 720, height: 1280 },
        fit: 'contain',
        framing: { scale: 1, x: 0, y: 0, crop: 'none' },
        keying: { key: '#00ff00' },
        render: 'client',
        createdAt: AT,
        updatedAt: AT,
        ...change,
      };
      await insertTemplate(database.executor, record);
      return record;
    };
    const addImage = async (id: string, organizationId: string): Promise<void> => {
      const facts = {
        title: 'Office',
        sizeBytes: 1,
        mediaType: 'image/jpeg',
        width: 1,
        height: 1,
        frames: 1,
        transparent: false,
        createdAt: AT,
        updatedAt: AT,
      };
      await database.executor.insert(backgroundImages).values({ id, organizationId, sha256: `hash of ${id}`, ...facts });
    };

    test('come back as they were stored, to their organization only', async () => {
      const stored = await add({ id: 'tmpl_stored', voice: 'en-us' });
      expect(await findTemplate(database.executor, OWN, stored.id)).toEqual(stored);
      expect(await findTemplate(database.executor, OTHER, stored.id)).toBe(null);
    });

    test("know their image's bytes while it is in the library of the same organization", async () => {
      await addImage('bg_own', OWN);
      await addImage('bg_other', OTHER);
      await add({ id: 'tmpl_image', backgroundImageId: 'bg_own' });
      await add({ id: 'tmpl_foreign', backgroundImageId: 'bg_other' });
      const imageOf = async (id: string) => (await findTemplate(database.executor, OWN, id))?.imageSha256;
      expect(await imageOf('tmpl_image')).toBe('hash of bg_own');
      expect(await imageOf('tmpl_foreign')).toBe(null);
      await database.executor.delete(backgroundImages);
      expect(await findTemplate(database.executor, OWN, 'tmpl_image')).toMatchObject({ backgroundImageId: 'bg_own', imageSha256: null });
    });

    test('change in what is given, for their organization only', async () => {
      const before = await add({ id: 'tmpl_change', voice: 'en-us' });
      const later = new Date(AT.getTime() + 1000);
      const change = async (organizationId: string) =>
        database.transaction(async (transaction) =>
          updateTemplate(transaction, organizationId, before.id, { canvas: { width: 640, height: 360 }, voice: null }, later),
        );
      expect(await change(OTHER)).toBe(null);
      expect(await findTemplate(database.executor, OWN, before.id)).toEqual(before);
      expect(await change(OWN)).toEqual({ ...before, canvas: { width: 640, height: 360 }, voice: null, updatedAt: later });
    });

    test('are listed newest first, a page after the other, also within a millisecond', async () => {
      const createdAt = new Date(AT.getTime() + 60_000);
      for (const id of ['tmpl_page_b', 'tmpl_page_c', 'tmpl_page_a']) await add({ id, createdAt });
      await add({ id: 'tmpl_page_new', createdAt: new Date(createdAt.getTime() + 1) });
      const first = await listTemplates(database.executor, { organizationId: OWN, limit: 2 });
      const second = await listTemplates(database.executor, { organizationId: OWN, limit: 2, after: first.at(-1) });
      expect([...first, ...second].map(({ id }) => id)).toEqual(['tmpl_page_new', 'tmpl_page_c', 'tmpl_page_b', 'tmpl_page_a']);
      expect(await listTemplates(database.executor, { organizationId: OTHER, limit: 2 })).toEqual([]);
    });

    test('are deleted once, by their organization only', async () => {
      await add({ id: 'tmpl_delete' });
      expect(await deleteTemplate(database.executor, OTHER, 'tmpl_delete')).toBe(false);
      expect(await deleteTemplate(database.executor, OWN, 'tmpl_delete')).toBe(true);
      expect(await deleteTemplate(database.executor, OWN, 'tmpl_delete')).toBe(false);
    });
  });
};

describeTemplates('PGlite', async () => openPgliteDatabase());

describe.skipIf(bin === undefined)('PostgreSQL', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster(bin ?? '');
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  describeTemplates('PostgreSQL', async () => openPostgresDatabase({ url: await cluster.createDatabase(), log: pino({ level: 'silent' }) }));
});

import type { BackgroundImageSort } from '@backlot/contract';
import { and, asc, count, desc, eq, gt, ilike, inArray, isNull, lt, notExists, or, type SQL, sql } from 'drizzle-orm';
import type { Executor } from '../database/database.js';
import { backgroundImages, renditions, sessions, surfaces } from '../database/schema.js';

/** A library entry as the database has it. */
export type BackgroundImageRecord = typeof backgroundImages.$inferSelect;
/** A picture that was made of an image. */
export type RenditionRecord = typeof renditions.$inferSelect;

/** Where a page of the library starts: after this row. */
export interface BackgroundImagePosition {
  readonly createdAt: Date;
  readonly id: string;
  /** In lists by title. */
  readonly title?: string;
}

/** Which images of the library. */
export interface BackgroundImageFilter {
  readonly organizationId: string;
  /** Part of the title, in any case. */
  readonly search?: string | undefined;
}

const own = (organizationId: string, id: string) => and(eq(backgroundImages.id, id), eq(backgroundImages.organizationId, organizationId));

/** Percent, underscore and backslash stand for themselves. */
const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

export const insertBackgroundImage = async (transaction: Executor, record: BackgroundImageRecord): Promise<void> => {
  await transaction.insert(backgroundImages).values(record);
};

/**
 * An organization's image; null when there is none or it is another's. With `lock` it can't be deleted before the
 * transaction ends.
 */
export const findBackgroundImage = async (
  executor: Executor,
  organizationId: string,
  id: string,
  options: { readonly lock?: boolean } = {},
): Promise<BackgroundImageRecord | null> => {
  const query = executor.select().from(backgroundImages).where(own(organizationId, id)).limit(1);
  const [row] = await (options.lock === true ? query.for('share') : query);
  return row ?? null;
};

const matches = ({ organizationId, search }: BackgroundImageFilter): SQL | undefined =>
  and(
    eq(backgroundImages.organizationId, organizationId),
    search === undefined || search === '' ? undefined : ilike(backgroundImages.title, `%${escapeLike(search)}%`),
  );

/** An organization's images in an order. */
export const listBackgroundImages = async (
  executor: Executor,
  filter: BackgroundImageFilter & {
    readonly sort?: BackgroundImageSort | undefined;
    readonly after?: BackgroundImagePosition | undefined;
    readonly limit: number;
  },
): Promise<BackgroundImageRecord[]> => {
  const { sort = '-created_at', after } = filter;
  const { id } = backgroundImages;
  const byTitle = sort === 'title' || sort === '-title';
  const key = byTitle ? sql`lower(${backgroundImages.title})` : sql`${backgroundImages.createdAt}`;
  // The database lowers both: languages differ in how.
  const last = byTitle ? sql`lower(${after?.title ?? ''}::text)` : sql`${after?.createdAt.toISOString()}::timestamptz`;
  const [order, isBeyond] = sort.startsWith('-') ? [desc, lt] : [asc, gt];
  return executor
    .select()
    .from(backgroundImages)
    .where(and(matches(filter), after === undefined ? undefined : or(isBeyond(key, last), and(eq(key, last), isBeyond(id, after.id)))))
    .orderBy(order(key), order(id))
    .limit(filter.limit);
};

/** How many images an organization has. */
export const countBackgroundImages = async (executor: Executor, filter: BackgroundImageFilter): Promise<number> => {
  const [row] = await executor.select({ total: count() }).from(backgroundImages).where(matches(filter));
  return row?.total ?? 0;
};

/** Renames an image. Null when there is none. */
export const renameBackgroundImage = async (
  executor: Executor,
  organizationId: string,
  id: string,
  change: { readonly title: string; readonly updatedAt: Date },
): Promise<BackgroundImageRecord | null> => {
  const [row] = await executor.update(backgroundImages).set(change).where(own(organizationId, id)).returning();
  return row ?? null;
};

/** Deletes a library entry and returns what it was. Null when there is none. */
export const deleteBackgroundImage = async (executor: Executor, organizationId: string, id: string): Promise<BackgroundImageRecord | null> => {
  const [row] = await executor.delete(backgroundImages).where(own(organizationId, id)).returning();
  return row ?? null;
};

/** Stores what pictures were made; one that was made before is replaced. */
export const upsertRenditions = async (transaction: Executor, records: readonly RenditionRecord[]): Promise<void> => {
  await transaction
    .insert(renditions)
    .values([...records])
    .onConflictDoUpdate({
      target: [renditions.sourceSha256, renditions.variant],
      set: {
        sha256: sql`excluded.sha256`,
        sizeBytes: sql`excluded.size_bytes`,
        mediaType: sql`excluded.media_type`,
        width: sql`excluded.width`,
        height: sql`excluded.height`,
        createdAt: sql`excluded.created_at`,
      },
    });
};

export const findRendition = async (executor: Executor, sourceSha256: string, variant: string): Promise<RenditionRecord | null> => {
  const [row] = await executor
    .select()
    .from(renditions)
    .where(and(eq(renditions.sourceSha256, sourceSha256), eq(renditions.variant, variant)))
    .limit(1);
  return row ?? null;
};

/** Forgets the oldest pictures of an image beyond a number. */
export const trimRenditions = async (transaction: Executor, sourceSha256: string, keep: number): Promise<void> => {
  const surplus = transaction
    .select({ variant: renditions.variant })
    .from(renditions)
    .where(eq(renditions.sourceSha256, sourceSha256))
    .orderBy(desc(renditions.createdAt), desc(renditions.variant))
    .offset(keep);
  await transaction.delete(renditions).where(and(eq(renditions.sourceSha256, sourceSha256), inArray(renditions.variant, surplus)));
};

/** A surface beside its session, if it has one: a session's is in use while that is on air, a conversation's always. */
const isInUse = or(isNull(sessions.id), inArray(sessions.status, ['starting', 'live']));

/** Forgets up to `limit` pictures, made before a time, of images that nobody needs any more. Returns how many. */
export const deleteUnneededRenditions = async (executor: Executor, before: Date, limit: number): Promise<number> => {
  const unneeded = executor
    .select({ sourceSha256: renditions.sourceSha256, variant: renditions.variant })
    .from(renditions)
    .where(
      and(
        lt(renditions.createdAt, before),
        notExists(
          executor
            .select({ one: sql`1` })
            .from(backgroundImages)
            .where(eq(backgroundImages.sha256, renditions.sourceSha256)),
        ),
        notExists(
          executor
            .select({ one: sql`1` })
            .from(surfaces)
            .leftJoin(sessions, eq(sessions.id, surfaces.surfaceId))
            .where(and(eq(surfaces.sourceSha256, renditions.sourceSha256), isInUse)),
        ),
      ),
    )
    .limit(limit);
  const rows = await executor
    .delete(renditions)
    .where(sql`(${renditions.sourceSha256}, ${renditions.variant}) in ${unneeded}`)
    .returning({ variant: renditions.variant });
  return rows.length;
};

/** Which of these blobs something refers to: a library, a surface in use, or a picture's row. */
export const findReferenced = async (executor: Executor, hashes: readonly string[]): Promise<Set<string>> => {
  const list = [...hashes];
  const images = await executor.selectDistinct({ sha256: backgroundImages.sha256 }).from(backgroundImages).where(inArray(backgroundImages.sha256, list));
  const pictures = await executor.selectDistinct({ sha256: renditions.sha256 }).from(renditions).where(inArray(renditions.sha256, list));
  const shown = await executor
    .selectDistinct({ sha256: surfaces.sourceSha256 })
    .from(surfaces)
    .leftJoin(sessions, eq(sessions.id, surfaces.surfaceId))
    .where(and(inArray(surfaces.sourceSha256, list), isInUse));
  return new Set([...images, ...pictures, ...shown].flatMap(({ sha256 }) => sha256 ?? []));
};

/** Whether the database refers to any blob: then a blob store without a marker is a lost disk. */
export const refersToBlobs = async (executor: Executor): Promise<boolean> => {
  const images = await executor.select({ id: backgroundImages.id }).from(backgroundImages).limit(1);
  if (images.length > 0) return true;
  return (await executor.select({ variant: renditions.variant }).from(renditions).limit(1)).length > 0;
};

import { eq } from 'drizzle-orm';
import type { Executor } from '../database/database.js';
import { surfaces } from '../database/schema.js';

/** What a surface shall show. An image of an address has no `backgroundId`. The image's facts are copied, so that the library's later changes don't touch it. */
export type WantedBackground =
  | { readonly kind: 'image'; readonly backgroundId: string | null; readonly sourceSha256: string }
  | { readonly kind: 'color'; readonly color: string }
  | { readonly kind: 'none' };

/** What a surface shows now. `version` is 0 until the first background, and rises with every change. */
export interface SurfaceBackground {
  readonly version: number;
  readonly backgroundId: string | null;
  readonly sourceSha256: string | null;
  readonly color: string | null;
}

interface Facts {
  readonly backgroundId: string | null;
  readonly sourceSha256: string | null;
  readonly color: string | null;
}

const factsOf = (wanted: WantedBackground): Facts => {
  switch (wanted.kind) {
    case 'image':
      return { backgroundId: wanted.backgroundId, sourceSha256: wanted.sourceSha256, color: null };
    case 'color':
      return { backgroundId: null, sourceSha256: null, color: wanted.color.toLowerCase() };
    case 'none':
      return { backgroundId: null, sourceSha256: null, color: null };
  }
};

const isSame = (left: Facts, right: Facts): boolean =>
  left.backgroundId === right.backgroundId && left.sourceSha256 === right.sourceSha256 && left.color === right.color;

/** Whether there is a picture or a colour at all. */
export const hasBackground = (background: Facts): boolean => background.sourceSha256 !== null || background.color !== null;

/** Makes the background of a new surface, in the transaction that makes the surface. */
export const createSurface = async (
  transaction: Executor,
  surface: { readonly surfaceId: string; readonly organizationId: string; readonly now: Date },
  wanted: WantedBackground,
): Promise<SurfaceBackground> => {
  const background = { version: wanted.kind === 'none' ? 0 : 1, ...factsOf(wanted) };
  await transaction.insert(surfaces).values({
    surfaceId: surface.surfaceId,
    organizationId: surface.organizationId,
    updatedAt: surface.now,
    ...background,
  });
  return background;
};

/**
 * Sets or removes a surface's background: the one rule of sessions and conversations. Idempotent: when it is so
 * already, nothing changes and the version stays. Concurrent changes take turns on the row.
 */
export const changeBackground = async (
  transaction: Executor,
  surfaceId: string,
  wanted: WantedBackground,
  now: Date,
): Promise<{ readonly changed: boolean; readonly background: SurfaceBackground }> => {
  const [row] = await transaction.select().from(surfaces).where(eq(surfaces.surfaceId, surfaceId)).for('update');
  if (row === undefined) throw new Error(`surface ${surfaceId} has no row`);
  const facts = factsOf(wanted);
  if (isSame(row, facts)) return { changed: false, background: row };
  const background = { version: row.version + 1, ...facts };
  await transaction
    .update(surfaces)
    .set({ ...background, updatedAt: now })
    .where(eq(surfaces.surfaceId, surfaceId));
  return { changed: true, background };
};

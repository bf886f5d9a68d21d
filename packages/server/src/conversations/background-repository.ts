import { backgroundImageFacts, type BackgroundImageFacts, backgroundWarning, type BackgroundWarning } from '@backlot/contract';
import { and, eq, inArray, isNull, lt, or } from 'drizzle-orm';
import { z } from 'zod';
import type { Executor } from '../database/database.js';
import { conversationBackgrounds, surfaces } from '../database/schema.js';

/** A conversation's background as it was last known. */
export interface BackgroundRecord {
  /** 0 until the first change. */
  readonly version: number;
  /** The library's id, one made of the bytes, or the provider's when it is foreign. */
  readonly backgroundId: string | null;
  /** Hash of the bytes that were sent; null when there is none, or it isn't ours. */
  readonly sourceSha256: string | null;
  readonly providerBackgroundId: string | null;
  readonly providerVersion: string | null;
  /** Somebody else set it: on a phone, or with another program. */
  readonly isForeign: boolean;
  /** A change was sent and nobody knows how it ended. */
  readonly isInDoubt: boolean;
  readonly image: BackgroundImageFacts | null;
  /** What the recipient sees otherwise than the sender may expect. */
  readonly warnings: readonly BackgroundWarning[];
  readonly checkedAt: Date | null;
}

/** What is recorded once the provider has said so. */
export type KnownBackground = Omit<BackgroundRecord, 'isInDoubt' | 'checkedAt'>;

/** The record of no background. */
export const NO_BACKGROUND = {
  backgroundId: null,
  sourceSha256: null,
  providerBackgroundId: null,
  providerVersion: null,
  isForeign: false,
  image: null,
  warnings: [],
} as const;

/** Whether the chat shows one, as far as is known. */
export const hasBackground = ({ sourceSha256, isForeign }: Pick<BackgroundRecord, 'sourceSha256' | 'isForeign'>): boolean => sourceSha256 !== null || isForeign;

const imageSchema = backgroundImageFacts.nullable();
const warningsSchema = z.array(backgroundWarning);
const columns = { surface: surfaces, background: conversationBackgrounds };
type Row = { readonly surface: typeof surfaces.$inferSelect; readonly background: typeof conversationBackgrounds.$inferSelect };

const toRecord = ({ surface, background }: Row): BackgroundRecord => ({
  version: surface.version,
  backgroundId: surface.backgroundId,
  sourceSha256: surface.sourceSha256,
  providerBackgroundId: background.providerBackgroundId,
  providerVersion: background.providerVersion,
  isForeign: background.isForeign,
  isInDoubt: background.isInDoubt,
  image: imageSchema.parse(background.image),
  warnings: warningsSchema.parse(background.warnings ?? []),
  checkedAt: background.checkedAt,
});

/** What is known of a conversation's background. */
export const findBackground = async (executor: Executor, conversationId: string): Promise<BackgroundRecord> => {
  const [row] = await executor
    .select(columns)
    .from(surfaces)
    .innerJoin(conversationBackgrounds, eq(conversationBackgrounds.conversationId, surfaces.surfaceId))
    .where(eq(surfaces.surfaceId, conversationId));
  if (row === undefined) throw new Error(`conversation ${conversationId} has no surface`);
  return toRecord(row);
};

/** What is known of several conversations' backgrounds, by conversation. */
export const findBackgrounds = async (executor: Executor, conversationIds: readonly string[]): Promise<ReadonlyMap<string, BackgroundRecord>> => {
  if (conversationIds.length === 0) return new Map();
  const rows = await executor
    .select(columns)
    .from(surfaces)
    .innerJoin(conversationBackgrounds, eq(conversationBackgrounds.conversationId, surfaces.surfaceId))
    .where(inArray(surfaces.surfaceId, [...conversationIds]));
  return new Map(rows.map((row) => [row.surface.surfaceId, toRecord(row)]));
};

/** Marks a change as sent, before it is. */
export const markInDoubt = async (executor: Executor, conversationId: string, isInDoubt: boolean): Promise<void> => {
  await executor.update(conversationBackgrounds).set({ isInDoubt }).where(eq(conversationBackgrounds.conversationId, conversationId));
};

/** Records what the provider has said; doubt is over. */
export const recordBackground = async (transaction: Executor, conversationId: string, known: KnownBackground, now: Date): Promise<void> => {
  const { version, backgroundId, sourceSha256, ...rest } = known;
  await transaction.update(surfaces).set({ version, backgroundId, sourceSha256, color: null, updatedAt: now }).where(eq(surfaces.surfaceId, conversationId));
  await transaction
    .update(conversationBackgrounds)
    .set({ ...rest, isInDoubt: false, checkedAt: now })
    .where(eq(conversationBackgrounds.conversationId, conversationId));
};

/** Takes the lock on a conversation's background until then, and tells what is known of it. Null: somebody else has it. */
export const lockBackground = async (executor: Executor, conversationId: string, holder: string, now: Date, until: Date): Promise<BackgroundRecord | null> => {
  const isFree = or(isNull(conversationBackgrounds.lockedUntil), lt(conversationBackgrounds.lockedUntil, now), eq(conversationBackgrounds.lockedBy, holder));
  const [row] = await executor
    .update(conversationBackgrounds)
    .set({ lockedBy: holder, lockedUntil: until })
    .from(surfaces)
    .where(and(eq(conversationBackgrounds.conversationId, conversationId), eq(surfaces.surfaceId, conversationId), isFree))
    .returning(columns);
  return row === undefined ? null : toRecord(row);
};

/** Lets go of the lock, unless somebody else has taken it over. */
export const unlockBackground = async (executor: Executor, conversationId: string, holder: string): Promise<void> => {
  await executor
    .update(conversationBackgrounds)
    .set({ lockedBy: null, lockedUntil: null })
    .where(and(eq(conversationBackgrounds.conversationId, conversationId), eq(conversationBackgrounds.lockedBy, holder)));
};

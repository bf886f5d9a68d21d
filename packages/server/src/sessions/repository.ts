import {
  avatar as avatarSchema,
  type Avatar,
  type Canvas,
  type EndReason,
  type Framing,
  framing as framingSchema,
  type Keying,
  keying as keyingSchema,
  type Render,
  type RenditionFit,
  type SessionStatus,
} from '@backlot/contract';
import { and, count, desc, eq, gt, inArray, isNotNull, isNull, lt, or, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import type { Executor } from '../database/database.js';
import { sessions, surfaces } from '../database/schema.js';
import type { SurfaceBackground } from '../surfaces/background.js';

/** A session as the database has it, with its background. */
export interface SessionRecord {
  readonly id: string;
  readonly organizationId: string;
  readonly status: SessionStatus;
  readonly reason: EndReason | null;
  readonly avatar: Avatar;
  readonly canvas: Canvas;
  readonly fit: RenditionFit;
  readonly framing: Framing;
  readonly keying: Keying;
  readonly render: Render;
  readonly livekitRoom: string | null;
  readonly livekitIdentity: string | null;
  readonly avatarReference: string | null;
  readonly openingSaidAt: Date | null;
  readonly voiceId: string | null;
  readonly openingText: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly background: SurfaceBackground;
  readonly createdAt: Date;
  readonly liveAt: Date | null;
  readonly endedAt: Date | null;
}

/** A session without its background. */
export type SessionFacts = Omit<SessionRecord, 'background'>;

/** Where a page of sessions starts: after this row. */
export interface SessionPosition {
  readonly createdAt: Date;
  readonly id: string;
}

const ON_AIR = ['starting', 'live'] as const;
const metadataSchema = z.record(z.string(), z.string());

const columns = { session: sessions, background: surfaces };
type Row = { readonly session: typeof sessions.$inferSelect; readonly background: typeof surfaces.$inferSelect };

const toFacts = (session: Row['session']): SessionFacts => ({
  id: session.id,
  organizationId: session.organizationId,
  status: session.status,
  reason: session.reasonCode === null ? null : { code: session.reasonCode as EndReason['code'], message: session.reasonMessage ?? '' },
  avatar: avatarSchema.parse(session.avatar),
  canvas: { width: session.canvasWidth, height: session.canvasHeight },
  fit: session.fit,
  framing: framingSchema.parse(session.framing),
  keying: keyingSchema.parse(session.keying),
  render: session.render,
  livekitRoom: session.livekitRoom,
  livekitIdentity: session.livekitIdentity,
  avatarReference: session.avatarReference,
  openingSaidAt: session.openingSaidAt,
  voiceId: session.voiceId,
  openingText: session.openingText,
  metadata: metadataSchema.parse(session.metadata),
  createdAt: session.createdAt,
  liveAt: session.liveAt,
  endedAt: session.endedAt,
});

const toRecord = ({ session, background }: Row): SessionRecord => ({ ...toFacts(session), background });

const select = (executor: Executor, where: SQL | undefined) =>
  executor.select(columns).from(sessions).innerJoin(surfaces, eq(surfaces.surfaceId, sessions.id)).where(where);

/** Stores a new session; its surface is made in the same transaction. False when another one is on air in its LiveKit room. */
export const insertSession = async (
  transaction: Executor,
  session: Omit<SessionRecord, 'status' | 'reason' | 'background' | 'avatarReference' | 'openingSaidAt' | 'liveAt' | 'endedAt'>,
): Promise<boolean> => {
  const insertion = transaction.insert(sessions).values({
    id: session.id,
    organizationId: session.organizationId,
    status: 'starting',
    avatar: session.avatar,
    canvasWidth: session.canvas.width,
    canvasHeight: session.canvas.height,
    fit: session.fit,
    framing: session.framing,
    keying: session.keying,
    render: session.render,
    livekitRoom: session.livekitRoom,
    livekitIdentity: session.livekitIdentity,
    voiceId: session.voiceId,
    openingText: session.openingText,
    metadata: session.metadata,
    createdAt: session.createdAt,
  });
  const rows = await insertion.onConflictDoNothing().returning({ id: sessions.id });
  return rows.length > 0;
};

/** Forgets a session that could not be started, with its background. */
export const removeSession = async (transaction: Executor, id: string): Promise<void> => {
  await transaction.delete(sessions).where(eq(sessions.id, id));
  await transaction.delete(surfaces).where(eq(surfaces.surfaceId, id));
};

/** An organization's session; null when there is none or it is another's. */
export const findSession = async (executor: Executor, organizationId: string, id: string): Promise<SessionRecord | null> => {
  const [row] = await select(executor, and(eq(sessions.id, id), eq(sessions.organizationId, organizationId))).limit(1);
  return row === undefined ? null : toRecord(row);
};

/** A session by its id alone, for holders of that session's own token. */
export const findSessionByToken = async (executor: Executor, id: string): Promise<SessionRecord | null> => {
  const [row] = await select(executor, eq(sessions.id, id)).limit(1);
  return row === undefined ? null : toRecord(row);
};

/** Which sessions of an organization. */
export interface SessionFilter {
  readonly organizationId: string;
  readonly status?: SessionStatus | undefined;
  /** In front of this image of the library. */
  readonly backgroundId?: string | undefined;
}

const matches = ({ organizationId, status, backgroundId }: SessionFilter): SQL | undefined =>
  and(
    eq(sessions.organizationId, organizationId),
    status === undefined ? undefined : eq(sessions.status, status),
    backgroundId === undefined ? undefined : eq(surfaces.backgroundId, backgroundId),
  );

/** Sessions of an organization, newest first. */
export const listSessions = async (
  executor: Executor,
  filter: SessionFilter & { readonly after?: SessionPosition | undefined; readonly limit: number },
): Promise<SessionRecord[]> => {
  const { after } = filter;
  const rows = await select(
    executor,
    and(
      matches(filter),
      after === undefined ? undefined : or(lt(sessions.createdAt, after.createdAt), and(eq(sessions.createdAt, after.createdAt), lt(sessions.id, after.id))),
    ),
  )
    .orderBy(desc(sessions.createdAt), desc(sessions.id))
    .limit(filter.limit);
  return rows.map(toRecord);
};

/** Keeps what finds a session's avatar at its vendor again. */
export const storeAvatarReference = async (executor: Executor, id: string, avatarReference: string): Promise<void> => {
  await executor.update(sessions).set({ avatarReference }).where(eq(sessions.id, id));
};

/** How many sessions an organization has. */
export const countSessions = async (executor: Executor, filter: SessionFilter): Promise<number> => {
  const [row] = await executor.select({ total: count() }).from(sessions).innerJoin(surfaces, eq(surfaces.surfaceId, sessions.id)).where(matches(filter));
  return row?.total ?? 0;
};

/** Marks the opening text as said. False when it was before. */
export const claimOpening = async (executor: Executor, id: string, at: Date): Promise<boolean> => {
  const rows = await executor
    .update(sessions)
    .set({ openingSaidAt: at })
    .where(and(eq(sessions.id, id), isNull(sessions.openingSaidAt)))
    .returning({ id: sessions.id });
  return rows.length > 0;
};

/** Marks a starting session as live, once. Null when it was not starting any more. */
export const markLive = async (executor: Executor, id: string, at: Date): Promise<SessionFacts | null> => {
  const [row] = await executor
    .update(sessions)
    .set({ status: 'live', liveAt: at })
    .where(and(eq(sessions.id, id), eq(sessions.status, 'starting')))
    .returning();
  return row === undefined ? null : toFacts(row);
};

/** Ends a session that is on air. Null when it had ended before. */
export const markEnded = async (
  executor: Executor,
  id: string,
  end: { readonly status: 'ended' | 'failed'; readonly reason: EndReason; readonly at: Date },
): Promise<SessionFacts | null> => {
  const [row] = await executor
    .update(sessions)
    .set({ status: end.status, reasonCode: end.reason.code, reasonMessage: end.reason.message, endedAt: end.at })
    .where(and(eq(sessions.id, id), inArray(sessions.status, [...ON_AIR])))
    .returning();
  return row === undefined ? null : toFacts(row);
};

/** Sessions on LiveKit that an earlier process left on air. */
export const listLivekitOnAir = async (executor: Executor): Promise<SessionRecord[]> => {
  const rows = await select(executor, and(inArray(sessions.status, [...ON_AIR]), isNotNull(sessions.livekitRoom)));
  return rows.map(toRecord);
};

/** Sessions on LiveKit that have ended since then. */
export const listLivekitEnded = async (executor: Executor, since: Date): Promise<SessionRecord[]> => {
  const rows = await select(executor, and(gt(sessions.endedAt, since), isNotNull(sessions.livekitRoom)));
  return rows.map(toRecord);
};

/** Ends what an earlier process left on air, but not on LiveKit when that is spared. Returns what it was. */
export const endOrphans = async (executor: Executor, spareLivekit: boolean, reason: EndReason, at: Date): Promise<SessionFacts[]> => {
  const rows = await executor
    .update(sessions)
    .set({ status: 'ended', reasonCode: reason.code, reasonMessage: reason.message, endedAt: at })
    .where(and(inArray(sessions.status, [...ON_AIR]), spareLivekit ? isNull(sessions.livekitRoom) : undefined))
    .returning();
  return rows.map(toFacts);
};

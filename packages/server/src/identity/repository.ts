import { and, eq, gt, isNull, lt, ne, or } from 'drizzle-orm';
import type { Executor } from '../database/database.js';
import { apiKeys, consoleSessions, installation, organizations, signInLinks } from '../database/schema.js';

export interface Installation {
  readonly installationId: string;
  readonly secret: Uint8Array;
}

export const findInstallation = async (executor: Executor): Promise<Installation | null> => (await executor.select().from(installation).limit(1))[0] ?? null;

export const insertInstallation = async (executor: Executor, row: Installation & { readonly createdAt: Date }): Promise<void> => {
  await executor.insert(installation).values(row);
};

export const findFirstOrganization = async (executor: Executor): Promise<{ readonly id: string; readonly name: string } | null> =>
  (await executor.select({ id: organizations.id, name: organizations.name }).from(organizations).orderBy(organizations.createdAt).limit(1))[0] ?? null;

export const findOrganization = async (executor: Executor, id: string): Promise<{ readonly id: string; readonly name: string } | null> =>
  (await executor.select({ id: organizations.id, name: organizations.name }).from(organizations).where(eq(organizations.id, id)).limit(1))[0] ?? null;

export const insertOrganization = async (executor: Executor, row: { readonly id: string; readonly name: string; readonly createdAt: Date }): Promise<void> => {
  await executor.insert(organizations).values(row);
};

/** Adds a key; one that is there already stays as it is, revoked or not. */
export const insertApiKey = async (
  executor: Executor,
  row: { readonly id: string; readonly organizationId: string; readonly hash: string; readonly displayPrefix: string; readonly createdAt: Date },
): Promise<void> => {
  await executor.insert(apiKeys).values(row).onConflictDoNothing();
};

/** Makes a key the only one of its organization that is valid: the others are revoked, and it no longer is if it was. */
export const keepOnlyApiKey = async (executor: Executor, organizationId: string, hash: string, now: Date): Promise<void> => {
  await executor
    .update(apiKeys)
    .set({ revokedAt: now })
    .where(and(eq(apiKeys.organizationId, organizationId), ne(apiKeys.hash, hash), isNull(apiKeys.revokedAt)));
  await executor
    .update(apiKeys)
    .set({ revokedAt: null })
    .where(and(eq(apiKeys.organizationId, organizationId), eq(apiKeys.hash, hash)));
};

export const hasApiKey = async (executor: Executor, organizationId: string): Promise<boolean> =>
  (await executor.select({ id: apiKeys.id }).from(apiKeys).where(eq(apiKeys.organizationId, organizationId)).limit(1)).length > 0;

/** The organization of a key that has not been revoked. */
export const findKeyOwner = async (
  executor: Executor,
  hash: string,
): Promise<{ readonly keyId: string; readonly organizationId: string; readonly lastUsedAt: Date | null } | null> =>
  (
    await executor
      .select({ keyId: apiKeys.id, organizationId: apiKeys.organizationId, lastUsedAt: apiKeys.lastUsedAt })
      .from(apiKeys)
      .where(and(eq(apiKeys.hash, hash), isNull(apiKeys.revokedAt)))
      .limit(1)
  )[0] ?? null;

export const touchApiKey = async (executor: Executor, keyId: string, at: Date): Promise<void> => {
  await executor.update(apiKeys).set({ lastUsedAt: at }).where(eq(apiKeys.id, keyId));
};

export const insertSignInLink = async (
  executor: Executor,
  row: { readonly hash: string; readonly organizationId: string; readonly expiresAt: Date },
): Promise<void> => {
  await executor.insert(signInLinks).values(row);
};

/** Spends a link: true for exactly one of several who try. Null when it is unknown, used or expired. */
export const spendSignInLink = async (executor: Executor, hash: string, now: Date): Promise<{ readonly organizationId: string } | null> =>
  (
    await executor
      .update(signInLinks)
      .set({ usedAt: now })
      .where(and(eq(signInLinks.hash, hash), isNull(signInLinks.usedAt), gt(signInLinks.expiresAt, now)))
      .returning({ organizationId: signInLinks.organizationId })
  )[0] ?? null;

export const insertConsoleSession = async (
  executor: Executor,
  row: { readonly hash: string; readonly organizationId: string; readonly createdAt: Date; readonly expiresAt: Date },
): Promise<void> => {
  await executor.insert(consoleSessions).values(row);
};

export const findConsoleSession = async (executor: Executor, hash: string, now: Date): Promise<{ readonly organizationId: string } | null> =>
  (
    await executor
      .select({ organizationId: consoleSessions.organizationId })
      .from(consoleSessions)
      .where(and(eq(consoleSessions.hash, hash), gt(consoleSessions.expiresAt, now)))
      .limit(1)
  )[0] ?? null;

export const deleteConsoleSession = async (executor: Executor, hash: string): Promise<void> => {
  await executor.delete(consoleSessions).where(eq(consoleSessions.hash, hash));
};

/** Removes what can't be used any more. */
export const sweepSignIns = async (executor: Executor, now: Date): Promise<void> => {
  await executor.delete(signInLinks).where(or(lt(signInLinks.expiresAt, now), lt(signInLinks.usedAt, now)));
  await executor.delete(consoleSessions).where(lt(consoleSessions.expiresAt, now));
};

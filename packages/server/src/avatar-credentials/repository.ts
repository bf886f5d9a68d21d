import { and, asc, eq } from 'drizzle-orm';
import type { Executor } from '../database/database.js';
import { avatarCredentials } from '../database/schema.js';

/** A vendor's API key as the database has it. */
export type CredentialRecord = typeof avatarCredentials.$inferSelect;

const own = (organizationId: string, vendor: string) => and(eq(avatarCredentials.organizationId, organizationId), eq(avatarCredentials.vendor, vendor));

/** Stores a key, in place of the one before. */
export const upsertCredential = async (executor: Executor, record: CredentialRecord): Promise<void> => {
  const { sealed, displayPrefix, updatedAt } = record;
  await executor
    .insert(avatarCredentials)
    .values(record)
    .onConflictDoUpdate({ target: [avatarCredentials.organizationId, avatarCredentials.vendor], set: { sealed, displayPrefix, updatedAt } });
};

/** An organization's key at a vendor; null when there is none. */
export const findCredential = async (executor: Executor, organizationId: string, vendor: string): Promise<CredentialRecord | null> => {
  const [row] = await executor.select().from(avatarCredentials).where(own(organizationId, vendor)).limit(1);
  return row ?? null;
};

/** An organization's keys, by vendor. */
export const listCredentials = async (executor: Executor, organizationId: string): Promise<CredentialRecord[]> =>
  executor.select().from(avatarCredentials).where(eq(avatarCredentials.organizationId, organizationId)).orderBy(asc(avatarCredentials.vendor));

/** Deletes a key. False when there was none. */
export const deleteCredential = async (executor: Executor, organizationId: string, vendor: string): Promise<boolean> => {
  const rows = await executor.delete(avatarCredentials).where(own(organizationId, vendor)).returning({ vendor: avatarCredentials.vendor });
  return rows.length > 0;
};

import { eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from '../database/database.js';
import { messagingState } from '../database/schema.js';
import type { Sealer } from '../identity/sealer.js';
import type { ProviderMemory } from '../messaging/port.js';

const values = z.record(z.string(), z.string());
const purposeOf = (provider: string): string => `messaging ${provider}`;

/** What a provider remembers, sealed in the database. Throws when it was sealed under another installation's secret. */
export const createProviderMemory = ({ executor }: Database, sealer: Sealer, provider: string): ProviderMemory => ({
  read: async () => {
    const [row] = await executor.select().from(messagingState).where(eq(messagingState.provider, provider)).limit(1);
    return row === undefined ? {} : values.parse(JSON.parse(sealer.open(purposeOf(provider), row.sealed)));
  },
  write: async (remembered) => {
    const row = { sealed: sealer.seal(purposeOf(provider), JSON.stringify(remembered)), updatedAt: new Date() };
    await executor
      .insert(messagingState)
      .values({ provider, ...row })
      .onConflictDoUpdate({ target: messagingState.provider, set: row });
  },
});

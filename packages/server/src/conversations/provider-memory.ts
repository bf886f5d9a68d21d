import { eq } from 'drizzle-orm';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Database } from '../database/database.js';
import { messagingState } from '../database/schema.js';
import { toError } from '../errors.js';
import type { Sealer } from '../identity/sealer.js';
import type { ProviderMemory } from '../messaging/port.js';

const values = z.record(z.string(), z.string());
const purposeOf = (provider: string): string => `messaging ${provider}`;

/**
 * What a provider remembers, sealed in the database. What was sealed under another installation's secret is as good as
 * nothing: that is logged, and the provider begins anew, with a webhook of its own.
 */
export const createProviderMemory = ({ executor }: Database, sealer: Sealer, provider: string, log: Logger): ProviderMemory => ({
  read: async () => {
    const [row] = await executor.select().from(messagingState).where(eq(messagingState.provider, provider)).limit(1);
    if (row === undefined) return {};
    try {
      return values.parse(JSON.parse(sealer.open(purposeOf(provider), row.sealed)));
    } catch (thrown) {
      log.warn({ err: toError(thrown), provider }, 'what the messaging provider remembered was sealed under another secret');
      return {};
    }
  },
  write: async (remembered) => {
    const row = { sealed: sealer.seal(purposeOf(provider), JSON.stringify(remembered)), updatedAt: new Date() };
    await executor
      .insert(messagingState)
      .values({ provider, ...row })
      .onConflictDoUpdate({ target: messagingState.provider, set: row });
  },
});

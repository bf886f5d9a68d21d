import type { Sealer } from '../identity/sealer.js';
import type { EndpointRecord } from './repository.js';

const PURPOSE = 'webhook secret';

/** Encrypts a signing secret for the database. */
export const sealSecret = (sealer: Sealer, secret: string): Uint8Array => sealer.seal(PURPOSE, secret);

/** The secrets that sign for an endpoint: the current one first, then the one before it while it is still valid. */
export const openSecrets = (sealer: Sealer, endpoint: EndpointRecord, now: Date): readonly string[] => {
  const { sealedSecret, previousSealedSecret: previous, previousSecretExpiresAt: expiresAt } = endpoint;
  const current = sealer.open(PURPOSE, sealedSecret);
  return previous === null || expiresAt === null || expiresAt <= now ? [current] : [current, sealer.open(PURPOSE, previous)];
};

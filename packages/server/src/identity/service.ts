import { randomBytes, randomUUID } from 'node:crypto';
import type { Database } from '../database/database.js';
import { BacklotError } from '../errors.js';
import type { Principal } from '../http/context.js';
import { createId } from '../ids.js';
import { createApiKey } from './api-key.js';
import {
  deleteConsoleSession,
  findConsoleSession,
  findFirstOrganization,
  findInstallation,
  findKeyOwner,
  findOrganization,
  hasApiKey,
  insertApiKey,
  insertConsoleSession,
  insertInstallation,
  insertOrganization,
  insertSignInLink,
  type Installation,
  keepOnlyApiKey,
  spendSignInLink,
  sweepSignIns,
  touchApiKey,
} from './repository.js';
import { createSecret, hashSecret } from './secrets.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A one-time sign-in link works for so long. */
const LINK_VALID_MS = 10 * MINUTE_MS;
/** A key that was found valid counts as valid for so long: clients come with many requests at once. */
const KEY_TRUSTED_MS = 2_000;
/** Keys that are trusted at once; more start anew. */
const MAX_TRUSTED_KEYS = 1_000;
/** One stays signed in to the console for so long, in milliseconds. */
export const CONSOLE_SESSION_MS = 30 * 24 * HOUR_MS;

/** The first organization, as it stands after start-up. */
export interface Bootstrap {
  readonly organizationId: string;
  /** Whether this is the first start on this database. */
  readonly isNew: boolean;
  /** The key that was made now; it is shown once and not kept. Null when there was one, or the environment set it. */
  readonly createdApiKey: string | null;
}

/** Loads what must stay the same over restarts, or makes it on the first start. */
export const loadInstallation = async (database: Database, now: Date): Promise<Installation> =>
  database.transaction(async (transaction) => {
    const found = await findInstallation(transaction);
    if (found !== null) return { installationId: found.installationId, secret: Uint8Array.from(found.secret) };
    const made = { installationId: randomUUID(), secret: Uint8Array.from(randomBytes(32)) };
    await insertInstallation(transaction, { ...made, createdAt: now });
    return made;
  });

/** Organizations, their API keys, and who is signed in to the console. */
export class IdentityService {
  readonly #database: Database;
  readonly #now: () => Date;
  /** Organizations by the hash of their key, as they were found last. */
  readonly #trusted = new Map<string, { readonly organizationId: string; readonly foundAtMs: number }>();

  constructor(database: Database, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#now = now;
  }

  /** Makes sure that there is an organization with an API key. A given key replaces those before it: they stop working. */
  async bootstrap(givenApiKey: string | undefined): Promise<Bootstrap> {
    const now = this.#now();
    this.#trusted.clear();
    return this.#database.transaction(async (transaction) => {
      const existing = await findFirstOrganization(transaction);
      const organizationId = existing?.id ?? createId('org');
      if (existing === null) await insertOrganization(transaction, { id: organizationId, name: 'Backlot', createdAt: now });
      const createdApiKey = givenApiKey === undefined && !(await hasApiKey(transaction, organizationId)) ? createApiKey() : null;
      const apiKey = givenApiKey ?? createdApiKey;
      if (apiKey !== null) {
        await insertApiKey(transaction, { id: createId('key'), organizationId, hash: hashSecret(apiKey), displayPrefix: apiKey.slice(0, 8), createdAt: now });
      }
      if (givenApiKey !== undefined) await keepOnlyApiKey(transaction, organizationId, hashSecret(givenApiKey), now);
      await sweepSignIns(transaction, now);
      return { organizationId, isNew: existing === null, createdApiKey };
    });
  }

  /** A token for the console that works once and for ten minutes. */
  async createSignInToken(organizationId: string): Promise<string> {
    const token = createSecret();
    await insertSignInLink(this.#database.executor, { hash: hashSecret(token), organizationId, expiresAt: new Date(this.#now().getTime() + LINK_VALID_MS) });
    return token;
  }

  /** The organization behind an API key; null when there is none. A key that is revoked works for two seconds more. */
  async authenticateKey(apiKey: string): Promise<Principal | null> {
    const hash = hashSecret(apiKey);
    const now = this.#now();
    const trusted = this.#trusted.get(hash);
    const ageMs = now.getTime() - (trusted?.foundAtMs ?? 0);
    // A clock that was set back prolongs nothing.
    if (trusted !== undefined && ageMs >= 0 && ageMs < KEY_TRUSTED_MS) return { organizationId: trusted.organizationId, via: 'api_key' };
    this.#trusted.delete(hash);
    const owner = await findKeyOwner(this.#database.executor, hash);
    if (owner === null) return null;
    const { keyId, organizationId, lastUsedAt } = owner;
    // To the hour: which key is in use matters, not when exactly, and most requests shall not write.
    if (lastUsedAt === null || now.getTime() - lastUsedAt.getTime() > HOUR_MS) await touchApiKey(this.#database.executor, keyId, now);
    if (this.#trusted.size >= MAX_TRUSTED_KEYS) this.#trusted.clear();
    this.#trusted.set(hash, { organizationId, foundAtMs: now.getTime() });
    return { organizationId, via: 'api_key' };
  }

  /** The organization behind the console's cookie; null when it has expired. */
  async authenticateConsole(cookie: string): Promise<Principal | null> {
    const session = await findConsoleSession(this.#database.executor, hashSecret(cookie), this.#now());
    return session === null ? null : { organizationId: session.organizationId, via: 'console' };
  }

  /** Spends a link's token or checks an API key; resolves to the cookie of a new console session. Throws coded errors. */
  async signIn(credentials: { readonly token: string } | { readonly api_key: string }): Promise<{ readonly cookie: string; readonly organizationId: string }> {
    const now = this.#now();
    let organizationId: string;
    if ('token' in credentials) {
      const link = await spendSignInLink(this.#database.executor, hashSecret(credentials.token), now);
      if (link === null) throw new BacklotError('sign_in_link_invalid');
      ({ organizationId } = link);
    } else {
      const principal = await this.authenticateKey(credentials.api_key);
      if (principal === null) throw new BacklotError('unauthenticated');
      ({ organizationId } = principal);
    }
    const cookie = createSecret();
    await insertConsoleSession(this.#database.executor, {
      hash: hashSecret(cookie),
      organizationId,
      createdAt: now,
      expiresAt: new Date(now.getTime() + CONSOLE_SESSION_MS),
    });
    return { cookie, organizationId };
  }

  async signOut(cookie: string): Promise<void> {
    await deleteConsoleSession(this.#database.executor, hashSecret(cookie));
  }

  async organization(id: string): Promise<{ readonly id: string; readonly name: string }> {
    const found = await findOrganization(this.#database.executor, id);
    if (found === null) throw new BacklotError('unauthenticated');
    return found;
  }
}

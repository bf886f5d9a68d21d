import { type AvatarCredential, type AvatarVendor, avatarVendor } from '@backlot/contract';
import type { Database } from '../database/database.js';
import { BacklotError } from '../errors.js';
import type { Sealer } from '../identity/sealer.js';
import { type CredentialRecord, deleteCredential, findCredential, listCredentials, upsertCredential } from './repository.js';

export interface AvatarCredentialServiceOptions {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly now?: () => Date;
}

/** Short keys show less of themselves. */
const displayPrefixOf = (apiKey: string): string => apiKey.slice(0, Math.min(6, Math.floor(apiKey.length / 4)));

/** Bound to its place: a row that was copied to another organization or vendor can't be opened there. */
const purposeOf = (organizationId: string, vendor: AvatarVendor): string => `avatar credential ${organizationId} ${vendor}`;

const view = ({ vendor, displayPrefix, updatedAt }: CredentialRecord): AvatarCredential => ({
  vendor: avatarVendor.parse(vendor),
  display_prefix: displayPrefix,
  updated_at: updatedAt.toISOString(),
});

/** Organizations' API keys at avatar vendors: written by people, read by the adapters alone. */
export class AvatarCredentialService {
  readonly #options: AvatarCredentialServiceOptions;
  readonly #now: () => Date;

  constructor(options: AvatarCredentialServiceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
  }

  async list(organizationId: string): Promise<AvatarCredential[]> {
    return (await listCredentials(this.#options.database.executor, organizationId)).map(view);
  }

  async put(organizationId: string, vendor: AvatarVendor, apiKey: string): Promise<AvatarCredential> {
    const { database, sealer } = this.#options;
    const sealed = sealer.seal(purposeOf(organizationId, vendor), apiKey);
    const record = { organizationId, vendor, sealed, displayPrefix: displayPrefixOf(apiKey), updatedAt: this.#now() };
    await upsertCredential(database.executor, record);
    return view(record);
  }

  /** Throws `avatar_credentials_missing` when there is none. */
  async remove(organizationId: string, vendor: AvatarVendor): Promise<void> {
    if (await deleteCredential(this.#options.database.executor, organizationId, vendor)) return;
    throw new BacklotError('avatar_credentials_missing', { status: 404, message: 'There is no stored API key of this vendor.' });
  }

  /** The key itself; null when there is none. */
  async findApiKey(organizationId: string, vendor: AvatarVendor): Promise<string | null> {
    const { database, sealer } = this.#options;
    const record = await findCredential(database.executor, organizationId, vendor);
    return record === null ? null : sealer.open(purposeOf(organizationId, vendor), record.sealed);
  }
}

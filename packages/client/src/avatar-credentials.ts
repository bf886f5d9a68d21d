import type { AvatarCredential, AvatarVendor } from '@backlot/contract';
import type { CallOptions, Transport } from './transport.js';

/** The organization's API keys at avatar vendors; a key itself is never shown. Every method throws `BacklotApiError`. */
export interface AvatarCredentialsApi {
  list(options?: CallOptions): Promise<readonly AvatarCredential[]>;
  /** Stores a key, in place of the one before. */
  put(vendor: AvatarVendor, apiKey: string, options?: CallOptions): Promise<AvatarCredential>;
  delete(vendor: AvatarVendor, options?: CallOptions): Promise<void>;
}

const CREDENTIALS = '/v1/avatar-credentials';

/** The part of the client that is about API keys of avatar vendors. */
export const createAvatarCredentialsApi = (transport: Transport): AvatarCredentialsApi => ({
  list: async (options) => (await transport.send<{ readonly data: readonly AvatarCredential[] }>({ method: 'GET', path: CREDENTIALS, ...options })).data,
  put: async (vendor, apiKey, options) => transport.send({ method: 'PUT', path: `${CREDENTIALS}/${vendor}`, body: { api_key: apiKey }, ...options }),
  delete: async (vendor, options) => transport.send({ method: 'DELETE', path: `${CREDENTIALS}/${vendor}`, ...options }),
});

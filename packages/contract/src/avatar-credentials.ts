import { createRoute, z } from '@hono/zod-openapi';
import { time } from './common.js';
import { errors, json, secured } from './route.js';

/** A vendor of avatars that Backlot starts sessions at, with an API key of the organization. */
export const avatarVendor = z.enum(['liveavatar', 'tavus', 'simli']);

/** A stored API key of a vendor, without the key itself: it is never shown again. */
export const avatarCredential = z
  .object({
    vendor: avatarVendor,
    display_prefix: z.string().openapi({ description: 'First characters, to tell keys apart.', example: 'la_7kq' }),
    updated_at: time,
  })
  .openapi('AvatarCredential');

/** Body that stores a vendor's API key. */
export const putAvatarCredential = z
  .strictObject({
    api_key: z
      .string()
      .min(8)
      .max(512)
      // It is sent as a header.
      .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces'),
  })
  .openapi('PutAvatarCredential');

const tag = { tags: ['Avatars'], ...secured };
const params = z.strictObject({ vendor: avatarVendor });

/** Routes of the organization's API keys at avatar vendors. */
export const avatarCredentialRoutes = {
  list: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/avatar-credentials',
    operationId: 'listAvatarCredentials',
    summary: 'List the avatar vendors that an API key is stored for',
    responses: { 200: json(z.object({ data: z.array(avatarCredential) }), 'The stored keys, by their first characters.'), ...errors('unauthenticated') },
  }),
  put: createRoute({
    ...tag,
    method: 'put',
    path: '/v1/avatar-credentials/{vendor}',
    operationId: 'putAvatarCredential',
    summary: "Store an avatar vendor's API key",
    description: 'Replaces the one before. It is stored encrypted, used for new sessions from now on, and never shown again.',
    request: { params, body: { required: true, content: { 'application/json': { schema: putAvatarCredential } } } },
    responses: { 200: json(avatarCredential, 'It is stored.'), ...errors('unauthenticated', 'invalid_request') },
  }),
  remove: createRoute({
    ...tag,
    method: 'delete',
    path: '/v1/avatar-credentials/{vendor}',
    operationId: 'deleteAvatarCredential',
    summary: "Delete an avatar vendor's API key",
    description: 'New sessions can not use its avatars any more. Sessions on air go on.',
    request: { params },
    responses: { 204: { description: 'Deleted.' }, ...errors('unauthenticated', 'invalid_request', ['avatar_credentials_missing', 404]) },
  }),
};

export type AvatarVendor = z.infer<typeof avatarVendor>;
export type AvatarCredential = z.infer<typeof avatarCredential>;
export type PutAvatarCredential = z.infer<typeof putAvatarCredential>;

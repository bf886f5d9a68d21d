import { createRoute, z } from '@hono/zod-openapi';
import { errors, json, secured } from './route.js';

/** Who makes the request. */
export const me = z
  .object({
    organization: z.object({ id: z.string(), name: z.string() }),
    via: z.enum(['api_key', 'console']),
    version: z.string(),
  })
  .openapi('Me');

/** Routes of who one is and of the console's sign-in. */
export const identityRoutes = {
  me: createRoute({
    ...secured,
    tags: ['Identity'],
    method: 'get',
    path: '/v1/me',
    operationId: 'me',
    summary: 'Who am I',
    responses: { 200: json(me, 'The organization behind the key or cookie.'), ...errors('unauthenticated') },
  }),
  signIn: createRoute({
    tags: ['Identity'],
    method: 'post',
    path: '/v1/console/sign-in',
    operationId: 'consoleSignIn',
    summary: "Sign in to the console with a one-time link's token or an API key; sets a cookie",
    request: {
      body: {
        required: true,
        content: {
          'application/json': { schema: z.union([z.strictObject({ token: z.string().max(200) }), z.strictObject({ api_key: z.string().max(200) })]) },
        },
      },
    },
    responses: { 200: json(me, 'Signed in.'), ...errors('sign_in_link_invalid', 'unauthenticated', 'origin_refused') },
  }),
  signOut: createRoute({
    tags: ['Identity'],
    method: 'post',
    path: '/v1/console/sign-out',
    operationId: 'consoleSignOut',
    summary: 'Sign out of the console',
    responses: { 204: { description: 'Signed out.' }, ...errors('origin_refused') },
  }),
};

export type Me = z.infer<typeof me>;

import { avatarCredentialRoutes } from '@backlot/contract';
import type { MiddlewareHandler } from 'hono';
import type { App, AppEnv } from '../http/context.js';
import type { AvatarCredentialService } from './service.js';

export interface AvatarCredentialRoutesOptions {
  readonly credentials: AvatarCredentialService;
  /** Authentication of the organization, and idempotency. */
  readonly guard: MiddlewareHandler<AppEnv>;
}

/** API keys of avatar vendors by REST. */
export const registerAvatarCredentialRoutes = (app: App, { credentials, guard }: AvatarCredentialRoutesOptions): void => {
  // Hono's `/*` takes the bare path too.
  app.use('/v1/avatar-credentials/*', guard);

  app.openapi(avatarCredentialRoutes.list, async (context) => context.json({ data: await credentials.list(context.var.principal.organizationId) }, 200));

  app.openapi(avatarCredentialRoutes.put, async (context) => {
    const { vendor } = context.req.valid('param');
    return context.json(await credentials.put(context.var.principal.organizationId, vendor, context.req.valid('json').api_key), 200);
  });

  app.openapi(avatarCredentialRoutes.remove, async (context) => {
    await credentials.remove(context.var.principal.organizationId, context.req.valid('param').vendor);
    return context.body(null, 204);
  });
};

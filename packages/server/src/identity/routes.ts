import { identityRoutes, type Me } from '@backlot/contract';
import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { assertOwnOrigin, consoleCookieName, isSecureUrl } from '../http/authentication.js';
import type { App, AppEnv, Principal } from '../http/context.js';
import { CONSOLE_SESSION_MS, type IdentityService } from './service.js';

export interface IdentityRoutesOptions {
  readonly identity: IdentityService;
  readonly requireOrganization: MiddlewareHandler<AppEnv>;
  readonly publicUrl: string;
  readonly version: string;
}

/** Who one is, and signing in to the console. */
export const registerIdentityRoutes = (app: App, options: IdentityRoutesOptions): void => {
  const { identity, requireOrganization, publicUrl, version } = options;
  const describe = async (principal: Principal): Promise<Me> => ({
    organization: await identity.organization(principal.organizationId),
    via: principal.via,
    version,
  });
  const cookieName = consoleCookieName(isSecureUrl(publicUrl));

  app.use('/v1/me', requireOrganization);
  app.openapi(identityRoutes.me, async (context) => context.json(await describe(context.var.principal), 200));

  app.openapi(identityRoutes.signIn, async (context) => {
    assertOwnOrigin(context, publicUrl);
    const { cookie, organizationId } = await identity.signIn(context.req.valid('json'));
    setCookie(context, cookieName, cookie, { path: '/', httpOnly: true, sameSite: 'Lax', secure: isSecureUrl(publicUrl), maxAge: CONSOLE_SESSION_MS / 1000 });
    return context.json(await describe({ organizationId, via: 'console' }), 200);
  });

  app.openapi(identityRoutes.signOut, async (context: Context<AppEnv>) => {
    assertOwnOrigin(context, publicUrl);
    const cookie = getCookie(context, cookieName);
    if (cookie !== undefined) await identity.signOut(cookie);
    deleteCookie(context, cookieName, { path: '/', secure: isSecureUrl(publicUrl) });
    return context.body(null, 204);
  });
};

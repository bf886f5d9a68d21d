import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { BacklotError } from '../errors.js';
import type { AppEnv, Principal } from './context.js';

/** What HTTP needs of identity. */
export interface Authenticator {
  authenticateKey(apiKey: string): Promise<Principal | null>;
  authenticateConsole(cookie: string): Promise<Principal | null>;
}

/** The console's cookie; on HTTPS the prefix binds it to this host. */
export const consoleCookieName = (isSecure: boolean): string => (isSecure ? '__Host-backlot' : 'backlot');

/** Whether a request came by HTTPS, as its public address tells. */
export const isSecureUrl = (publicUrl: string): boolean => publicUrl.startsWith('https:');

/** The token of an `Authorization: Bearer` header. RFC 6750 §2.1. */
export const readBearer = (context: Context): string | undefined => /^Bearer +(\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1];

/**
 * Refuses a change that comes by cookie from another site's page. Browsers send `Origin` with every request that
 * can change something.
 */
export const assertOwnOrigin = (context: Context, publicUrl: string): void => {
  const origin = context.req.header('origin');
  const own = [new URL(publicUrl).origin, new URL(context.req.url).origin];
  if (origin === undefined || !own.includes(origin)) throw new BacklotError('origin_refused');
};

export interface AuthenticationOptions {
  readonly authenticator: Authenticator;
  readonly publicUrl: string;
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Finds out who makes a request, by API key or by the console's cookie; null when nobody known does. */
export const createAuthentication =
  ({ authenticator, publicUrl }: AuthenticationOptions) =>
  async (context: Context<AppEnv>): Promise<Principal | null> => {
    const bearer = readBearer(context);
    if (bearer !== undefined) return authenticator.authenticateKey(bearer);
    const cookie = getCookie(context, consoleCookieName(isSecureUrl(publicUrl)));
    if (cookie === undefined) return null;
    const principal = await authenticator.authenticateConsole(cookie);
    if (principal !== null && !SAFE_METHODS.has(context.req.method)) assertOwnOrigin(context, publicUrl);
    return principal;
  };

export type Authenticate = ReturnType<typeof createAuthentication>;

/** Lets only an organization's key or console cookie pass, and sets `principal`. */
export const requireOrganization =
  (authenticate: Authenticate): MiddlewareHandler<AppEnv> =>
  async (context, next) => {
    const principal = await authenticate(context);
    if (principal === null) throw new BacklotError('unauthenticated');
    context.set('principal', principal);
    await next();
  };

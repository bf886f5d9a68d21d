import type { Context } from 'hono';
import { BacklotError } from '../errors.js';
import { readBearer } from '../http/authentication.js';
import type { AppEnv, Principal } from '../http/context.js';
import type { SessionService } from './service.js';

/** What a request wants of a session. */
export type SessionRole = 'viewer' | 'publisher';

export interface SessionAuthorizationOptions {
  readonly sessions: SessionService;
  readonly tokens: { verify(token: string): { readonly sessionId: string; readonly role: SessionRole | 'compositor' } | null };
  readonly authenticate: (context: Context<AppEnv>) => Promise<Principal | null>;
}

/**
 * Lets in who may watch or publish: the bearer of that session's own token, or its organization. Who may not gets
 * the same answer as for a session that does not exist.
 */
export const createSessionAuthorization = ({ sessions, tokens, authenticate }: SessionAuthorizationOptions) => {
  const identify = async (context: Context<AppEnv>, sessionId: string, role: SessionRole): Promise<'token' | 'compositor' | 'organization'> => {
    const bearer = readBearer(context);
    const claims = bearer === undefined ? null : tokens.verify(bearer);
    if (claims !== null) {
      if (claims.sessionId !== sessionId) throw new BacklotError('session_not_found');
      if (claims.role === 'compositor') return 'compositor';
      if (claims.role !== role) throw new BacklotError('forbidden');
      return 'token';
    }
    const principal = await authenticate(context);
    if (principal === null) throw new BacklotError('unauthenticated');
    const admission = await sessions.admission(sessionId);
    if (admission?.organizationId !== principal.organizationId) throw new BacklotError('session_not_found');
    return 'organization';
  };

  return {
    /** For following a session, on air or not. */
    mayFollow: async (context: Context<AppEnv>, sessionId: string): Promise<void> => {
      await identify(context, sessionId, 'viewer');
    },
    /** For a WebRTC connection, which needs the session to be on air. Resolves to who wants it: our own compositor, or anybody else. */
    mayConnect: async (context: Context<AppEnv>, sessionId: string, role: SessionRole): Promise<'compositor' | 'other'> => {
      const by = await identify(context, sessionId, role);
      const admission = await sessions.admission(sessionId);
      if (admission === null) throw new BacklotError('session_not_found');
      // Its connections have ended with it; only a new one needs to be told why.
      if (!admission.onAir) throw new BacklotError(context.req.method === 'POST' ? 'session_ended' : 'connection_not_found');
      // Our own avatars publish with a token that nobody else is given.
      if (role === 'publisher' && !admission.publishedByUser && by === 'organization') throw new BacklotError('publisher_not_accepted');
      return by === 'compositor' ? by : 'other';
    },
  };
};

export type SessionAuthorization = ReturnType<typeof createSessionAuthorization>;

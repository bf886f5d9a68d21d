import { isSignature, signText } from './secrets.js';

/** What a token lets its bearer do in one session. */
export type SessionRole = 'viewer' | 'publisher';

export interface SessionClaims {
  readonly sessionId: string;
  readonly role: SessionRole;
}

/** Issues and checks tokens for one session. They hold no state: they are worth nothing once their session has ended. */
export interface SessionTokens {
  issue(claims: SessionClaims): string;
  /** Null when it is not a token of ours. */
  verify(token: string): SessionClaims | null;
}

const PREFIXES = { viewer: 'blv', publisher: 'blp' } as const;

/** Tokens `blv_<session>.<signature>` (viewer) and `blp_…` (publisher): HMAC-SHA256 with the installation's secret. */
export const createSessionTokens = (secret: Uint8Array): SessionTokens => {
  const sign = (head: string): Buffer => signText(secret, 'session-token', head);
  return {
    issue: ({ sessionId, role }) => {
      const head = `${PREFIXES[role]}_${sessionId}`;
      return `${head}.${sign(head).toString('base64url')}`;
    },
    verify: (token) => {
      const match = /^((blv|blp)_(sess_[a-z0-9]+))\.([\w-]+)$/.exec(token);
      if (match === null) return null;
      const [, head = '', prefix, sessionId = '', signature = ''] = match;
      if (!isSignature(sign(head), signature)) return null;
      return { sessionId, role: prefix === PREFIXES.viewer ? 'viewer' : 'publisher' };
    },
  };
};

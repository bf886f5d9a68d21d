import { isSignature, signText } from './secrets.js';

/** What a token lets its bearer do in one session. The `compositor` watches what the publisher sends, and publishes what viewers watch. */
export type SessionRole = 'viewer' | 'publisher' | 'compositor';

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

const PREFIXES = { viewer: 'blv', publisher: 'blp', compositor: 'blc' } as const;
const ROLES = ['viewer', 'publisher', 'compositor'] as const satisfies readonly SessionRole[];

/** Tokens `blv_<session>.<signature>` (viewer), `blp_…` (publisher) and `blc_…` (compositor): HMAC-SHA256 with the installation's secret. */
export const createSessionTokens = (secret: Uint8Array): SessionTokens => {
  const sign = (head: string): Buffer => signText(secret, 'session-token', head);
  return {
    issue: ({ sessionId, role }) => {
      const head = `${PREFIXES[role]}_${sessionId}`;
      return `${head}.${sign(head).toString('base64url')}`;
    },
    verify: (token) => {
      const match = /^((blv|blp|blc)_(sess_[a-z0-9]+))\.([\w-]+)$/.exec(token);
      if (match === null) return null;
      const [, head = '', prefix, sessionId = '', signature = ''] = match;
      const role = ROLES.find((candidate) => PREFIXES[candidate] === prefix);
      if (role === undefined || !isSignature(sign(head), signature)) return null;
      return { sessionId, role };
    },
  };
};

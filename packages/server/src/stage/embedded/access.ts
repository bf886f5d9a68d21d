import { BacklotError } from '../../errors.js';
import type { StageAccess } from '../port.js';

export interface EmbeddedAccessOptions {
  /** Base address that people use, without a slash at the end. */
  readonly publicUrl: string;
  /** Base address that our own media children use. */
  readonly localUrl: string;
  readonly tokens: { issue(claims: { readonly sessionId: string; readonly role: 'viewer' | 'publisher' | 'compositor' }): string };
}

/** WHEP and WHIP at Backlot itself, with Backlot's own tokens. */
export const createEmbeddedAccess = ({ publicUrl, localUrl, tokens }: EmbeddedAccessOptions): StageAccess => ({
  place: (sessionId, { room, viewerIdentity }) => {
    const field = room !== undefined ? 'livekit_room' : viewerIdentity !== undefined ? 'livekit_identity' : null;
    if (field !== null) throw new BacklotError('livekit_not_used', { details: [{ field, message: 'needs LiveKit' }] });
    return { sessionId, room: null, viewerIdentity: null };
  },
  viewer: async ({ sessionId }) => ({ url: `${publicUrl}/v1/sessions/${sessionId}/whep`, token: tokens.issue({ sessionId, role: 'viewer' }) }),
  publisher: async ({ sessionId }, render, from) => ({
    url: `${from === 'outside' ? publicUrl : localUrl}/v1/sessions/${sessionId}/whip`,
    token: tokens.issue({ sessionId, role: from === 'inside' && render === 'server' ? 'compositor' : 'publisher' }),
  }),
  source: ({ sessionId }) => ({ url: `${localUrl}/v1/sessions/${sessionId}/whep`, token: tokens.issue({ sessionId, role: 'compositor' }) }),
  invitation: async () => null,
});

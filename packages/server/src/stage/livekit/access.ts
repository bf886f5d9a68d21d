import { AccessToken, type VideoGrant } from 'livekit-server-sdk';
import { randomUUID } from 'node:crypto';
import { BacklotError } from '../../errors.js';
import type { StageAccess } from '../port.js';
import { AVATAR_IDENTITY, COMPOSITOR_IDENTITY } from './identities.js';

/** The first viewer's token is handed on by customers. */
const VIEWER_TTL = '6h';
/** A player joins at once; LiveKit then renews its token by itself. */
const PLAYER_TTL = '10m';
/** A publisher joins again with the same token, however long its session lasts. */
const AVATAR_TTL = '30d';

export interface LivekitAccessOptions {
  /** `ws://…` or `wss://…`, without a slash at the end. */
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** LiveKit's base address by HTTP. */
export const toHttpUrl = (url: string): string => url.replace(/^ws/, 'http');

/** Tokens for LiveKit rooms. Publishers by WHIP use LiveKit's own endpoint. */
export const createLivekitAccess = ({ url, apiKey, apiSecret }: LivekitAccessOptions): StageAccess => {
  const mint = async (
    options: { readonly identity: string; readonly ttl: string; readonly kind?: 'agent'; readonly attributes?: Record<string, string> },
    grant: VideoGrant,
  ): Promise<string> => {
    const { kind, ...claims } = options;
    const token = new AccessToken(apiKey, apiSecret, claims);
    if (kind !== undefined) token.kind = kind;
    token.addGrant({ roomJoin: true, ...grant });
    return token.toJwt();
  };
  const roomOf = (room: string | null): string => {
    if (room === null) throw new BacklotError('livekit_not_used');
    return room;
  };
  const avatarToken = (room: string, render: 'client' | 'server'): Promise<string> => {
    // Interfaces of LiveKit show an agent as it is, unless it publishes for another participant: then that one.
    const attributes = render === 'server' ? { attributes: { 'lk.publish_on_behalf': COMPOSITOR_IDENTITY } } : {};
    return mint(
      { identity: AVATAR_IDENTITY, ttl: AVATAR_TTL, kind: 'agent', ...attributes },
      { room, canPublish: true, canSubscribe: true, canPublishData: true },
    );
  };

  return {
    place: (sessionId, { room, viewerIdentity }) => {
      if (viewerIdentity === AVATAR_IDENTITY || viewerIdentity === COMPOSITOR_IDENTITY) {
        throw new BacklotError('invalid_request', { details: [{ field: 'livekit_identity', message: 'is taken by Backlot itself' }] });
      }
      return { sessionId, room: room ?? sessionId, viewerIdentity: viewerIdentity ?? `viewer-${randomUUID()}` };
    },
    viewer: async ({ room, viewerIdentity }, own) => {
      const identity = own ?? viewerIdentity ?? `viewer-${randomUUID()}`;
      const ttl = own === undefined ? VIEWER_TTL : PLAYER_TTL;
      return { url, token: await mint({ identity, ttl }, { room: roomOf(room), canPublish: false, canPublishData: false, canSubscribe: true }) };
    },
    publisher: async ({ room }, render) => ({ url: `${toHttpUrl(url)}/whip/v1`, token: await avatarToken(roomOf(room), render) }),
    source: () => {
      throw new BacklotError('render_unsupported');
    },
    invitation: async ({ room }, render) => ({ url, room: roomOf(room), identity: AVATAR_IDENTITY, token: await avatarToken(roomOf(room), render) }),
  };
};

import { webrtcRoutes } from '@backlot/contract';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { BacklotError } from '../../errors.js';
import type { App, AppEnv } from '../../http/context.js';
import type { ConnectionRole, EmbeddedRoom } from './room.js';
import { MAX_SDP_LENGTH } from './sdp.js';
import type { EmbeddedStage } from './stage.js';

const SDP = 'application/sdp';
const FRAGMENT = 'application/trickle-ice-sdpfrag';
/** Headers that a player on another origin has to read (RFC 9725 §4.2, §4.3). */
const EXPOSED = 'Location, ETag, Accept-Patch, Retry-After';

export interface WebrtcRouteOptions {
  readonly stage: EmbeddedStage;
  /**
   * Throws a coded error unless the request may act in the session as `role`, and the session is on air. Resolves to who
   * asks: our own compositor stands between the publisher's room and the viewers'.
   */
  readonly authorize: (c: Context<AppEnv>, sessionId: string, role: ConnectionRole) => Promise<'compositor' | 'other'>;
}

const requireType = (c: Context<AppEnv>, type: string): void => {
  if (c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase() !== type) {
    throw new BacklotError('unsupported_media_type', { message: `The body must be ${type}.` });
  }
};

/** WHIP and WHEP on the embedded stage, as RFC 9725 and draft-ietf-wish-whep describe them. */
export const registerWebrtcRoutes = (app: App, { stage, authorize }: WebrtcRouteOptions): void => {
  const enter = async (c: Context<AppEnv>, sessionId: string, role: ConnectionRole): Promise<EmbeddedRoom> => {
    const by = await authorize(c, sessionId, role);
    const room = by === 'compositor' ? stage.roomOfCompositor(sessionId, role) : stage.roomOf(sessionId, role);
    if (room === undefined) throw new BacklotError('session_not_found');
    return room;
  };
  const limit = bodyLimit({
    maxSize: MAX_SDP_LENGTH,
    onError: () => {
      throw new BacklotError('body_too_large');
    },
  });

  const endpoints = [
    { kind: 'whip', role: 'publisher', routes: webrtcRoutes.whip },
    { kind: 'whep', role: 'viewer', routes: webrtcRoutes.whep },
  ] as const;
  for (const { kind, role, routes } of endpoints) {
    const endpoint = `/v1/sessions/:id/${kind}`;
    const resource = `${endpoint}/:connection`;
    app.use(endpoint, limit);
    app.use(resource, limit);

    app.openapi(routes.connect, async (c) => {
      requireType(c, SDP);
      const { id } = c.req.valid('param');
      const room = await enter(c, id, role);
      const offer = await c.req.text();
      const connected = role === 'publisher' ? await room.publish(offer) : await room.watch(offer, c.req.raw.signal);
      return c.body(connected.answerSdp, 201, {
        'Content-Type': SDP,
        Location: `/v1/sessions/${encodeURIComponent(id)}/${kind}/${connected.connectionId}`,
        ETag: connected.etag,
        'Accept-Patch': FRAGMENT,
        'Access-Control-Expose-Headers': EXPOSED,
      });
    });

    app.openapi(routes.trickle, async (c) => {
      requireType(c, FRAGMENT);
      const { id, connection } = c.req.valid('param');
      const room = await enter(c, id, role);
      room.trickle(role, connection, await c.req.text(), c.req.header('if-match'));
      return c.body(null, 204);
    });

    app.openapi(routes.disconnect, async (c) => {
      const { id, connection } = c.req.valid('param');
      (await enter(c, id, role)).disconnect(role, connection);
      return c.body(null, 200);
    });

    app.on('OPTIONS', endpoint, (c) => c.body(null, 204, { Allow: 'OPTIONS, POST', 'Accept-Post': SDP, 'Access-Control-Expose-Headers': 'Accept-Post' }));
    app.on('OPTIONS', resource, (c) =>
      c.body(null, 204, { Allow: 'OPTIONS, PATCH, DELETE', 'Accept-Patch': FRAGMENT, 'Access-Control-Expose-Headers': 'Accept-Patch' }),
    );
    app.all(endpoint, (c) => {
      c.header('Allow', 'OPTIONS, POST');
      throw new BacklotError('method_not_allowed');
    });
    app.all(resource, (c) => {
      c.header('Allow', 'OPTIONS, PATCH, DELETE');
      throw new BacklotError('method_not_allowed');
    });
  }
};

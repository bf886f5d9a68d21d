import { streamingSessionRoutes } from '@backlot/contract';
import type { MiddlewareHandler } from 'hono';
import type { App, AppEnv } from '../http/context.js';
import type { SessionService } from '../sessions/service.js';

export interface StreamingSessionRoutesOptions {
  readonly sessions: SessionService;
  /** Whether rooms and identities of LiveKit mean anything here; without LiveKit they are ignored. */
  readonly usesLivekit: boolean;
  readonly guard: MiddlewareHandler<AppEnv>;
}

/** The plain request `POST /v2/streaming/sessions`: a session from a template. */
export const registerStreamingSessionRoutes = (app: App, { sessions, usesLivekit, guard }: StreamingSessionRoutesOptions): void => {
  app.use(streamingSessionRoutes.create.getRoutingPath(), guard);

  app.openapi(streamingSessionRoutes.create, async (context) => {
    const { livekit_room, livekit_identity, ...request } = context.req.valid('json');
    const session = await sessions.create(
      context.var.principal.organizationId,
      { ...request, ...(usesLivekit ? { livekit_room, livekit_identity } : {}), metadata: {} },
      { keepsUnspeakable: true },
    );
    return context.json(
      {
        session_id: session.session_id,
        status: 'started' as const,
        // A WebSocket's address, as the request's clients expect. On the embedded stage one watches on the page.
        stream_url: session.stream_url.replace(/^http/, 'ws'),
        access_token: session.access_token,
        livekit_room: session.livekit_room,
        livekit_identity: session.livekit_identity,
        player_url: session.player_url,
      },
      200,
    );
  });
};

import { sessionRoutes } from '@backlot/contract';
import type { MiddlewareHandler } from 'hono';
import type { App, AppEnv } from '../http/context.js';
import type { EventStreams } from '../http/event-stream.js';
import { decodeCursor, toPage } from '../http/paging.js';
import type { SessionAuthorization } from './authorization.js';
import type { SessionService } from './service.js';

export interface SessionRoutesOptions {
  readonly sessions: SessionService;
  readonly authorization: SessionAuthorization;
  readonly eventStreams: EventStreams;
  /** Authentication of the organization, and idempotency. */
  readonly guard: MiddlewareHandler<AppEnv>;
}

/** Sessions by REST. */
export const registerSessionRoutes = (app: App, { sessions, authorization, eventStreams, guard }: SessionRoutesOptions): void => {
  for (const path of ['/v1/avatars', '/v1/sessions', '/v1/sessions/:id', '/v1/sessions/:id/background', '/v1/sessions/:id/speech']) app.use(path, guard);

  app.openapi(sessionRoutes.avatars, async (context) => context.json({ data: await sessions.avatarOptions(context.var.principal.organizationId) }, 200));

  app.openapi(sessionRoutes.create, async (context) => {
    const session = await sessions.create(context.var.principal.organizationId, context.req.valid('json'));
    return context.json(session, 201, { Location: `/v1/sessions/${session.session_id}` });
  });

  app.openapi(sessionRoutes.list, async (context) => {
    const { limit, cursor, status, background_image: backgroundId, include_total: withTotal } = context.req.valid('query');
    const { organizationId } = context.var.principal;
    const filter = ['sessions', organizationId, status ?? '', backgroundId ?? ''];
    const rows = await sessions.list(organizationId, { status, backgroundId, after: decodeCursor(cursor, filter), limit: limit + 1 });
    const page = toPage(rows, limit, filter);
    return context.json(withTotal ? { ...page, total: await sessions.count(organizationId, { status, backgroundId }) } : page, 200);
  });

  app.openapi(sessionRoutes.get, async (context) => context.json(await sessions.get(context.var.principal.organizationId, context.req.valid('param').id), 200));

  app.openapi(sessionRoutes.end, async (context) => {
    await sessions.end(context.var.principal.organizationId, context.req.valid('param').id);
    return context.body(null, 204);
  });

  app.openapi(sessionRoutes.setBackground, async (context) => {
    const { id } = context.req.valid('param');
    return context.json(await sessions.setBackground(context.var.principal.organizationId, id, context.req.valid('json'), context.req.raw.signal), 200);
  });

  app.openapi(sessionRoutes.removeBackground, async (context) =>
    context.json(await sessions.removeBackground(context.var.principal.organizationId, context.req.valid('param').id), 200),
  );

  app.openapi(sessionRoutes.speech, async (context) =>
    context.json(await sessions.speak(context.var.principal.organizationId, context.req.valid('param').id, context.req.valid('json').text), 202),
  );

  app.openapi(sessionRoutes.connection, async (context) => {
    const { id } = context.req.valid('param');
    await authorization.mayConnect(context, id, 'viewer');
    return context.json(await sessions.joinLivekit(id), 200);
  });

  app.openAPIRegistry.registerPath(sessionRoutes.events);
  app.get(sessionRoutes.events.getRoutingPath(), async (context) => {
    const { id } = context.req.param();
    await authorization.mayFollow(context, id);
    return eventStreams.respond(context, (sink) =>
      sessions.follow(id, ({ event, data }) => {
        sink.send(event, data);
        if (event === 'session' && (data.status === 'ended' || data.status === 'failed')) sink.end();
      }),
    );
  });
};

import { conversationRoutes } from '@backlot/contract';
import type { MiddlewareHandler } from 'hono';
import type { App, AppEnv } from '../http/context.js';
import type { EventStreams } from '../http/event-stream.js';
import type { ConversationService } from './service.js';
import { describeErrors, refuseSubAccounts, requireObject } from './wire.js';

export interface ConversationRoutesOptions {
  readonly conversations: ConversationService;
  readonly eventStreams: EventStreams;
  /** Authentication of the organization, and idempotency. */
  readonly guard: MiddlewareHandler<AppEnv>;
}

/** Conversations by REST, as AgentPhone's clients know it. */
export const registerConversationRoutes = (app: App, { conversations, eventStreams, guard }: ConversationRoutesOptions): void => {
  app.use('/v1/conversations/*', describeErrors(), guard, refuseSubAccounts());
  app.on('PATCH', '/v1/conversations/:id', requireObject());
  app.on('POST', '/v1/conversations/:id/background', requireObject());
  app.use('/v1/conversation-events', guard);

  app.openapi(conversationRoutes.list, async (context) =>
    context.json(await conversations.list(context.var.principal.organizationId, context.req.valid('query')), 200),
  );

  app.openapi(conversationRoutes.get, async (context) => {
    const { message_limit: messageLimit } = context.req.valid('query');
    return context.json(await conversations.get(context.var.principal.organizationId, context.req.valid('param').id, messageLimit), 200);
  });

  app.openapi(conversationRoutes.update, async (context) =>
    context.json(await conversations.update(context.var.principal.organizationId, context.req.valid('param').id, context.req.valid('json')), 200),
  );

  app.openapi(conversationRoutes.messages, async (context) =>
    context.json(await conversations.messages(context.var.principal.organizationId, context.req.valid('param').id, context.req.valid('query')), 200),
  );

  app.openapi(conversationRoutes.typing, async (context) =>
    context.json(await conversations.showTyping(context.var.principal.organizationId, context.req.valid('param').id), 200),
  );

  app.openapi(conversationRoutes.setBackground, async (context) => {
    const { id } = context.req.valid('param');
    const background = await conversations.setBackground(context.var.principal.organizationId, id, context.req.valid('json'), context.req.raw.signal);
    return context.json(background, 200);
  });

  app.openapi(conversationRoutes.getBackground, async (context) =>
    context.json(await conversations.getBackground(context.var.principal.organizationId, context.req.valid('param').id), 200),
  );

  app.openapi(conversationRoutes.removeBackground, async (context) => {
    await conversations.removeBackground(context.var.principal.organizationId, context.req.valid('param').id);
    return context.body(null, 204);
  });

  app.openAPIRegistry.registerPath(conversationRoutes.events);
  app.get(conversationRoutes.events.getRoutingPath(), async (context) => {
    const { organizationId } = context.var.principal;
    return eventStreams.respond(context, async (sink) => conversations.follow(organizationId, ({ event, data }) => sink.send(event, data)));
  });
};

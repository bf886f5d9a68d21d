import { webhookRoutes } from '@backlot/contract';
import type { MiddlewareHandler } from 'hono';
import type { App, AppEnv } from '../http/context.js';
import { decodeCursor, toPage } from '../http/paging.js';
import type { WebhookService } from './service.js';

export interface WebhookRoutesOptions {
  readonly webhooks: WebhookService;
  /** Authentication of the organization, and idempotency. */
  readonly guard: MiddlewareHandler<AppEnv>;
}

/** Webhook endpoints and events by REST. */
export const registerWebhookRoutes = (app: App, { webhooks, guard }: WebhookRoutesOptions): void => {
  // Hono's `/*` takes the bare path too.
  for (const path of ['/v1/webhook-endpoints/*', '/v1/webhook-events/*']) app.use(path, guard);

  app.openapi(webhookRoutes.createEndpoint, async (context) => {
    const endpoint = await webhooks.createEndpoint(context.var.principal.organizationId, context.req.valid('json'));
    return context.json(endpoint, 201, { Location: `/v1/webhook-endpoints/${endpoint.id}` });
  });

  app.openapi(webhookRoutes.listEndpoints, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const { organizationId } = context.var.principal;
    const filter = ['webhook-endpoints', organizationId];
    const rows = await webhooks.listEndpoints(organizationId, { after: decodeCursor(cursor, filter), limit: limit + 1 });
    return context.json(toPage(rows, limit, filter), 200);
  });

  app.openapi(webhookRoutes.getEndpoint, async (context) =>
    context.json(await webhooks.getEndpoint(context.var.principal.organizationId, context.req.valid('param').id), 200),
  );

  app.openapi(webhookRoutes.updateEndpoint, async (context) =>
    context.json(await webhooks.updateEndpoint(context.var.principal.organizationId, context.req.valid('param').id, context.req.valid('json')), 200),
  );

  app.openapi(webhookRoutes.deleteEndpoint, async (context) => {
    await webhooks.deleteEndpoint(context.var.principal.organizationId, context.req.valid('param').id);
    return context.body(null, 204);
  });

  app.openapi(webhookRoutes.getSecret, async (context) => {
    context.header('Cache-Control', 'no-store');
    return context.json(await webhooks.getSecret(context.var.principal.organizationId, context.req.valid('param').id), 200);
  });

  app.openapi(webhookRoutes.rotateSecret, async (context) => {
    context.header('Cache-Control', 'no-store');
    return context.json(await webhooks.rotateSecret(context.var.principal.organizationId, context.req.valid('param').id), 200);
  });

  app.openapi(webhookRoutes.testEndpoint, async (context) =>
    context.json(await webhooks.testEndpoint(context.var.principal.organizationId, context.req.valid('param').id), 202),
  );

  app.openapi(webhookRoutes.listEvents, async (context) => {
    const { limit, cursor, type } = context.req.valid('query');
    const { organizationId } = context.var.principal;
    const filter = ['webhook-events', organizationId, type ?? ''];
    const rows = await webhooks.listEvents(organizationId, { type, after: decodeCursor(cursor, filter), limit: limit + 1 });
    return context.json(toPage(rows, limit, filter), 200);
  });

  app.openapi(webhookRoutes.getEvent, async (context) =>
    context.json(await webhooks.getEvent(context.var.principal.organizationId, context.req.valid('param').id), 200),
  );

  app.openapi(webhookRoutes.replayEvent, async (context) => {
    const { organizationId } = context.var.principal;
    return context.json(await webhooks.replayEvent(organizationId, context.req.valid('param').id, context.req.valid('json').endpoint_id), 202);
  });
};

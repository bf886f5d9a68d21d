import { templateRoutes } from '@backlot/contract';
import type { MiddlewareHandler } from 'hono';
import type { App, AppEnv } from '../http/context.js';
import { decodeCursor, toPage } from '../http/paging.js';
import type { TemplateService } from './templates.js';

export interface TemplateRoutesOptions {
  readonly templates: TemplateService;
  /** Authentication of the organization, and idempotency. */
  readonly guard: MiddlewareHandler<AppEnv>;
}

/** Templates by REST. */
export const registerTemplateRoutes = (app: App, { templates, guard }: TemplateRoutesOptions): void => {
  // Hono's `/*` takes the bare path too.
  app.use('/v1/templates/*', guard);

  app.openapi(templateRoutes.create, async (context) => {
    const template = await templates.create(context.var.principal.organizationId, context.req.valid('json'));
    return context.json(template, 201, { Location: `/v1/templates/${template.id}` });
  });

  app.openapi(templateRoutes.list, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const { organizationId } = context.var.principal;
    const filter = ['templates', organizationId];
    const rows = await templates.list(organizationId, { after: decodeCursor(cursor, filter), limit: limit + 1 });
    return context.json(toPage(rows, limit, filter), 200);
  });

  app.openapi(templateRoutes.get, async (context) =>
    context.json(await templates.get(context.var.principal.organizationId, context.req.valid('param').id), 200),
  );

  app.openapi(templateRoutes.update, async (context) =>
    context.json(await templates.update(context.var.principal.organizationId, context.req.valid('param').id, context.req.valid('json')), 200),
  );

  app.openapi(templateRoutes.remove, async (context) => {
    await templates.remove(context.var.principal.organizationId, context.req.valid('param').id);
    return context.body(null, 204);
  });
};

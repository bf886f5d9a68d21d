import { backgroundImageRoutes } from '@backlot/contract';
import type { Context, MiddlewareHandler } from 'hono';
import { BacklotError } from '../errors.js';
import type { App, AppEnv } from '../http/context.js';
import type { ImageFetcher } from '../http/safe-fetch/safe-fetcher.js';
import { decodeCursor, toPage } from '../http/paging.js';
import { isImageAddress, readImageAddress } from './image-address.js';
import type { BackgroundImageService, OpenRendition } from './service.js';
import { readUpload, type Upload } from './upload.js';

export interface BackgroundImageRoutesOptions {
  readonly service: BackgroundImageService;
  readonly fetcher: ImageFetcher;
  /** Lets only an organization's key or console cookie pass, and sets `principal`. */
  readonly requireOrganization: MiddlewareHandler<AppEnv>;
  /** Uploads that are read at once, each up to 10 MB of memory. Default: 16. */
  readonly maxUploads?: number;
}

const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60;

/** Whether an `If-None-Match` header names this entity tag. RFC 9110 §13.1.2. */
const isUnchanged = (header: string | undefined, etag: string): boolean =>
  header !== undefined && (header.trim() === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag));

const sendRendition = async (context: Context<AppEnv>, rendition: OpenRendition, scope: 'public' | 'private'): Promise<Response> => {
  const { record } = rendition;
  const etag = `"${record.sha256.slice(0, 32)}"`;
  const headers: Record<string, string> = {
    ETag: etag,
    'Cache-Control': `${scope}, max-age=${ONE_YEAR_SECONDS}, immutable`,
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'X-Content-Type-Options': 'nosniff',
  };
  if (isUnchanged(context.req.header('if-none-match'), etag)) return context.body(null, 304, headers);
  headers['Content-Type'] = record.mediaType;
  headers['Content-Length'] = String(record.sizeBytes);
  // Hono answers HEAD by the handler of GET and drops the body: an opened file would stay open.
  if (context.req.raw.method === 'HEAD') return context.body(null, 200, headers);
  const { stream, sizeBytes } = await rendition.open();
  headers['Content-Length'] = String(sizeBytes);
  return context.body(stream, 200, headers);
};

/** The library's routes, and the signed addresses of its pictures. */
export const registerBackgroundImageRoutes = (app: App, options: BackgroundImageRoutesOptions): void => {
  const { service, fetcher, requireOrganization } = options;
  const maxUploads = options.maxUploads ?? 16;
  let uploads = 0;

  const fetchUpload = async (request: Request, organizationId: string): Promise<Upload> => {
    const { title, imageUrl } = await readImageAddress(request);
    const { bytes } = await fetcher.fetchImage(imageUrl, { organizationId, signal: request.signal });
    return { title, bytes };
  };

  // Hono's `/*` takes the bare path too. Once only: a guard that ran twice would find its own idempotency key in use.
  app.use('/v1/background-images/*', requireOrganization);

  // Registered by hand: the generic handler would read the whole form before anybody counts its bytes.
  app.openAPIRegistry.registerPath(backgroundImageRoutes.create);
  app.post(backgroundImageRoutes.create.getRoutingPath(), async (context) => {
    if (uploads >= maxUploads) throw new BacklotError('image_service_busy', { retryAfterSeconds: 2 });
    uploads++;
    try {
      const { organizationId } = context.var.principal;
      const { signal } = context.req.raw;
      const upload = isImageAddress(context.req.raw) ? await fetchUpload(context.req.raw, organizationId) : await readUpload(context.req.raw);
      const image = await service.create(organizationId, upload, signal);
      return context.json(image, 201, { Location: `/v1/background-images/${image.id}` });
    } finally {
      uploads--;
    }
  });

  app.openapi(backgroundImageRoutes.list, async (context) => {
    const { limit, cursor, search, sort, include_total: withTotal } = context.req.valid('query');
    const { organizationId } = context.var.principal;
    const filter = ['background-images', organizationId, search ?? '', sort];
    const found = await service.list(organizationId, { search, sort, after: decodeCursor(cursor, filter), limit: limit + 1 });
    const page = toPage(found, limit, filter, ({ createdAt, id, title }) => ({ createdAt, id, title }));
    return context.json(withTotal ? { ...page, total: await service.count(organizationId, search) } : page, 200);
  });

  app.openapi(backgroundImageRoutes.get, async (context) =>
    context.json(await service.get(context.var.principal.organizationId, context.req.valid('param').id), 200),
  );

  app.openapi(backgroundImageRoutes.rename, async (context) =>
    context.json(await service.rename(context.var.principal.organizationId, context.req.valid('param').id, context.req.valid('json').title), 200),
  );

  app.openapi(backgroundImageRoutes.remove, async (context) => {
    await service.remove(context.var.principal.organizationId, context.req.valid('param').id);
    return context.body(null, 204);
  });

  app.openapi(backgroundImageRoutes.rendition, async (context) => {
    const rendition = await service.rendition(context.var.principal.organizationId, context.req.valid('param').id, context.req.valid('query'));
    return sendRendition(context, rendition, 'private');
  });

  app.get('/v1/renditions/:sha256/:variant', async (context) => {
    const { sha256, variant } = context.req.param();
    const rendition = await service.signedRendition(sha256, variant, {
      expires: context.req.query('expires'),
      signature: context.req.query('signature'),
    });
    return sendRendition(context, rendition, 'public');
  });
};

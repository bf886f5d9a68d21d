import { OpenAPIHono } from '@hono/zod-openapi';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import { getPath } from 'hono/utils/url';
import type { Logger } from 'pino';
import { BacklotError } from '../errors.js';
import { createId } from '../ids.js';
import { limitBody } from './body-limit.js';
import type { App, AppEnv } from './context.js';
import { registerDocsStyle } from './docs-page.js';
import { replyWithError } from './error-reply.js';
import { invalidRequest } from './invalid-request.js';
import { registerReferencePage } from './reference-page.js';

export interface AppOptions {
  readonly log: Logger;
  readonly version: string;
  /** Base address that callers use; documentation links start with it. */
  readonly publicUrl: string;
  /** LiveKit's server, which pages connect to; absent: none. */
  readonly livekitUrl?: string | undefined;
}

/** What AgentPhone's SDK sends beside the usual, as recorded from npm `agentphone` 1.0.17. */
const AGENTPHONE_HEADERS = [
  'User-Agent',
  'X-Sub-Account-Id',
  'X-Fern-Language',
  'X-Fern-SDK-Name',
  'X-Fern-SDK-Version',
  'X-Fern-Runtime',
  'X-Fern-Runtime-Version',
];

/** The API takes a slash at the end without a redirect, which would turn a POST into a GET. */
const pathOf = (request: Request): string => {
  const path = getPath(request);
  return path.startsWith('/v1/') ? path.replace(/\/+$/, '') : path;
};

const REQUEST_ID = /^[\w.:-]{1,64}$/;
/** Probes come every few seconds and say nothing. */
const SILENT = /^\/health\//;

/** Addresses that are secrets themselves, as messaging providers have them; also where a proxy leaves its prefix or a slash too many. */
const SECRET_PATH = /(\/messaging\/+inbound\/).*/i;

/** Where pages may connect to: to us, and to LiveKit's server by both its schemes; LiveKit Cloud sends them on to its regions. */
const connectSources = (livekitUrl: string | undefined): string[] => {
  if (livekitUrl === undefined) return ["'self'"];
  const { protocol, host } = new URL(livekitUrl);
  const hosts = host.endsWith('.livekit.cloud') ? [host, '*.livekit.cloud'] : [host];
  const schemes = protocol === 'wss:' || protocol === 'https:' ? ['wss', 'https'] : ['ws', 'http'];
  return ["'self'", ...hosts.flatMap((name) => schemes.map((scheme) => `${scheme}://${name}`))];
};

/** Everything from our own address; pictures and media also from memory. Avatars' WebRTC is not subject to it. */
const contentPolicy = {
  defaultSrc: ["'self'"],
  imgSrc: ["'self'", 'blob:', 'data:'],
  mediaSrc: ["'self'", 'blob:'],
  // The player keys with WebAssembly where there is no GPU.
  scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
  // The player's shadow style sheets and React's style attributes.
  styleSrc: ["'self'", "'unsafe-inline'"],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
};

/**
 * The application with everything that all routes share, in the order in which it runs: request id → log →
 * security headers → CORS → size of the body → the features' routes (authentication first, then idempotency).
 * Errors of all of them become replies in one place.
 */
export const createApp = ({ log, version, publicUrl, livekitUrl }: AppOptions): App => {
  const pagePolicy = { ...contentPolicy, connectSrc: connectSources(livekitUrl) };
  const app: App = new OpenAPIHono<AppEnv>({
    getPath: pathOf,
    defaultHook: (result) => {
      if (result.success) return;
      throw invalidRequest(result.error);
    },
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'bearer', description: 'An API key, `blk_…`.' });
  app.openAPIRegistry.registerComponent('securitySchemes', 'sessionToken', {
    type: 'http',
    scheme: 'bearer',
    description: "A session's `access_token` or `publish_token`.",
  });

  app.use(async (context, next) => {
    const given = context.req.header('x-request-id');
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : createId('req');
    context.set('requestId', requestId);
    context.set('log', log.child({ requestId }));
    context.header('X-Request-Id', requestId);
    const startedAtMs = performance.now();
    await next();
    if (SILENT.test(context.req.path)) return;
    // The path has no query: signatures and cursors stay out of the log.
    context.var.log.info(
      {
        method: context.req.method,
        path: context.req.path.replace(SECRET_PATH, '$1…'),
        status: context.res.status,
        durationMs: Math.round(performance.now() - startedAtMs),
      },
      'request',
    );
  });
  app.use(
    '/console/*',
    secureHeaders({ contentSecurityPolicy: { ...pagePolicy, frameAncestors: ["'none'"] }, xFrameOptions: 'DENY', strictTransportSecurity: false }),
  );
  app.use(
    '/docs/*',
    secureHeaders({ contentSecurityPolicy: { ...contentPolicy, frameAncestors: ["'none'"] }, xFrameOptions: 'DENY', strictTransportSecurity: false }),
  );
  // The player is made to be framed, and its script to be used on other sites' pages.
  app.use(
    '/player/*',
    secureHeaders({
      contentSecurityPolicy: pagePolicy,
      xFrameOptions: false,
      crossOriginResourcePolicy: 'cross-origin',
      crossOriginOpenerPolicy: false,
      strictTransportSecurity: false,
    }),
  );
  app.use('/player/*', cors({ origin: '*' }));
  app.use('/v1/*', secureHeaders({ crossOriginResourcePolicy: 'cross-origin', xFrameOptions: false, strictTransportSecurity: false }));
  app.use(
    '/v1/*',
    cors({
      origin: '*',
      allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'If-None-Match', 'X-Request-Id', ...AGENTPHONE_HEADERS],
      exposeHeaders: ['Location', 'ETag', 'Link', 'Accept-Patch', 'Retry-After', 'X-Request-Id', 'Idempotency-Replayed'],
      maxAge: 600,
    }),
  );
  app.use('/v1/*', limitBody());

  app.onError((error, context) => replyWithError(context, error, publicUrl));
  app.notFound((context) => {
    const allowed = new Set(app.routes.filter(({ method, path }) => method !== 'ALL' && matches(path, context.req.path)).map(({ method }) => method));
    if (allowed.size === 0) return replyWithError(context, new BacklotError('route_not_found'), publicUrl);
    context.header('Allow', [...allowed].sort().join(', '));
    return replyWithError(context, new BacklotError('method_not_allowed'), publicUrl);
  });

  app.get('/openapi.json', (context) => context.json(createOpenApiDocument(app, version)));
  registerDocsStyle(app);
  registerReferencePage(app, () => createOpenApiDocument(app, version));
  return app;
};

/** Whether a route's pattern fits a path. */
const matches = (pattern: string, path: string): boolean => {
  if (pattern.includes('*')) return false;
  const [patternParts, pathParts] = [pattern.split('/'), path.split('/')];
  return patternParts.length === pathParts.length && patternParts.every((part, index) => part.startsWith(':') || part === pathParts[index]);
};

/** OpenAPI 3.1 of all registered routes. */
export const createOpenApiDocument = (app: App, version: string) =>
  app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Backlot', version, description: 'Backgrounds for live AI humans.', license: { name: 'Apache-2.0' } },
  });

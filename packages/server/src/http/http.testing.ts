import { z } from '@hono/zod-openapi';
import { every } from 'hono/combine';
import type { Database } from '../database/database.js';
import { openPgliteDatabase } from '../database/pglite/pglite-database.js';
import { apiKeys, organizations } from '../database/schema.js';
import { registerIdentityRoutes } from '../identity/routes.js';
import { hashSecret } from '../identity/secrets.js';
import { IdentityService } from '../identity/service.js';
import { createLog } from '../logging.js';
import { createApp } from './app.js';
import { createAuthentication, requireOrganization } from './authentication.js';
import type { App } from './context.js';
import { registerErrorPages } from './error-pages.js';
import { registerHealthRoutes } from './health.js';
import { idempotency } from './idempotency.js';

/** Where the application under test believes to be. */
export const PUBLIC_URL = 'http://backlot.test';

/** The application with identity on a real database, and what it logged. */
export interface TestApp extends AsyncDisposable {
  readonly app: App;
  readonly database: Database;
  readonly identity: IdentityService;
  readonly organizationId: string;
  readonly apiKey: string;
  readonly otherApiKey: string;
  /** Log lines as they were written. */
  readonly logged: string[];
  /** Lets time pass for whatever asks the clock. */
  readonly advance: (ms: number) => void;
  /** Sends JSON with the first organization's key. */
  readonly send: (method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Response>;
}

const errorReply = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z.array(z.object({ field: z.string(), message: z.string() })),
    request_id: z.string(),
    docs_url: z.string(),
    type: z.string(),
  }),
});

/** The error of a reply; fails when it is not in the one shape that errors have. */
export const readError = async (response: Response): Promise<z.infer<typeof errorReply>['error']> => errorReply.parse(await response.json()).error;

/** Opens the application; `register` adds routes behind authentication and idempotency under `/v1/test`. */
export const openTestApp = async (register: (app: App) => void = () => undefined, options: { readonly publicUrl?: string } = {}): Promise<TestApp> => {
  const publicUrl = options.publicUrl ?? PUBLIC_URL;
  let nowMs = Date.parse('2026-11-20T12:00:00.000Z');
  const now = (): Date => new Date(nowMs);
  const logged: string[] = [];
  const log = createLog('debug', { write: (line: string) => void logged.push(line) });
  const database = await openPgliteDatabase();
  const identity = new IdentityService(database, now);
  const apiKey = 'test-key-of-the-first-organization';
  const otherApiKey = 'test-key-of-another-organization';
  const { organizationId } = await identity.bootstrap(apiKey);
  await database.executor.insert(organizations).values({ id: 'org_other', name: 'Other', createdAt: new Date(nowMs + 1) });
  await database.executor
    .insert(apiKeys)
    .values({ id: 'key_other', organizationId: 'org_other', hash: hashSecret(otherApiKey), displayPrefix: 'test', createdAt: now() });
  const app = createApp({ log, version: '0.0.0', publicUrl });
  const authenticate = createAuthentication({ authenticator: identity, publicUrl });
  const organizationOnly = requireOrganization(authenticate);
  registerHealthRoutes(app, [], () => false);
  registerIdentityRoutes(app, { identity, requireOrganization: organizationOnly, publicUrl, version: '0.0.0' });
  registerErrorPages(app);
  app.use('/v1/test/*', every(organizationOnly, idempotency({ database, now })));
  register(app);
  return {
    app,
    database,
    identity,
    organizationId,
    apiKey,
    otherApiKey,
    logged,
    advance: (ms) => {
      nowMs += ms;
    },
    send: async (method, path, body, headers = {}) =>
      app.request(path, {
        method,
        headers: { authorization: `Bearer ${apiKey}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    [Symbol.asyncDispose]: async () => database[Symbol.asyncDispose](),
  };
};

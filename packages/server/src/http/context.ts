import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import type { BacklotError } from '../errors.js';

/** Who makes a request: an organization, by key or by the console's cookie. */
export interface Principal {
  readonly organizationId: string;
  readonly via: 'api_key' | 'console';
}

/** What the middleware puts into every request's context. */
export interface AppEnv {
  Variables: {
    requestId: string;
    log: Logger;
    /** The body, when it was read into memory. */
    bodyBytes?: Uint8Array;
    /** Set on routes behind `requireOrganization`. */
    principal: Principal;
    /** Adds to the body of errors, where a route's clients expect more than Backlot says elsewhere. */
    describeError?: (error: BacklotError) => Readonly<Record<string, unknown>>;
  };
}

/** The HTTP application that features register their routes on. */
export type App = OpenAPIHono<AppEnv>;

import type { MiddlewareHandler } from 'hono';
import { BacklotError } from '../errors.js';
import type { AppEnv } from '../http/context.js';

/**
 * `detail`, which AgentPhone's clients show: at 422 a list as FastAPI writes it, which their SDK types, else a sentence.
 */
export const describeErrors = (): MiddlewareHandler<AppEnv> => async (context, next) => {
  const place = context.req.method === 'GET' ? 'query' : 'body';
  context.set('describeError', ({ code, details, message, status }) => {
    if (status !== 422) return { detail: message };
    if (details.length === 0) return { detail: [{ loc: [place], msg: message, type: code }] };
    return { detail: details.map(({ field, message: msg }) => ({ loc: [place, ...field.split('.').filter((part) => part !== '')], msg, type: code })) };
  });
  await next();
};

/** Refuses to act for a sub-account, which an ignored header would quietly turn into acting for the account. */
export const refuseSubAccounts = (): MiddlewareHandler<AppEnv> => async (context, next) => {
  const subAccount = context.req.header('x-sub-account-id') ?? '';
  if (subAccount !== '' && subAccount !== context.var.principal.organizationId) {
    throw new BacklotError('conversation_not_found', { message: 'There is no such sub-account.' });
  }
  await next();
};

/** Lets only a JSON object pass. Throws `malformed_request`, `unsupported_media_type`. */
export const requireObject = (): MiddlewareHandler<AppEnv> => async (context, next) => {
  const { bodyBytes } = context.var;
  const type = context.req.header('content-type');
  if (bodyBytes !== undefined && bodyBytes.byteLength > 0 && !/^application\/([\w.-]+\+)?json\b/i.test(type ?? 'application/json')) {
    throw new BacklotError('unsupported_media_type');
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.from(bodyBytes ?? new Uint8Array()).toString('utf8'));
  } catch (error) {
    throw new BacklotError('malformed_request', { cause: error });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new BacklotError('malformed_request');
  await next();
};

import { ERROR_CODES, type ErrorBody, type ErrorCode } from '@backlot/contract';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { isDatabaseUnavailable } from '../database/unavailable.js';
import { BacklotError } from '../errors.js';
import type { AppEnv } from './context.js';

const CODES_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_json',
  404: 'route_not_found',
  413: 'body_too_large',
  415: 'unsupported_media_type',
};

const toBacklotError = (error: Error): BacklotError => {
  if (error instanceof BacklotError) return error;
  if (error instanceof HTTPException) {
    // zod-openapi throws these for a body that is no JSON.
    return new BacklotError(CODES_BY_STATUS[error.status] ?? 'internal', { cause: error });
  }
  return new BacklotError(isDatabaseUnavailable(error) ? 'database_unavailable' : 'internal', { cause: error });
};

/** Answers with the one shape that every error has. What we did wrong is logged; what the caller did wrong is not. */
export const replyWithError = (context: Context<AppEnv>, thrown: Error, publicUrl: string): Response => {
  const error = toBacklotError(thrown);
  const { status } = error;
  const { type } = ERROR_CODES[error.code];
  // Whoever hung up gets no answer; that what was under way stopped is no failure of ours.
  if (context.req.raw.signal.aborted) context.var.log.info({ code: error.code }, 'request was given up');
  else if (status >= 500) context.var.log[error.code === 'internal' ? 'error' : 'warn']({ err: thrown, code: error.code }, 'request failed');
  const body: ErrorBody = {
    error: {
      code: error.code,
      message: error.message,
      type,
      details: [...error.details],
      request_id: context.var.requestId,
      docs_url: `${publicUrl}/docs/errors/${error.code}`,
    },
  };
  if (error.retryAfterSeconds !== undefined) context.header('Retry-After', String(error.retryAfterSeconds));
  if (status === 401) context.header('WWW-Authenticate', 'Bearer');
  return context.json({ ...body, ...context.var.describeError?.(error) }, status);
};

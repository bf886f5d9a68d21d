import { DrizzleQueryError } from 'drizzle-orm';
import { type DestinationStream, type Logger, pino } from 'pino';
import { databaseCodeOf } from './database/unavailable.js';

/** A failed query's errors hold its values, which may be what somebody said or wrote: the log gets the statement without them. */
const describeError = (error: unknown): unknown => {
  if (error instanceof DrizzleQueryError) {
    return { type: error.name, message: error.cause?.message, code: databaseCodeOf(error), query: error.query, stack: error.cause?.stack };
  }
  return error instanceof Error ? pino.stdSerializers.err(error) : error;
};

/** JSON lines. What was caught goes under `err`. */
export const createLog = (level: string, destination: DestinationStream): Logger =>
  pino({ level, serializers: { err: describeError }, redact: ['*.token', '*.apiKey', '*.authorization'] }, destination);

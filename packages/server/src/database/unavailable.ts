/** Classes and codes of SQLSTATE (PostgreSQL, appendix A) that say that the server is not there: connection, shutdown, starting up, too many clients. */
const SQL_STATES = /^(?:08...|57P0[123]|53300)$/;
const SOCKET_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT']);
/** What `pg` says without a code. */
const MESSAGES = /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;

/** The errors that an error comes from, itself first. */
export const causesOf = (error: unknown): readonly Error[] => {
  const causes: Error[] = [];
  for (let current = error; current instanceof Error && causes.length < 8; current = current.cause) causes.push(current);
  return causes;
};

/** The code that the database or the socket gave an error. */
export const databaseCodeOf = (error: unknown): string | undefined => {
  for (const cause of causesOf(error)) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
  }
  return undefined;
};

/** Whether an error of a query means that the database can't be reached, not that the query is wrong. */
export const isDatabaseUnavailable = (error: unknown): boolean => {
  const code = databaseCodeOf(error);
  return (code !== undefined && (SQL_STATES.test(code) || SOCKET_CODES.has(code))) || causesOf(error).some(({ message }) => MESSAGES.test(message));
};

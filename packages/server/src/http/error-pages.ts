import { ERROR_CODES, type ErrorCode, isErrorCode } from '@backlot/contract';
import { BacklotError } from '../errors.js';
import type { App } from './context.js';
import { docsPage, toHtml } from './docs-page.js';

/** Documentation page of one error code. Throws `route_not_found` for a code that there is not. */
const renderErrorPage = (code: string): string => {
  if (!isErrorCode(code)) throw new BacklotError('route_not_found');
  const { status, type, retryable, message, remedy } = ERROR_CODES[code];
  return docsPage(
    code,
    `<p class="dim"><a href="/docs">API reference</a> · <a href="/docs/errors">Error codes</a></p><h1><code>${code}</code></h1><p>${toHtml(message)}</p><h2>What to do</h2><p>${toHtml(remedy)}</p><h2>Facts</h2><table><tr><th>HTTP status</th><td>${status}</td></tr><tr><th>Type</th><td><code>${type}</code></td></tr><tr><th>Retry unchanged</th><td>${retryable ? 'yes, later' : 'no'}</td></tr></table>`,
  );
};

/** The list of all error codes. */
const renderErrorIndex = (): string => {
  const rows = (Object.keys(ERROR_CODES) as ErrorCode[]).map(
    (code) =>
      `<tr><td><a href="/docs/errors/${code}"><code>${code}</code></a></td><td>${ERROR_CODES[code].status}</td><td>${toHtml(ERROR_CODES[code].message)}</td></tr>`,
  );
  return docsPage(
    'Error codes',
    `<p class="dim"><a href="/docs">API reference</a></p><h1>Error codes</h1><p class="dim">The <code>code</code> of an error reply is stable: branch on it, never on the message.</p><table><tr><th>Code</th><th>Status</th><th>What happened</th></tr>${rows.join('')}</table>`,
  );
};

/** Serves the documentation of the error codes. */
export const registerErrorPages = (app: App): void => {
  app.get('/docs/errors', (context) => context.html(renderErrorIndex()));
  app.get('/docs/errors/:code', (context) => context.html(renderErrorPage(context.req.param('code'))));
};

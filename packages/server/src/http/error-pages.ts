import { ERROR_CODES, type ErrorCode, isErrorCode } from '@backlot/contract';
import { BacklotError } from '../errors.js';
import type { App } from './context.js';

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] ?? character);
/** Code between back-ticks, everything else as text. */
const toHtml = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');

/** The only style sheet of these pages; served by itself because the content policy refuses inline styles. */
const ERROR_PAGES_STYLE = `:root{color-scheme:light dark;--text:#1c1d22;--dim:#5a5d68;--line:#e3e4e8;--back:#fff;--accent:#4b4ded}
@media(prefers-color-scheme:dark){:root{--text:#eceef3;--dim:#a2a6b3;--line:#2c2f38;--back:#131419;--accent:#9fa0ff}}
body{margin:0 auto;max-width:44rem;padding:3rem 1.25rem;font:16px/1.6 system-ui,sans-serif;color:var(--text);background:var(--back)}
h1{font-size:1.75rem;line-height:1.25;margin:0 0 .5rem}h2{font-size:1rem;margin:2rem 0 .25rem}a{color:var(--accent)}
code{font:.9em ui-monospace,monospace;background:color-mix(in srgb,var(--text) 8%,transparent);padding:.1em .35em;border-radius:4px}
table{width:100%;border-collapse:collapse;font-size:.9rem}td,th{text-align:left;padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line);vertical-align:top}
.dim{color:var(--dim)}`;

const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)} · Backlot</title><link rel="stylesheet" href="/docs/errors.css"></head><body>${body}</body></html>`;

/** Documentation page of one error code. Throws `route_not_found` for a code that there is not. */
const renderErrorPage = (code: string): string => {
  if (!isErrorCode(code)) throw new BacklotError('route_not_found');
  const { status, type, retryable, message, remedy } = ERROR_CODES[code];
  return page(
    code,
    `<p class="dim"><a href="/docs/errors">Error codes</a></p><h1><code>${code}</code></h1><p>${toHtml(message)}</p><h2>What to do</h2><p>${toHtml(remedy)}</p><h2>Facts</h2><table><tr><th>HTTP status</th><td>${status}</td></tr><tr><th>Type</th><td><code>${type}</code></td></tr><tr><th>Retry unchanged</th><td>${retryable ? 'yes, later' : 'no'}</td></tr></table>`,
  );
};

/** The list of all error codes. */
const renderErrorIndex = (): string => {
  const rows = (Object.keys(ERROR_CODES) as ErrorCode[]).map(
    (code) =>
      `<tr><td><a href="/docs/errors/${code}"><code>${code}</code></a></td><td>${ERROR_CODES[code].status}</td><td>${toHtml(ERROR_CODES[code].message)}</td></tr>`,
  );
  return page(
    'Error codes',
    `<h1>Error codes</h1><p class="dim">The <code>code</code> of an error reply is stable: branch on it, never on the message.</p><table><tr><th>Code</th><th>Status</th><th>What happened</th></tr>${rows.join('')}</table>`,
  );
};

/** Serves the documentation of the error codes. */
export const registerErrorPages = (app: App): void => {
  app.get('/docs/errors.css', (context) => context.body(ERROR_PAGES_STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
  app.get('/docs/errors', (context) => context.html(renderErrorIndex()));
  app.get('/docs/errors/:code', (context) => context.html(renderErrorPage(context.req.param('code'))));
};

import type { App } from './context.js';

/** Text that is shown as it is. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] ?? character);
/** Code between back-ticks, everything else as text. */
export const toHtml = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');

/** The only style sheet of these pages; served by itself because the content policy refuses inline styles. */
const STYLE = `:root{color-scheme:light dark;--text:#1c1d22;--dim:#5a5d68;--line:#e3e4e8;--back:#fff;--accent:#4b4ded}
@media(prefers-color-scheme:dark){:root{--text:#eceef3;--dim:#a2a6b3;--line:#2c2f38;--back:#131419;--accent:#9fa0ff}}
body{margin:0 auto;max-width:54rem;padding:3rem 1.25rem;font:16px/1.6 system-ui,sans-serif;color:var(--text);background:var(--back)}
h1{font-size:1.75rem;line-height:1.25;margin:0 0 .5rem}h2{font-size:1rem;margin:2rem 0 .25rem}a{color:var(--accent)}
code{font:.9em ui-monospace,monospace;background:color-mix(in srgb,var(--text) 8%,transparent);padding:.1em .35em;border-radius:4px;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;font-size:.9rem}td,th{text-align:left;min-width:6rem;padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line);vertical-align:top}
.dim{color:var(--dim)}`;

/** A page of the documentation; `body` is HTML. */
export const docsPage = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)} · Backlot</title><link rel="stylesheet" href="/docs/docs.css"></head><body>${body}</body></html>`;

/** Serves what the pages share. */
export const registerDocsStyle = (app: App): void => {
  app.get('/docs/docs.css', (context) => context.body(STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
};

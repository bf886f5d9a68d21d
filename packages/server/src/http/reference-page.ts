import type { App } from './context.js';
import { docsPage, escapeHtml, toHtml } from './docs-page.js';

/** An operation, as far as the page tells of it. */
interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
}

/** An OpenAPI document, as far as the page reads it. */
interface ApiDocument {
  readonly info: { readonly version: string };
  readonly paths?: Readonly<Record<string, object>> | undefined;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const renderReference = ({ info, paths = {} }: ApiDocument): string => {
  const groups = new Map<string, string[]>();
  for (const [path, item] of Object.entries(paths)) {
    const operations: Partial<Record<string, Operation>> = { ...item };
    for (const method of METHODS) {
      const operation = operations[method];
      if (operation === undefined) continue;
      const tag = operation.tags?.[0] ?? 'Other';
      const note = operation.description === undefined ? '' : `<br><span class="dim">${toHtml(operation.description)}</span>`;
      const row = `<tr><td><code>${method.toUpperCase()} ${escapeHtml(path)}</code></td><td>${toHtml(operation.summary ?? '')}${note}</td></tr>`;
      groups.set(tag, [...(groups.get(tag) ?? []), row]);
    }
  }
  const sections = [...groups].map(([tag, rows]) => `<h2>${escapeHtml(tag)}</h2><table><tr><th>Call</th><th>What it does</th></tr>${rows.join('')}</table>`);
  return docsPage(
    'API reference',
    `<h1>API reference</h1><p class="dim">Backlot ${escapeHtml(info.version)}. Send <code>Authorization: Bearer &lt;API key&gt;</code>. Fields and answers: <a href="/openapi.json">OpenAPI 3.1</a>. What can go wrong: <a href="/docs/errors">error codes</a>.</p>${sections.join('')}`,
  );
};

/** Serves the list of all calls. `describe`: the API's description as it is now. */
export const registerReferencePage = (app: App, describe: () => ApiDocument): void => {
  app.get('/docs', (context) => context.html(renderReference(describe())));
};

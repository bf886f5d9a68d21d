import { Tabs } from 'radix-ui';
import { CodeBlock } from './code-block.js';
import { Dialog } from './dialog.js';

/** One action of a page as a program does it. */
export interface ApiExample {
  readonly title: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** JSON body. */
  readonly body?: unknown;
  /** Form fields as curl's `-F` takes them. */
  readonly form?: readonly string[];
  /** The same with `@backlot/client`: an expression on `backlot`. */
  readonly typescript: string;
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The example as a `curl` command; the key comes from the environment, so it is never on a screen. */
export const toCurl = (example: ApiExample, origin: string): string =>
  [
    `curl ${example.method === 'GET' ? '' : `-X ${example.method} `}${quote(`${origin}${example.path}`)}`,
    '-H "Authorization: Bearer $BACKLOT_API_KEY"',
    ...(example.form ?? []).map((field) => `-F ${quote(field)}`),
    ...(example.body === undefined ? [] : ["-H 'Content-Type: application/json'", `-d ${quote(JSON.stringify(example.body))}`]),
  ].join(' \\\n  ');

const toTypeScript = (example: ApiExample, origin: string): string =>
  `import { createBacklotClient } from '@backlot/client';\n\nconst backlot = createBacklotClient({\n  baseUrl: '${origin}',\n  apiKey: process.env.BACKLOT_API_KEY,\n});\n${example.typescript}`;

/** The page's actions as `curl` and TypeScript, with real ids. */
export const ApiDialog = ({ examples, onClose }: { readonly examples: readonly ApiExample[]; readonly onClose: () => void }) => (
  <Dialog title="Do the same by API" size="large" onClose={onClose}>
    <Tabs.Root defaultValue="curl">
      <Tabs.List aria-label="Language" className="mb-4 inline-flex gap-1 rounded-md bg-sunken p-1">
        {[
          ['curl', 'curl'],
          ['typescript', 'TypeScript'],
        ].map(([value = '', label]) => (
          <Tabs.Trigger
            key={value}
            value={value}
            className="h-8 rounded-sm px-3 font-medium text-ink-soft data-[state=active]:bg-surface data-[state=active]:text-ink data-[state=active]:shadow-float"
          >
            {label}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {[['curl', toCurl] as const, ['typescript', toTypeScript] as const].map(([value, write]) => (
        <Tabs.Content key={value} value={value} className="flex flex-col gap-5">
          {examples.map((example) => (
            <section key={example.title}>
              <h3 className="mb-2 font-medium">{example.title}</h3>
              <CodeBlock code={write(example, location.origin)} what={`${value} code: ${example.title}`} />
            </section>
          ))}
        </Tabs.Content>
      ))}
    </Tabs.Root>
    <p className="mt-5 text-ink-soft">
      The key is in the terminal in which Backlot was started for the first time. Keep it in the variable{' '}
      <code className="font-mono text-xs">BACKLOT_API_KEY</code>.
    </p>
  </Dialog>
);

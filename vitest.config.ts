import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`packages/${path}`, import.meta.url));

// Workspace packages resolve to their sources, so that a test never runs against a stale build. What runs in a child
// process (image decoding, media) is the built code: `npm test` builds first.
const alias = [
  { find: /^@backlot\/contract$/, replacement: source('contract/src/index.ts') },
  { find: /^@backlot\/client$/, replacement: source('client/src/index.ts') },
  { find: /^@backlot\/keyer\/(software|wasm|webgl)$/, replacement: source('keyer/src/$1/index.ts') },
  { find: /^@backlot\/keyer$/, replacement: source('keyer/src/index.ts') },
  { find: /^@backlot\/testing$/, replacement: source('testing/src/index.ts') },
];

const common = {
  // node-datachannel and wrtc are native: threads share them and crash, processes don't.
  pool: 'forks',
  environment: 'node',
  // What a test waits for comes late on a loaded machine; the test's own time-out ends the wait.
  expect: { requireAssertions: true, poll: { timeout: 15_000 } },
} as const;

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          ...common,
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/*.browser.test.ts', '**/dist/**'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          ...common,
          name: 'browser',
          include: ['packages/*/src/**/*.browser.test.ts', 'e2e/**/*.test.ts'],
          exclude: ['**/dist/**', '**/node_modules/**'],
          fileParallelism: false,
          testTimeout: 90_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});

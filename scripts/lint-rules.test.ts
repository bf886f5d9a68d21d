import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Each file breaks exactly one rule; `allowed` ones break none. */
const refused: readonly (readonly [path: string, source: string, rule: string])[] = [
  ['packages/keyer/src/a.ts', `export * from '@backlot/contract';`, 'no-restricted-imports'],
  ['packages/keyer/src/b.ts', `export { join } from 'node:path';`, 'no-restricted-imports'],
  ['packages/contract/src/a.ts', `export { join } from 'node:path';`, 'no-restricted-imports'],
  ['packages/contract/src/b.ts', `export * from '@backlot/keyer';`, 'no-restricted-imports'],
  ['packages/player/src/a.ts', `export * from '@backlot/contract';`, 'no-restricted-imports'],
  ['packages/client/src/a.ts', `export * from '@backlot/player';`, 'no-restricted-imports'],
  ['packages/console/src/a.ts', `export * from '@backlot/server';`, 'no-restricted-imports'],
  ['packages/console/src/b.ts', `export * from '@backlot/keyer/wasm';`, 'no-restricted-imports'],
  ['packages/server/src/backgrounds/a.ts', `export * from '../blobs/filesystem/store.js';`, 'no-restricted-imports'],
  ['packages/server/src/sessions/a.ts', `export * from '../stage/embedded/stage.js';`, 'no-restricted-imports'],
  ['packages/server/src/sessions/b.ts', `export * from '../avatars/stand-in/provider.js';`, 'no-restricted-imports'],
  ['packages/server/src/sessions/c.ts', `export * from '../media/host.js';`, 'no-restricted-imports'],
  ['packages/server/src/sessions/d.ts', `export * from '../main.js';`, 'no-restricted-imports'],
  ['packages/server/src/surfaces/a.ts', `export * from '../database/pglite/pglite-database.js';`, 'no-restricted-imports'],
  ['packages/server/src/conversations/a.ts', `export * from '../database/postgres/postgres-database.js';`, 'no-restricted-imports'],
  ['packages/server/src/identity/a.ts', `export * from '../avatars/clip/provider.js';`, 'no-restricted-imports'],
  ['packages/server/src/sessions/g.ts', `export * from '../avatars/liveavatar/provider.js';`, 'no-restricted-imports'],
  ['packages/server/src/avatars/tavus/a.ts', `export * from '../../avatar-credentials/service.js';`, 'no-restricted-imports'],
  ['packages/server/src/conversations/b.ts', `export * from '../messaging/blooio/provider.js';`, 'no-restricted-imports'],
  ['packages/server/src/messaging/a.ts', `export * from './simulator/simulator.js';`, 'no-restricted-imports'],
  ['packages/server/src/messaging/photon/a.ts', `export * from '../../conversations/service.js';`, 'no-restricted-imports'],
  ['packages/server/src/database/a.ts', `export * from './pglite/pglite-database.js';`, 'no-restricted-imports'],
  ['packages/server/src/images/a.ts', `export * from '../backgrounds/service.js';`, 'no-restricted-imports'],
  ['packages/server/src/blobs/filesystem/a.ts', `export * from '../../backgrounds/service.js';`, 'no-restricted-imports'],
  ['packages/server/src/stage/embedded/a.ts', `export * from '../../sessions/service.js';`, 'no-restricted-imports'],
  ['packages/server/src/sessions/f.ts', `export * from '../compat/streaming-sessions.js';`, 'no-restricted-imports'],
  ['packages/server/src/sessions/e.ts', `export * from '@livekit/rtc-node';`, 'no-restricted-imports'],
  ['packages/server/src/compositor-worker/a.ts', `export * from '../sessions/service.js';`, 'no-restricted-imports'],
  ['packages/server/src/media/b.ts', `export * from '@backlot/keyer';`, 'no-restricted-imports'],
  ['packages/server/src/media/a.ts', `export * from '../identity/service.js';`, 'no-restricted-imports'],
  ['packages/server/src/http/a.ts', `export const home = process.env['HOME'];`, 'no-process-env'],
  ['packages/server/src/cycle/a.ts', `import { b } from './b.js';\nexport const a = (): number => b();`, 'no-cycle'],
  ['packages/server/src/cycle/b.ts', `import { a } from './a.js';\nexport const b = (): number => a();`, 'no-cycle'],
  [
    'packages/server/src/rules/floating.ts',
    `const work = async (): Promise<void> => {};\nexport const start = (): void => {\n  work();\n};`,
    'no-floating-promises',
  ],
  [
    'packages/server/src/rules/misused.ts',
    `export const run = (items: string[]): void => items.forEach(async () => Promise.resolve());`,
    'no-misused-promises',
  ],
  ['packages/server/src/rules/thrown.ts', `export const fail = (): never => {\n  throw 'text';\n};`, 'only-throw-error'],
  ['packages/server/src/rules/switch.ts', `export const f = (x: 'a' | 'b'): void => {\n  switch (x) {\n    case 'a':\n  }\n};`, 'switch-exhaustiveness-check'],
  ['packages/server/src/rules/any.ts', `export const f = (x: any): unknown => x;`, 'no-explicit-any'],
  ['packages/server/src/rules/bang.ts', `export const f = (x: string | undefined): string => x!;`, 'no-non-null-assertion'],
  ['packages/server/src/rules/type.ts', `import { URL } from 'node:url';\nexport const f = (url: URL): string => url.href;`, 'consistent-type-imports'],
  ['packages/server/src/rules/default.ts', `export default 1;`, 'no-default-export'],
  ['packages/server/src/rules/comment.ts', `// @ts-expect-error\nexport const x: string = 1;`, 'ban-ts-comment'],
  [
    'packages/server/src/rules/focused.test.ts',
    `import { expect, test } from 'vitest';\ntest.only('x', () => {\n  expect(1).toBe(1);\n});`,
    'no-focused-tests',
  ],
  [
    'packages/server/src/rules/disabled.test.ts',
    `import { expect, test } from 'vitest';\ntest.skip('x', () => {\n  expect(1).toBe(1);\n});`,
    'no-disabled-tests',
  ],
  ['packages/server/src/rules/matcher.test.ts', `import { expect, test } from 'vitest';\ntest('x', () => {\n  expect(1);\n});`, 'valid-expect'],
];

const allowed: readonly (readonly [path: string, source: string])[] = [
  ['packages/server/src/main.ts', `export * from './blobs/filesystem/store.js';\nexport const home = process.env['HOME'];`],
  ['packages/server/src/config.ts', `export const home = process.env['HOME'];`],
  [
    'packages/server/src/sessions/fine.ts',
    `export * from '../media/port.js';\nexport * from '../blobs/port.js';\nexport * from '../backgrounds/service.js';\nexport * from '@backlot/contract';`,
  ],
  [
    'packages/server/src/sessions/fine.test.ts',
    `import { expect, test } from 'vitest';\nimport { Store } from '../blobs/filesystem/store.js';\ntest('x', () => {\n  expect(Store).toBeDefined();\n});`,
  ],
  ['packages/server/src/backgrounds/fine.ts', `export * from '../images/image-pool.js';`],
  ['packages/server/src/images/fine.ts', `export * from '../errors.js';`],
  ['packages/server/src/avatars/clip/fine.ts', `export * from '../port.js';\nexport * from '../../media/port.js';`],
  [
    'packages/server/src/compositor-worker/fine.ts',
    `export * from '../media/outlets/livekit/program-tracks.js';\nexport * from '../config.js';\nexport * from '@livekit/rtc-node';`,
  ],
  ['packages/server/src/media/compositor/fine.ts', `export * from '@backlot/keyer/wasm';`],
  ['packages/server/src/media/outlets/livekit/fine.ts', `export * from '@livekit/rtc-node';`],
  ['packages/player/src/fine.ts', `export * from '@backlot/keyer/webgl';`],
];

interface Finding {
  readonly code: string;
  readonly filename: string;
}

describe('the rules of the house are enforced by lint', () => {
  let folder = '';
  let findings: readonly Finding[] = [];
  const rulesOf = (path: string): string[] => findings.filter(({ filename }) => filename === path).map(({ code }) => /\((.+)\)/.exec(code)?.[1] ?? code);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'backlot-lint-'));
    copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(root, 'tsconfig.base.json'), compilerOptions: { types: ['node'], noEmit: true }, include: ['packages'] }),
    );
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const [path, source] of [...refused, ...allowed]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `${source}\n`);
    }
    const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules/oxlint/bin/oxlint'), '--format', 'json'], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (!stdout.startsWith('{')) throw new Error(`oxlint failed:\n${stdout}${stderr}`);
    ({ diagnostics: findings } = JSON.parse(stdout) as { diagnostics: readonly Finding[] });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(refused.map(([path, , rule]) => ({ path, rule })))('$path breaks $rule', ({ path, rule }) => {
    expect(rulesOf(path)).toContain(rule);
  });

  test.each(allowed.map(([path]) => ({ path })))('$path breaks none', ({ path }) => {
    expect(rulesOf(path)).toEqual([]);
  });
});

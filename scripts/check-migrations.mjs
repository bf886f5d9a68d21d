// Fails when packages/server/src/database/schema.ts says something that the committed migrations don't.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cacheDir, root } from './setup.mjs';

const server = join(root, 'packages/server');
const copy = mkdtempSync(join(cacheDir, 'migrations-'));
try {
  cpSync(join(server, 'migrations'), copy, { recursive: true });
  const before = readdirSync(copy);
  const drizzleKit = join(root, 'node_modules/drizzle-kit/bin.cjs');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [drizzleKit, 'generate', '--dialect', 'postgresql', '--schema', './src/database/schema.ts', '--out', relative(server, copy), '--name', 'drift'],
    { cwd: server, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const added = readdirSync(copy).filter((name) => !before.includes(name));
  if (status !== 0) throw new Error(`drizzle-kit failed:\n${stdout}${stderr}`);
  for (const name of added) {
    process.stderr.write(
      `The schema has changed without a migration: run \`npx drizzle-kit generate\` in packages/server.\n${readFileSync(join(copy, name), 'utf8')}\n`,
    );
    process.exitCode = 1;
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}

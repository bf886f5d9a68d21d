// `npm run bench -- NAME [--json FILE]`: builds and runs bench/NAME/index.ts; without a name lists them.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkNode } from './node-version.mjs';

if (checkNode()) {
  const { capture, root, runScript, setUpBuilds, setUpPackages, SetupError } = await import('./setup.mjs');
  const folder = join(root, 'bench');
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'index.ts')));
  const [name, ...rest] = process.argv.slice(2);
  await runScript(async () => {
    if (name === undefined || !names.includes(name)) {
      const list = `Usage: npm run bench -- NAME [--json FILE]\nBenchmarks: ${names.join(', ')}`;
      if (name === undefined) {
        process.stdout.write(`${list}\n`);
        return;
      }
      throw new SetupError(`There is no benchmark ${name}.\n${list}`);
    }
    await setUpPackages();
    await setUpBuilds();
    const { code, output } = await capture(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--build', 'bench']);
    if (code !== 0) throw new SetupError('Building the benchmarks failed; what the compiler said stands above.', output);
    // File names in arguments are the caller's, so the benchmark runs in the caller's folder.
    const cwd = process.env['INIT_CWD'] ?? process.cwd();
    const child = spawn(process.execPath, [join(folder, 'dist', name, 'index.js'), ...rest], { cwd, stdio: 'inherit' });
    process.exitCode = await new Promise((resolve) => {
      child.once('close', (exitCode) => resolve(exitCode ?? 1));
    });
  });
}

import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';

const isInstalled = (program: string, versionFlag: string): boolean => {
  if (spawnSync(program, [versionFlag], { stdio: 'ignore' }).status === 0) return true;
  const message = `${program} is missing: install it (\`apt-get install ${program}\`).`;
  if (process.env['CI'] === 'true') throw new Error(message);
  process.stderr.write(`SKIPPED: ${message}\n`);
  return false;
};

/** Whether ffmpeg is on the PATH. Its absence is an error under `CI=true`, as is espeak-ng's. */
export const hasFfmpeg = (): boolean => isInstalled('ffmpeg', '-version');

/** Whether espeak-ng is on the PATH. */
export const hasEspeak = (): boolean => isInstalled('espeak-ng', '--version');

/** A Python that has the package requests: its own, or the one that `npm test` brought. Its absence is an error under `CI=true`. */
export const pythonWithRequests = (): { readonly path: string; readonly env: Readonly<Record<string, string>> } | undefined => {
  for (const folder of [undefined, join(homedir(), '.cache', 'backlot', 'python-requests')]) {
    const env = folder === undefined ? {} : { PYTHONPATH: folder };
    if (spawnSync('python3', ['-c', 'import requests'], { stdio: 'ignore', env: { ...process.env, ...env } }).status === 0) return { path: 'python3', env };
  }
  const message = 'Python with the package requests is missing: install it (`apt-get install python3-requests`).';
  if (process.env['CI'] === 'true') throw new Error(message);
  process.stderr.write(`SKIPPED: ${message}\n`);
  return undefined;
};

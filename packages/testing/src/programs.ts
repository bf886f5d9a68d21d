import { spawnSync } from 'node:child_process';

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

// The programs that tests use as they are: found, or brought by apt where that is allowed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { capture } from './setup.mjs';

/** @param {string} name */
const onPath = (name) => (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));

const postgresVersions = '/usr/lib/postgresql';

/** @type {readonly { aptPackage: string, isThere: () => boolean }[]} */
const PARTS = [
  {
    aptPackage: 'chromium',
    isThere: () =>
      process.env['BACKLOT_CHROMIUM'] !== undefined ||
      ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].some((path) => existsSync(path)),
  },
  { aptPackage: 'ffmpeg', isThere: () => onPath('ffmpeg') },
  { aptPackage: 'espeak-ng', isThere: () => onPath('espeak-ng') },
  { aptPackage: 'procps', isThere: () => onPath('ps') },
  { aptPackage: 'postgresql', isThere: () => onPath('initdb') || (existsSync(postgresVersions) && readdirSync(postgresVersions).length > 0) },
];

const mayInstall = () =>
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  existsSync('/etc/os-release') &&
  /^(ID|ID_LIKE)=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'));

const missingParts = () => PARTS.filter(({ isThere }) => !isThere()).map(({ aptPackage }) => aptPackage);

/**
 * Brings what is missing and resolves to what is missing still, as names of Debian's packages.
 *
 * @returns {Promise<readonly string[]>}
 */
export const bringSystemParts = async () => {
  const wanted = missingParts();
  if (wanted.length === 0) return [];
  const byHand = `apt-get install --no-install-recommends ${wanted.join(' ')}`;
  if (!mayInstall()) {
    process.stdout.write(`SKIPPED: tests that need ${wanted.join(', ')}. To install them: sudo ${byHand}\n`);
    return wanted;
  }
  process.stdout.write(`Installing ${wanted.join(', ')} (apt-get) …\n`);
  const apt = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'Acquire::Retries=3', '-o', 'DPkg::Lock::Timeout=300'];
  const update = await capture('env', [...apt, 'update']);
  const install = await capture('env', [...apt, 'install', '-y', '--no-install-recommends', ...wanted]);
  const missing = missingParts();
  if (missing.length > 0)
    process.stderr.write(`${update.output}${install.output}SKIPPED: tests that need ${missing.join(', ')}; apt-get did not bring them.\n`);
  return missing;
};

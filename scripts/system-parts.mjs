// The programs that tests use as they are: found, or brought by apt where that is allowed. LiveKit's server is built by Go, Python's requests come by pip.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { capture, root } from './setup.mjs';

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

/** @returns {Promise<readonly string[]>} names of Debian's packages that are missing still */
const bringPackages = async () => {
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

const livekitVersion = () => JSON.parse(readFileSync(join(root, 'packages/testing/package.json'), 'utf8')).config.livekitServer;

/** Builds LiveKit's server into a folder outside of the clone, once for each version. */
const bringLivekit = async () => {
  const version = livekitVersion();
  const cache = join(homedir(), '.cache', 'backlot');
  const folder = join(cache, `livekit-server-${version}`);
  if (process.env['BACKLOT_LIVEKIT_SERVER'] !== undefined || existsSync(join(folder, 'server')) || onPath('livekit-server')) return [];
  const source = `github.com/livekit/livekit-server/cmd/server@v${version}`;
  if (!onPath('go')) {
    process.stdout.write(`SKIPPED: tests that need livekit-server. Install Go, which builds it, or set BACKLOT_LIVEKIT_SERVER to its path.\n`);
    return ['livekit-server'];
  }
  process.stdout.write(`Building livekit-server ${version} (go install; takes some minutes, once) …\n`);
  mkdirSync(cache, { recursive: true });
  const building = mkdtempSync(join(cache, 'building-'));
  try {
    const { code, output } = await capture('go', ['install', source], { GOBIN: building });
    if (code !== 0) {
      process.stderr.write(`${output}SKIPPED: tests that need livekit-server; go install did not bring it.\n`);
      return ['livekit-server'];
    }
    mkdirSync(folder, { recursive: true });
    // A rename, so that nobody starts half of it.
    renameSync(join(building, 'server'), join(folder, 'server'));
    return [];
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
};

/** A Python of the machine's own, with the package requests from PyPI in a folder outside of the clone where it has none. */
const bringRequests = async () => {
  const folder = join(homedir(), '.cache', 'backlot', 'python-requests');
  const isThere = async () => (await capture('python3', ['-c', 'import requests'])).code === 0 || existsSync(join(folder, 'requests'));
  if (await isThere()) return [];
  const { output } = await capture('python3', ['-m', 'pip', 'install', '--quiet', '--target', folder, 'requests']);
  if (await isThere()) return [];
  process.stderr.write(`${output}SKIPPED: tests that need Python with the package requests. To install them: apt-get install python3-requests\n`);
  return ['python3-requests'];
};

/**
 * Brings what is missing and resolves to the names of what is missing still.
 *
 * @returns {Promise<readonly string[]>}
 */
export const bringSystemParts = async () => [...(await bringPackages()), ...(await bringLivekit()), ...(await bringRequests())];

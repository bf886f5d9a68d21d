// Installs and builds what is missing or stale. Node's built-ins only: it runs before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The clone's folder, with a slash at the end. */
export const root = fileURLToPath(new URL('../', import.meta.url));
/** Stamps, logs and the lock; ignored by git, survives `npm ci`. */
export const cacheDir = join(root, '.cache');

const LOCK_HEARTBEAT_MS = 2000;
const LOCK_STALE_MS = 10_000;
const LOCK_POLL_MS = 200;

/** Said to the person at the terminal as one line, after `log` when there is one. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {string} [log] what the failed command printed
   */
  constructor(message, log = '') {
    super(message);
    this.name = 'SetupError';
    this.log = log;
  }
}

/**
 * What to undo when a signal ends this process in the middle of the work.
 *
 * @type {Set<() => void>}
 */
const undo = new Set();

/** @param {string} line */
const print = (line) => process.stdout.write(`${line}\n`);

/** @param {number} sinceMs */
const elapsed = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

/**
 * Runs a command in the clone and resolves to its exit code and what it printed.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} [extraEnv]
 * @returns {Promise<{ code: number, output: string }>}
 */
export const capture = (command, args, extraEnv = {}) =>
  new Promise((resolve) => {
    const env = { ...process.env, ...extraEnv };
    // Under `npm start` these would send a nested npm to the folder that the outer one was called in.
    delete env['npm_config_local_prefix'];
    delete env['npm_config_prefix'];
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' && command === 'npm' });
    const end = () => child.kill();
    undo.add(end);
    let output = '';
    /** @param {Buffer} chunk */
    const collect = (chunk) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => {
      undo.delete(end);
      resolve({ code: 127, output: `${output}${error.message}\n` });
    });
    child.once('close', (code) => {
      undo.delete(end);
      resolve({ code: code ?? 1, output });
    });
  });

/**
 * Every file below a folder, sorted, as paths relative to the clone.
 *
 * @param {string} folder
 * @returns {string[]}
 */
const filesBelow = (folder) =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(path) : [path];
    });

/** @param {readonly string[]} inputs files and folders; those that don't exist count as such */
const hashOf = (inputs) => {
  const hash = createHash('sha256');
  for (const input of inputs) {
    const path = join(root, input);
    const files = !existsSync(path) ? [] : statSync(path).isDirectory() ? filesBelow(input) : [input];
    for (const file of files)
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(root, file)))
        .update('\0');
  }
  return hash.digest('hex');
};

/** @param {string} name */
const packageInputs = (name) => [
  `packages/${name}/src`,
  `packages/${name}/public`,
  `packages/${name}/index.html`,
  `packages/${name}/vite.config.ts`,
  `packages/${name}/package.json`,
  `packages/${name}/tsconfig.json`,
];

const node = process.execPath;
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const asc = join(root, 'node_modules/assemblyscript/bin/asc.js');
const vite = join(root, 'node_modules/vite/bin/vite.js');
const shared = ['package-lock.json', 'tsconfig.base.json'];

/**
 * What is built, each from its inputs to an output that must exist.
 *
 * @type {Readonly<Record<'keyer' | 'server' | 'player' | 'software' | 'livekit' | 'console', { title: string, inputs: readonly string[], output: string, command: readonly string[] }>>}
 */
const BUILDS = {
  keyer: {
    title: "the keyer's WebAssembly",
    inputs: ['package-lock.json', 'packages/keyer/assembly', 'packages/keyer/asconfig.json'],
    output: 'packages/keyer/dist/wasm/keyer.wasm',
    command: [asc, '--config', 'packages/keyer/asconfig.json'],
  },
  server: {
    title: 'the server',
    inputs: [...shared, ...['contract', 'keyer', 'client', 'testing', 'player', 'server'].flatMap(packageInputs)],
    output: 'packages/server/dist/main.js',
    command: [tsc, '--build', 'packages/server', 'packages/player'],
  },
  player: {
    title: 'the player',
    inputs: [...shared, ...['keyer', 'player'].flatMap(packageInputs)],
    output: 'packages/player/bundle/page/backlot-player.js',
    command: [vite, 'build', 'packages/player', '--logLevel', 'warn'],
  },
  software: {
    title: "the player's part for machines without a GPU",
    inputs: [...shared, ...['keyer', 'player'].flatMap(packageInputs)],
    output: 'packages/player/bundle/software/software.js',
    command: [vite, 'build', 'packages/player', '--mode', 'software', '--logLevel', 'warn'],
  },
  livekit: {
    title: "the player's part for LiveKit",
    inputs: [...shared, ...packageInputs('player')],
    output: 'packages/player/bundle/livekit/livekit.js',
    command: [vite, 'build', 'packages/player', '--mode', 'livekit', '--logLevel', 'warn'],
  },
  console: {
    title: 'the console',
    inputs: [...shared, ...['contract', 'client', 'keyer', 'player', 'console'].flatMap(packageInputs)],
    output: 'packages/console/dist/app/index.html',
    command: [vite, 'build', 'packages/console', '--logLevel', 'warn'],
  },
};

/** @typedef {keyof typeof BUILDS} Build */

/** @param {Build} build */
const stampOf = (build) => join(cacheDir, `build-${build}`);

/**
 * The hash of a build's inputs when it is stale, else undefined.
 *
 * @param {Build} build
 */
const staleBuild = (build) => {
  const { inputs, output } = BUILDS[build];
  const hash = hashOf(inputs);
  const fresh = existsSync(join(root, output)) && existsSync(stampOf(build)) && readFileSync(stampOf(build), 'utf8') === hash;
  return fresh ? undefined : hash;
};

/**
 * Whether node_modules is what package-lock.json says, by the list that npm leaves at the end of an install.
 */
const installIsFresh = () => {
  const installedPath = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedPath)) return false;
  /** @typedef {Record<string, { version?: string, optional?: boolean, link?: boolean, os?: string[], cpu?: string[] }>} Packages */
  /** @type {{ packages: Packages }} */
  const { packages: wanted } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  /** @type {{ packages: Packages }} */
  const { packages: installed } = JSON.parse(readFileSync(installedPath, 'utf8'));
  for (const [path, entry] of Object.entries(wanted)) {
    const present = installed[path];
    if (!path.includes('node_modules/')) continue;
    if (present === undefined ? entry.optional !== true : present.version !== entry.version) return false;
  }
  return Object.entries(installed).every(
    ([path, { os, cpu }]) =>
      wanted[path] !== undefined && (os ?? [process.platform]).includes(process.platform) && (cpu ?? [process.arch]).includes(process.arch),
  );
};

/** @type {readonly (readonly [RegExp, string])[]} */
const INSTALL_FAILURES = [
  [/EUSAGE/, 'package-lock.json does not match the package.json files. Run `npm install` and `node scripts/complete-lockfile.mjs`.'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|ENETUNREACH|ERR_SOCKET_TIMEOUT/,
    'The npm registry could not be reached. The first start needs a network; later ones do not.',
  ],
  [/ENOSPC/, 'The disk is full.'],
  [/EACCES|EPERM|EROFS/, `The folder ${root} can't be written by this user.`],
  [/EBADENGINE/, `A package refuses this version of Node (${process.version}).`],
];

const install = async () => {
  const startedMs = performance.now();
  print('Installing packages (npm ci) …');
  const { code, output } = await capture('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  if (code === 127) throw new SetupError('npm is not on the PATH. It comes with Node.', output);
  if (code !== 0) {
    const known = INSTALL_FAILURES.find(([pattern]) => pattern.test(output));
    throw new SetupError(known?.[1] ?? 'npm ci failed; what it said stands above.', output);
  }
  print(`Installed packages in ${elapsed(startedMs)}.`);
};

/** @param {Build} build */
const runBuild = async (build) => {
  const hash = staleBuild(build);
  if (hash === undefined) return;
  const startedMs = performance.now();
  const { title, output, command } = BUILDS[build];
  print(`Building ${title} …`);
  // tsc goes by its own notes, also when what it built has been removed.
  const force = build === 'server' && !existsSync(join(root, output)) ? ['--force'] : [];
  const result = await capture(node, [...command, ...force]);
  if (result.code !== 0) throw new SetupError(`Building ${title} failed; what the compiler said stands above.`, result.output);
  writeFileSync(stampOf(build), hash);
  print(`Built ${title} in ${elapsed(startedMs)}.`);
};

/**
 * Only one process sets up at a time. The holder touches the lock; one that has not been touched is taken over.
 *
 * @param {() => Promise<void>} work
 */
const withLock = async (work) => {
  const path = join(cacheDir, 'setup.lock');
  mkdirSync(cacheDir, { recursive: true });
  for (let said = false; ; said = true) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    const touchedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (touchedMs !== undefined && Date.now() - touchedMs > LOCK_STALE_MS) rmSync(path, { force: true });
    else {
      if (!said) print('Waiting for another process that is setting up …');
      await wait(LOCK_POLL_MS);
    }
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    if (existsSync(path)) utimesSync(path, now, now);
  }, LOCK_HEARTBEAT_MS);
  const unlock = () => rmSync(path, { force: true });
  undo.add(unlock);
  /** @param {NodeJS.Signals} signal */
  const interrupt = (signal) => {
    for (const step of undo) step();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    await work();
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    clearInterval(heartbeat);
    undo.delete(unlock);
    unlock();
  }
};

/** @param {() => Promise<void>} work */
const lockedForWriting = async (work) => {
  try {
    await withLock(work);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') throw new SetupError(`The folder ${root} can't be written by this user.`);
    throw error;
  }
};

/** Installs the packages unless they are as package-lock.json says. */
export const setUpPackages = async () => {
  if (installIsFresh()) return;
  await lockedForWriting(async () => {
    if (!installIsFresh()) await install();
  });
};

/**
 * Builds what is stale. The keyer's WebAssembly, the server and the player's parts are independent; the console takes the player from the server's step.
 */
export const setUpBuilds = async () => {
  const builds = /** @type {Build[]} */ (Object.keys(BUILDS));
  if (builds.every((build) => staleBuild(build) === undefined)) return;
  await lockedForWriting(async () => {
    const results = await Promise.allSettled([runBuild('keyer'), runBuild('server'), runBuild('player'), runBuild('software'), runBuild('livekit')]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    await runBuild('console');
  });
};

/**
 * Runs a script's main function: what fails is said in one line, after the log of what was run.
 *
 * @param {() => Promise<void>} main
 */
export const runScript = async (main) => {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.log.trimEnd()}${error.log === '' ? '' : '\n'}${error.message}\n`);
    process.exitCode = 1;
  }
};

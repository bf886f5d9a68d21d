// Adds the optional packages of other platforms that npm left out of package-lock.json because the registry in use
// does not carry them: `npm ci` of npm 11 refuses a lockfile without them. Run after each `npm install`.
// With `--check`, changes nothing and fails when the file is incomplete or names a registry.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = new URL('../package-lock.json', import.meta.url);

/** Words of a package's name that tell its platform. */
const OS = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  openharmony: 'openharmony',
  sunos: 'sunos',
  aix: 'aix',
  win32: 'win32',
  windows: 'win32',
  linuxmusl: 'linux',
  wasm32: undefined,
};
const CPU = {
  arm: 'arm',
  arm64: 'arm64',
  ia32: 'ia32',
  x64: 'x64',
  x86_64: 'x64',
  amd64: 'x64',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  loong64: 'loong64',
  mips64el: 'mips64el',
  wasm32: 'wasm32',
};
const LIBC = { gnu: 'glibc', gnueabihf: 'glibc', glibc: 'glibc', musl: 'musl', musleabihf: 'musl', linuxmusl: 'musl' };

/**
 * @param {Readonly<Record<string, string | undefined>>} table
 * @param {readonly string[]} words
 */
const lookUp = (table, words) => words.map((word) => table[word]).find((value) => value !== undefined);

/**
 * What a package's name says about its platform: `@oxfmt/binding-linux-x64-musl` → linux, x64, musl.
 *
 * @param {string} name
 */
export const platformOf = (name) => {
  const words = (name.split('/').at(-1) ?? '').split(/[-.]/).flatMap((word) => (word === 'ppc64le' || word === 'ppc64' ? ['ppc64'] : [word]));
  const os = lookUp(OS, words);
  const cpu = lookUp(CPU, words);
  const libc = os === 'linux' ? lookUp(LIBC, words) : undefined;
  return { ...(cpu === undefined ? {} : { cpu: [cpu] }), ...(libc === undefined ? {} : { libc: [libc] }), ...(os === undefined ? {} : { os: [os] }) };
};

/**
 * The folders that Node looks in for what a package imports, nearest first, as keys of a lockfile.
 *
 * @param {string} parent
 */
const foldersFor = (parent) => {
  const parts = parent.split('/node_modules/');
  const own = parts.map((_, index) => `${parts.slice(0, parts.length - index).join('/node_modules/')}/node_modules`);
  return [...own, 'node_modules'];
};

/**
 * Entries that a lockfile lacks. `npm ci` asks for one for each exact optional dependency, where the package that wants
 * it finds it: beside that package, or inside it when another version is beside it.
 *
 * @param {Readonly<Record<string, { version?: string, optionalDependencies?: Record<string, string> }>>} packages
 * @returns {[string, object][]}
 */
export const missingEntries = (packages) => {
  /** @type {Record<string, { version?: string }>} */
  const known = { ...packages };
  /** @type {[string, object][]} */
  const missing = [];
  for (const [parent, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (!/^\d/.test(version)) continue;
      const folders = foldersFor(parent);
      const found = folders.map((folder) => known[`${folder}/${name}`]).find((entry) => entry !== undefined);
      if (found?.version === version) continue;
      const beside = `${parent.slice(0, parent.lastIndexOf('node_modules/'))}node_modules/${name}`;
      const place = known[beside] === undefined ? beside : `${parent}/node_modules/${name}`;
      const entry = { version, ...platformOf(name), optional: true };
      known[place] = entry;
      missing.push([place, entry]);
    }
  }
  return missing;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = readFileSync(path, 'utf8');
  const lockfile = JSON.parse(text);
  const missing = missingEntries(lockfile.packages);
  const hosts = [...text.matchAll(/"resolved": "https?:[^"]*"/g)].map(([match]) => match);
  if (process.argv.includes('--check')) {
    for (const [place] of missing) process.stderr.write(`package-lock.json lacks ${place}: run \`node scripts/complete-lockfile.mjs\`.\n`);
    for (const host of hosts) process.stderr.write(`package-lock.json names a registry: ${host}\n`);
    if (missing.length + hosts.length > 0) process.exitCode = 1;
  } else {
    const { '': own, ...rest } = lockfile.packages;
    const sorted = Object.entries({ ...rest, ...Object.fromEntries(missing) }).sort(([left], [right]) => left.localeCompare(right, 'en'));
    lockfile.packages = { '': own, ...Object.fromEntries(sorted) };
    if (missing.length > 0) writeFileSync(path, `${JSON.stringify(lockfile, null, 2)}\n`);
    process.stdout.write(`${missing.length} entries added.\n`);
  }
}

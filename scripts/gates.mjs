// The gates of `npm test`, in order.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, root, setUpBuilds, setUpPackages, SetupError } from './setup.mjs';
import { bringSystemParts } from './system-parts.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @param {string} path */
const module = (path) => join(root, 'node_modules', path);

/**
 * Runs a Node program in the clone with its output shown.
 *
 * @param {readonly string[]} args
 * @returns {Promise<number>} its exit code
 */
const run = (args) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', () => resolve(127));
    child.once('close', (code) => resolve(code ?? 1));
  });

/** @type {(isPassed: boolean) => Counts} */
const asCounts = (isPassed) => ({ passed: isPassed ? 1 : 0, failed: isPassed ? 0 : 1, skipped: 0 });

/** @type {(...args: string[]) => () => Promise<Counts>} */
const check =
  (...args) =>
  async () =>
    asCounts((await run(args)) === 0);

/** @type {(project: string) => (filters: readonly string[]) => Promise<Counts>} */
const suite = (project) => async (filters) => {
  const resultPath = join(cacheDir, `vitest-${project}.json`);
  rmSync(resultPath, { force: true });
  const code = await run([
    module('vitest/vitest.mjs'),
    'run',
    '--project',
    project,
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${resultPath}`,
    ...filters,
  ]);
  /** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, numFailedTestSuites: number }} */
  let result;
  try {
    result = JSON.parse(readFileSync(resultPath, 'utf8'));
  } catch {
    process.stderr.write(`vitest ended (${code}) without results.\n`);
    return asCounts(false);
  }
  // A file that can't be loaded and an error outside a test fail the run, but count as no test.
  const failed = Math.max(result.numFailedTests, code === 0 ? 0 : 1);
  return { passed: result.numPassedTests, failed, skipped: result.numPendingTests + result.numTodoTests };
};

/** @type {Readonly<Record<string, (filters: readonly string[]) => Promise<Counts>>>} */
const GATES = {
  types: check(module('typescript/bin/tsc'), '--build'),
  builds: async () => {
    try {
      await setUpBuilds();
      return asCounts(true);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      process.stderr.write(`${error.log}${error.message}\n`);
      return asCounts(false);
    }
  },
  format: check(module('oxfmt/bin/oxfmt'), '--check'),
  lint: check(module('oxlint/bin/oxlint'), '--deny-warnings'),
  docblocks: check('scripts/check-docblocks.mjs'),
  lockfile: check('scripts/complete-lockfile.mjs', '--check'),
  openapi: check('scripts/openapi.mjs', '--check'),
  migrations: check('scripts/check-migrations.mjs'),
  settings: check('scripts/config-table.mjs', '--check'),
  'player-size': check('packages/player/scripts/check-size.mjs'),
  unit: suite('unit'),
  browser: suite('browser'),
};

/** Gates that build what the others need. */
const SETUP_GATES = ['types', 'builds'];

/**
 * @param {readonly string[]} args
 * @returns {{ gates: readonly string[], filters: readonly string[] }}
 */
const parse = (args) => {
  if (args[0] !== '--only') {
    if (args.length > 0) throw new SetupError(`Usage: npm test [-- --only ${Object.keys(GATES).join('|')} [vitest's filters]]`);
    return { gates: Object.keys(GATES), filters: [] };
  }
  const names = (args[1] ?? '').split(',');
  const unknown = names.filter((name) => GATES[name] === undefined);
  if (unknown.length > 0) throw new SetupError(`There is no gate ${unknown.join(', ')}. There are: ${Object.keys(GATES).join(', ')}.`);
  return { gates: Object.keys(GATES).filter((name) => SETUP_GATES.includes(name) || names.includes(name)), filters: args.slice(2) };
};

/**
 * Runs the gates and closes with `N passed, M failed`; sets the exit code.
 *
 * @param {readonly string[]} args of the command line
 */
export const runGates = async (args) => {
  const { gates, filters } = parse(args);
  await setUpPackages();
  mkdirSync(cacheDir, { recursive: true });
  const total = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  if (gates.includes('unit') || gates.includes('browser')) {
    const missing = await bringSystemParts();
    if (missing.length > 0 && process.env['CI'] === 'true') {
      total.failed += 1;
      lines.push(`FAILED   system parts: ${missing.join(', ')} missing`);
    }
  }
  for (const name of gates) {
    const gate = GATES[name];
    if (gate === undefined) continue;
    process.stdout.write(`\n── ${name}\n`);
    const startedMs = performance.now();
    const { passed, failed, skipped } = await gate(filters);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    lines.push(
      `${failed > 0 ? 'FAILED' : 'passed'}   ${name.padEnd(12)} ${seconds.padStart(7)} s   ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} SKIPPED` : ''}`,
    );
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  process.stdout.write(`\n${lines.join('\n')}\n`);
  if (total.skipped > 0) process.stdout.write(`${total.skipped} tests were SKIPPED: what they need is missing on this machine.\n`);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  if (total.failed > 0) process.exitCode = 1;
};

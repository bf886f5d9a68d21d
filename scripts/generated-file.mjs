import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Writes a generated file, or with `--check` on the command line only compares it and fails when it has drifted.
 *
 * @param {string} path relative to the clone
 * @param {string} content
 */
export const writeOrCheck = (path, content) => {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  if (!process.argv.includes('--check')) {
    writeFileSync(file, content);
    process.stdout.write(`${path} written.\n`);
    return;
  }
  let current = '';
  try {
    current = readFileSync(file, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
  }
  if (current === content) return;
  process.stderr.write(`${path} is not what its source says: run \`node ${process.argv[1]?.slice(fileURLToPath(new URL('../', import.meta.url)).length)}\`.\n`);
  process.exitCode = 1;
};

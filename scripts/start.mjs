#!/usr/bin/env node
// `npm start` and `npx backlot`: sets up what is missing or stale, then runs the server in this process.
import { checkNode } from './node-version.mjs';

const USAGE = 'Usage: backlot [start]\nStarts Backlot. Settings come from the environment; README.md lists them.\n';

const [command = 'start', ...rest] = process.argv.slice(2);
if (command === '--help' || command === '-h') {
  process.stdout.write(USAGE);
} else if (command !== 'start' || rest.length > 0) {
  process.stderr.write(USAGE);
  process.exitCode = 1;
} else if (checkNode()) {
  const { runScript, setUpBuilds, setUpPackages } = await import('./setup.mjs');
  await runScript(async () => {
    await setUpPackages();
    await setUpBuilds();
    await import('../packages/server/dist/main.js');
  });
}

#!/usr/bin/env node
// `npm start` and `npx backlot`: sets up what is missing or stale, then runs the server, or a compositor, in this process.
import { checkNode } from './node-version.mjs';

const PARENT_POLL_MS = 500;
const USAGE = `Usage: backlot [start | compositor]
  start       runs Backlot
  compositor  renders sessions of a LiveKit server; run it on as many machines as wanted
Settings come from the environment; README.md lists them.
`;
const PROGRAMS = new Map([
  ['start', '../packages/server/dist/main.js'],
  ['compositor', '../packages/server/dist/compositor-worker/main.js'],
]);

/** `npm start` runs this under a shell, which a SIGTERM to npm ends without handing it on: nobody would stop the server. */
const stopWithParent = () => {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, PARENT_POLL_MS).unref();
};

const [command = 'start', ...rest] = process.argv.slice(2);
if (command === '--help' || command === '-h') {
  process.stdout.write(USAGE);
} else if (!PROGRAMS.has(command) || rest.length > 0) {
  process.stderr.write(USAGE);
  process.exitCode = 1;
} else if (checkNode()) {
  const { runScript, setUpBuilds, setUpPackages } = await import('./setup.mjs');
  await runScript(async () => {
    await setUpPackages();
    await setUpBuilds();
    if (process.env['npm_lifecycle_event'] === 'start') stopWithParent();
    await import(PROGRAMS.get(command) ?? '');
  });
}

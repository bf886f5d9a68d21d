// `npm test`: sets up, then runs every gate to its end, so that one run shows every failure.
//   npm test                                       everything
//   npm test -- --only unit packages/keyer         one project or gate (comma-separated), with vitest's own filters
import { checkNode } from './node-version.mjs';

if (checkNode()) {
  const { runScript } = await import('./setup.mjs');
  const { runGates } = await import('./gates.mjs');
  await runScript(() => runGates(process.argv.slice(2)));
}

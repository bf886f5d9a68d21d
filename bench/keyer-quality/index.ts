/**
 * How good the key is, by the keying model's protocol (§5): cut-outs with true alpha, moving before green, studio and
 * blue screens, coded as avatars are, keyed by both of our builds and by the peers, and compared with the truth.
 *
 * `--group report` (default) scores the cut-outs that nothing was tuned on; `tune` the others. `--quick`: two cut-outs,
 * two frames, two conditions (WebGL in one), peers as they come. `--json FILE`: ours beside the
 * best peer. `--sheet DIR`: contact sheets instead, with peers at their best settings; with `--quick` as they come.
 */
import { hasChromium, hasFfmpeg, hasSharedData, sharedData } from '@backlot/testing';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { report } from '../report.js';
import { Board } from './board.js';
import { BASELINE, IN_BROWSER, QUICK, VARIANTS } from './conditions.js';
import { loadExercises } from './exercises.js';
import { findPeers } from './peers/index.js';
import { allKeyers, defaultKeyers, edgeKeyers } from './peers/keyers.js';
import { type Tuned, tunePeers } from './peers/tune.js';
import { loadPhoto } from './photo.js';
import { pick } from './pick.js';
import { rowsOf } from './rows.js';
import { runProtocol } from './run.js';
import { type Screen, SCREENS } from './screens.js';
import { SHEET_SCREENS, writeSheets } from './sheet.js';
import { createWasmKeyer } from './wasm-keyer.js';
import { createWebglKeyer } from './webgl-keyer.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    sheet: { type: 'string' },
    group: { type: 'string', default: 'report' },
    screen: { type: 'string', multiple: true },
    condition: { type: 'string', multiple: true },
  },
});
const split = JSON.parse(readFileSync(new URL('../../keyer-quality/split.json', import.meta.url), 'utf8')) as Record<string, readonly string[]>;
const names = split[options.group];
if (names === undefined) throw new TypeError(`--group must be ${Object.keys(split).join(' or ')}, not ${options.group}.`);
const screens = pick('screen', SCREENS, options.screen);
const conditions = pick('condition', options.quick ? QUICK : [BASELINE, ...VARIANTS], options.condition);
if (!hasSharedData || !hasChromium || !hasFfmpeg()) throw new Error('The shared test data, Chromium and ffmpeg are needed.');

const WIDTH = 1280;
const HEIGHT = 720;
const behind = await loadPhoto(sharedData('backgrounds/photos/saxon-switzerland-539418_1280.jpg'), WIDTH, HEIGHT);
const peers = findPeers();
const tuned = new Map<Screen, readonly Tuned[]>();
if (!options.quick) {
  const exercises = await loadExercises(split['tune'] ?? [], options.sheet === undefined ? screens : SHEET_SCREENS, behind);
  for (const [screen, clips] of exercises) {
    process.stderr.write(`peers before ${screen.name}\n`);
    tuned.set(screen, tunePeers(peers, clips));
  }
}
const wasm = await createWasmKeyer();
await using webgl = await createWebglKeyer();

if (options.sheet !== undefined) {
  await writeSheets(options.sheet, (screen) => {
    const best = tuned.get(screen);
    return [wasm, webgl, ...(best === undefined ? defaultKeyers(peers) : edgeKeyers(best))];
  });
} else {
  const board = new Board();
  await runProtocol({
    names: options.quick ? names.slice(0, 2) : names,
    behind,
    board,
    screens,
    conditions,
    isQuick: options.quick,
    keyersFor(screen, condition) {
      const ours = (options.quick ? [BASELINE] : IN_BROWSER).includes(condition) ? [wasm, webgl] : [wasm];
      const best = tuned.get(screen);
      if (best === undefined) return [...ours, ...defaultKeyers(peers)];
      return [...ours, ...(condition === BASELINE ? allKeyers(best) : edgeKeyers(best))];
    },
  });
  for (const place of board.places) process.stdout.write(`${board.format(place)}\n\n`);
  await report(`Quality of the key, ${options.group} half`, rowsOf(board), options.json);
}

/**
 * How fast the key is, on one thread, at 720p and 1080p: frames a second of the WASM build from planes to planes, on the
 * shared clips, scaled, on the slowest frame of all of them, and on the keying model's hair and noisy studio (§5).
 *
 * "fps" is what a session has: every frame is copied in, the screen measured every 15 frames, the frame keyed and
 * composed. "fps, keying alone" is without the copy and the measurement. Frames differ from one to the next. Each figure
 * is the median of three rounds of 3 s, which the cases take in turns. Time is processor time, of helper threads too: on
 * an idle machine that is the clock's, and a busy one doesn't spoil it.
 *
 * Beside it: a plain copy of a frame and of the background (`TypedArray.set`, 3 bytes a pixel); ffmpeg (one thread) and
 * GStreamer with the same raw frames from memory, also by processor time, without what starting and reading the frames
 * alone takes, on the avatar clip (what they cost doesn't depend on the picture); gl-chromakey 2 in Chromium, with its defaults, on a
 * page with our two renderers, each frame timed until a pixel of it was read back. And what a frame allocates.
 *
 * Goals that are missed are listed below the table. `--json FILE`.
 */
import { hasChromium, hasFfmpeg, hasSharedData, sharedData } from '@backlot/testing';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BASELINE } from '../keyer-quality/conditions.js';
import { loadPhoto } from '../keyer-quality/photo.js';
import { toFrame } from '../keyer-quality/planes.js';
import { type BenchRow, percentile, report } from '../report.js';
import type { Allocation } from './allocation.js';
import { timeInBrowser } from './browser.js';
import { loadClips } from './clips.js';
import type { Footage } from './frames.js';
import { compileKeyer, type FrameTimes, timeCopy, timeKeying } from './ours.js';
import { findPeers, RIVAL } from './peers.js';
import { type RawFiles, writeRawFiles } from './raw-files.js';
import { shootScenes } from './scenes.js';

const SIZES = [
  [1280, 720],
  [1920, 1080],
] as const;
const ROUNDS = 3;
const ROUND_MS = 3000;
const COPY_MS = 500;
const AVATAR = 'dhlive-man';
/** Long blonde hair that fills the frame. */
const HAIR = 'p_d684dae3';
/** Frames in the files that peers read, for the one that can't repeat them. */
const FILE_FRAMES = 48;
/** Names of WebGL implementations that run on the processor, where the player keys without it. */
const SOFTWARE_GL = /swiftshader|llvmpipe|softpipe|software/i;

/** What a figure must reach. */
interface Goal {
  readonly least?: number;
  readonly most?: number;
}

const { values: options } = parseArgs({ options: { json: { type: 'string' } } });
if (!hasSharedData || !hasFfmpeg()) throw new Error('The shared test data and ffmpeg are needed.');

const rows: BenchRow[] = [];
const missed: string[] = [];
const add = (row: BenchRow, { least, most }: Goal = {}): void => {
  const goal = least !== undefined ? `≥ ${least}` : most !== undefined ? `≤ ${most}` : undefined;
  rows.push({ ...row, ...(goal === undefined ? {} : { goal }) });
  if (row.value < (least ?? Number.NEGATIVE_INFINITY) || row.value > (most ?? Number.POSITIVE_INFINITY)) {
    missed.push(`${row.case}, ${row.metric}: ${row.value.toFixed(2)} ${row.unit} instead of ${goal}`);
  }
};
const median = (samples: readonly number[]): number => percentile(samples, 50);

const measureAllocation = async ({ footage: { width, height }, frontPath, behindPath }: RawFiles): Promise<readonly Allocation[]> => {
  const child = fork(fileURLToPath(new URL('allocation.js', import.meta.url)), [String(width), String(height), frontPath, behindPath], {
    execArgv: ['--expose-gc'],
  });
  const [results] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`The measurement of what a frame allocates ended with ${String(code)}.`);
    }),
  ])) as [readonly Allocation[]];
  return results;
};

const goalOf = (footage: Footage): Goal => {
  if (footage.name === AVATAR) return { least: 1000 };
  return footage.name.startsWith('worst frame') || footage.name.endsWith('studio') ? { least: 500 } : {};
};

const module = await compileKeyer();
const peers = findPeers();
for (const [width, height] of SIZES) {
  process.stderr.write(`making the frames of ${height}p\n`);
  const behind = toFrame(await loadPhoto(sharedData('backgrounds/photos/saxon-switzerland-539418_1280.jpg'), width, height), BASELINE.layout);
  const clips = await loadClips(module, behind);
  const avatar = clips.footage.find(({ name }) => name === AVATAR);
  if (avatar === undefined) throw new RangeError('The avatar clip is missing.');
  const all = [...clips.footage, clips.worst, ...(await shootScenes(HAIR, ['#00FF00', 'studio'], width, height))];
  using files = writeRawFiles(avatar, behind, FILE_FRAMES);
  for (const peer of peers) peer.check(files);

  const copies: number[] = [];
  const ours = new Map(all.map((footage) => [footage, new Array<FrameTimes>()]));
  const theirs = new Map(peers.map((peer) => [peer, new Array<number>()]));
  for (let round = 1; round <= ROUNDS; round++) {
    process.stderr.write(`${height}p, round ${round} of ${ROUNDS}\n`);
    for (const [footage, samples] of ours) samples.push(timeKeying(module, footage, behind, ROUND_MS));
    copies.push(timeCopy(avatar, behind, COPY_MS));
    for (const [peer, samples] of theirs) samples.push(peer.time(files));
  }

  const copyMs = median(copies);
  for (const [footage, samples] of ours) {
    const name = `${height}p ${footage.name}`;
    const of = (part: keyof FrameTimes) => median(samples.map((times) => times[part]));
    add({ case: name, metric: 'fps', value: 1000 / of('totalMs'), unit: '1/s' }, goalOf(footage));
    add({ case: name, metric: 'fps, keying alone', value: 1000 / of('keyMs'), unit: '1/s' });
    add({ case: name, metric: 'time over a plain copy', value: of('totalMs') / copyMs, unit: '×', peer: 'copy, ms', peer_value: copyMs }, { most: 12 });
    if (footage !== avatar) continue;
    add({ case: name, metric: 'copying in', value: of('copyMs'), unit: 'ms a frame' });
    add({ case: name, metric: 'measuring the screen', value: of('measureMs'), unit: 'ms a frame' });
    for (const [peer, times] of theirs) {
      const ms = median(times);
      const goal = peer.name === RIVAL ? { least: 60 } : {};
      add({ case: name, metric: 'speed over a peer', value: ms / of('totalMs'), unit: '×', peer: `${peer.name}, fps`, peer_value: 1000 / ms }, goal);
    }
  }
  for (const { step, collections, bytes } of await measureAllocation(files)) {
    const name = `${height}p allocation, ${step}`;
    add({ case: name, metric: 'collections in 2000 calls', value: collections, unit: '' }, { most: 0 });
    add({ case: name, metric: 'allocated', value: bytes, unit: 'bytes a call' }, { most: 64 });
  }

  if (!hasChromium) continue;
  process.stderr.write(`${height}p in Chromium\n`);
  const { gpu, samples } = await timeInBrowser(avatar, behind);
  const theirMs = median(samples['gl-chromakey']);
  const chosen = SOFTWARE_GL.test(gpu) ? 'PlaneRenderer' : 'KeyRenderer';
  process.stderr.write(`WebGL by ${gpu}: the player uses ${chosen}.\n`);
  for (const renderer of ['KeyRenderer', 'PlaneRenderer'] as const) {
    const name = `${height}p ${AVATAR}, ${renderer} in Chromium`;
    const ms = median(samples[renderer]);
    add({ case: name, metric: 'time a frame', value: ms, unit: 'ms', peer: 'gl-chromakey 2.0.0', peer_value: theirMs });
    add({ case: name, metric: 'time over gl-chromakey', value: ms / theirMs, unit: '×' }, renderer === chosen ? { most: 1.5 } : {});
  }
}
await report('Speed of the key, one thread', rows, options.json);
for (const line of missed) process.stdout.write(`MISSED: ${line}\n`);

/**
 * Run as a process of its own with `--expose-gc`: WIDTH HEIGHT FRONT BEHIND (raw I420). Tells its parent what
 * a frame allocates.
 *
 * Two proofs: no garbage is collected in 2000 frames, with a young generation of 16 MB at most, so that 8 KB a frame
 * would show; and what the heap grows by during one frame after a collection, the median of many, less what asking costs.
 * The frames lie in buffers that are used again, as a decoder's do.
 */
import { readFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { splitFrames } from '../keyer-quality/encode.js';
import { percentile } from '../report.js';
import { inTurn } from './frames.js';
import { compileKeyer, measureScreen, startSession } from './ours.js';

const FRAMES = 2000;
const SAMPLES = 101;

/** What one step allocates. */
export interface Allocation {
  readonly step: 'keying' | 'copying in' | 'measuring the screen';
  readonly collections: number;
  readonly bytes: number;
}

const { gc } = globalThis;
const [width = 0, height = 0] = process.argv.slice(2, 4).map(Number);
const [frontPath = '', behindPath = ''] = process.argv.slice(4);
if (gc === undefined || process.send === undefined) throw new Error('Started by the benchmark only, with --expose-gc.');

let collections = 0;
new PerformanceObserver((list) => (collections += list.getEntries().length)).observe({ entryTypes: ['gc'] });

/** The observer is told in a later turn of the event loop. */
const collectionsSoFar = async (): Promise<number> => {
  for (let turn = 0; turn < 10; turn++) await setImmediate();
  return collections;
};

const growthOf = (work: () => void): number => {
  gc();
  const before = process.memoryUsage().heapUsed;
  work();
  return process.memoryUsage().heapUsed - before;
};

const frames = splitFrames(readFileSync(frontPath), width, height);
const session = startSession(await compileKeyer(), inTurn(splitFrames(readFileSync(behindPath), width, height), 0));
const { keyer } = session;
let next = 0;
const steps = {
  keying: () => void keyer.keyToI420(),
  'copying in': () => keyer.setFrame(inTurn(frames, next++)),
  'measuring the screen': () => measureScreen(session),
} as const;
keyer.setFrame(inTurn(frames, 0));
measureScreen(session);

const results: Allocation[] = [];
for (const step of ['keying', 'copying in', 'measuring the screen'] as const) {
  const work = steps[step];
  for (let i = 0; i < 2 * FRAMES; i++) work();
  gc();
  const before = await collectionsSoFar();
  for (let i = 0; i < FRAMES; i++) work();
  const after = await collectionsSoFar();
  const idle = percentile(
    Array.from({ length: SAMPLES }, () => growthOf(() => undefined)),
    50,
  );
  const busy = percentile(
    Array.from({ length: SAMPLES }, () => growthOf(work)),
    50,
  );
  results.push({ step, collections: after - before, bytes: busy - idle });
}
process.send(results);

import { resolveParameters, type ScreenModel } from '@backlot/keyer';
import { PlaneKeyer } from '@backlot/keyer/wasm';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Frame } from '../keyer-quality/planes.js';
import { percentile } from '../report.js';
import { inTurn, type Footage } from './frames.js';

/** Frames between two measurements of the screen, as in the player. */
export const MEASURE_EVERY = 15;
const WARM_UP_FRAMES = 60;
/** Frames of which the parts are kept, those that came last. */
const KEPT_FRAMES = 1000 * MEASURE_EVERY;

/** Milliseconds a frame. */
export interface FrameTimes {
  /** Processor time of everything, by all threads of the process: measuring the screen counts for every frame, though only some do it. */
  readonly totalMs: number;
  /** Copying the frame into the keyer's memory; the median. */
  readonly copyMs: number;
  /** Measuring the screen, the median divided by the frames for which it is done once. */
  readonly measureMs: number;
  /** Keying and composing alone; the median. */
  readonly keyMs: number;
}

/** Processor time of this process in milliseconds. On an idle machine the clock's; on a shared one without the others'. */
const processorMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** The built `keyer.wasm`. */
export const compileKeyer = async (): Promise<WebAssembly.Module> =>
  WebAssembly.compile(await readFile(fileURLToPath(import.meta.resolve('@backlot/keyer/keyer.wasm'))));

/** A keyer over a background, and what it knows of the screen. */
export interface Session {
  readonly keyer: PlaneKeyer;
  readonly screen: ScreenModel;
}

/** Starts keying over a background of the frames' size. Siting is H.264's; the matrix has no part in I420. */
export const startSession = (module: WebAssembly.Module, behind: Frame): Session => {
  const { width, height } = behind;
  const keyer = PlaneKeyer.create(module, { width, height, matrix: 'bt709', parameters: resolveParameters({ siting: 'left' }) });
  keyer.setPlanarBackground(behind);
  return { keyer, screen: keyer.createScreenModel() };
};

/** Measures the screen of the frame in the keyer's memory. Throws when it can't be keyed. */
export const measureScreen = ({ keyer, screen }: Session): void => {
  if (!screen.update(keyer.sample())) throw new Error(`The screen was not found: ${screen.verdict.reason}.`);
  keyer.setScreen(screen);
};

/** Keys footage for a while, as a session would: each frame is copied in, the screen measured now and then. */
export const timeKeying = (module: WebAssembly.Module, { frames }: Footage, behind: Frame, durationMs: number): FrameTimes => {
  const session = startSession(module, behind);
  const { keyer } = session;
  const [copying, measuring, keying] = [new Float64Array(KEPT_FRAMES), new Float64Array(KEPT_FRAMES), new Float64Array(KEPT_FRAMES)];
  const run = (index: number): void => {
    const frame = inTurn(frames, index);
    const beganAtMs = performance.now();
    keyer.setFrame(frame);
    const copiedAtMs = performance.now();
    if (index % MEASURE_EVERY === 0) measureScreen(session);
    const measuredAtMs = performance.now();
    keyer.keyToI420();
    const at = index % KEPT_FRAMES;
    copying[at] = copiedAtMs - beganAtMs;
    measuring[at] = measuredAtMs - copiedAtMs;
    keying[at] = performance.now() - measuredAtMs;
  };
  for (let i = 0; i < WARM_UP_FRAMES; i++) run(i);
  const [endsAtMs, startedAtMs] = [performance.now() + durationMs, processorMs()];
  let count = 0;
  do {
    for (let i = 0; i < MEASURE_EVERY; i++) run(count++);
  } while (performance.now() < endsAtMs);
  const totalMs = (processorMs() - startedAtMs) / count;
  const kept = Math.min(count, KEPT_FRAMES);
  const medianOf = (samples: Float64Array, step = 1) =>
    percentile(
      [...samples.subarray(0, kept)].filter((_, i) => i % step === 0),
      50,
    );
  return { totalMs, copyMs: medianOf(copying), measureMs: medianOf(measuring, MEASURE_EVERY) / MEASURE_EVERY, keyMs: medianOf(keying) };
};

/**
 * The floor: milliseconds of processor time a frame of a plain `TypedArray.set` of a frame into one buffer and of the
 * background into another, 3 bytes read and 3 written for each pixel.
 */
export const timeCopy = ({ frames, width, height }: Footage, behind: Frame, durationMs: number): number => {
  const size = (3 * width * height) / 2;
  const [taken, result] = [new Uint8Array(size), new Uint8Array(size)];
  const [endsAtMs, startedAtMs] = [performance.now() + durationMs, processorMs()];
  let count = 0;
  do {
    taken.set(inTurn(frames, count++).bytes);
    result.set(behind.bytes);
  } while (performance.now() < endsAtMs);
  return (processorMs() - startedAtMs) / count;
};

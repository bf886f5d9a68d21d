import { sharedData } from '@backlot/testing';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Frame, frameBytes, frameOf } from '../keyer-quality/planes.js';
import type { Footage } from './frames.js';
import { MEASURE_EVERY, measureScreen, startSession, timeKeying } from './ours.js';

const TIMEOUT_MS = 60_000;
/** Frames of a clip that are kept, evenly over its length. */
const KEPT = 16;
/** Keyings of a frame of which the quickest tells how long it takes. */
const TRIES = 3;
/** Frames of each clip that seem slowest and are timed again, with care. */
const CANDIDATES = 3;
const CANDIDATE_MS = 100;

/** A clip of the shared data. */
interface Source {
  readonly name: string;
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
}

const SOURCES: readonly Source[] = [
  { name: 'dhlive-man', path: 'clips/dhlive-man-suit-720x1080.mp4', width: 720, height: 1080, frameCount: 358 },
  { name: 'webav-talking-man', path: 'clips/webav-talking-man-480x512.mp4', width: 480, height: 512, frameCount: 145 },
  { name: 'aframe-man', path: 'clips/aframe-man-prop-360x640.mp4', width: 360, height: 640, frameCount: 139 },
];

/** The shared clips at one size. */
export interface Clips {
  readonly footage: readonly Footage[];
  /** The frame of all clips that takes longest to key, and its mirror image, so that no frame is the one before. */
  readonly worst: Footage;
}

/** A frame that may be the slowest. */
interface Candidate {
  readonly name: string;
  readonly frame: Frame;
  /** How long it took. */
  readonly ms: number;
}

/** Decodes and scales a clip, frame by frame; each one's bytes are overwritten by the next. */
async function* decode({ path, frameCount }: Source, width: number, height: number): AsyncGenerator<Frame> {
  const args = `-v error -nostdin -threads 1 -i ${sharedData(path)} -vf scale=${width}:${height} -f rawvideo -pix_fmt yuv420p -`;
  const child = spawn('ffmpeg', args.split(' '), { stdio: ['ignore', 'pipe', 'inherit'], timeout: TIMEOUT_MS });
  const ended = once(child, 'close');
  const frame = frameOf(new Uint8Array(frameBytes(width, height)), width, height);
  let filled = 0;
  let count = 0;
  try {
    for await (const chunk of child.stdout as AsyncIterable<Uint8Array>) {
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + frame.bytes.length - filled);
        frame.bytes.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < frame.bytes.length) continue;
        filled = 0;
        count++;
        yield frame;
      }
    }
    await ended;
    if (count !== frameCount) throw new Error(`${path} gave ${count} frames instead of ${frameCount}.`);
  } finally {
    child.kill();
  }
}

/** A plane's median over the top rows, where nobody is. */
const topOf = (plane: Uint8Array, stride: number): number => {
  const samples = plane.slice(0, 8 * stride).sort();
  return samples[samples.length >> 1] ?? 0;
};

/** Copies rows of a plane, in reverse when it is mirrored. */
const placeRows = (from: Uint8Array, fromStride: number, to: Uint8Array, toStride: number, left: number, isMirrored = false): void => {
  for (let row = 0; row * fromStride < from.length; row++) {
    const samples = from.subarray(row * fromStride, (row + 1) * fromStride);
    to.set(isMirrored ? samples.toReversed() : samples, row * toStride + left);
  }
};

const mirror = ({ width, height, y, u, v }: Frame): Frame => {
  const mirrored = frameOf(new Uint8Array(frameBytes(width, height)), width, height);
  placeRows(y, width, mirrored.y, width, 0, true);
  placeRows(u, width / 2, mirrored.u, width / 2, 0, true);
  placeRows(v, width / 2, mirrored.v, width / 2, 0, true);
  return mirrored;
};

/** Scales the clips to a size's height, the sides filled with the screen's own colour, and times every frame of them. */
export const loadClips = async (module: WebAssembly.Module, behind: Frame): Promise<Clips> => {
  const { width, height } = behind;
  const footage: Footage[] = [];
  const suspects: Candidate[] = [];
  for (const source of SOURCES) {
    const scaledWidth = 2 * Math.round((source.width * height) / source.height / 2);
    const left = 2 * Math.floor((width - scaledWidth) / 4);
    const padded = frameOf(new Uint8Array(frameBytes(width, height)), width, height);
    const session = startSession(module, behind);
    const frames: Frame[] = [];
    const slowest: Candidate[] = [];
    let index = 0;
    for await (const scaled of decode(source, scaledWidth, height)) {
      if (index === 0) {
        padded.y.fill(topOf(scaled.y, scaledWidth));
        padded.u.fill(topOf(scaled.u, scaledWidth / 2));
        padded.v.fill(topOf(scaled.v, scaledWidth / 2));
      }
      placeRows(scaled.y, scaledWidth, padded.y, width, left);
      placeRows(scaled.u, scaledWidth / 2, padded.u, width / 2, left / 2);
      placeRows(scaled.v, scaledWidth / 2, padded.v, width / 2, left / 2);
      session.keyer.setFrame(padded);
      if (index % MEASURE_EVERY === 0) measureScreen(session);
      let ms = Number.POSITIVE_INFINITY;
      for (let i = 0; i < TRIES; i++) {
        const startedAtMs = performance.now();
        session.keyer.keyToI420();
        ms = Math.min(ms, performance.now() - startedAtMs);
      }
      const copy = () => frameOf(padded.bytes.slice(), width, height);
      if (slowest.length < CANDIDATES || ms > (slowest.at(-1)?.ms ?? 0)) {
        slowest.push({ ms, frame: copy(), name: `${source.name}'s frame ${index}` });
        slowest.sort((left, right) => right.ms - left.ms).splice(CANDIDATES);
      }
      if (Math.floor((index * KEPT) / source.frameCount) === frames.length) frames.push(copy());
      index++;
    }
    footage.push({ name: source.name, width, height, frames });
    suspects.push(...slowest);
  }
  const worst = findWorst(module, suspects, behind);
  return { footage, worst: { name: `worst frame (${worst.name})`, width, height, frames: [worst.frame, mirror(worst.frame)] } };
};

/** Times them in turns, twice, since the machine is not equally quick all the time. */
const findWorst = (module: WebAssembly.Module, suspects: readonly Candidate[], behind: Frame): Candidate => {
  const { width, height } = behind;
  const time = ({ name, frame }: Candidate) => timeKeying(module, { name, width, height, frames: [frame] }, behind, CANDIDATE_MS).keyMs;
  const first = suspects.map(time);
  const timed = suspects.map((suspect, i) => ({ ...suspect, ms: Math.min(first[i] ?? 0, time(suspect)) }));
  const [worst] = timed.sort((left, right) => right.ms - left.ms);
  if (worst === undefined) throw new RangeError('There are no clips.');
  return worst;
};

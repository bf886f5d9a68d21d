import { execFileSync } from 'node:child_process';
import type { Condition } from './conditions.js';
import { type Frame, frameBytes, frameOf } from './planes.js';

const RATE_FPS = 25;
const TIMEOUT_MS = 60_000;
const MAX_BYTES = 2 ** 30;

/** Runs ffmpeg on bytes and returns what it writes to its output. */
export const ffmpeg = (args: readonly string[], input: Uint8Array): Buffer =>
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-threads', '1', '-filter_threads', '1', ...args], { input, timeout: TIMEOUT_MS, maxBuffer: MAX_BYTES });

/** Arguments that read raw I420 frames from an input. */
export const rawInput = (width: number, height: number, from: string): readonly string[] =>
  `-f rawvideo -pix_fmt yuv420p -s ${width}x${height} -r ${RATE_FPS} -i ${from}`.split(' ');

/** Cuts raw I420 into frames, which share its bytes. */
export const splitFrames = (bytes: Uint8Array, width: number, height: number): readonly Frame[] => {
  const size = frameBytes(width, height);
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => frameOf(bytes.subarray(i * size, (i + 1) * size), width, height));
};

/** As libwebrtc sets libvpx up for a camera: no look-ahead, one key frame, the quantizer up to 56. */
const vp8Arguments = (kilobitsPerSecond: number): readonly string[] =>
  `-c:v libvpx -deadline realtime -cpu-used 6 -lag-in-frames 0 -error-resilient 1 -g 3000 -qmin 2 -qmax 56 -b:v ${kilobitsPerSecond}k -maxrate ${kilobitsPerSecond}k -bufsize ${kilobitsPerSecond}k`.split(
    ' ',
  );

/** Codes frames and decodes them again. */
export const code = (frames: readonly Frame[], { codec }: Condition): readonly Frame[] => {
  const [first] = frames;
  if (first === undefined) throw new RangeError('There are no frames to code.');
  const { width, height } = first;
  const encoder =
    codec.kind === 'x264'
      ? ['-c:v', 'libx264', '-crf', String(codec.crf), '-preset', 'medium', '-tune', 'zerolatency', '-threads', '1']
      : vp8Arguments(codec.kilobitsPerSecond);
  const coded = ffmpeg([...rawInput(width, height, '-'), ...encoder, '-f', 'matroska', '-'], Buffer.concat(frames.map((frame) => frame.bytes)));
  const decoded = ffmpeg(['-i', '-', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'], coded);
  const result = splitFrames(decoded, width, height);
  if (result.length !== frames.length) throw new Error(`${frames.length} frames were coded and ${result.length} came back.`);
  return result;
};

import { spawnSync } from 'node:child_process';
import { hasGstreamer } from '../keyer-quality/peers/gstreamer.js';
import { type Frame, frameBytes, frameOf } from '../keyer-quality/planes.js';
import type { RawFiles } from './raw-files.js';

const TIMEOUT_MS = 60_000;
const MAX_BYTES = 2 ** 26;
const RATE_FPS = 25;
/** Luma codes that a picture may be off, on average, where it must show the background or the subject. */
const TOLERANCE = 12;
const PATCH = 32;

/** A program that keys and composes raw files, told to use one thread where it can be. */
export interface Peer {
  readonly name: string;
  /** Milliseconds of processor time a frame, by all of its threads, for keying and composing: what only starting and reading the frames takes is left out. */
  time(files: RawFiles): number;
  /** Throws when the peer doesn't put the subject over the background. */
  check(files: RawFiles): void;
}

const run = (program: string, args: readonly string[]): { readonly stdout: Buffer; readonly text: string } => {
  const { status, stdout, stderr, error } = spawnSync(program, args, { timeout: TIMEOUT_MS, maxBuffer: MAX_BYTES });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} failed: ${stderr.toString()}`);
  return { stdout, text: `${stdout.toString('latin1', 0, 65_536)}${stderr.toString()}` };
};

/** Mean difference of luma in a square around a place. */
const differenceAt = (left: Frame, right: Frame, x: number, y: number): number => {
  let sum = 0;
  for (let row = y; row < y + PATCH; row++) {
    for (let column = x; column < x + PATCH; column++) {
      const at = row * left.width + column;
      sum += Math.abs((left.y[at] ?? 0) - (right.y[at] ?? 0));
    }
  }
  return sum / PATCH ** 2;
};

/** The corner has to show the background, the lower middle the subject. */
const checkPicture = (name: string, { footage, behind }: RawFiles, bytes: Buffer): void => {
  const { width, height, frames } = footage;
  const [front] = frames;
  if (front === undefined || bytes.length < frameBytes(width, height)) throw new Error(`${name} gave no picture.`);
  const picture = frameOf(bytes, width, height);
  const corner = differenceAt(picture, behind, PATCH, PATCH);
  const middle = differenceAt(picture, front, width / 2, Math.round(0.8 * height));
  if (corner > TOLERANCE || middle > TOLERANCE) throw new Error(`${name} is off by ${corner} codes in the background and ${middle} in the subject.`);
};

/** Seconds of processor time that ffmpeg takes for a graph, by its own account. Throws when frames are missing. */
const timeFfmpeg = ({ footage: { width, height }, frontPath, behindPath }: RawFiles, count: number, output: readonly string[]): number => {
  const input = (path: string) => `-stream_loop -1 -f rawvideo -pix_fmt yuv420p -s ${width}x${height} -r ${RATE_FPS} -i ${path}`.split(' ');
  const options = '-hide_banner -nostdin -benchmark -threads 1 -filter_threads 1 -filter_complex_threads 1'.split(' ');
  const { text } = run('ffmpeg', [...options, ...input(behindPath), ...input(frontPath), ...output, '-f', 'null', '-']);
  const frames = Number([...text.matchAll(/frame=\s*(\d+)/g)].at(-1)?.[1]);
  const [, user, system] = /utime=([\d.]+)s stime=([\d.]+)s/.exec(text) ?? [];
  const seconds = Number(user) + Number(system);
  if (frames !== count || Number.isNaN(seconds)) throw new Error(`ffmpeg made ${frames} frames of ${count} in ${seconds} s.`);
  return seconds;
};

const createFfmpeg = (name: string, chain: string, fpsAt1080: number): Peer => {
  const graph = `[1:v]${chain}[front];[0:v][front]overlay[over]`;
  return {
    name: `ffmpeg ${name}`,
    time(files) {
      // About a second.
      const count = Math.ceil((fpsAt1080 * 1920 * 1080) / (files.footage.width * files.footage.height));
      const keyed = timeFfmpeg(files, count, ['-filter_complex', graph, '-map', '[over]', '-frames:v', String(count)]);
      const limits = ['-frames:v:0', String(count), '-frames:v:1', String(count)];
      const read = timeFfmpeg(files, count, ['-map', '0:v', '-map', '1:v', ...limits]);
      return (1000 * (keyed - read)) / count;
    },
    check(files) {
      const { footage, frontPath, behindPath } = files;
      const input = (path: string) => `-f rawvideo -pix_fmt yuv420p -s ${footage.width}x${footage.height} -i ${path}`.split(' ');
      const output = ['-filter_complex', graph, '-map', '[over]', ...'-frames:v 1 -f rawvideo -pix_fmt yuv420p -'.split(' ')];
      checkPicture(this.name, files, run('ffmpeg', ['-v', 'error', '-nostdin', ...input(behindPath), ...input(frontPath), ...output]).stdout);
    },
  };
};

/** The peer that the goal is about. */
export const RIVAL = 'ffmpeg chromakey,despill,overlay';

const gstreamer: Peer = {
  name: 'GStreamer alpha ! compositor',
  time(files) {
    const seconds = (pipeline: string) => {
      const { text } = run('sh', ['-c', 'gst-launch-1.0 "$@"; times', 'sh', ...pipeline.split(' ')]);
      // The shell's own times, then its children's.
      const [, , user, system] = [...text.matchAll(/(\d+)m([\d.]+)s/g)].map(([, minutes, rest]) => 60 * Number(minutes) + Number(rest));
      if (!text.includes('Execution ended after') || user === undefined || system === undefined) throw new Error(`GStreamer failed: ${text}`);
      return user + system;
    };
    const keyed = seconds(pipelineFor(files, 'fakesink sync=false'));
    const read = seconds(`${sourceOf(files, files.behindPath)} ! fakesink sync=false ${sourceOf(files, files.frontPath)} ! fakesink sync=false`);
    return (1000 * (keyed - read)) / files.frameCount;
  },
  check(files) {
    checkPicture(this.name, files, run('gst-launch-1.0', ['-q', ...pipelineFor(files, 'fdsink fd=1', 1).split(' ')]).stdout);
  },
};

const sourceOf = ({ footage: { width, height } }: RawFiles, path: string, count?: number): string => {
  const size = frameBytes(width, height);
  const coding = `format=I420,width=${width},height=${height},framerate=${RATE_FPS}/1,colorimetry=bt601,chroma-site=mpeg2`;
  const limit = count === undefined ? '' : ` num-buffers=${count}`;
  return `filesrc location=${path} blocksize=${size}${limit} ! rawvideoparse format=i420 width=${width} height=${height} framerate=${RATE_FPS}/1 ! capssetter caps=video/x-raw,${coding}`;
};

/** The compositor works in AYUV, in which alone it has both alpha and the matrix. */
const pipelineFor = (files: RawFiles, sink: string, count?: number): string =>
  [
    `compositor name=over background=black sink_0::zorder=0 sink_1::zorder=1 ! video/x-raw,format=AYUV,colorimetry=bt601 ! videoconvert ! video/x-raw,format=I420,colorimetry=bt601 ! ${sink}`,
    `${sourceOf(files, files.behindPath, count)} ! over.sink_0`,
    `${sourceOf(files, files.frontPath, count)} ! alpha method=green ! video/x-raw,format=AYUV,colorimetry=bt601 ! over.sink_1`,
  ].join(' ');

/** The peers that are installed, set to the avatar clip's green and otherwise as their guides do; says loudly what isn't there. */
export const findPeers = (): readonly Peer[] => {
  const peers = [
    createFfmpeg('chromakey,despill,overlay', 'chromakey=0x913622:.1:.1:yuv=1,despill=type=green', 13),
    createFfmpeg('chromakey,overlay', 'chromakey=0x913622:.15:.1:yuv=1', 16),
    createFfmpeg('colorkey,overlay', 'colorkey=0x00FF00:.3:.1', 64),
  ];
  if (hasGstreamer()) return [...peers, gstreamer];
  process.stderr.write('SKIPPED: GStreamer with alpha and compositor is missing (`apt-get install gstreamer1.0-tools gstreamer1.0-plugins-good`).\n');
  return peers;
};

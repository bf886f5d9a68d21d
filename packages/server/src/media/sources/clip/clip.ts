import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { MediaFailure } from '../../failure.js';
import type { ClipFormat } from '../../messages.js';
import { AUDIO_RATE_HZ, type Source } from '../../source.js';
import { FrameQueue } from './frame-queue.js';
import { inputFile, INPUT_LIMITS } from './input.js';
import { SampleQueue } from './sample-queue.js';

/** Enough to play without a gap: frames and samples in hand. */
const VIDEO_AHEAD = 6;
const AUDIO_AHEAD = AUDIO_RATE_HZ / 2;
/**
 * A file may hold its pictures well ahead of its sound, or the other way round. As long as one of them is missing, the
 * other is read on, up to this much.
 */
const MAX_VIDEO_AHEAD = 60;
const MAX_AUDIO_AHEAD = AUDIO_RATE_HZ * 10;
/** Samples in hand before the clip starts. */
const AUDIO_TO_START = AUDIO_RATE_HZ / 10;
const OPEN_TIMEOUT_MS = 10_000;
const STDERR_TAIL = 2000;

export interface ClipOptions {
  /** Absolute. */
  readonly path: string;
  /** The program ffmpeg. */
  readonly ffmpegPath: string;
  readonly format: ClipFormat;
  /** Called once, when ffmpeg has died; the clip shows its last picture from then on. */
  readonly onFailed: (failure: MediaFailure) => void;
  readonly signal: AbortSignal;
}

const ffmpegArguments = ({ path, format }: ClipOptions): string[] => {
  const { rate, resize, width, height, hasAudio } = format;
  const filters = [
    `fps=${rate.numerator}/${rate.denominator}:start_time=0`,
    ...(resize === 'scale' ? [`scale=${width}:${height}:flags=bicubic`] : []),
    // Only the layout is settled here. Codes of an 8-bit 4:2:0 clip pass untouched, whatever its colour tags say:
    // the key is taken from the frame itself, and tags are often wrong.
    'format=yuv420p',
    ...(resize === 'crop' ? [`crop=${width}:${height}:0:0`] : []),
  ];
  return [
    '-nostdin', '-hide_banner', '-v', 'error', '-threads', '2', '-filter_threads', '1',
    ...INPUT_LIMITS, '-stream_loop', '-1', ...inputFile(path),
    '-map', '0:V:0', '-vf', filters.join(','), '-f', 'rawvideo', 'pipe:1',
    // Gaps in the sound are filled with silence, or it would run ahead of the picture.
    ...(hasAudio ? ['-map', '0:a:0', '-af', 'aresample=async=1:first_pts=0', '-ar', String(AUDIO_RATE_HZ), '-ac', '1', '-f', 's16le', 'pipe:3'] : []),
  ]; // prettier-ignore
};

/** Plays a video file in a loop: ffmpeg decodes, its pipes push back, the clock takes. */
export class Clip implements Source {
  readonly width: number;
  readonly height: number;
  readonly rateFps: number;
  readonly #process: ChildProcess;
  readonly #frames: FrameQueue;
  readonly #samples: SampleQueue | null;
  readonly #videoPipe: Readable;
  readonly #audioPipe: Readable | null;
  readonly #exited: Promise<void>;
  #disposed = false;
  #stderr = '';
  #opened: (() => void) | null = null;

  private constructor(options: ClipOptions) {
    const { width, height, rate, hasAudio } = options.format;
    this.width = width;
    this.height = height;
    this.rateFps = rate.numerator / rate.denominator;
    this.#frames = new FrameQueue((width * height * 3) / 2);
    this.#samples = hasAudio ? new SampleQueue() : null;
    this.#process = spawn(options.ffmpegPath, ffmpegArguments(options), {
      stdio: ['ignore', 'pipe', 'pipe', hasAudio ? 'pipe' : 'ignore'],
      env: {},
    });
    this.#exited = new Promise((resolve) => {
      this.#process.once('close', () => resolve());
      this.#process.once('error', () => resolve());
    });
    const [, video, stderr, audio] = this.#process.stdio;
    // With these options Node always makes these pipes.
    this.#videoPipe = video as Readable;
    this.#audioPipe = hasAudio ? (audio as Readable) : null;
    this.#videoPipe.on('data', (bytes: Buffer) => {
      this.#frames.write(bytes);
      this.#settle();
    });
    this.#audioPipe?.on('data', (bytes: Buffer) => {
      this.#samples?.write(bytes);
      this.#settle();
    });
    (stderr as Readable).on('data', (bytes: Buffer) => {
      this.#stderr = (this.#stderr + bytes.toString()).slice(-STDERR_TAIL);
    });
    for (const pipe of [this.#videoPipe, this.#audioPipe, stderr]) pipe?.on('error', () => undefined);
  }

  /** Starts ffmpeg and resolves when the first picture is there. Throws `MediaFailure`. */
  static async open(options: ClipOptions): Promise<Clip> {
    options.signal.throwIfAborted();
    const clip = new Clip(options);
    try {
      await clip.#ready(options.signal);
    } catch (error) {
      await clip[Symbol.asyncDispose]();
      throw error;
    }
    void clip.#exited.then(() => {
      if (!clip.#disposed) options.onFailed(new MediaFailure('avatar_failed', 'The clip stopped: ffmpeg ended unexpectedly.', new Error(clip.#ending())));
    });
    return clip;
  }

  readVideo(index: number, into: Uint8Array): boolean {
    const isNew = this.#frames.read(index, into);
    this.#settle();
    return isNew;
  }

  readAudio(into: Int16Array): void {
    if (this.#samples === null) into.fill(0);
    else this.#samples.read(into);
    this.#settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#process.kill('SIGKILL');
    this.#videoPipe.destroy();
    this.#audioPipe?.destroy();
    await this.#exited;
  }

  async #ready(signal: AbortSignal): Promise<void> {
    const opened = new Promise<void>((resolve) => {
      this.#opened = resolve;
    });
    const limit = AbortSignal.any([signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)]);
    const late = new Promise<'late'>((resolve) => limit.addEventListener('abort', () => resolve('late'), { once: true }));
    const outcome = await Promise.race([opened, this.#exited.then(() => 'exited' as const), late]);
    signal.throwIfAborted();
    if (outcome !== undefined)
      throw new MediaFailure(
        'clip_unreadable',
        'The clip holds no video that ffmpeg can decode.',
        new Error(outcome === 'late' ? 'no picture in time' : this.#ending()),
      );
  }

  /** Reads on or pauses, by what is in hand. */
  #settle(): void {
    const frames = this.#frames.length;
    const samples = this.#samples?.length ?? Infinity;
    flow(this.#videoPipe, frames < (samples === 0 ? MAX_VIDEO_AHEAD : VIDEO_AHEAD));
    if (this.#audioPipe !== null) flow(this.#audioPipe, samples < (frames === 0 ? MAX_AUDIO_AHEAD : AUDIO_AHEAD));
    if (this.#opened === null || frames === 0) return;
    if (samples >= AUDIO_TO_START || frames >= MAX_VIDEO_AHEAD) {
      this.#opened();
      this.#opened = null;
    }
  }

  #ending(): string {
    const { exitCode, signalCode } = this.#process;
    return `ffmpeg ended (${signalCode ?? exitCode ?? 'not started'}): ${this.#stderr}`;
  }
}

const flow = (pipe: Readable, on: boolean): void => {
  if (on === !pipe.isPaused()) return;
  if (on) pipe.resume();
  else pipe.pause();
};

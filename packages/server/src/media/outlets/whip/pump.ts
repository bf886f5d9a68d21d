import { AUDIO_CHUNK_SAMPLES, AUDIO_RATE_HZ, type Source } from '../../source.js';
import type { WrtcAudioSource, WrtcVideoSource } from '../../wrtc.js';

const CHUNK_MS = 10;
/** A process that stood still for longer doesn't catch up: its clock goes on from where it stood. */
const MAX_LAG_MS = 500;
/** A frame that lies ready is sent this many frames late rather than made anew: where making takes long, that would take twice as long. */
const MAX_LATE_FRAMES = 2;
/** A live source's picture that stands is sent again so often, for whoever comes to watch. */
const REPEAT_MS = 100;

export interface PumpOptions {
  readonly source: Source;
  readonly video: WrtcVideoSource;
  readonly audio: WrtcAudioSource;
  readonly onFirstFrame: () => void;
  /** The source threw: the pump has stopped. */
  readonly onError: (error: unknown) => void;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/**
 * Pulls a source by one clock and feeds the encoders. Audio that is late is caught up chunk by chunk, because the
 * encoder counts samples; video that is late is skipped, because only the newest frame matters. A frame is made as soon
 * as the one before is sent, and waits for its time: what making it takes would unsettle the rate that viewers see.
 */
export class Pump {
  readonly #options: PumpOptions;
  readonly #now: () => number;
  readonly #frame: { readonly width: number; readonly height: number; readonly data: Uint8Array };
  readonly #chunk: {
    readonly samples: Int16Array;
    readonly sampleRate: number;
    readonly bitsPerSample: 16;
    readonly channelCount: 1;
    readonly numberOfFrames: number;
  };
  readonly #frameMs: number;
  readonly #tick = (): void => this.#run();
  #timer: NodeJS.Timeout | undefined;
  /** When index 0 of both was due. */
  #originMs = 0;
  #nextFrame = 0;
  /** Index of the frame that lies ready; −1 before the first. */
  #readyFrame = -1;
  #nextChunk = 0;
  #firstFrame = true;
  #hasPicture = false;
  /** Whether the frame that lies ready is another picture than the one before. */
  #isNew = false;
  #sentAtMs = -Infinity;
  #running = false;

  constructor(options: PumpOptions) {
    const { width, height, rateFps } = options.source;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#frameMs = 1000 / rateFps;
    // wrtc takes the whole buffer under a view, so this one is exactly a frame.
    this.#frame = { width, height, data: new Uint8Array(new ArrayBuffer((width * height * 3) / 2)) };
    this.#chunk = {
      samples: new Int16Array(new ArrayBuffer(AUDIO_CHUNK_SAMPLES * 2)),
      sampleRate: AUDIO_RATE_HZ,
      bitsPerSample: 16,
      channelCount: 1,
      numberOfFrames: AUDIO_CHUNK_SAMPLES,
    };
  }

  /** Starts, or goes on where `stop` stopped. The first frame is sent at once. */
  start(): void {
    this.stop();
    this.#running = true;
    this.#firstFrame = true;
    this.#originMs = this.#now() - Math.max(this.#nextFrame * this.#frameMs, this.#nextChunk * CHUNK_MS);
    this.#run();
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #run(): void {
    try {
      this.#pull();
    } catch (error) {
      this.stop();
      this.#options.onError(error);
    }
  }

  #pull(): void {
    const { source, video, audio } = this.#options;
    const now = this.#now();
    const lagMs = now - this.#originMs - Math.min(this.#nextFrame * this.#frameMs, this.#nextChunk * CHUNK_MS);
    if (lagMs > MAX_LAG_MS) this.#originMs += lagMs;
    const elapsedMs = now - this.#originMs;
    while (this.#nextChunk * CHUNK_MS <= elapsedMs) {
      source.readAudio(this.#chunk.samples);
      audio.onData(this.#chunk);
      this.#nextChunk++;
    }
    const due = Math.floor(elapsedMs / this.#frameMs);
    if (due >= this.#nextFrame) {
      // What comes when it comes can't be made ahead: it would only get older.
      if (source.isLive === true || this.#readyFrame < this.#nextFrame || due - this.#readyFrame > MAX_LATE_FRAMES) this.#make(due);
      // A picture that stands is sent again: encoders and viewers count on a steady rate, and it costs next to nothing.
      if (this.#hasPicture && (source.isLive !== true || this.#isNew || now - this.#sentAtMs >= REPEAT_MS)) {
        this.#sentAtMs = now;
        video.onFrame(this.#frame);
      }
      // What has become due meanwhile is skipped.
      this.#nextFrame = Math.max(due, Math.floor((this.#now() - this.#originMs) / this.#frameMs)) + 1;
      if (this.#firstFrame && this.#hasPicture) {
        this.#firstFrame = false;
        this.#options.onFirstFrame();
      }
      if (source.isLive !== true) this.#make(this.#nextFrame);
    }
    const nextMs = this.#originMs + Math.min(this.#nextFrame * this.#frameMs, this.#nextChunk * CHUNK_MS);
    if (this.#running) this.#timer = setTimeout(this.#tick, Math.max(0, nextMs - this.#now()));
  }

  /** Has frame `index` lie ready. */
  #make(index: number): void {
    this.#isNew = this.#options.source.readVideo(index, this.#frame.data);
    this.#hasPicture ||= this.#isNew;
    this.#readyFrame = index;
  }
}

import type { Picture } from './compositor/picture.js';

/** Samples a second of all audio in the media child. */
export const AUDIO_RATE_HZ = 48_000;
/** Samples of one audio chunk: 10 ms, mono. */
export const AUDIO_CHUNK_SAMPLES = AUDIO_RATE_HZ / 100;

/**
 * Where a session's pictures and sound come from. The outlet's clock pulls: frame `index` is due at
 * `index / rateFps` seconds, chunk `index` of audio at `index / 100` seconds of the same clock, so that lips and
 * voice stay together by construction. Both calls return at once and allocate nothing per frame.
 */
export interface Source extends AsyncDisposable {
  /** Even, in pixels; constant for the source's life. */
  readonly width: number;
  readonly height: number;
  readonly rateFps: number;
  /** Whether pictures come when they come: `rateFps` is how often it is asked, and one that stands is only sent again now and then. */
  readonly isLive?: boolean;
  /**
   * Writes frame `index` into `into`: I420, BT.601 limited range, tightly packed (Y width × height, then U and V of
   * half the sides). Indices rise, and may skip when the process was late. False when there is nothing new: `into` is
   * untouched and the picture before stands.
   */
  readVideo(index: number, into: Uint8Array): boolean;
  /** Writes the next 10 ms of 48 kHz mono into `into` (480 samples); silence where there is none. */
  readAudio(into: Int16Array): void;
}

/** A stranger's stream: its pictures come when they come, at any size, and must be composed to be published. */
export interface StreamSource extends AsyncDisposable {
  /** The newest picture, the same object until there is another one; null before the first. */
  readonly picture: Picture | null;
  /** As `Source.readAudio`. */
  readAudio(into: Int16Array): void;
}

/** A source that can be made to talk. Callbacks run on the media clock. */
export interface SpeakingSource extends Source {
  /** Queues a text; resolves when it is prepared. `audible` is false without a voice. Throws when the queue is full. */
  speak(speechId: string, text: string): Promise<{ readonly audible: boolean }>;
}

/** What a speaking source reports. */
export interface SpeechObserver {
  speechStarted(speech: { readonly speechId: string; readonly text: string; readonly durationMs: number; readonly audible: boolean }): void;
  speechEnded(speechId: string): void;
}

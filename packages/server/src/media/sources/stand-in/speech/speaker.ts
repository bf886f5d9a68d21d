import { BacklotError } from '../../../../errors.js';
import { AUDIO_CHUNK_SAMPLES, type SpeechObserver } from '../../../source.js';
import { ease, mix } from '../curves.js';
import type { Talk } from '../pose.js';
import type { MouthTrack } from './visemes.js';
import { TRACK_STEP_MS } from './visemes.js';
import type { Utterance } from './utterance.js';

/** Texts that may wait behind the one being said. */
export const MAX_WAITING = 8;
const CHUNK_SECONDS = 0.01;
/** A breath between two texts. */
const GAP_SECONDS = 0.25;
const GESTURE_IN_SECONDS = 0.35;
const GESTURE_OUT_SECONDS = 0.8;
const LONG_SECONDS = 1e6;

/** Says one text after the other on the media clock: when, with which samples and which lips. */
export interface Speaker {
  /** Queues a text and prepares it. Rejects with `speech_busy` when 8 wait already, or with what preparing threw. */
  speak(speechId: string, text: string): Promise<{ readonly audible: boolean }>;
  /** Writes the next 10 ms of 48 kHz mono, silence where there is none. */
  readAudio(into: Int16Array): void;
  /** Fills `talk` for a moment of the media clock, in seconds. Allocates nothing. */
  talkAt(timeSeconds: number, talk: Talk): void;
  /** Forgets what waits and stops what is being prepared. */
  close(): void;
}

interface Waiting {
  readonly speechId: string;
  readonly text: string;
  utterance: Utterance | null;
}

interface Saying {
  readonly speechId: string;
  readonly utterance: Utterance;
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** A speaker whose texts are prepared by `prepare`, one at a time, in order. */
export const createSpeaker = (prepare: (text: string, signal: AbortSignal) => Promise<Utterance>, observer: SpeechObserver): Speaker => {
  const waiting: Waiting[] = [];
  const closing = new AbortController();
  let preparing: Promise<unknown> = Promise.resolve();
  let saying: Saying | null = null;
  // Long ago, but finite: the curves subtract these.
  let activeFrom = -LONG_SECONDS;
  let activeTo = -LONG_SECONDS;
  let nowSeconds = 0;
  let chunks = 0;

  /** Ends what has been said. Only sound tells: pictures are asked for ahead of it. */
  const finish = (timeSeconds: number): void => {
    if (saying === null || timeSeconds < saying.endSeconds) return;
    const { speechId } = saying;
    saying = null;
    observer.speechEnded(speechId);
  };

  /** Begins what waits when it is time. */
  const advance = (timeSeconds: number): void => {
    nowSeconds = Math.max(nowSeconds, timeSeconds);
    const next = waiting[0];
    if (saying !== null || next?.utterance == null || nowSeconds < activeTo + GAP_SECONDS) return;
    waiting.shift();
    const { utterance } = next;
    // Both clocks meet at whole chunks.
    const startSeconds = Math.ceil(nowSeconds / CHUNK_SECONDS - 1e-6) * CHUNK_SECONDS;
    const endSeconds = startSeconds + utterance.durationMs / 1000;
    saying = { speechId: next.speechId, utterance, startSeconds, endSeconds };
    // One gesture flows through texts that follow each other at once.
    if (startSeconds > activeTo + GAP_SECONDS * 2) activeFrom = startSeconds;
    activeTo = endSeconds;
    observer.speechStarted({ speechId: next.speechId, text: next.text, durationMs: utterance.durationMs, audible: utterance.samples !== null });
  };

  return {
    async speak(speechId, text) {
      if (closing.signal.aborted) throw new BacklotError('session_ended');
      if (waiting.length >= MAX_WAITING) throw new BacklotError('speech_busy');
      const entry: Waiting = { speechId, text, utterance: null };
      waiting.push(entry);
      const prepared = preparing.then(() => prepare(text, closing.signal));
      preparing = prepared.catch(() => undefined);
      try {
        entry.utterance = await prepared;
      } catch (error) {
        const at = waiting.indexOf(entry);
        if (at >= 0) waiting.splice(at, 1);
        throw error;
      }
      return { audible: entry.utterance.samples !== null };
    },
    readAudio(into) {
      const timeSeconds = chunks * CHUNK_SECONDS;
      chunks += 1;
      finish(timeSeconds);
      advance(timeSeconds);
      const samples = saying?.utterance.samples;
      if (saying === null || samples == null) {
        into.fill(0);
        return;
      }
      const start = Math.round((timeSeconds - saying.startSeconds) / CHUNK_SECONDS) * AUDIO_CHUNK_SAMPLES;
      for (let index = 0; index < AUDIO_CHUNK_SAMPLES; index += 1) into[index] = samples[start + index] ?? 0;
    },
    talkAt(timeSeconds, talk) {
      advance(timeSeconds);
      talk.activity =
        ease(activeFrom, activeFrom + GESTURE_IN_SECONDS, timeSeconds) * (1 - ease(activeTo - 0.1, activeTo - 0.1 + GESTURE_OUT_SECONDS, timeSeconds));
      if (saying === null) {
        talk.open = talk.wide = talk.teeth = talk.tongue = talk.stress = 0;
        return;
      }
      const at = ((timeSeconds - saying.startSeconds) * 1000) / TRACK_STEP_MS;
      const { mouth } = saying.utterance;
      talk.open = sample(mouth.open, at);
      talk.wide = sample(mouth.wide, at);
      talk.teeth = sample(mouth.teeth, at);
      talk.tongue = sample(mouth.tongue, at);
      talk.stress = sample(mouth.stress, at);
    },
    close() {
      waiting.length = 0;
      closing.abort();
    },
  };
};

const sample = (track: MouthTrack['open'], at: number): number => {
  const whole = Math.floor(at);
  return mix(track[whole] ?? 0, track[whole + 1] ?? 0, at - whole);
};

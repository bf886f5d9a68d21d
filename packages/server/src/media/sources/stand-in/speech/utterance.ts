import { AUDIO_RATE_HZ } from '../../../source.js';
import { align, hear, proportional } from './align.js';
import { synthesize } from './espeak.js';
import { resample } from './resample.js';
import { createTrack, type MouthTrack, soundsOfIpa, soundsOfText, TRACK_STEP_MS, writeMouth } from './visemes.js';

/** A text ready to be said. */
export interface Utterance {
  readonly durationMs: number;
  /** 48 kHz mono, `durationMs` long; null without a voice. */
  readonly samples: Int16Array | null;
  readonly mouth: MouthTrack;
}

/** Reading speed without a voice. */
const CHARACTERS_PER_SECOND = 14;
const MAX_SENTENCE_CHARACTERS = 300;

/** Prepares a text without a voice: lips by spelling, 14 characters a second. */
export const prepareSilent = (text: string): Utterance => {
  const sounds = soundsOfText(text);
  const length = Math.max(40, Math.round((sounds.length / CHARACTERS_PER_SECOND) * (1000 / TRACK_STEP_MS)));
  const mouth = createTrack(length);
  writeMouth(mouth, 0, sounds, proportional(sounds, length), null);
  return { durationMs: length * TRACK_STEP_MS, samples: null, mouth };
};

/** Prepares a text with a voice, sentence by sentence. Rejects when espeak-ng fails. */
export const prepareSpoken = async (espeakPath: string, voiceId: string, text: string, signal: AbortSignal): Promise<Utterance> => {
  const parts: { samples: Int16Array; mouth: MouthTrack }[] = [];
  let steps = 0;
  for (const sentence of sentences(text)) {
    const spoken = await synthesize(espeakPath, voiceId, sentence, signal);
    if (spoken.samples.length === 0) continue;
    const heard = hear(spoken.samples, spoken.rateHz);
    const sounds = soundsOfIpa(spoken.ipa);
    const mouth = createTrack(heard.loudness.length);
    writeMouth(mouth, 0, sounds, align(sounds, heard), heard.loudness);
    parts.push({ samples: resample(spoken.samples, spoken.rateHz, AUDIO_RATE_HZ), mouth });
    steps += mouth.length;
  }
  // Whole steps of audio for each sentence keep lips and voice together to the end.
  const perStep = (AUDIO_RATE_HZ * TRACK_STEP_MS) / 1000;
  const samples = new Int16Array(steps * perStep);
  const mouth = createTrack(steps);
  let at = 0;
  for (const part of parts) {
    samples.set(part.samples.subarray(0, part.mouth.length * perStep), at * perStep);
    for (const name of ['open', 'wide', 'teeth', 'tongue', 'stress'] as const) mouth[name].set(part.mouth[name], at);
    at += part.mouth.length;
  }
  return { durationMs: steps * TRACK_STEP_MS, samples, mouth };
};

/** Sentences of at most 300 characters; longer ones are cut between words. */
const sentences = (text: string): readonly string[] => {
  const found: string[] = [];
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'sentence' }).segment(text)) {
    let rest = segment.trim();
    while (rest.length > MAX_SENTENCE_CHARACTERS) {
      const space = rest.lastIndexOf(' ', MAX_SENTENCE_CHARACTERS);
      const cut = space > 0 ? space : MAX_SENTENCE_CHARACTERS;
      found.push(rest.slice(0, cut));
      rest = rest.slice(cut).trim();
    }
    if (rest !== '') found.push(rest);
  }
  return found;
};

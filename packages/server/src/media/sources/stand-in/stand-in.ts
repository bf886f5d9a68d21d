import type { SpeakingSource, SpeechObserver } from '../../source.js';
import { createSilence } from './pose.js';
import { createRenderer } from './renderer.js';
import { findEspeak } from './speech/espeak.js';
import { createSpeaker } from './speech/speaker.js';
import { prepareSilent, prepareSpoken } from './speech/utterance.js';

/** How the stand-in appears. */
export interface StandInOptions {
  /** Pixels, even: 1280 × 720 (waist up) or 720 × 1280. Others are framed likewise. */
  readonly width: number;
  readonly height: number;
  readonly rateFps: number;
  /** A voice of `listVoices`. @default 'en-us' */
  readonly voiceId?: string;
  /** espeak-ng's path; null: silent; absent: looked for on the PATH. */
  readonly espeakPath?: string | null;
  readonly observer: SpeechObserver;
}

/** The presenter that Backlot ships. */
export interface StandIn extends SpeakingSource {
  /**
   * Writes frame `index` on nothing into `into`: straight RGBA, width × height × 4 bytes, as the presenter looks at that
   * frame. The alpha is exact, so a keyer can be measured against it. Slow; the next `readVideo` draws everything anew.
   */
  renderAlpha(index: number, into: Uint8Array): void;
}

/** Creates the stand-in: an illustrated presenter on #00FF00 that speaks by espeak-ng or, without it, silently. */
export const createStandIn = async (options: StandInOptions): Promise<StandIn> => {
  const { width, height, rateFps, voiceId = 'en-us', observer } = options;
  if (width % 2 !== 0 || height % 2 !== 0 || width < 2 || height < 2)
    throw new TypeError(`Width and height must be even and positive, not ${width} × ${height}.`);
  if (!(rateFps > 0)) throw new TypeError(`The frame rate must be positive, not ${rateFps}.`);
  const espeakPath = options.espeakPath === undefined ? await findEspeak() : options.espeakPath;
  const renderer = createRenderer(width, height, rateFps);
  const talk = createSilence();
  const speaker = createSpeaker(
    async (text, signal) => (espeakPath === null ? prepareSilent(text) : prepareSpoken(espeakPath, voiceId, text, signal)),
    observer,
  );
  return {
    width,
    height,
    rateFps,
    speak: (speechId, text) => speaker.speak(speechId, text),
    readVideo(index, into) {
      speaker.talkAt(index / rateFps, talk);
      if (!renderer.draw(index / rateFps, talk)) return false;
      into.set(renderer.picture);
      return true;
    },
    readAudio: (into) => speaker.readAudio(into),
    renderAlpha(index, into) {
      speaker.talkAt(index / rateFps, talk);
      into.set(renderer.drawTransparent(index / rateFps, talk));
    },
    async [Symbol.asyncDispose]() {
      speaker.close();
    },
  };
};

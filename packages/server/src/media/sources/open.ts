import type { MediaFailure } from '../failure.js';
import type { MediaSource } from '../messages.js';
import type { Source, SpeakingSource, SpeechObserver, StreamSource } from '../source.js';
import type { Wrtc } from '../wrtc.js';
import { Clip } from './clip/clip.js';
import { createStandIn } from './stand-in/index.js';
import { WhepSource } from './whep/whep-source.js';

export interface OpenSourceOptions {
  readonly wrtc: Wrtc;
  readonly speech: SpeechObserver;
  /** Called once, when an open source can't go on. */
  readonly onFailed: (failure: MediaFailure) => void;
  readonly signal: AbortSignal;
}

/** Opens the source that a job names. The caller disposes it. */
export const openSource = async (source: MediaSource, options: OpenSourceOptions): Promise<Source | SpeakingSource | StreamSource> => {
  switch (source.type) {
    case 'clip':
      return Clip.open({ ...source, onFailed: options.onFailed, signal: options.signal });
    case 'stand-in':
      return createStandIn({
        width: source.width,
        height: source.height,
        rateFps: source.rateFps,
        ...(source.voiceId === null ? {} : { voiceId: source.voiceId }),
        espeakPath: source.espeakPath,
        observer: options.speech,
      });
    case 'whep':
      return WhepSource.open({ ...source, wrtc: options.wrtc, onFailed: options.onFailed, signal: options.signal });
  }
};

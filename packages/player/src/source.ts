import type { SessionEvents } from './session-events.js';

/** Where a session's media stands. `waiting`: its avatar isn't on air; `paused`: it is, and sends no picture for now. */
export type MediaState = 'connecting' | 'waiting' | 'connected' | 'paused';

/** What a source reports. */
export interface SourceObserver extends SessionEvents {
  /** `text`: what else a viewer should know. */
  mediaChanged(state: MediaState, text: string | null): void;
  /** Another video than before, from its first frame on. The source ends its tracks. */
  videoChanged(track: MediaStreamTrack): void;
  /** Another sound than before. */
  audioChanged(track: MediaStreamTrack): void;
  /** Codec of the video, such as `VP8`, once it is known. */
  codecKnown(codec: string): void;
  /** It is over, and trying again won't help; `reason` says why, in words. */
  over(status: 'ended' | 'failed', reason: string | null): void;
}

/** Where a session's state and media come from, over as many connections as that takes. */
export interface Source {
  /** Begins to report; once. */
  start(): void;
  /** Lets go of everything. Nothing is reported afterwards. Can be called twice. */
  close(): void;
}

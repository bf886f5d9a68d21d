/**
 * The live events of a session, as `GET …/events` sends them (`sessionEvents` of the contract; written out here so that
 * the player carries no schemas).
 */
export interface SessionState {
  readonly session_id: string;
  readonly status: 'starting' | 'live' | 'ended' | 'failed';
  readonly reason: { readonly code: string; readonly message: string } | null;
  readonly video_codec: 'VP8' | 'H264' | null;
  readonly canvas?: { readonly width: number; readonly height: number };
}

/** The session's background, with its version: only a higher one is newer. */
export interface BackgroundState {
  readonly has_background: boolean;
  readonly background_id: string | null;
  readonly background_version: number;
  readonly image_url: string | null;
  readonly color: string | null;
  readonly fit: 'cover' | 'contain';
  /** Length of the cross-fade in milliseconds. */
  readonly transition_ms: number;
}

/** The avatar begins or stops saying something. */
export interface SpeechState {
  readonly speech_id: string;
  readonly text: string;
  readonly state: 'started' | 'ended';
  readonly duration_ms: number;
  readonly audible: boolean;
}

/** What is taken from the live feed. */
export interface SessionEvents {
  session(state: SessionState): void;
  background(state: BackgroundState): void;
  speech(state: SpeechState): void;
}

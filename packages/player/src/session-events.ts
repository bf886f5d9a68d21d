// The live events of a session, as `GET …/events` sends them (`sessionEvents` of the contract; written out here so that
// the player carries no schemas).

/** Where the avatar stands on the canvas: scaled about the bottom's middle, moved in shares of the canvas's sides. */
export interface Framing {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
  readonly crop: 'none' | 'person';
}

/** How the avatar's screen is keyed; what is absent has the keyer's default. */
export interface Keying {
  readonly key?: string | undefined;
  readonly floor?: number | undefined;
  readonly ceiling?: number | undefined;
  readonly hue_tolerance?: number | undefined;
  readonly detail?: number | undefined;
  readonly spill?: number | undefined;
  readonly plate?: boolean | undefined;
}

/** Where a session is in its life, and how it is to be drawn. */
export interface SessionState {
  readonly session_id: string;
  readonly status: 'starting' | 'live' | 'ended' | 'failed';
  readonly reason: { readonly code: string; readonly message: string } | null;
  /** The media engine that carries it. */
  readonly stage: 'embedded' | 'livekit';
  /** `server`: what arrives is composed already. */
  readonly render: 'client' | 'server';
  readonly canvas: { readonly width: number; readonly height: number };
  readonly framing: Framing;
  readonly keying: Keying;
  readonly video_codec: string | null;
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

/** What is told of a session. */
export interface SessionEvents {
  session(state: SessionState): void;
  background(state: BackgroundState): void;
  speech(state: SpeechState): void;
}

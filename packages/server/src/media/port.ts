import type { MediaBackground, MediaComposing, MediaSource } from './messages.js';

/** What a job of the media host makes: pictures and sound of a source, published to an outlet. */
export interface MediaJobSpec {
  readonly source: MediaSource;
  /** Canvas, framing, keying and first background of the composed picture; null: the source's pictures are published as they are. */
  readonly composing: MediaComposing | null;
  /** A WHIP endpoint (RFC 9725) with its Bearer token. */
  readonly outlet: { readonly type: 'whip'; readonly url: string; readonly token: string };
}

/** What a job tells its owner. Callbacks are synchronous and must not throw. */
export interface MediaObserver {
  /** The outlet is connected and the first frame is on its way. Called again after a reconnect. */
  published(): void;
  speechStarted(speech: { readonly speechId: string; readonly text: string; readonly durationMs: number; readonly audible: boolean }): void;
  speechEnded(speechId: string): void;
  /** The job is over and will not come back; told at most once, and never after it was disposed. `message` is for users. */
  failed(code: 'avatar_failed' | 'clip_unreadable', message: string): void;
}

/** A running job. Disposing it unpublishes and ends its process; twice does nothing. */
export interface MediaJob extends AsyncDisposable {
  /** Queues a text. Throws `BacklotError` `speech_unsupported`, `speech_busy`, `session_ended` after the end, `internal`. */
  speak(speechId: string, text: string): Promise<{ readonly audible: boolean }>;
  /** Changes what is behind a composed avatar, cross-fading. The newest call counts; after the end it does nothing. */
  setBackground(background: MediaBackground, transitionMs: number): void;
}

/** Runs media jobs, each in a process of its own, so that a crash in a codec costs one session. */
export interface MediaHost extends AsyncDisposable {
  /**
   * Resolves once the source is open and the outlet connects. Throws `BacklotError`: `clip_unreadable`,
   * `sessions_full` when as many children run as may, `shutting_down` after disposal, `internal` when the process
   * fails or takes too long. What fails later goes to the observer.
   */
  start(spec: MediaJobSpec, observer: MediaObserver, signal: AbortSignal): Promise<MediaJob>;
}

export type { MediaBackground, MediaComposing };

/** A clip that can be played. */
export type ClipSource = Extract<MediaSource, { readonly type: 'clip' }>;

/** Looks at video files before they are played. */
export interface ClipInspector {
  /** Whether the programs that decode clips are installed; looked up at each call. */
  available(): Promise<boolean>;
  /** Throws `BacklotError` `ffmpeg_missing`, or `clip_unreadable` when the file's first picture can't be decoded. */
  inspect(path: string, signal: AbortSignal): Promise<ClipSource>;
}

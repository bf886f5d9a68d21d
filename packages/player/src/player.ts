import type { Verdict } from '@backlot/keyer/webgl';
import { LiveBackground } from './live-background.js';
import { Picture, type PictureStats } from './picture.js';
import type { Notice, PlayerView } from './player-view.js';
import type { SessionState, SpeechState } from './session-events.js';
import type { MediaState, Source, SourceObserver } from './source.js';

/** Where the player stands. `waiting`: the session is there, its avatar isn't; `paused`: the avatar sends no picture for now. */
export type PlayerStatus = 'idle' | 'connecting' | 'waiting' | 'playing' | 'paused' | 'ended' | 'failed';

/** Figures of a player, for tests and side panels. */
export interface PlayerStats extends PictureStats {
  /** Such as `VP8` or `H264`, once it is known. */
  readonly codec: string | null;
}

/** Figures while there is no picture. */
const NO_PICTURE: PictureStats = Object.freeze({ framesDrawn: 0, framesDropped: 0, rateFps: 0, width: 0, height: 0, keying: null });
/** Figures of what plays nothing. */
export const IDLE_STATS: PlayerStats = Object.freeze({ ...NO_PICTURE, codec: null });

/** What the player tells, by the name of its DOM event. Times are in milliseconds since the epoch. */
export interface PlayerEvents {
  backlotstatus: { readonly status: PlayerStatus; readonly reason: string | null };
  /** A background is seen first; not where the picture is composed on the server. */
  backlotbackground: { readonly version: number; readonly shownAtMs: number };
  backlotspeech: SpeechState;
  backlotkeying: Verdict;
  backlotfirstframe: { readonly shownAtMs: number };
}

/** What a player is told to play. */
export interface PlayerOptions {
  /** Where the session comes from; the player starts and closes it. */
  createSource(observer: SourceObserver): Source;
  /** What relative addresses of images are relative to. */
  readonly baseUrl: string;
  /** Address of the folder of the player's files. */
  readonly filesUrl: URL;
  readonly view: PlayerView;
  readonly muted: boolean;
  readonly captions: boolean;
  emit<Name extends keyof PlayerEvents>(name: Name, detail: PlayerEvents[Name]): void;
  /** The session's canvas is known, in pixels. */
  canvasKnown(width: number, height: number): void;
}

/** Epoch milliseconds on the clock of frames. */
const nowEpochMs = () => performance.timeOrigin + performance.now();

/** Plays one session into a view, from construction to `close`. */
export class Player {
  readonly #options: PlayerOptions;
  readonly #view: PlayerView;
  readonly #source: Source;
  readonly #background: LiveBackground;
  #picture: Picture | null = null;
  #status: PlayerStatus = 'idle';
  #reason: string | null = null;
  #session: SessionState | null = null;
  #media: MediaState = 'connecting';
  #mediaText: string | null = null;
  #codec: string | null = null;
  #hasFirstFrame = false;
  #captionTimer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: PlayerOptions) {
    this.#options = options;
    const view = (this.#view = options.view);
    this.#background = new LiveBackground(options.baseUrl, (background, version, transitionMs) =>
      this.#picture?.setBackground(background, version, transitionMs),
    );
    this.#source = options.createSource({
      session: (state) => this.#takeSession(state),
      background: (state) => {
        // What is composed already has its background.
        if (this.#session?.render !== 'server') void this.#background.take(state);
      },
      speech: (state) => this.#takeSpeech(state),
      mediaChanged: (state, text) => {
        this.#media = state;
        this.#mediaText = text;
        this.#picture?.hold(state !== 'connected');
        this.#update();
      },
      videoChanged: (track) => this.#takeVideo(track),
      audioChanged: (track) => {
        view.audio.srcObject = new MediaStream([track]);
        this.#playSound();
      },
      codecKnown: (codec) => {
        this.#codec = codec;
      },
      over: (status, reason) => this.#end(status, reason),
    });
    view.soundButton.addEventListener('click', this.#turnSoundOn);
    this.setMuted(options.muted);
    this.#setStatus('connecting', null);
    this.#source.start();
  }

  /** Figures as they are now. */
  get stats(): PlayerStats {
    return { ...(this.#picture?.stats ?? NO_PICTURE), codec: this.#codec };
  }

  /** Where the player stands. */
  get status(): PlayerStatus {
    return this.#status;
  }

  /** Mutes or unmutes the avatar's voice. */
  setMuted(muted: boolean): void {
    this.#view.audio.muted = muted;
    if (muted) this.#view.soundButton.hidden = true;
    else this.#playSound();
  }

  /** Ends everything that it began: connections, loops, textures, listeners. Can be called twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#source.close();
    this.#background.close();
    this.#picture?.dispose();
    clearTimeout(this.#captionTimer);
    const { video, audio, soundButton } = this.#view;
    soundButton.removeEventListener('click', this.#turnSoundOn);
    soundButton.hidden = true;
    video.srcObject = null;
    audio.srcObject = null;
    this.#view.showCaption(null);
  }

  #takeSession(state: SessionState): void {
    if (this.#isClosed) return;
    const before = this.#session;
    this.#session = state;
    const { width, height } = state.canvas;
    this.#options.canvasKnown(width, height);
    if (state.status === 'ended' || state.status === 'failed') return this.#end(state.status, state.reason?.message ?? null);
    if (before !== null && before.status !== 'live' && state.status === 'live') this.#picture?.restart();
    this.#picture ??= this.#createPicture(state);
    // It gives up at once where nothing can draw.
    if (this.#hasEnded) return;
    this.#picture.resize(width, height);
    this.#picture.setFraming(state.framing);
    this.#update();
  }

  #createPicture({ render, keying }: SessionState): Picture {
    const { view, filesUrl, emit } = this.#options;
    return new Picture({
      video: view.video,
      newCanvas: () => view.renewCanvas(),
      filesUrl,
      isComposed: render === 'server',
      keying,
      onVerdict: (verdict) => emit('backlotkeying', verdict),
      onFrame: () => this.#takeFrame(),
      onBackground: (version) => emit('backlotbackground', { version, shownAtMs: nowEpochMs() }),
      onReady: () => this.#background.repeat(),
      onFailed: (reason) => this.#end('failed', reason),
    });
  }

  #takeFrame(): void {
    if (this.#hasFirstFrame) return;
    this.#hasFirstFrame = true;
    this.#options.emit('backlotfirstframe', { shownAtMs: nowEpochMs() });
    this.#update();
  }

  #takeSpeech(state: SpeechState): void {
    this.#options.emit('backlotspeech', state);
    if (!this.#options.captions) return;
    clearTimeout(this.#captionTimer);
    this.#view.showCaption(state.state === 'started' ? state.text : null);
    // The end may get lost with the feed.
    if (state.state === 'started') this.#captionTimer = setTimeout(() => this.#view.showCaption(null), state.duration_ms + 1000);
  }

  #takeVideo(track: MediaStreamTrack): void {
    const { video } = this.#view;
    this.#picture?.restart();
    video.srcObject = new MediaStream([track]);
    // Muted video may always play; it is rejected only when the next stream interrupts it.
    video.play().catch(() => undefined);
  }

  #playSound(): void {
    const { audio, soundButton } = this.#view;
    if (audio.srcObject === null) return;
    audio.play().then(
      () => {
        soundButton.hidden = true;
      },
      (error: unknown) => {
        if (error instanceof DOMException && error.name === 'NotAllowedError' && !audio.muted && !this.#isClosed) soundButton.hidden = false;
      },
    );
  }

  readonly #turnSoundOn = (): void => {
    this.#playSound();
  };

  /** Nothing more will come. The last picture stays. */
  #end(status: 'ended' | 'failed', reason: string | null): void {
    // First: what closing does to the connection tells nothing.
    this.#setStatus(status, reason);
    this.#source.close();
    this.#background.close();
    this.#picture?.stop();
    clearTimeout(this.#captionTimer);
    this.#view.showCaption(null);
  }

  get #hasEnded(): boolean {
    return this.#status === 'ended' || this.#status === 'failed';
  }

  /** Derives the status while nothing has ended it. */
  #update(): void {
    if (this.#hasEnded || this.#isClosed) return;
    if (this.#media === 'paused') this.#setStatus('paused', this.#mediaText);
    else if (this.#hasFirstFrame && this.#media === 'connected') this.#setStatus('playing', null);
    else if (this.#media === 'waiting' || this.#session?.status === 'starting') this.#setStatus('waiting', this.#mediaText);
    else this.#setStatus('connecting', null);
  }

  #setStatus(status: PlayerStatus, reason: string | null): void {
    if (this.#isClosed || (this.#status === status && this.#reason === reason)) return;
    this.#status = status;
    this.#reason = reason;
    this.#view.showNotice(noticeOf(status, reason));
    this.#options.emit('backlotstatus', { status, reason });
  }
}

const noticeOf = (status: PlayerStatus, reason: string | null): Notice | null => {
  const text = reason === null ? {} : { text: reason };
  switch (status) {
    case 'idle':
    case 'playing':
      return null;
    case 'connecting':
      return { title: 'Connecting', isBusy: true, ...text };
    case 'waiting':
      return { title: 'Waiting for the avatar', isBusy: true, ...text };
    case 'paused':
      return { title: 'Paused', ...text };
    case 'ended':
      return { title: 'This session has ended', ...text };
    case 'failed':
      return { title: 'This session can’t be played', ...text };
  }
};

import type { Verdict } from '@backlot/keyer/webgl';
import { DropCounter } from './drop-counter.js';
import { FrameLoop } from './frame-loop.js';
import { LiveBackground } from './live-background.js';
import type { Notice, PlayerView } from './player-view.js';
import { createRenderer, type Renderer } from './renderer.js';
import type { BackgroundState, SessionState, SpeechState } from './session-events.js';
import { type FeedRefusal, SessionFeed } from './session-feed.js';
import { WhepClient, type WhepState } from './whep-client.js';

/** Where the player stands. `waiting`: the session is there, its avatar isn't. */
export type PlayerStatus = 'idle' | 'connecting' | 'waiting' | 'playing' | 'ended' | 'failed';

/** Figures of a player, for tests and side panels. */
export interface PlayerStats {
  /** Frames of the avatar drawn. */
  readonly framesDrawn: number;
  /** Frames that the browser presented and this player came too late for: since the first one drawn, while its page was visible. */
  readonly framesDropped: number;
  /** Frames drawn in the last second or so. */
  readonly rateFps: number;
  /** `VP8` or `H264`, once it is known. */
  readonly codec: string | null;
  /** Size of the avatar's video in pixels; 0 before its first frame. */
  readonly width: number;
  readonly height: number;
  /** Whether the video can be keyed; null before its first frame. */
  readonly keying: Verdict | null;
}

/** What the player tells, by the name of its DOM event. Times are in milliseconds since the epoch. */
export interface PlayerEvents {
  backlotstatus: { readonly status: PlayerStatus; readonly reason: string | null };
  backlotbackground: { readonly version: number; readonly shownAtMs: number };
  backlotspeech: SpeechState;
  backlotkeying: Verdict;
  backlotfirstframe: { readonly shownAtMs: number };
}

/** What a player is told to play. */
export interface PlayerOptions {
  /** Absolute URL of the session, `https://host/v1/sessions/sess_…`. */
  readonly sessionUrl: string;
  /** The session's access token. */
  readonly token: string;
  readonly view: PlayerView;
  readonly muted: boolean;
  readonly captions: boolean;
  emit<Name extends keyof PlayerEvents>(name: Name, detail: PlayerEvents[Name]): void;
  /** The session's canvas is known, in pixels. */
  canvasKnown(width: number, height: number): void;
}

const CANNOT_DRAW = 'This browser can’t draw the video: it has no WebGL 2.';
const RATE_WINDOW_MS = 1000;
/** A video whose last frame is younger than this is running: two frames at 30 fps. */
const FED_MS = 67;

/** Epoch milliseconds on the clock of frames. */
const nowEpochMs = () => performance.timeOrigin + performance.now();

/** Plays one session into a view, from construction to `close`. */
export class Player {
  readonly #options: PlayerOptions;
  readonly #view: PlayerView;
  #renderer: Renderer | null = null;
  readonly #loop: FrameLoop;
  readonly #feed: SessionFeed;
  readonly #whep: WhepClient;
  readonly #background: LiveBackground;
  readonly #media = new MediaStream();
  readonly #sound = new MediaStream();
  #status: PlayerStatus = 'idle';
  #reason: string | null = null;
  #session: SessionState | null = null;
  #whepState: WhepState = 'connecting';
  #pendingVersion: number | null = null;
  readonly #drops = new DropCounter();
  #presentedFrames: number | null = null;
  #framesDrawn = 0;
  #drawnAtMs = 0;
  #rateFps = 0;
  #rateFrom = 0;
  #rateFrames = 0;
  #codec: string | null = null;
  #hasFirstFrame = false;
  #captionTimer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: PlayerOptions) {
    this.#options = options;
    const view = (this.#view = options.view);
    const { sessionUrl, token } = options;
    this.#loop = new FrameLoop(view.video, this.#drawFrame, this.#tick);
    this.#background = new LiveBackground(sessionUrl, (background, version, transitionMs) => {
      if (this.#renderer === null || this.#isClosed) {
        if (background.kind === 'image') background.image.close();
        return;
      }
      this.#renderer.setBackground(background, transitionMs);
      this.#pendingVersion = version;
      this.#loop.tick();
    });
    this.#feed = new SessionFeed(sessionUrl, token, {
      session: (state) => this.#takeSession(state),
      background: (state: BackgroundState) => void this.#background.take(state),
      speech: (state) => this.#takeSpeech(state),
      refused: (refusal) => this.#refuse(refusal),
    });
    this.#whep = new WhepClient(sessionUrl, token, {
      stateChanged: (state, code) => this.#takeWhep(state, code),
      tracks: (video, audio) => this.#takeTracks(video, audio),
      codecKnown: (codec) => {
        this.#codec = codec;
      },
    });
    view.soundButton.addEventListener('click', this.#turnSoundOn);
    document.addEventListener('visibilitychange', this.#turnVisible);
    this.setMuted(options.muted);
    this.#setStatus('connecting', null);
    createRenderer({
      newCanvas: () => view.renewCanvas(),
      filesUrl: new URL('../../player/', sessionUrl),
      onVerdict: (verdict) => options.emit('backlotkeying', verdict),
      onDrawn: () => this.#frameDrawn(),
      onRestored: () => this.#loop.tick(),
      onReady: (renderer) => this.#takeRenderer(renderer),
    });
    if (this.#hasEnded) return;
    this.#loop.start();
    void this.#feed.run();
    void this.#whep.run();
  }

  /** Figures as they are now. */
  get stats(): PlayerStats {
    const { video } = this.#view;
    return {
      framesDrawn: this.#framesDrawn,
      framesDropped: this.#drops.count,
      rateFps: this.#rateFps,
      codec: this.#codec,
      width: video.videoWidth,
      height: video.videoHeight,
      keying: this.#renderer?.verdict ?? null,
    };
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
    this.#feed.close();
    this.#whep.close();
    this.#background.close();
    this.#loop.stop();
    this.#renderer?.dispose();
    clearTimeout(this.#captionTimer);
    const { video, audio, soundButton } = this.#view;
    soundButton.removeEventListener('click', this.#turnSoundOn);
    document.removeEventListener('visibilitychange', this.#turnVisible);
    soundButton.hidden = true;
    video.srcObject = null;
    audio.srcObject = null;
    this.#clear(this.#media);
    this.#clear(this.#sound);
    this.#view.showCaption(null);
  }

  #clear(stream: MediaStream): void {
    for (const track of stream.getTracks()) {
      stream.removeTrack(track);
      track.stop();
    }
  }

  readonly #drawFrame = (presentedFrames: number | null): void => {
    const { video } = this.#view;
    const now = performance.now();
    try {
      this.#presentedFrames = presentedFrames;
      if (this.#renderer?.drawFrame(video, video.videoWidth, video.videoHeight, now) === true) this.#frameDrawn();
    } catch {
      // A shader that the driver refuses stays refused.
      this.#giveUp('This browser’s graphics can’t key the video.');
    }
  };

  #frameDrawn(): void {
    const now = performance.now();
    this.#drops.take(this.#presentedFrames);
    this.#framesDrawn++;
    this.#drawnAtMs = now;
    this.#rateFrames++;
    if (now - this.#rateFrom >= RATE_WINDOW_MS) {
      this.#rateFps = Math.round((10_000 * this.#rateFrames) / (now - this.#rateFrom)) / 10;
      this.#rateFrom = now;
      this.#rateFrames = 0;
    }
    this.#drawn();
    if (this.#hasFirstFrame) return;
    this.#hasFirstFrame = true;
    this.#options.emit('backlotfirstframe', { shownAtMs: nowEpochMs() });
    this.#update();
  }

  readonly #tick = (nowMs: number): boolean => {
    if (this.#renderer === null || this.#isClosed) return false;
    // While frames come they move a fade on: drawing between them would only make them late.
    const isFed = performance.now() - this.#drawnAtMs < FED_MS;
    if (isFed && this.#pendingVersion === null) return this.#renderer.isMoving;
    if (this.#renderer.redraw(Math.max(nowMs, performance.now()))) this.#drawn();
    return this.#renderer.isMoving;
  };

  /** Something was drawn: a background that waited is on the canvas now. */
  #drawn(): void {
    if (this.#pendingVersion === null) return;
    const version = this.#pendingVersion;
    this.#pendingVersion = null;
    this.#options.emit('backlotbackground', { version, shownAtMs: nowEpochMs() });
  }

  #takeSession(state: SessionState): void {
    const before = this.#session;
    this.#session = state;
    if (state.canvas !== undefined) {
      this.#renderer?.resize(state.canvas.width, state.canvas.height);
      this.#options.canvasKnown(state.canvas.width, state.canvas.height);
      this.#loop.tick();
    }
    if (state.status === 'ended' || state.status === 'failed') {
      this.#whep.close();
      this.#loop.stop();
      clearTimeout(this.#captionTimer);
      this.#view.showCaption(null);
      this.#setStatus(state.status, state.reason?.message ?? null);
      return;
    }
    if (state.status === 'live') {
      const codecChanged = before?.video_codec != null && state.video_codec !== null && before.video_codec !== state.video_codec;
      if (codecChanged) this.#whep.reconnect();
      else this.#whep.wake();
      if (before !== null && before.status !== 'live') this.#renderer?.restart();
    }
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

  #takeWhep(state: WhepState, code: string | null): void {
    if (this.#isClosed || this.#hasEnded) return;
    this.#whepState = state;
    if (state === 'refused') {
      // The feed tells why a session is over; give it the word.
      if (code !== 'session_ended') this.#setStatus('failed', refusalText(code));
      return;
    }
    if (code === 'viewers_full') this.#setStatus('waiting', 'All places are taken. You’ll get in as soon as one is free.');
    else this.#update();
  }

  #takeTracks(video: MediaStreamTrack, audio: MediaStreamTrack): void {
    this.#clear(this.#media);
    this.#clear(this.#sound);
    this.#media.addTrack(video);
    this.#sound.addTrack(audio);
    this.#renderer?.restart();
    this.#drops.pause();
    this.#view.video.srcObject = this.#media;
    this.#view.audio.srcObject = this.#sound;
    // Muted video may always play; it is rejected only when the next stream interrupts it.
    this.#view.video.play().catch(() => undefined);
    this.#playSound();
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

  /** Browsers don't call a page back that nobody sees: what it misses isn't dropped. */
  readonly #turnVisible = (): void => this.#drops.pause();

  readonly #turnSoundOn = (): void => {
    this.#playSound();
  };

  #takeRenderer(renderer: Renderer | null): void {
    if (this.#isClosed) {
      renderer?.dispose();
      return;
    }
    this.#renderer = renderer;
    if (renderer === null) {
      this.#giveUp(CANNOT_DRAW);
      return;
    }
    // What came before it was there.
    const canvas = this.#session?.canvas;
    if (canvas !== undefined) renderer.resize(canvas.width, canvas.height);
    this.#background.repeat();
    this.#loop.tick();
  }

  #giveUp(reason: string): void {
    this.#feed.close();
    this.#whep.close();
    this.#background.close();
    this.#loop.stop();
    this.#setStatus('failed', reason);
  }

  #refuse(refusal: FeedRefusal): void {
    // First: what closing does to the connection tells nothing.
    this.#setStatus('failed', refusalText(refusal));
    this.#whep.close();
  }

  get #hasEnded(): boolean {
    return this.#status === 'ended' || this.#status === 'failed';
  }

  /** Derives the status while nothing has ended it. */
  #update(): void {
    if (this.#hasEnded) return;
    if (this.#hasFirstFrame && this.#whepState === 'connected') this.#setStatus('playing', null);
    else if (this.#whepState === 'waiting' || this.#session?.status === 'starting') this.#setStatus('waiting', null);
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

const refusalText = (code: string | null): string => {
  switch (code) {
    case 'unauthenticated':
      return 'The access token is not valid for this session.';
    case 'session_not_found':
      return 'There is no such session.';
    case 'no_common_codec':
      return 'This browser can’t play the codec that the avatar sends.';
    default:
      return `The server refused the connection${code === null ? '' : ` (${code})`}.`;
  }
};

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
    case 'ended':
      return { title: 'This session has ended', ...text };
    case 'failed':
      return { title: 'This session can’t be played', ...text };
  }
};

import type { EndReason, SessionEvent, SessionStatus } from '@backlot/contract';
import type { Logger } from 'pino';
import type { AvatarObserver, RunningAvatar } from '../avatars/port.js';
import { BacklotError, toError } from '../errors.js';
import type { AnnouncedState, Room, RoomObserver, VideoCodec } from '../stage/port.js';
import type { SurfaceBackground } from '../surfaces/background.js';

/** How long a session waits for its publisher, in milliseconds. */
export interface PublisherPatience {
  /** Until the first picture. */
  readonly firstMs: number;
  /** After the publisher was lost, for it to come back. */
  readonly returnMs: number;
  /** What its absence means for the session. */
  readonly outcome: 'ended' | 'failed';
}

export interface LiveSessionOptions {
  /** `live` when an earlier process had it on air. */
  readonly status: 'starting' | 'live';
  readonly background: SurfaceBackground;
  readonly patience: PublisherPatience;
  /** Said once, when the first viewer is there. `claim` resolves to whether it has not been said before. */
  readonly opening: { readonly speechId: string; readonly text: string; readonly claim: () => Promise<boolean> } | null;
  readonly openRoom: (observer: RoomObserver) => Room | Promise<Room>;
  readonly startAvatar: (observer: AvatarObserver, signal: AbortSignal) => Promise<RunningAvatar>;
  /** Called once, on the first picture. */
  readonly onLive: () => void;
  /** Called when the session can't go on by itself; the owner then ends it. */
  readonly onOver: (status: 'ended' | 'failed', reason: EndReason) => void;
  /** Called with everything that the session's followers should see. */
  readonly onEvent: (event: SessionEvent) => void;
  readonly describe: () => Extract<SessionEvent, { event: 'session' }>;
  readonly log: Logger;
}

/**
 * One session on air: its room, its avatar and the patience between them. It knows no database and no HTTP;
 * what happens in the room and to the avatar comes in through observers, what it decides goes out through callbacks.
 */
export class LiveSession implements AsyncDisposable {
  readonly #options: LiveSessionOptions;
  readonly #abort = new AbortController();
  #room: Room | null = null;
  #avatar: Promise<RunningAvatar> | null = null;
  #status: SessionStatus;
  #patience: NodeJS.Timeout | undefined;
  #isPublished = false;
  #openingSaid = false;
  /** What is being said now, so that a follower who comes late gets its caption. */
  #speech: Extract<SessionEvent, { event: 'speech' }> | null = null;
  /** The background as every follower should see it. */
  background: SurfaceBackground;

  private constructor(options: LiveSessionOptions) {
    this.#options = options;
    this.#status = options.status;
    this.background = options.background;
  }

  /** Opens the session's room, and throws what that throws. */
  static async open(options: LiveSessionOptions): Promise<LiveSession> {
    const session = new LiveSession(options);
    session.#room = await options.openRoom({
      publisherLive: (codec) => session.#handlePublisherLive(codec),
      publisherPaused: () => session.#handlePublisherPaused(),
      publisherLeft: (how) => session.#handlePublisherLeft(how),
      viewersChanged: (viewers) => session.#handleViewersChanged(viewers),
      over: (code, message) => session.#over(code === 'room_closed' ? 'ended' : 'failed', { code, message }),
    });
    if (options.status === 'starting') session.#wait(options.patience.firstMs, 'publisher_absent', 'No video arrived from the avatar in time.');
    else session.#wait(options.patience.returnMs, 'publisher_left', "The avatar's video did not come back after a restart of the server.");
    return session;
  }

  get status(): SessionStatus {
    return this.#status;
  }
  get codec(): VideoCodec | null {
    return this.#room?.codec ?? null;
  }
  get viewers(): number {
    return this.#room?.viewers ?? 0;
  }
  get speech(): Extract<SessionEvent, { event: 'speech' }> | null {
    return this.#speech;
  }

  /** Sends the avatar on its way. Its failure ends the session through `onOver`. */
  startAvatar(): void {
    const avatar = this.#options.startAvatar(
      {
        speechStarted: (speech) => {
          this.#speech = {
            event: 'speech',
            data: { speech_id: speech.speechId, text: speech.text, state: 'started', duration_ms: speech.durationMs, audible: speech.audible },
          };
          this.#tellSpeech(this.#speech);
        },
        speechEnded: (speechId) => {
          if (this.#speech?.data.speech_id !== speechId) return;
          const { data } = this.#speech;
          this.#speech = null;
          this.#tellSpeech({ event: 'speech', data: { ...data, state: 'ended' } });
        },
        failed: (code, message) => this.#over('failed', { code, message }),
      },
      this.#abort.signal,
    );
    this.#avatar = avatar;
    avatar.catch((thrown: unknown) => {
      if (this.#abort.signal.aborted) return;
      const error = toError(thrown);
      this.#options.log.error({ err: error }, 'avatar did not start');
      const code = error instanceof BacklotError && error.code === 'clip_unreadable' ? error.code : 'avatar_failed';
      this.#over('failed', { code, message: error instanceof BacklotError ? error.message : 'The avatar did not start.' });
    });
  }

  /** Queues a text with the avatar. Throws `BacklotError`. */
  async speak(speechId: string, text: string): Promise<{ readonly audible: boolean }> {
    if (this.#avatar === null || this.#abort.signal.aborted) throw new BacklotError('session_ended');
    const avatar = await this.#avatar;
    return avatar.speak(speechId, text);
  }

  /** Makes the session's state known in its room. */
  announce(state: AnnouncedState): void {
    this.#room?.announce(state);
  }

  /** Takes the session off the air: its avatar, and every connection. */
  async end(status: 'ended' | 'failed'): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.#status = status;
    await this.#close(
      async (avatar) => avatar[Symbol.asyncDispose](),
      async (room) => room[Symbol.asyncDispose](),
    );
  }

  /** Lets go of the session, which stays on air: another process picks it up. What runs here ends. */
  async leave(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    await this.#close(
      async (avatar) => avatar.leave(),
      async (room) => room.leave(),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('ended');
  }

  async #close(closeAvatar: (avatar: RunningAvatar) => Promise<void>, closeRoom: (room: Room) => Promise<void>): Promise<void> {
    clearTimeout(this.#patience);
    this.#abort.abort();
    const avatar = await this.#avatar?.catch(() => null);
    const closed = await Promise.allSettled([avatar == null ? undefined : closeAvatar(avatar), this.#room === null ? undefined : closeRoom(this.#room)]);
    for (const result of closed) {
      if (result.status === 'rejected') this.#options.log.error({ err: toError(result.reason) }, 'session did not close cleanly');
    }
  }

  #handlePublisherLive(codec: VideoCodec): void {
    if (this.#abort.signal.aborted) return;
    clearTimeout(this.#patience);
    this.#isPublished = true;
    const first = this.#status === 'starting';
    this.#status = 'live';
    this.#options.log.info({ codec, first }, 'publisher live');
    if (first) this.#options.onLive();
    this.#options.onEvent(this.#options.describe());
    this.#sayOpening();
  }

  /** Whoever is there will show itself again when it wants to. */
  #handlePublisherPaused(): void {
    if (this.#abort.signal.aborted) return;
    clearTimeout(this.#patience);
    this.#isPublished = false;
    this.#options.log.info('publisher paused');
    this.#options.onEvent(this.#options.describe());
  }

  #handlePublisherLeft(how: 'closed' | 'lost'): void {
    if (this.#abort.signal.aborted) return;
    this.#isPublished = false;
    this.#options.log.info({ how }, 'publisher left');
    this.#options.onEvent(this.#options.describe());
    this.#wait(this.#options.patience.returnMs, 'publisher_left', "The avatar's video stopped and did not come back.");
  }

  #handleViewersChanged(viewers: number): void {
    if (this.#abort.signal.aborted) return;
    this.#options.onEvent({ event: 'viewers', data: { viewers } });
    this.#sayOpening();
  }

  #tellSpeech(speech: Extract<SessionEvent, { event: 'speech' }>): void {
    this.#room?.announceSpeech(speech.data);
    this.#options.onEvent(speech);
  }

  #sayOpening(): void {
    const { opening, log } = this.#options;
    if (opening === null || this.#openingSaid || !this.#isPublished || this.viewers === 0) return;
    this.#openingSaid = true;
    const say = async (): Promise<void> => {
      // Claimed first: after a crash in between it is rather not said than said twice.
      if (await opening.claim()) await this.speak(opening.speechId, opening.text);
    };
    say().catch((thrown: unknown) => log.warn({ err: toError(thrown) }, 'opening line was not said'));
  }

  #wait(timeoutMs: number, code: EndReason['code'], message: string): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#over(this.#options.patience.outcome, { code, message }), timeoutMs);
  }

  #over(status: 'ended' | 'failed', reason: EndReason): void {
    if (this.#abort.signal.aborted) return;
    this.#options.onOver(status, reason);
  }
}

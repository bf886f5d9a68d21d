import type { EndReason, SessionEvent, SessionStatus } from '@backlot/contract';
import type { Logger } from 'pino';
import type { AvatarObserver, RunningAvatar } from '../avatars/port.js';
import { BacklotError, toError } from '../errors.js';
import type { Room, RoomObserver, VideoCodec } from '../stage/port.js';
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
  readonly background: SurfaceBackground;
  readonly patience: PublisherPatience;
  /** Said once, when the first viewer is there. */
  readonly opening: { readonly speechId: string; readonly text: string } | null;
  readonly openRoom: (observer: RoomObserver) => Room;
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
  readonly #room: Room;
  #avatar: Promise<RunningAvatar> | null = null;
  #status: SessionStatus = 'starting';
  #patience: NodeJS.Timeout | undefined;
  #openingSaid = false;
  /** What is being said now, so that a follower who comes late gets its caption. */
  #speech: Extract<SessionEvent, { event: 'speech' }> | null = null;
  /** The background as every follower should see it. */
  background: SurfaceBackground;

  constructor(options: LiveSessionOptions) {
    this.#options = options;
    this.background = options.background;
    this.#room = options.openRoom({
      publisherLive: (codec) => this.#handlePublisherLive(codec),
      publisherLeft: (how) => this.#handlePublisherLeft(how),
      viewersChanged: (viewers) => this.#handleViewersChanged(viewers),
    });
    this.#wait(options.patience.firstMs, 'publisher_absent', 'No video arrived from the avatar in time.');
  }

  get status(): SessionStatus {
    return this.#status;
  }
  get codec(): VideoCodec | null {
    return this.#room.codec;
  }
  get viewers(): number {
    return this.#room.viewers;
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
          this.#options.onEvent(this.#speech);
        },
        speechEnded: (speechId) => {
          if (this.#speech?.data.speech_id !== speechId) return;
          const { data } = this.#speech;
          this.#speech = null;
          this.#options.onEvent({ event: 'speech', data: { ...data, state: 'ended' } });
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

  /** Takes the session off the air: avatar first, then every connection. */
  async end(status: 'ended' | 'failed'): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.#status = status;
    clearTimeout(this.#patience);
    this.#abort.abort();
    const avatar = await this.#avatar?.catch(() => null);
    const closed = await Promise.allSettled([avatar?.[Symbol.asyncDispose](), this.#room[Symbol.asyncDispose]()]);
    for (const result of closed) {
      if (result.status === 'rejected') this.#options.log.error({ err: toError(result.reason) }, 'session did not close cleanly');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('ended');
  }

  #handlePublisherLive(codec: VideoCodec): void {
    if (this.#abort.signal.aborted) return;
    clearTimeout(this.#patience);
    const first = this.#status === 'starting';
    this.#status = 'live';
    this.#options.log.info({ codec, first }, 'publisher live');
    if (first) this.#options.onLive();
    this.#options.onEvent(this.#options.describe());
    this.#sayOpening();
  }

  #handlePublisherLeft(how: 'closed' | 'lost'): void {
    if (this.#abort.signal.aborted) return;
    this.#options.log.info({ how }, 'publisher left');
    this.#options.onEvent(this.#options.describe());
    this.#wait(this.#options.patience.returnMs, 'publisher_left', "The avatar's video stopped and did not come back.");
  }

  #handleViewersChanged(viewers: number): void {
    if (this.#abort.signal.aborted) return;
    this.#options.onEvent({ event: 'viewers', data: { viewers } });
    this.#sayOpening();
  }

  #sayOpening(): void {
    const { opening } = this.#options;
    if (opening === null || this.#openingSaid || this.#status !== 'live' || this.#room.viewers === 0) return;
    this.#openingSaid = true;
    this.speak(opening.speechId, opening.text).catch((thrown: unknown) => {
      this.#options.log.warn({ err: toError(thrown) }, 'opening line was not said');
    });
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

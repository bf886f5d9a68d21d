import { LivekitPartSource } from './livekit-part.js';
import { refusalText } from './refusals.js';
import type { BackgroundState, SessionState } from './session-events.js';
import { SessionFeed } from './session-feed.js';
import type { Source, SourceObserver } from './source.js';
import { WhepClient } from './whep-client.js';

/**
 * A session of Backlot. Its live feed says which stage carries it: on the embedded one the feed tells its state and media
 * come over WHEP; on LiveKit both come from its room, and the feed is followed only while the room is out of reach.
 */
export class SessionSource implements Source {
  readonly #url: string;
  readonly #token: string;
  readonly #filesUrl: URL;
  readonly #observer: SourceObserver;
  readonly #closing = new AbortController();
  #feed: SessionFeed | null = null;
  #whep: WhepClient | null = null;
  #room: Source | null = null;
  #session: SessionState | null = null;

  constructor(sessionUrl: string, token: string, filesUrl: URL, observer: SourceObserver) {
    this.#url = sessionUrl;
    this.#token = token;
    this.#filesUrl = filesUrl;
    this.#observer = observer;
  }

  start(): void {
    this.#follow();
  }

  close(): void {
    this.#closing.abort();
    this.#feed?.close();
    this.#whep?.close();
    this.#room?.close();
  }

  #follow(): void {
    if (this.#closing.signal.aborted) return;
    this.#feed = new SessionFeed(this.#url, this.#token, {
      session: (state) => this.#take(state),
      background: (state: BackgroundState) => this.#observer.background(state),
      speech: (state) => this.#observer.speech(state),
      refused: (code) => this.#refuse(code),
    });
    void this.#feed.run();
  }

  #take(state: SessionState): void {
    const before = this.#session;
    this.#session = state;
    // First: a request that is on its way costs nothing while the rest is set up.
    if (state.status === 'starting' || state.status === 'live') {
      if (state.stage === 'livekit') this.#join();
      else this.#watch(before, state);
    }
    this.#observer.session(state);
  }

  #watch(before: SessionState | null, state: SessionState): void {
    if (this.#whep === null) {
      this.#whep = new WhepClient(this.#url, this.#token, {
        stateChanged: (media, code) => {
          if (media !== 'refused')
            this.#observer.mediaChanged(media, code === 'viewers_full' ? 'All places are taken. You’ll get in as soon as one is free.' : null);
          // The feed tells why a session is over; give it the word.
          else if (code !== 'session_ended') this.#refuse(code);
        },
        tracks: (video, audio) => {
          this.#observer.videoChanged(video);
          this.#observer.audioChanged(audio);
        },
        codecKnown: (codec) => this.#observer.codecKnown(codec),
      });
      void this.#whep.run();
    } else if (state.status === 'live') {
      const codecChanged = before?.video_codec != null && state.video_codec !== null && before.video_codec !== state.video_codec;
      if (codecChanged) this.#whep.reconnect();
      else this.#whep.wake();
    }
  }

  #join(): void {
    if (this.#room !== null) return;
    const stateKnown = (isKnown: boolean) => {
      this.#feed?.close();
      if (!isKnown) this.#follow();
    };
    this.#room = new LivekitPartSource(this.#filesUrl, (part) => part.joinSession(this.#url, this.#token, this.#observer, stateKnown));
    this.#room.start();
  }

  #refuse(code: string | null): void {
    if (!this.#closing.signal.aborted) this.#observer.over('failed', refusalText(code));
  }
}

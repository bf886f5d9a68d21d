import {
  ConnectionError,
  ConnectionErrorReason,
  DisconnectReason,
  type RemoteTrack,
  type RemoteTrackPublication,
  Room,
  RoomEvent,
  ConnectionState,
} from 'livekit-client';
import { Backoff, pause } from '../backoff.js';
import type { Source, SourceObserver } from '../source.js';
import { audioOf, videoOf } from './publications.js';
import { type RoomState, RoomStateReader, watchedIdentity } from './room-state.js';

/** How long Backlot may take to notice that a room is gone, and to say why. */
const ROOM_GONE_MS = 3000;

/** Who stayed this long in a room comes back at once when it is lost; others wait longer each time. */
const SETTLED_MS = 10_000;

/** How long a video may bring nothing before its viewer is told: LiveKit itself notices a dead way of media after half a minute. */
const STALL_MS = 5000;
const WATCH_EVERY_MS = 1000;

/** A way into a room. */
export interface LivekitConnection {
  /** `wss://…` */
  readonly url: string;
  readonly token: string;
}

/** How a source gets into its room. */
export interface LivekitSourceOptions {
  /** A way in. Null: there is none any more, and somebody else tells why. May reject: then it is tried again. */
  connect(signal: AbortSignal): Promise<LivekitConnection | null>;
  /** Whether each way in has an identity of its own. Else the same one is used each time, and what refuses it refuses it for good. */
  readonly isOwnIdentity: boolean;
  /** Whether the room tells the session's state now; by turns, beginning with true. */
  stateKnown(isKnown: boolean): void;
}

/** Events after which what is to be watched may be another. */
const CHANGES = [
  RoomEvent.Connected,
  RoomEvent.Reconnecting,
  RoomEvent.Reconnected,
  RoomEvent.ParticipantConnected,
  RoomEvent.ParticipantDisconnected,
  RoomEvent.TrackPublished,
  RoomEvent.TrackUnpublished,
  RoomEvent.TrackSubscribed,
  RoomEvent.TrackUnsubscribed,
  RoomEvent.TrackMuted,
  RoomEvent.TrackUnmuted,
  RoomEvent.TrackSubscriptionPermissionChanged,
] as const;

/** Why a room was left for good; null: it may be entered again. */
const finalReason = (reason: DisconnectReason | undefined, isOwnIdentity: boolean): readonly ['ended' | 'failed', string] | null => {
  switch (reason) {
    case DisconnectReason.PARTICIPANT_REMOVED:
      return ['failed', 'This viewer has been removed from the room.'];
    case DisconnectReason.DUPLICATE_IDENTITY:
      return isOwnIdentity ? null : ['failed', 'This session is being watched elsewhere with the same access token.'];
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return isOwnIdentity ? null : ['ended', 'The room has been closed.'];
    default:
      return null;
  }
};

/** A session by its LiveKit room: state from the room's metadata and messages, media of who is to be watched, and of nobody else. */
export class LivekitSource implements Source {
  readonly #options: LivekitSourceOptions;
  readonly #observer: SourceObserver;
  readonly #closing = new AbortController();
  readonly #reader: RoomStateReader;
  #room: Room | null = null;
  #isStateKnown = false;
  #video: RemoteTrack | undefined;
  #audio: RemoteTrack | undefined;
  #packets = 0;
  #wasAliveAtMs = 0;
  #isStalled = false;

  constructor(options: LivekitSourceOptions, observer: SourceObserver) {
    this.#options = options;
    this.#observer = observer;
    this.#reader = new RoomStateReader(
      (state) => this.#takeState(state),
      (speech) => observer.speech(speech),
    );
  }

  start(): void {
    void this.#run();
  }

  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const backoff = new Backoff();
    while (!signal.aborted) {
      let waitMs: number | null = null;
      try {
        const connection = await this.#options.connect(signal);
        if (connection === null || signal.aborted) return;
        const enteredAtMs = performance.now();
        const reason = await this.#stay(connection);
        if (signal.aborted) return;
        const final = finalReason(reason, this.#options.isOwnIdentity);
        if (final !== null) return this.#observer.over(...final);
        if (performance.now() - enteredAtMs > SETTLED_MS) backoff.reset();
        // Coming back at once would open it again.
        if (reason === DisconnectReason.ROOM_DELETED || reason === DisconnectReason.ROOM_CLOSED) waitMs = ROOM_GONE_MS;
      } catch (error) {
        if (signal.aborted) return;
        const isRefused = error instanceof ConnectionError && error.reason === ConnectionErrorReason.NotAllowed;
        if (isRefused && !this.#options.isOwnIdentity) return this.#observer.over('failed', 'The access token is not valid for this room, or has expired.');
      }
      this.#setStateKnown(false);
      this.#observer.mediaChanged('connecting', null);
      await pause(waitMs ?? backoff.next(), signal);
    }
  }

  /** Enters a room and stays until it is lost. Resolves with why; rejects when it could not be entered. */
  async #stay({ url, token }: LivekitConnection): Promise<DisconnectReason | undefined> {
    const { signal } = this.#closing;
    // No adaptive stream: it judges by video elements, and what is seen here is a canvas.
    const room = (this.#room = new Room({ adaptiveStream: false, dynacast: true }));
    const leave = () => void room.disconnect().catch(() => undefined);
    const stopReading = this.#reader.read(room);
    for (const event of CHANGES) room.on(event, this.#update);
    room.on(RoomEvent.RoomMetadataChanged, this.#look);
    const left = new Promise<DisconnectReason | undefined>((resolve) => room.once(RoomEvent.Disconnected, resolve));
    signal.addEventListener('abort', leave);
    const watch = setInterval(() => void this.#watch().catch(() => undefined), WATCH_EVERY_MS);
    try {
      await room.connect(url, token, { autoSubscribe: false });
      this.#look();
      this.#update();
      return await left;
    } finally {
      clearInterval(watch);
      signal.removeEventListener('abort', leave);
      stopReading();
      room.removeAllListeners();
      leave();
      this.#room = null;
      this.#video = this.#audio = undefined;
    }
  }

  /** Looks whether the video still comes. LiveKit's client brings it back by itself, sooner or later. */
  async #watch(): Promise<void> {
    const video = this.#video;
    const report = await video?.getRTCStatsReport();
    if (video !== this.#video) return;
    let packets = 0;
    report?.forEach(({ type, packetsReceived = 0 }: { readonly type: string; readonly packetsReceived?: number }) => {
      if (type === 'inbound-rtp') packets += packetsReceived;
    });
    if (packets !== this.#packets || video?.isMuted === true) {
      this.#packets = packets;
      this.#wasAliveAtMs = performance.now();
    }
    const isStalled = video !== undefined && performance.now() - this.#wasAliveAtMs > STALL_MS;
    if (isStalled === this.#isStalled) return;
    this.#isStalled = isStalled;
    this.#update();
  }

  /** The room may know the session's state now, if not a newer one. */
  readonly #look = (): void => {
    if (this.#room !== null && RoomStateReader.hasState(this.#room)) this.#setStateKnown(true);
  };

  #setStateKnown(isKnown: boolean): void {
    if (isKnown === this.#isStateKnown) return;
    this.#isStateKnown = isKnown;
    this.#options.stateKnown(isKnown);
  }

  #takeState(state: RoomState): void {
    if (this.#closing.signal.aborted) return;
    this.#setStateKnown(true);
    this.#observer.session({ ...state, stage: 'livekit', video_codec: null });
    this.#observer.background(state.background);
    this.#update();
  }

  /** Subscribes to what is to be watched and reports what of it is there. Everything follows from the room as it is. */
  readonly #update = (): void => {
    const room = this.#room;
    if (room === null || this.#closing.signal.aborted) return;
    if (room.state === ConnectionState.Disconnected || room.state === ConnectionState.Connecting) return;
    const { state } = this.#reader;
    const identity = state === null ? null : watchedIdentity(state);
    const publisher = identity === null ? undefined : room.remoteParticipants.get(identity);
    const video = videoOf(publisher);
    const audio = audioOf(publisher);
    for (const participant of room.remoteParticipants.values()) {
      for (const publication of participant.trackPublications.values()) {
        const isWanted = publication === video || publication === audio;
        if (publication.isDesired !== isWanted) publication.setSubscribed(isWanted);
      }
    }
    if (video?.track !== undefined && video.track !== this.#video) {
      this.#video = video.track;
      this.#wasAliveAtMs = performance.now();
      this.#isStalled = false;
      this.#observer.videoChanged(video.track.mediaStreamTrack);
      if (video.mimeType !== undefined) this.#observer.codecKnown(video.mimeType.replace(/^video\//i, ''));
    }
    if (audio?.track !== undefined && audio.track !== this.#audio) {
      this.#audio = audio.track;
      this.#observer.audioChanged(audio.track.mediaStreamTrack);
    }
    const media = mediaState(room, video, this.#isStalled);
    const lacksProgram = media === 'waiting' && state?.render === 'server' && state.avatar_identity !== null;
    this.#observer.mediaChanged(media, lacksProgram ? 'It is there; the picture that a server composes of it is not.' : null);
  };
}

const mediaState = (room: Room, video: RemoteTrackPublication | undefined, isStalled: boolean): 'connecting' | 'waiting' | 'connected' | 'paused' => {
  // While only its signalling is interrupted media goes on.
  if (room.state === ConnectionState.Reconnecting) return 'connecting';
  if (video === undefined) return 'waiting';
  if (video.track === undefined) return 'connecting';
  if (video.isMuted) return 'paused';
  return isStalled ? 'connecting' : 'connected';
};

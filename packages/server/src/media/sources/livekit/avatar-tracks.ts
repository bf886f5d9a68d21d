import {
  type AudioFrame,
  AudioStream,
  type RemoteTrack,
  type RemoteTrackPublication,
  type Room,
  RoomEvent,
  TrackKind,
  TrackSource,
  type VideoFrame,
  VideoStream,
} from '@livekit/rtc-node';
import { AUDIO_RATE_HZ } from '../../source.js';
import { drain } from './drain.js';

/** What an avatar in a room sends. Callbacks are synchronous and must not throw. */
export interface AvatarTracksObserver {
  /**
   * The newest picture, decoded, of whatever size the publisher sends at the moment; older ones that were waiting are
   * skipped. `arrivedAtMs`: by `performance.now()`.
   */
  picture(frame: VideoFrame, arrivedAtMs: number): void;
  /** The next 10 ms of sound, 48 kHz mono. */
  sound(frame: AudioFrame): void;
}

/** LiveKit's server sends black pictures of 8 × 8 when a track is muted or ends. */
const LEAST_SIDE = 16;

interface Attached {
  readonly sid: string;
  readonly stop: () => void;
}

/**
 * The avatar's video and audio in a LiveKit room that is joined without subscribing: subscribes to these two of one
 * participant, and to them again whenever they come back (muted, unpublished, left and joined, reconnected).
 */
export class AvatarTracks implements Disposable {
  readonly #room: Room;
  readonly #observer: AvatarTracksObserver;
  #identity: string | null = null;
  #video: Attached | null = null;
  #audio: Attached | null = null;
  #newest: VideoFrame | null = null;
  #newestAtMs = 0;
  #isDue = false;
  #skipped = 0;
  readonly #deliver = (): void => {
    this.#isDue = false;
    const frame = this.#newest;
    this.#newest = null;
    if (frame !== null) this.#observer.picture(frame, this.#newestAtMs);
  };
  readonly #reconcile = (): void => {
    if (this.#identity === null) return;
    const participant = this.#room.remoteParticipants.get(this.#identity);
    const publications = participant === undefined ? [] : [...participant.trackPublications.values()];
    const video = pick(publications, TrackKind.KIND_VIDEO, TrackSource.SOURCE_CAMERA);
    const audio = pick(publications, TrackKind.KIND_AUDIO, TrackSource.SOURCE_MICROPHONE);
    if (this.#video !== null && this.#video.sid !== video?.sid) this.#video = detach(this.#video);
    if (this.#audio !== null && this.#audio.sid !== audio?.sid) this.#audio = detach(this.#audio);
    for (const publication of [video, audio]) {
      if (publication === undefined) continue;
      if (publication.track === undefined) publication.setSubscribed(true);
      else this.#attach(publication.track, publication);
    }
  };
  readonly #unsubscribed = (_track: RemoteTrack, { sid }: RemoteTrackPublication): void => {
    if (this.#video?.sid === sid) this.#video = detach(this.#video);
    if (this.#audio?.sid === sid) this.#audio = detach(this.#audio);
  };

  constructor(room: Room, observer: AvatarTracksObserver) {
    this.#room = room;
    this.#observer = observer;
    for (const event of CHANGES) room.on(event, this.#reconcile);
    room.on(RoomEvent.TrackUnsubscribed, this.#unsubscribed);
  }

  /** Whether its picture is there, and is not muted. */
  get hasPicture(): boolean {
    const { sid } = this.#video ?? {};
    if (sid === undefined || this.#identity === null) return false;
    return this.#room.remoteParticipants.get(this.#identity)?.trackPublications.get(sid)?.muted === false;
  }

  /** Pictures that were left out, because a newer one was there before they could be looked at. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Whom to subscribe to from now on; nobody by null. */
  follow(identity: string | null): void {
    if (identity === this.#identity) return;
    const before = this.#identity === null ? undefined : this.#room.remoteParticipants.get(this.#identity);
    for (const publication of before?.trackPublications.values() ?? []) if (publication.subscribed) publication.setSubscribed(false);
    this.#identity = identity;
    this.#drop();
    this.#reconcile();
  }

  [Symbol.dispose](): void {
    for (const event of CHANGES) this.#room.off(event, this.#reconcile);
    this.#room.off(RoomEvent.TrackUnsubscribed, this.#unsubscribed);
    this.#identity = null;
    this.#drop();
  }

  #drop(): void {
    this.#video = detach(this.#video);
    this.#audio = detach(this.#audio);
    this.#newest = null;
  }

  #attach(track: RemoteTrack, { sid, kind }: RemoteTrackPublication): void {
    if (sid === undefined) return;
    if (kind === TrackKind.KIND_VIDEO && this.#video?.sid !== sid) {
      const stop = drain(new VideoStream(track).getReader(), ({ frame }) => {
        if (frame.width < LEAST_SIDE || frame.height < LEAST_SIDE) return;
        if (this.#newest !== null) this.#skipped++;
        this.#newest = frame;
        this.#newestAtMs = performance.now();
        if (this.#isDue) return;
        this.#isDue = true;
        // After whatever else has arrived: only the newest is worth composing.
        setImmediate(this.#deliver);
      });
      this.#video = { sid, stop };
    }
    if (kind === TrackKind.KIND_AUDIO && this.#audio?.sid !== sid) {
      this.#audio = { sid, stop: drain(new AudioStream(track, AUDIO_RATE_HZ, 1).getReader(), (frame) => this.#observer.sound(frame)) };
    }
  }
}

/** Whatever may bring a track that is to be subscribed to, or take one away. */
const CHANGES = [
  RoomEvent.ParticipantConnected,
  RoomEvent.ParticipantDisconnected,
  RoomEvent.TrackPublished,
  RoomEvent.TrackUnpublished,
  RoomEvent.TrackSubscribed,
  RoomEvent.TrackSubscriptionFailed,
  RoomEvent.Reconnected,
] as const;

/** The publication of a kind, the one of the usual source before all; vendors don't always name it. */
const pick = (publications: readonly RemoteTrackPublication[], kind: TrackKind, source: TrackSource): RemoteTrackPublication | undefined => {
  const ofKind = publications.filter((publication) => publication.kind === kind);
  return ofKind.find((publication) => publication.source === source) ?? ofKind[0];
};

const detach = (attached: Attached | null): null => {
  attached?.stop();
  return null;
};

import {
  type AudioFrame,
  AudioSource,
  LocalAudioTrack,
  LocalVideoTrack,
  type Room,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoCodec,
  VideoFrame,
  VideoSource,
} from '@livekit/rtc-node';
import { AUDIO_RATE_HZ } from '../../source.js';
import { maxBitrateBps } from '../bitrate.js';
import { DelayLine } from './delay-line.js';

/** What the encoder may hold back; enough to ride out a pause of this process. */
const QUEUE_MS = 100;
const CHUNK_MS = 10;
const MAX_DELAY_CHUNKS = 30;
/** Chunks that are under way to the encoder; more means that it stands still. */
const MAX_UNDER_WAY = QUEUE_MS / CHUNK_MS;
/** Rather fewer frames than a smaller picture. rtc-node does not export the name. */
const MAINTAIN_RESOLUTION = 2;

export interface ProgramTracksOptions {
  readonly room: Room;
  /** Size of the composed picture, in pixels; even. */
  readonly width: number;
  readonly height: number;
  readonly rateFps: number;
}

/** The program of a session in its LiveKit room: one video track and its sound, of one participant. */
export class ProgramTracks implements AsyncDisposable {
  /** What `sendPicture` sends: I420, tightly packed, in a buffer of its own. */
  readonly picture: Uint8Array<ArrayBuffer>;
  readonly #options: ProgramTracksOptions;
  readonly #frame: VideoFrame;
  readonly #videoSource: VideoSource;
  readonly #audioSource = new AudioSource(AUDIO_RATE_HZ, 1, QUEUE_MS);
  readonly #videoTrack: LocalVideoTrack;
  readonly #audioTrack: LocalAudioTrack;
  readonly #delayed = new DelayLine<AudioFrame>(MAX_DELAY_CHUNKS);
  #underWay = 0;
  #isClosed = false;
  readonly #landed = (): void => {
    this.#underWay--;
  };

  constructor(options: ProgramTracksOptions) {
    const { width, height } = options;
    this.#options = options;
    // rtc-node sends the whole buffer under a view, so this one is exactly a frame.
    this.picture = new Uint8Array(new ArrayBuffer((width * height * 3) / 2));
    this.#frame = new VideoFrame(this.picture, width, height, VideoBufferType.I420);
    this.#videoSource = new VideoSource(width, height);
    this.#videoTrack = LocalVideoTrack.createVideoTrack('program', this.#videoSource);
    this.#audioTrack = LocalAudioTrack.createAudioTrack('program-audio', this.#audioSource);
  }

  /** Publishes both tracks. The first picture must have been sent: until then a source sends black ones. */
  async publish(): Promise<void> {
    const { room, width, height, rateFps } = this.#options;
    const participant = room.localParticipant;
    if (participant === undefined) throw new Error('the room is not joined');
    const video = new TrackPublishOptions({
      source: TrackSource.SOURCE_CAMERA,
      videoCodec: VideoCodec.VP8,
      // One encode, however many watch.
      simulcast: false,
      videoEncoding: { maxBitrate: BigInt(maxBitrateBps(width, height)), maxFramerate: rateFps },
      degradationPreference: MAINTAIN_RESOLUTION,
    });
    const audio = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
    await Promise.all([participant.publishTrack(this.#videoTrack, video), participant.publishTrack(this.#audioTrack, audio)]);
  }

  /** Hands `picture` to the encoder, which copies it. */
  sendPicture(): void {
    if (!this.#isClosed) this.#videoSource.captureFrame(this.#frame);
  }

  /** How long sound is held back, so that it stays with the lips; in steps of 10 ms. */
  set audioDelayMs(delayMs: number) {
    this.#delayed.delay = Math.round(delayMs / CHUNK_MS);
  }

  get audioDelayMs(): number {
    return this.#delayed.delay * CHUNK_MS;
  }

  /** Sends the next 10 ms of sound, 48 kHz mono. */
  sendSound(frame: AudioFrame): void {
    const due = this.#delayed.push(frame);
    if (due === undefined || this.#isClosed || this.#underWay >= MAX_UNDER_WAY) return;
    this.#underWay++;
    void this.#audioSource.captureFrame(due).then(this.#landed, this.#landed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const participant = this.#options.room.localParticipant;
    for (const { sid } of participant?.trackPublications.values() ?? []) {
      // A room that is left has unpublished them.
      if (sid !== undefined && this.#options.room.isConnected) await participant?.unpublishTrack(sid).catch(() => undefined);
    }
    await this.#videoTrack.close();
    await this.#audioTrack.close();
  }
}

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

/** The most that waits for the encoder, so that it is fed steadily however this process is scheduled. */
const QUEUE_MS = 100;
/** What has waited for longer all the time, is late for nothing: each pause of this process would leave some. */
const USEFUL_QUEUE_MS = 15;
/** So many chunks are looked at. */
const WINDOW_CHUNKS = 50;
/** Sound below this is left out first, by its loudest sample. */
const QUIET = 400;
const CHUNK_MS = 10;
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
  #underWay = 0;
  #looked = 0;
  #leastQueuedMs = Infinity;
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

  /** Sends the next 10 ms of sound, 48 kHz mono. */
  sendSound(frame: AudioFrame): void {
    if (this.#isClosed || this.#underWay >= MAX_UNDER_WAY || this.#isTooMuch(frame)) return;
    this.#underWay++;
    void this.#audioSource.captureFrame(frame).then(this.#landed, this.#landed);
  }

  /** Whether to leave a chunk out, so that the queue gets shorter again: a quiet one, or any when there is none. */
  #isTooMuch({ data }: AudioFrame): boolean {
    this.#leastQueuedMs = Math.min(this.#leastQueuedMs, this.#audioSource.queuedDuration);
    if (++this.#looked < WINDOW_CHUNKS || this.#leastQueuedMs <= USEFUL_QUEUE_MS) {
      if (this.#looked >= WINDOW_CHUNKS) this.#look();
      return false;
    }
    if (this.#looked < 2 * WINDOW_CHUNKS && data.some((sample) => Math.abs(sample) > QUIET)) return false;
    this.#look();
    return true;
  }

  #look(): void {
    this.#looked = 0;
    this.#leastQueuedMs = Infinity;
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

import datachannel, { type Track } from 'node-datachannel';
import type { VideoCodec } from '../port.js';
import { Connection, type MediaAddress } from './connection.js';
import type { StreamKind } from './publisher.js';
import { readMediaSsrc, readReferenceTime, readSenderSsrc, REFERENCE_TIME_ANSWER_LENGTH, walkNack, walkRtcp, writeReferenceTimeAnswer } from './rtcp.js';
import type { ReducedOffer } from './sdp.js';

/** How long a viewer that has missed a packet counts as one that loses packets. */
const LOSS_LASTS_MS = 5000;

/** SSRCs of the room's two streams. */
export type StreamSsrcs = Readonly<Record<StreamKind, number>>;

/** What a viewer wants of its room. */
export interface ViewerObserver {
  /** It has connected, or lost too much. */
  keyFrameNeeded(): void;
  /** It misses a packet of the video stream. */
  missed(sequence: number): void;
  gone(): void;
}

interface Outgoing {
  readonly track: Track;
  readonly payloadType: number;
  open: boolean;
}

/** The sending end of a viewer. */
export class Viewer implements Disposable {
  readonly connection: Connection;
  readonly codec: VideoCodec;
  readonly startedAtMs = performance.now();
  readonly #observer: ViewerObserver;
  readonly #videoSsrc: number;
  readonly #missed: (sequence: number) => void;
  readonly #video: Outgoing;
  readonly #audio: Outgoing | null;
  readonly #answer = Buffer.alloc(REFERENCE_TIME_ANSWER_LENGTH);
  #lastReportAtMs: number | null = null;
  #lastMissedAtMs = -Infinity;

  constructor(offer: ReducedOffer, address: MediaAddress, ssrcs: StreamSsrcs, observer: ViewerObserver) {
    this.codec = offer.videoCodec;
    this.#observer = observer;
    this.#videoSsrc = ssrcs.video;
    this.#missed = (sequence) => {
      this.#lastMissedAtMs = performance.now();
      observer.missed(sequence);
    };
    this.connection = new Connection(offer, address, () => observer.gone());

    const { payloadType, parameters } = offer.video.codec;
    const video = new datachannel.Video(offer.video.mid, 'SendOnly');
    if (offer.videoCodec === 'VP8') video.addVP8Codec(payloadType);
    else video.addH264Codec(payloadType, parameters);
    video.addSSRC(ssrcs.video, 'backlot', 'backlot', 'video');
    this.#video = this.#outgoing(this.connection.peer.addTrack(video), payloadType);

    if (offer.audio === null) {
      this.#audio = null;
    } else {
      const { codec, mid } = offer.audio;
      const audio = new datachannel.Audio(mid, 'SendOnly');
      if (codec.parameters === '') audio.addOpusCodec(codec.payloadType);
      else audio.addOpusCodec(codec.payloadType, codec.parameters);
      audio.addSSRC(ssrcs.audio, 'backlot', 'backlot', 'audio');
      this.#audio = this.#outgoing(this.connection.peer.addTrack(audio), codec.payloadType);
    }
  }

  /** Whether media can flow. */
  get isOpen(): boolean {
    return this.#video.open;
  }

  /** When it last said anything (`performance.now()`); null before that. */
  get lastReportAtMs(): number | null {
    return this.#lastReportAtMs;
  }

  /** Whether it has missed packets lately. */
  losesPackets(nowMs: number): boolean {
    return nowMs - this.#lastMissedAtMs < LOSS_LASTS_MS;
  }

  /** Sends a packet of one of the room's streams; its payload type is overwritten. The packet is free again on return. */
  send(kind: StreamKind, packet: Buffer): void {
    const outgoing = kind === 'video' ? this.#video : this.#audio;
    if (outgoing === null || !outgoing.open) return;
    packet[1] = ((packet[1] ?? 0) & 0x80) | outgoing.payloadType;
    this.#write(outgoing, packet);
  }

  /** Sends a sender report of one of the room's streams. */
  sendReport(kind: StreamKind, report: Buffer): void {
    const outgoing = kind === 'video' ? this.#video : this.#audio;
    if (outgoing?.open === true) this.#write(outgoing, report);
  }

  [Symbol.dispose](): void {
    this.#video.open = false;
    if (this.#audio !== null) this.#audio.open = false;
    this.connection[Symbol.dispose]();
  }

  #outgoing(track: Track, payloadType: number): Outgoing {
    const outgoing: Outgoing = { track, payloadType, open: false };
    track.onOpen(() => {
      if (this.connection.closed) return;
      outgoing.open = true;
      this.#observer.keyFrameNeeded();
    });
    track.onClosed(() => {
      outgoing.open = false;
    });
    track.onMessage((compound) => this.#receive(outgoing, compound));
    return outgoing;
  }

  #receive(from: Outgoing, compound: Buffer): void {
    if (this.connection.closed) return;
    let asks = false;
    walkRtcp(compound, (kind, offset, length) => {
      this.#lastReportAtMs = performance.now();
      asks ||= kind === 'key-frame-request';
      if (kind === 'nack' && length >= 16 && readMediaSsrc(compound, offset) === this.#videoSsrc) walkNack(compound, offset, length, this.#missed);
      if (kind === 'extended-report' && length >= 8) this.#answerReferenceTime(from, compound, offset, length);
    });
    if (asks) this.#observer.keyFrameNeeded();
  }

  /**
   * Tells the viewer its round-trip time, which who only receives can't know otherwise: browsers then ask for what is
   * still missing after that time, and not after the 100 ms that they assume.
   */
  #answerReferenceTime(outgoing: Outgoing, compound: Buffer, offset: number, length: number): void {
    const referenceTime = readReferenceTime(compound, offset, length);
    if (referenceTime === null || !outgoing.open) return;
    writeReferenceTimeAnswer(this.#answer, this.#videoSsrc, readSenderSsrc(compound, offset), referenceTime);
    this.#write(outgoing, this.#answer);
  }

  #write(outgoing: Outgoing, packet: Buffer): void {
    // The track may have closed on the native side before its event is here; then this throws.
    try {
      outgoing.track.sendMessageBinary(packet);
    } catch {
      outgoing.open = false;
    }
  }
}

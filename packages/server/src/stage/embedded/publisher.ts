import type { Track } from 'node-datachannel';
import { randomInt } from 'node:crypto';
import type { VideoCodec } from '../port.js';
import { Connection, type MediaAddress } from './connection.js';
import { Reception } from './reception.js';
import { createNack, createPli, createReceiverReport, createRemb, readNtpMiddle, SENDER_REPORT_LENGTH, walkRtcp } from './rtcp.js';
import { isRtcp, readHeaderLength, readPayloadType, readSequence, readSsrc, readTimestamp, stripToPayload } from './rtp.js';
import type { ReducedOffer } from './sdp.js';

/** Clock rates of the two streams, in hertz (RFC 7741 §6, RFC 6184 §8.2.1, RFC 7587 §4.1). */
export const CLOCK_HZ = { video: 90_000, audio: 48_000 } as const;

export type StreamKind = keyof typeof CLOCK_HZ;

const REPORT_EVERY_MS = 1000;

/** What a publisher's media does in its room. Buffers are the receiver's to change. */
export interface PublisherObserver {
  /** One packet, with a bare header. */
  packet(kind: StreamKind, packet: Buffer, nowMs: number): void;
  /** A sender report within a compound. */
  senderReport(kind: StreamKind, compound: Buffer, offset: number): void;
  /** Packets are lost for good: only a key frame helps. */
  keyFrameNeeded(): void;
  gone(): void;
}

interface Incoming {
  readonly kind: StreamKind;
  readonly payloadType: number;
  /** Null until its first packet. */
  reception: Reception | null;
}

/**
 * The receiving end of a publisher: takes its packets apart from what is not media, asks for lost ones, and reports
 * once a second how they arrive and what it may send.
 */
export class Publisher implements Disposable {
  readonly connection: Connection;
  readonly codec: VideoCodec;
  readonly startedAtMs = performance.now();
  readonly #observer: PublisherObserver;
  readonly #bitrateBps: number;
  readonly #ssrc = randomInt(1, 2 ** 32);
  readonly #tracks: Track[] = [];
  readonly #incoming: Readonly<Record<StreamKind, Incoming>>;
  #videoTrack: Track | null = null;
  #lastPacketAtMs: number | null = null;
  #nextReportAtMs = 0;

  constructor(offer: ReducedOffer, address: MediaAddress, bitrateBps: number, observer: PublisherObserver) {
    this.codec = offer.videoCodec;
    this.#observer = observer;
    this.#bitrateBps = bitrateBps;
    this.#incoming = {
      video: { kind: 'video', payloadType: offer.video.codec.payloadType, reception: null },
      audio: { kind: 'audio', payloadType: offer.audio?.codec.payloadType ?? -1, reception: null },
    };
    this.connection = new Connection(offer, address, () => observer.gone());
    this.connection.peer.onTrack((track) => this.#adopt(track));
  }

  /** When its last media packet came (`performance.now()`); null before the first. */
  get lastPacketAtMs(): number | null {
    return this.#lastPacketAtMs;
  }

  requestKeyFrame(): void {
    const mediaSsrc = this.#incoming.video.reception?.mediaSsrc;
    if (mediaSsrc !== undefined) this.#send(createPli(this.#ssrc, mediaSsrc));
  }

  /** Sends what is due: called a few times a second. */
  tick(nowMs: number): void {
    this.#askForMissing(nowMs);
    if (nowMs < this.#nextReportAtMs) return;
    this.#nextReportAtMs = nowMs + REPORT_EVERY_MS;
    for (const { kind, reception } of [this.#incoming.video, this.#incoming.audio]) {
      if (reception === null) continue;
      const report = createReceiverReport(this.#ssrc, reception.takeReport(nowMs));
      // REMB travels in a compound that starts with a report (RFC 3550 §6.1).
      this.#send(kind === 'video' ? Buffer.concat([report, createRemb(this.#ssrc, reception.mediaSsrc, this.#bitrateBps)]) : report);
    }
  }

  [Symbol.dispose](): void {
    this.connection[Symbol.dispose]();
    this.#videoTrack = null;
    this.#tracks.length = 0;
  }

  #adopt(track: Track): void {
    if (this.connection.closed) return;
    this.#tracks.push(track);
    const incoming = track.mid() === this.connection.offer.video.mid ? this.#incoming.video : this.#incoming.audio;
    if (incoming.kind === 'video') this.#videoTrack = track;
    // No media handler here: RtcpReceivingSession would swallow the sender reports (node-datachannel 0.33.4).
    track.onMessage((packet) => {
      if (!this.connection.closed) this.#receive(incoming, packet);
    });
  }

  #receive(incoming: Incoming, packet: Buffer): void {
    const nowMs = performance.now();
    if (isRtcp(packet)) {
      this.#receiveRtcp(incoming, packet, nowMs);
      return;
    }
    const headerLength = readHeaderLength(packet);
    // Retransmission streams and probes have another payload type or SSRC.
    if (headerLength === -1 || readPayloadType(packet) !== incoming.payloadType) return;
    const sequence = readSequence(packet);
    incoming.reception ??= new Reception(readSsrc(packet), CLOCK_HZ[incoming.kind], sequence);
    const { reception } = incoming;
    if (reception.mediaSsrc !== readSsrc(packet)) return;
    this.#lastPacketAtMs = nowMs;
    const recoverable = reception.receive(sequence, readTimestamp(packet), nowMs);
    if (incoming.kind === 'video') {
      if (!recoverable) this.#observer.keyFrameNeeded();
      if (reception.isMissing) this.#askForMissing(nowMs);
    }
    // A packet of nothing but padding goes on empty, so that the numbers stay without a hole.
    this.#observer.packet(incoming.kind, stripToPayload(packet, headerLength), nowMs);
  }

  #receiveRtcp(incoming: Incoming, compound: Buffer, nowMs: number): void {
    walkRtcp(compound, (kind, offset, length) => {
      if (kind !== 'sender-report' || length < SENDER_REPORT_LENGTH) return;
      // A compound arrives at one track, whichever stream its reports are about.
      const ssrc = compound.readUInt32BE(offset + 4);
      const about = [incoming, this.#incoming.video, this.#incoming.audio].find((candidate) => candidate.reception?.mediaSsrc === ssrc);
      if (about?.reception === undefined || about.reception === null) return;
      about.reception.noteSenderReport(readNtpMiddle(compound, offset), nowMs);
      this.#observer.senderReport(about.kind, compound, offset);
    });
  }

  #askForMissing(nowMs: number): void {
    const { reception } = this.#incoming.video;
    if (reception === null || !reception.isMissing) return;
    const due = reception.takeDue(nowMs, () => this.#observer.keyFrameNeeded());
    if (due.length > 0) this.#send(createNack(this.#ssrc, reception.mediaSsrc, due));
  }

  #send(packet: Buffer): void {
    const track = this.#videoTrack;
    // A closed track throws, and can close at any moment on the native side.
    try {
      if (track?.isOpen() === true) track.sendMessageBinary(packet);
    } catch {
      this.#videoTrack = null;
    }
  }
}

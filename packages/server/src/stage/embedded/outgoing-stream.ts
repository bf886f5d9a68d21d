import { randomInt } from 'node:crypto';
import { readReportTimestamp, SENDER_REPORT_LENGTH, writeForwardedReport } from './rtcp.js';
import { readSequence, readTimestamp, sequenceDistance, timestampDistance } from './rtp.js';

/**
 * One stream (video or audio) as all viewers of a room see it: one SSRC, one run of sequence numbers and timestamps,
 * whoever publishes. When another publisher takes over, its numbers are moved so that they follow on: a viewer sees a
 * pause, not another stream.
 */
export class OutgoingStream {
  /** The same for every viewer: each has a connection, and so a space of SSRCs, of its own. */
  readonly ssrc = randomInt(1, 2 ** 32);
  readonly #clockHz: number;
  readonly #report = Buffer.alloc(SENDER_REPORT_LENGTH);
  #sequenceOffset = 0;
  #timestampOffset = 0;
  #lastSequence = 0;
  #lastTimestamp = 0;
  #lastAtMs: number | null = null;
  #joining = true;

  constructor(clockHz: number) {
    this.#clockHz = clockHz;
  }

  /** The next packet comes from another publisher. */
  changePublisher(): void {
    this.#joining = true;
  }

  /** Rewrites sequence number, timestamp and SSRC of a packet in place. */
  rewrite(packet: Buffer, nowMs: number): void {
    if (this.#joining) this.#join(packet, nowMs);
    const sequence = (readSequence(packet) + this.#sequenceOffset) & 0xffff;
    const timestamp = (readTimestamp(packet) + this.#timestampOffset) >>> 0;
    packet.writeUInt16BE(sequence, 2);
    packet.writeUInt32BE(timestamp, 4);
    packet.writeUInt32BE(this.ssrc, 8);
    if (sequenceDistance(this.#lastSequence, sequence) > 0) this.#lastSequence = sequence;
    if (timestampDistance(this.#lastTimestamp, timestamp) > 0) this.#lastTimestamp = timestamp;
    this.#lastAtMs = nowMs;
  }

  /** The publisher's sender report as one of this stream; null before its first packet. The buffer is reused by the next call. */
  rewriteReport(compound: Buffer, offset: number): Buffer | null {
    if (this.#joining) return null;
    writeForwardedReport(this.#report, compound, offset, this.ssrc, (readReportTimestamp(compound, offset) + this.#timestampOffset) >>> 0);
    return this.#report;
  }

  #join(packet: Buffer, nowMs: number): void {
    this.#joining = false;
    if (this.#lastAtMs === null) {
      this.#lastSequence = (readSequence(packet) - 1) & 0xffff;
      this.#lastTimestamp = readTimestamp(packet);
      return;
    }
    const elapsed = Math.max(1, Math.round(((nowMs - this.#lastAtMs) * this.#clockHz) / 1000));
    this.#sequenceOffset = (this.#lastSequence + 1 - readSequence(packet)) & 0xffff;
    this.#timestampOffset = (this.#lastTimestamp + elapsed - readTimestamp(packet)) | 0;
  }
}

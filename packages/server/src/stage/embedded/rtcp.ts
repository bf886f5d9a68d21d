/**
 * RTCP packets: what the stage says to a publisher, and what it hears from publishers and viewers.
 * RFC 3550 §6.4 (sender and receiver reports), RFC 4585 §6.2.1 (generic NACK) and §6.3.1 (PLI), RFC 5104 §4.3.1 (FIR),
 * draft-alvestrand-rmcat-remb-03 §2.2 (REMB), RFC 3611 §4.4 and §4.5 (XR: a receiver's round-trip time).
 */

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const TRANSPORT_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;
const EXTENDED_REPORT = 207;

const RECEIVER_REFERENCE_TIME = 4;
const DELAY_SINCE_LAST_RECEIVER_REPORT = 5;

/** Length of a sender report without report blocks, in bytes. */
export const SENDER_REPORT_LENGTH = 28;
/** Length of an answer to a receiver's reference time, in bytes. */
export const REFERENCE_TIME_ANSWER_LENGTH = 24;
/** Most sequence numbers that one NACK packet of ours names. */
export const MAX_NACKED = 64;

/** What a packet of a compound asks or tells. */
export type RtcpKind = 'sender-report' | 'receiver-report' | 'nack' | 'key-frame-request' | 'extended-report' | 'other';

const kindOf = (type: number, count: number): RtcpKind => {
  if (type === SENDER_REPORT) return 'sender-report';
  if (type === RECEIVER_REPORT) return 'receiver-report';
  if (type === TRANSPORT_FEEDBACK && count === 1) return 'nack';
  if (type === PAYLOAD_FEEDBACK && (count === 1 || count === 4)) return 'key-frame-request';
  if (type === EXTENDED_REPORT) return 'extended-report';
  return 'other';
};

/** Walks a compound packet and calls `visit` with each packet's kind, offset and length in bytes. Stops at the first one that doesn't fit. */
export const walkRtcp = (compound: Buffer, visit: (kind: RtcpKind, offset: number, length: number) => void): void => {
  let offset = 0;
  while (offset + 4 <= compound.length) {
    const first = compound[offset] ?? 0;
    const length = 4 * (compound.readUInt16BE(offset + 2) + 1);
    if (first >> 6 !== 2 || offset + length > compound.length) return;
    visit(kindOf(compound[offset + 1] ?? 0, first & 0x1f), offset, length);
    offset += length;
  }
};

/** Who sent the packet at `offset` of a compound. The packet is at least 8 bytes long. */
export const readSenderSsrc = (compound: Buffer, offset: number): number => compound.readUInt32BE(offset + 4);

/** The stream that a feedback packet is about. The packet is at least 12 bytes long. */
export const readMediaSsrc = (compound: Buffer, offset: number): number => compound.readUInt32BE(offset + 8);

/** Calls `visit` with each sequence number that the generic NACK at `offset` names. RFC 4585 §6.2.1. */
export const walkNack = (compound: Buffer, offset: number, length: number, visit: (sequence: number) => void): void => {
  for (let entry = offset + 12; entry + 4 <= offset + length; entry += 4) {
    const base = compound.readUInt16BE(entry);
    const mask = compound.readUInt16BE(entry + 2);
    visit(base);
    for (let bit = 0; bit < 16; bit++) if (((mask >> bit) & 1) === 1) visit((base + bit + 1) & 0xffff);
  }
};

/** Middle 32 bits of a sender report's NTP time, as receiver reports echo them (RFC 3550 §6.4.1, LSR). */
export const readNtpMiddle = (compound: Buffer, offset: number): number => compound.readUInt32BE(offset + 10);

/**
 * Middle 32 bits of the time that the receiver gives in the extended report at `offset` (RFC 3611 §4.4); null when it
 * gives none. The packet is at least 8 bytes long.
 */
export const readReferenceTime = (compound: Buffer, offset: number, length: number): number | null => {
  let block = offset + 8;
  while (block + 4 <= offset + length) {
    const blockLength = 4 * (compound.readUInt16BE(block + 2) + 1);
    if (compound[block] === RECEIVER_REFERENCE_TIME && blockLength === 12 && block + 12 <= offset + length) return compound.readUInt32BE(block + 6);
    block += blockLength;
  }
  return null;
};

/**
 * Writes into `target` (24 bytes) the answer to a receiver's reference time, sent at once (RFC 3611 §4.5, a delay of
 * zero): the time that it takes to come back is the round-trip time.
 */
export const writeReferenceTimeAnswer = (target: Buffer, ssrc: number, receiverSsrc: number, referenceTime: number): void => {
  target[0] = 0x80;
  target[1] = EXTENDED_REPORT;
  target.writeUInt16BE(5, 2);
  target.writeUInt32BE(ssrc, 4);
  target[8] = DELAY_SINCE_LAST_RECEIVER_REPORT;
  target[9] = 0;
  target.writeUInt16BE(3, 10);
  target.writeUInt32BE(receiverSsrc, 12);
  target.writeUInt32BE(referenceTime, 16);
  target.writeUInt32BE(0, 20);
};

/** RTP timestamp of the sender report at `offset`. */
export const readReportTimestamp = (compound: Buffer, offset: number): number => compound.readUInt32BE(offset + 16);

/**
 * Writes the sender report at `offset` of a compound into `target` (28 bytes) as one of our own stream: other SSRC,
 * other RTP timestamp, no report blocks; NTP time and counts stay, which keeps lips and voice together.
 */
export const writeForwardedReport = (target: Buffer, compound: Buffer, offset: number, ssrc: number, timestamp: number): void => {
  compound.copy(target, 0, offset, offset + SENDER_REPORT_LENGTH);
  target[0] = 0x80;
  target.writeUInt16BE(6, 2);
  target.writeUInt32BE(ssrc, 4);
  target.writeUInt32BE(timestamp, 16);
};

const writeFeedbackHeader = (target: Buffer, type: number, format: number, ssrc: number, mediaSsrc: number): void => {
  target[0] = 0x80 | format;
  target[1] = type;
  target.writeUInt16BE(target.length / 4 - 1, 2);
  target.writeUInt32BE(ssrc, 4);
  target.writeUInt32BE(mediaSsrc, 8);
};

/** A picture loss indication: "send a key frame". */
export const createPli = (ssrc: number, mediaSsrc: number): Buffer => {
  const packet = Buffer.alloc(12);
  writeFeedbackHeader(packet, PAYLOAD_FEEDBACK, 1, ssrc, mediaSsrc);
  return packet;
};

/** A receiver's estimate of the bit rate, in bits per second: what the publisher may send. */
export const createRemb = (ssrc: number, mediaSsrc: number, bitrateBps: number): Buffer => {
  const packet = Buffer.alloc(24);
  writeFeedbackHeader(packet, PAYLOAD_FEEDBACK, 15, ssrc, 0);
  packet.write('REMB', 12, 'latin1');
  let mantissa = bitrateBps;
  let exponent = 0;
  while (mantissa >= 2 ** 18) {
    mantissa /= 2;
    exponent += 1;
  }
  packet.writeUInt32BE(((1 << 24) | (exponent << 18) | Math.floor(mantissa)) >>> 0, 16);
  packet.writeUInt32BE(mediaSsrc, 20);
  return packet;
};

/** One report block: how a stream arrives. */
export interface ReceptionReport {
  readonly mediaSsrc: number;
  /** Share of packets lost since the report before, 0 to 255 for 0 to 1. */
  readonly fractionLost: number;
  /** Packets lost since the beginning, -2^23 to 2^23 - 1. */
  readonly lost: number;
  /** Highest sequence number received, with its number of wrap-arounds in the upper 16 bits. */
  readonly highestSequence: number;
  /** In units of the stream's clock. */
  readonly jitter: number;
  /** `readNtpMiddle` of the last sender report; 0 when there was none. */
  readonly lastReport: number;
  /** Time since that report, in 1/65536 s. */
  readonly sinceLastReport: number;
}

/** A receiver report with one block. */
export const createReceiverReport = (ssrc: number, report: ReceptionReport): Buffer => {
  const packet = Buffer.alloc(32);
  packet[0] = 0x81;
  packet[1] = RECEIVER_REPORT;
  packet.writeUInt16BE(7, 2);
  packet.writeUInt32BE(ssrc, 4);
  packet.writeUInt32BE(report.mediaSsrc, 8);
  packet.writeUInt8(report.fractionLost, 12);
  packet.writeIntBE(report.lost, 13, 3);
  packet.writeUInt32BE(report.highestSequence, 16);
  packet.writeUInt32BE(report.jitter, 20);
  packet.writeUInt32BE(report.lastReport, 24);
  packet.writeUInt32BE(report.sinceLastReport, 28);
  return packet;
};

/** A generic NACK for `sequences`, ascending modulo 2^16, at most `MAX_NACKED`: one entry names a number and a bit mask of the 16 after it. */
export const createNack = (ssrc: number, mediaSsrc: number, sequences: readonly number[]): Buffer => {
  const entries: number[] = [];
  let base = 0;
  let mask = 0;
  for (const sequence of sequences) {
    const distance = (sequence - base) & 0xffff;
    if (entries.length > 0 && distance >= 1 && distance <= 16) {
      mask |= 1 << (distance - 1);
    } else {
      base = sequence;
      mask = 0;
      entries.push(0);
    }
    entries[entries.length - 1] = ((base << 16) | mask) >>> 0;
  }
  const packet = Buffer.alloc(12 + 4 * entries.length);
  writeFeedbackHeader(packet, TRANSPORT_FEEDBACK, 1, ssrc, mediaSsrc);
  for (const [index, entry] of entries.entries()) packet.writeUInt32BE(entry, 12 + 4 * index);
  return packet;
};

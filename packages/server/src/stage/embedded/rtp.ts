/**
 * RTP packets, read and rewritten in place (RFC 3550 §5.1):
 *
 *     0: version (2 bits) padding extension csrc-count (4)   1: marker (1 bit) payload type (7)
 *     2: sequence number (16)   4: timestamp (32)   8: SSRC (32)   12: CSRCs, extension, payload, padding
 *
 * Packets come from the network: every reader below holds for any bytes once `readHeaderLength` has accepted them.
 */

/** Length of a header without CSRCs and extension, in bytes. */
export const RTP_HEADER_LENGTH = 12;

/** Whether a packet is RTCP and not RTP (RFC 5761 §4): both share a port. */
export const isRtcp = (packet: Buffer): boolean => {
  const type = (packet[1] ?? 0) & 0x7f;
  return type >= 64 && type <= 95;
};

/** Length of the header with CSRCs and extension, in bytes; -1 for what is no RTP packet. */
export const readHeaderLength = (packet: Buffer): number => {
  const first = packet[0];
  if (first === undefined || first >> 6 !== 2 || packet.length < RTP_HEADER_LENGTH) return -1;
  let length = RTP_HEADER_LENGTH + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) {
    if (packet.length < length + 4) return -1;
    length += 4 + 4 * packet.readUInt16BE(length + 2);
  }
  return packet.length < length ? -1 : length;
};

export const readPayloadType = (packet: Buffer): number => (packet[1] ?? 0) & 0x7f;
/** Whether a video packet is the last one of its picture (RFC 7741 §4.1, RFC 6184 §5.1). */
export const readMarker = (packet: Buffer): boolean => (packet[1] ?? 0) >> 7 === 1;
export const readSequence = (packet: Buffer): number => packet.readUInt16BE(2);
export const readTimestamp = (packet: Buffer): number => packet.readUInt32BE(4);
export const readSsrc = (packet: Buffer): number => packet.readUInt32BE(8);

/** How far sequence number `to` is ahead of `from`, modulo 2^16: -32768…32767. */
export const sequenceDistance = (from: number, to: number): number => ((to - from) << 16) >> 16;

/** How far timestamp `to` is ahead of `from`, modulo 2^32: -2^31…2^31-1. */
export const timestampDistance = (from: number, to: number): number => (to - from) | 0;

/**
 * The packet with a bare header: no CSRCs, no extensions (their ids mean something else, or nothing, to whom we
 * forward to) and no padding. Moves the fixed header up to the payload, in the packet's own memory; a packet that is
 * bare already is returned as it is. `headerLength` comes from `readHeaderLength`.
 */
export const stripToPayload = (packet: Buffer, headerLength: number): Buffer => {
  const first = packet[0] ?? 0;
  if (first === 0x80) return packet;
  const padding = (first & 0x20) === 0 ? 0 : Math.min(packet[packet.length - 1] ?? 0, packet.length - headerLength);
  const start = headerLength - RTP_HEADER_LENGTH;
  if (start > 0) packet.copyWithin(start, 0, RTP_HEADER_LENGTH);
  packet[start] = 0x80;
  return packet.subarray(start, packet.length - padding);
};

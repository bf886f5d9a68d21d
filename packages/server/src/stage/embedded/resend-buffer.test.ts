import { describe, expect, test } from 'vitest';
import { ResendBuffer } from './resend-buffer.js';

const packetOf = (sequence: number, length = 100): Buffer => {
  const packet = Buffer.alloc(length, sequence & 0xff);
  packet.writeUInt16BE(sequence, 2);
  return packet;
};

describe('the packets kept to be sent again', () => {
  test('are the last ones, also where sequence numbers wrap, and are copies', () => {
    const buffer = new ResendBuffer(8);
    for (let sequence = 65_530; sequence < 65_546; sequence++) {
      const packet = packetOf(sequence & 0xffff, 100 + (sequence % 7));
      buffer.keep(packet);
      packet.fill(0);
    }
    for (let sequence = 2; sequence < 10; sequence++) expect(buffer.find(sequence)).toEqual(packetOf(sequence, 100 + ((sequence + 65_536) % 7)));
    for (const sequence of [65_530, 65_535, 0, 1, 10, 11]) expect(buffer.find(sequence)).toBeNull();
  });

  test('leave out what is larger than a packet can be', () => {
    const buffer = new ResendBuffer(8);
    buffer.keep(packetOf(3, 1501));
    expect(buffer.find(3)).toBeNull();
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BacklotError } from '../../errors.js';
import { OutgoingStream } from './outgoing-stream.js';
import { Reception } from './reception.js';
import { createNack, createReceiverReport, createRemb, readReferenceTime, walkRtcp } from './rtcp.js';
import { isRtcp, readHeaderLength, readSequence, readTimestamp, sequenceDistance, stripToPayload, timestampDistance } from './rtp.js';
import { parseFragment, reduceOffer } from './sdp.js';

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const sequence = fc.integer({ min: 0, max: 65_535 });

describe('packets from the network', () => {
  test('no bytes make the readers throw or read past the end', () => {
    fc.assert(
      fc.property(bytes, fc.boolean(), (packet, isVersion2) => {
        if (isVersion2 && packet.length > 0) packet[0] = 0x80 | ((packet[0] ?? 0) & 0x3f);
        isRtcp(packet);
        walkRtcp(packet, (_, offset, length) => {
          expect(offset + length).toBeLessThanOrEqual(packet.length);
          if (length >= 8) readReferenceTime(packet, offset, length);
        });
        const headerLength = readHeaderLength(packet);
        expect(headerLength).toBeLessThanOrEqual(packet.length);
        if (headerLength === -1) return;
        const bare = stripToPayload(packet, headerLength);
        expect(bare.length).toBeGreaterThanOrEqual(12);
        expect(bare[0]).toBe(0x80);
      }),
      { numRuns: 2000 },
    );
  });

  test('stripping keeps header fields and payload, whatever stands between', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 15 }),
        fc.option(fc.nat({ max: 5 })),
        fc.uint8Array({ minLength: 1, maxLength: 50 }),
        fc.integer({ min: 0, max: 20 }),
        fc.uint8Array({ minLength: 11, maxLength: 11 }),
        (csrcs, extensionWords, payload, padding, fields) => {
          const extension = extensionWords === null ? Buffer.alloc(0) : Buffer.alloc(4 + 4 * extensionWords, 1);
          if (extensionWords !== null) extension.writeUInt16BE(extensionWords, 2);
          const tail = Buffer.alloc(padding);
          if (padding > 0) tail[padding - 1] = padding;
          const first = 0x80 | (padding > 0 ? 0x20 : 0) | (extensionWords === null ? 0 : 0x10) | csrcs;
          const packet = Buffer.concat([Buffer.from([first]), fields, Buffer.alloc(4 * csrcs), extension, payload, tail]);
          expect(stripToPayload(packet, readHeaderLength(packet))).toEqual(Buffer.concat([Buffer.from([0x80]), fields, payload]));
        },
      ),
    );
  });

  test('distances are the shortest way round', () => {
    expect([sequenceDistance(65_535, 0), sequenceDistance(0, 65_535), sequenceDistance(10, 40)]).toEqual([1, -1, 30]);
    expect([timestampDistance(0xffff_ffff, 4), timestampDistance(4, 0xffff_ffff)]).toEqual([5, -5]);
  });
});

describe('feedback', () => {
  test('a NACK names exactly the numbers that are missing', () => {
    fc.assert(
      fc.property(sequence, fc.uniqueArray(fc.nat({ max: 500 }), { minLength: 1, maxLength: 64 }), (base, offsets) => {
        const missing = offsets.toSorted((left, right) => left - right).map((offset) => (base + offset) & 0xffff);
        const packet = createNack(1, 2, missing);
        const named: number[] = [];
        for (let offset = 12; offset < packet.length; offset += 4) {
          const first = packet.readUInt16BE(offset);
          named.push(first);
          for (let bit = 0; bit < 16; bit++) if ((packet.readUInt16BE(offset + 2) & (1 << bit)) !== 0) named.push((first + bit + 1) & 0xffff);
        }
        expect(named).toEqual(missing);
      }),
    );
  });

  test('REMB is the rate, to 18 bits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000_000 }), (rate) => {
        const field = createRemb(1, 2, rate).readUInt32BE(16);
        expect(field >>> 24).toBe(1);
        const written = (field & 0x3_ffff) * 2 ** ((field >> 18) & 0x3f);
        expect(written).toBeLessThanOrEqual(rate);
        expect(written).toBeGreaterThan(rate * (1 - 2 ** -17) - 1);
      }),
    );
  });

  test('loss and sequence wrap are reported as RFC 3550 counts them', () => {
    const reception = new Reception(7, 90_000, 65_530);
    for (let index = 0; index < 20; index++) if (index % 4 !== 1) reception.receive((65_530 + index) & 0xffff, index * 3000, index * 33);
    const report = reception.takeReport(1000);
    expect(report).toMatchObject({ mediaSsrc: 7, lost: 5, fractionLost: 64, highestSequence: 65_536 + 13 });
    expect(createReceiverReport(1, report).readUInt32BE(16)).toBe(65_536 + 13);
    expect(reception.takeReport(2000)).toMatchObject({ lost: 5, fractionLost: 0 });
  });

  test('missing packets are asked for until they come or a key frame must do; never more than 64', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(sequence, fc.nat({ max: 60 })), { maxLength: 100 }), (arrivals) => {
        const reception = new Reception(7, 90_000, 0);
        let nowMs = 0;
        for (const [number, waitMs] of arrivals) {
          reception.receive(number, 0, (nowMs += waitMs));
          expect(reception.takeDue(nowMs, () => undefined).length).toBeLessThanOrEqual(64);
        }
        for (let tries = 0; tries < 8; tries++) reception.takeDue((nowMs += 100), () => undefined);
        expect(reception.isMissing).toBe(false);
        const report = reception.takeReport(nowMs);
        expect(() => createReceiverReport(1, report)).not.toThrow();
      }),
    );
    const reception = new Reception(7, 90_000, 100);
    reception.receive(100, 0, 0);
    reception.receive(103, 0, 1);
    expect([...reception.takeDue(1, () => undefined)]).toEqual([101, 102]);
    expect([...reception.takeDue(2, () => undefined)]).toEqual([]);
    reception.receive(101, 0, 3);
    expect([...reception.takeDue(50, () => undefined)]).toEqual([102]);
    expect(reception.receive(300, 0, 60)).toBe(false);
  });
});

test('a stream goes on without a step when another publisher takes over', () => {
  fc.assert(
    fc.property(
      sequence,
      fc.nat({ max: 0xffff_ffff }),
      sequence,
      fc.nat({ max: 0xffff_ffff }),
      fc.integer({ min: 1, max: 60_000 }),
      (firstSequence, firstTimestamp, otherSequence, otherTimestamp, pauseMs) => {
        const stream = new OutgoingStream(90_000);
        const packetOf = (number: number, timestamp: number): Buffer => {
          const packet = Buffer.alloc(12);
          packet.writeUInt16BE(number, 2);
          packet.writeUInt32BE(timestamp, 4);
          return packet;
        };
        const last = packetOf(firstSequence, firstTimestamp);
        stream.rewrite(last, 0);
        stream.changePublisher();
        const next = packetOf(otherSequence, otherTimestamp);
        stream.rewrite(next, pauseMs);
        expect(sequenceDistance(readSequence(last), readSequence(next))).toBe(1);
        expect(timestampDistance(readTimestamp(last), readTimestamp(next))).toBe(pauseMs * 90);
        expect(next.readUInt32BE(8)).toBe(stream.ssrc);
      },
    ),
  );
});

describe('offers', () => {
  const offer = `v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=ice-ufrag:abcd
a=ice-pwd:0123456789012345678901
a=fingerprint:sha-256 00:11
m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 104 106
c=IN IP4 0.0.0.0
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:toffset
a=sendrecv
a=rtcp-mux
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 transport-cc
a=rtcp-fb:96 nack pli
a=rtcp-fb:97 nack
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:102 H264/90000
a=fmtp:102 packetization-mode=0;profile-level-id=42e01f
a=rtpmap:104 H264/90000
a=fmtp:104 packetization-mode=1;profile-level-id=640c1f
a=rtpmap:106 H264/90000
a=fmtp:106 packetization-mode=1;profile-level-id=42e01f
a=ssrc-group:FID 11 12
a=ssrc:11 cname:x
a=ssrc:12 cname:x
a=candidate:1 1 UDP 1 192.0.2.9 5 typ host
m=audio 9 UDP/TLS/RTP/SAVPF 9 111
c=IN IP4 0.0.0.0
a=mid:1
a=rtpmap:9 G722/8000
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
`;

  test('are reduced to one codec, Opus and one stream each', () => {
    const reduced = reduceOffer(offer, 'publisher', ['VP8', 'H264']);
    expect([reduced.videoCodec, reduced.video.codec.payloadType, reduced.audio?.codec, reduced.iceUfrag]).toEqual([
      'VP8',
      96,
      expect.objectContaining({ payloadType: 111, parameters: 'minptime=10;useinbandfec=1' }),
      'abcd',
    ]);
    expect(reduced.sdp).toContain('m=video 9 UDP/TLS/RTP/SAVPF 96\r\n');
    expect(reduced.sdp).toContain('a=ssrc:11 cname:x');
    expect(reduced.sdp).not.toMatch(/extmap|rtx|transport-cc|G722|ssrc:12|sendrecv|candidate|H264/);
  });

  test('H.264 is taken in the form that most can decode', () => {
    expect(reduceOffer(offer, 'viewer', ['H264'])).toMatchObject({ videoCodec: 'H264', video: { codec: { payloadType: 106 } } });
    expect(() => reduceOffer(offer.replaceAll('H264', 'AV1'), 'viewer', ['H264'])).toThrow('H264');
  });

  test('no text makes the parser throw anything but a coded error', () => {
    const lines = offer.split('\n');
    const mangled = fc
      .array(fc.oneof(fc.constantFrom(...lines), fc.string(), fc.constantFrom('m=video 9 UDP/TLS/RTP/SAVPF 999', 'a=rtpmap:96', 'a=ssrc-group:', 'a=mid:')), {
        maxLength: 40,
      })
      .map((some) => ['v=0', ...some].join('\n'));
    fc.assert(
      fc.property(fc.oneof(mangled, fc.string()), (text) => {
        for (const parse of [() => reduceOffer(text, 'publisher', ['VP8']), () => parseFragment(text)]) {
          let refused: unknown = null;
          try {
            parse();
          } catch (error) {
            refused = error;
          }
          expect(refused === null || refused instanceof BacklotError).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
    expect(() => parseFragment('hello')).toThrow(BacklotError);
  });
});

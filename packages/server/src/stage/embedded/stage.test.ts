import { createSocket } from 'node:dgram';
import { readdir } from 'node:fs/promises';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { recordRoom, roomSpec } from '../room.testing.js';
import { LossyProxy } from './lossy-proxy.testing.js';
import { createRig, SyntheticPublisher, SyntheticViewer, until } from './rig.testing.js';
import { createNack, createReceiverReport, walkRtcp } from './rtcp.js';
import { isRtcp, readHeaderLength, readMarker, readPayloadType, readSequence, readSsrc, readTimestamp } from './rtp.js';
import { createEmbeddedStage } from './stage.js';

const rtpOf = (packets: readonly Buffer[]): readonly Buffer[] => packets.filter((packet) => !isRtcp(packet));
const numbersOf = (packets: readonly Buffer[]): readonly number[] => rtpOf(packets).map((packet) => packet.readUInt32BE(12));
const countPlis = (packets: readonly Buffer[]): number => {
  let count = 0;
  for (const packet of packets) walkRtcp(packet, (kind) => (count += kind === 'key-frame-request' && packet[1] === 206 ? 1 : 0));
  return count;
};
const senderReport = (ssrc: number, timestamp: number): Buffer => {
  const report = Buffer.alloc(28);
  report.writeUInt32BE(0x80c8_0006, 0);
  report.writeUInt32BE(ssrc, 4);
  report.writeUInt32BE(0x1234_5678, 8);
  report.writeUInt32BE(timestamp, 16);
  return report;
};

describe('the way of a packet', () => {
  test('four viewers get every packet untouched but for SSRC and payload type, in order, from one publisher', async () => {
    await using rig = await createRig();
    using publisher = new SyntheticPublisher();
    await publisher.publish(rig);
    publisher.start();
    const viewers = Array.from({ length: 4 }, () => new SyntheticViewer());
    await Promise.all(viewers.map(async (viewer) => viewer.watch(rig)));
    await until(() => viewers.every((viewer) => rtpOf(viewer.video).length > 100 && rtpOf(viewer.audio).length > 5), 'packets at every viewer');
    for (const viewer of viewers) {
      const packets = rtpOf(viewer.video);
      const numbers = numbersOf(viewer.video);
      expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
      expect(new Set(packets.map(readPayloadType))).toEqual(new Set([viewer.payloadType]));
      expect(new Set(packets.map(readSsrc)).size).toBe(1);
      expect(packets.every((packet) => packet.length === 1012)).toBe(true);
      // The last packet of each picture keeps its marker.
      expect(packets.every((packet) => (packet[1] ?? 0) >> 7 === (packet.readUInt32BE(12) % 5 === 4 ? 1 : 0))).toBe(true);
    }
    expect(rig.told).toEqual(['live VP8', 'viewers 1', 'viewers 2', 'viewers 3', 'viewers 4']);
    for (const viewer of viewers) viewer[Symbol.dispose]();
  });

  test("header extensions stay behind, and packets that are not the video's never come through", async () => {
    await using rig = await createRig();
    using publisher = new SyntheticPublisher();
    using viewer = new SyntheticViewer();
    await publisher.publish(rig);
    publisher.start();
    await viewer.watch(rig);
    await until(() => rtpOf(viewer.video).length > 0, 'video');
    publisher.stop();
    const before = publisher.sent;
    publisher.send(true);
    const foreign = Buffer.alloc(200, 0x7f);
    foreign[0] = 0x80;
    foreign[1] = 97;
    foreign.writeUInt32BE(publisher.ssrc + 7, 8);
    publisher.sendRaw(foreign);
    publisher.send();
    await until(() => numbersOf(viewer.video).includes(before + 1), 'the packet after the strange ones');
    const last = rtpOf(viewer.video).slice(-2);
    expect(last.map((packet) => packet.readUInt32BE(12))).toEqual([before, before + 1]);
    expect(last.every((packet) => packet[0] === 0x80 && packet.length === 1012)).toBe(true);
  });

  test("sender reports go on with the stream's SSRC, for video and audio", async () => {
    await using rig = await createRig();
    using publisher = new SyntheticPublisher();
    using viewer = new SyntheticViewer();
    await publisher.publish(rig);
    publisher.start();
    await viewer.watch(rig);
    await until(() => rtpOf(viewer.video).length > 0 && rtpOf(viewer.audio).length > 0, 'media');
    publisher.sendRaw(Buffer.concat([senderReport(publisher.ssrc, 4711), Buffer.from([0x80, 202, 0, 0])]));
    publisher.sendRaw(senderReport(publisher.audioSsrc, 4712));
    const reportOf = (packets: readonly Buffer[]): Buffer | undefined => packets.find((packet) => isRtcp(packet) && packet[1] === 200);
    await until(() => reportOf(viewer.video) !== undefined && reportOf(viewer.audio) !== undefined, 'both reports');
    for (const [packets, timestamp] of [
      [viewer.video, 4711],
      [viewer.audio, 4712],
    ] as const) {
      const report = reportOf(packets);
      expect(report?.readUInt32BE(4)).toBe(readSsrc(rtpOf(packets)[0] ?? Buffer.alloc(12)));
      expect(report?.readUInt32BE(8)).toBe(0x1234_5678);
      expect(report?.readUInt32BE(16)).toBe(timestamp);
    }
  });

  test('a viewer that gives its reference time gets it back at once, to know its round-trip time', async () => {
    await using rig = await createRig();
    using publisher = new SyntheticPublisher();
    using viewer = new SyntheticViewer();
    await publisher.publish(rig);
    publisher.start();
    const response = await viewer.watch(rig);
    expect(await response.text()).toContain(`a=rtcp-fb:${viewer.payloadType} rrtr\r\n`);
    await until(() => rtpOf(viewer.video).length > 0, 'video');
    const ssrc = readSsrc(rtpOf(viewer.video)[0] ?? Buffer.alloc(12));
    // A compound as libwebrtc sends it: a receiver report, then an extended report with a block that means nothing here and one with an NTP time.
    const nothing = { fractionLost: 0, lost: 0, highestSequence: 0, jitter: 0, lastReport: 0, sinceLastReport: 0 };
    const extended = Buffer.from('80cf00060000abcd01000001ffffffff04000002' + '1122334455667788', 'hex');
    viewer.sendRtcp(Buffer.concat([createReceiverReport(0xabcd, { mediaSsrc: ssrc, ...nothing }), extended]));
    const answerOf = (packets: readonly Buffer[]): Buffer | undefined => packets.find((packet) => isRtcp(packet) && packet[1] === 207);
    await until(() => answerOf([...viewer.video, ...viewer.audio]) !== undefined, 'the answer');
    // RFC 3611 §4.5: from the stream's SSRC, one block for the viewer's: the middle of its time, and no delay.
    const block = '05000003' + '0000abcd' + '33445566' + '00000000';
    expect(answerOf([...viewer.video, ...viewer.audio])?.toString('hex')).toBe(`80cf0005${ssrc.toString(16).padStart(8, '0')}${block}`);
  });

  test('a viewer that misses packets gets them again, and from then on the last one of each picture twice', async () => {
    await using rig = await createRig();
    await using proxy = await LossyProxy.open(rig.stage.udpPort);
    using publisher = new SyntheticPublisher();
    using viewer = new SyntheticViewer();
    await publisher.publish(rig);
    publisher.start();
    // The first copy of a picture's last packet is lost; SRTP leaves the header readable.
    const seen = new Set<number>();
    proxy.picks = (packet) => {
      const isLast = readHeaderLength(packet) !== -1 && !isRtcp(packet) && packet.length > 1000 && readMarker(packet);
      if (!isLast || seen.has(readSequence(packet))) return false;
      seen.add(readSequence(packet));
      return true;
    };
    await viewer.watch(rig, (sdp) => sdp.replace(/(a=candidate:\S+ 1 UDP \d+) \S+ \d+/g, `$1 127.0.0.1 ${proxy.port}`));
    await until(() => rtpOf(viewer.video).length > 20, 'video');
    expect(numbersOf(viewer.video).every((number) => number % 5 !== 4)).toBe(true);

    const missed = [...seen][1] ?? 0;
    const [packet] = rtpOf(viewer.video);
    viewer.sendRtcp(createNack(1, packet === undefined ? 0 : readSsrc(packet), [missed]));
    await until(() => rtpOf(viewer.video).some((candidate) => readSequence(candidate) === missed), 'the packet that was asked for');
    const from = publisher.sent;
    await until(() => numbersOf(viewer.video).filter((number) => number > from && number % 5 === 4).length >= 10, 'ends of pictures that nobody asked for');
  });

  test('the publisher hears once a second how it arrives and what it may send', async () => {
    await using rig = await createRig({ publisherBitrateBps: 2_000_000 });
    using publisher = new SyntheticPublisher();
    await publisher.publish(rig);
    publisher.start();
    await until(() => publisher.rtcp.length >= 2, 'reports');
    const compound = publisher.rtcp.at(-1) ?? Buffer.alloc(0);
    expect([compound[1], compound.readUInt32BE(8), compound[12]]).toEqual([201, publisher.ssrc, 0]);
    expect(compound.subarray(44, 48).toString('latin1')).toBe('REMB');
    const remb = compound.readUInt32BE(48);
    expect((remb & 0x3_ffff) * 2 ** ((remb >> 18) & 0x3f)).toBeCloseTo(2_000_000, -2);
  });

  test("a gap in the publisher's numbers is asked for a few times, then a key frame", async () => {
    await using rig = await createRig();
    using publisher = new SyntheticPublisher();
    using viewer = new SyntheticViewer();
    await publisher.publish(rig);
    publisher.start();
    await viewer.watch(rig);
    await until(() => rtpOf(viewer.video).length > 0, 'video');
    publisher.stop();
    const skipped = publisher.sequence;
    publisher.sequence = (skipped + 1) & 0xffff;
    publisher.start();
    const names = (packet: Buffer): boolean => packet[1] === 205 && packet.readUInt16BE(12) === skipped;
    await until(() => publisher.rtcp.some(names), 'a NACK for the packet that is missing');
    // It can't be had: in the end a key frame has to do, and nobody asks on.
    const before = countPlis(publisher.rtcp);
    await until(() => countPlis(publisher.rtcp) > before, 'a PLI');
    expect(publisher.rtcp.filter(names).length).toBeLessThanOrEqual(6);
  });

  test('a viewer that opens or asks leads to key-frame requests, a crowd of them to few', async () => {
    await using rig = await createRig({ keyFrameEveryMs: 250 });
    using publisher = new SyntheticPublisher();
    using viewer = new SyntheticViewer();
    await publisher.publish(rig);
    publisher.start();
    await viewer.watch(rig);
    await until(() => countPlis(publisher.rtcp) > 0, 'a PLI on open');
    await until(() => rtpOf(viewer.video).length > 0, 'video');
    const startedAtMs = performance.now();
    const before = countPlis(publisher.rtcp);
    for (let index = 0; index < 100; index++) viewer.sendPli();
    await until(() => countPlis(publisher.rtcp) > before, 'a PLI on request');
    expect(countPlis(publisher.rtcp) - before).toBeLessThanOrEqual(2 + (performance.now() - startedAtMs) / 250);
  });
});

describe('publishers come and go', () => {
  test('viewers go on when another publisher takes over: the same stream, without a hole', async () => {
    await using rig = await createRig();
    using first = new SyntheticPublisher();
    using second = new SyntheticPublisher();
    using viewer = new SyntheticViewer();
    const published = await first.publish(rig);
    first.start();
    await viewer.watch(rig);
    await until(() => rtpOf(viewer.video).length > 50, 'video');
    first.stop();
    await fetch(new URL(published.headers.get('location') ?? '', rig.url), { method: 'DELETE' });
    const fromFirst = rtpOf(viewer.video).length;
    await second.publish(rig);
    second.start();
    await until(() => rtpOf(viewer.video).length > fromFirst + 50, 'video of the second publisher');
    const packets = rtpOf(viewer.video);
    expect(new Set(packets.map(readSsrc)).size).toBe(1);
    const sequences = packets.map(readSequence);
    expect(sequences).toEqual(sequences.map((_, index) => ((sequences[0] ?? 0) + index) & 0xffff));
    const steps = packets.slice(1).map((packet, index) => (readTimestamp(packet) - readTimestamp(packets[index] ?? packet)) | 0);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...steps)).toBeLessThan(90_000 * 20);
    expect(rig.told).toEqual(['live VP8', 'viewers 1', 'left closed', 'live VP8']);
  });

  test('with another codec, viewers are closed so that they connect anew', async () => {
    await using rig = await createRig();
    using first = new SyntheticPublisher('VP8');
    using second = new SyntheticPublisher('H264');
    using viewer = new SyntheticViewer('VP8');
    const published = await first.publish(rig);
    first.start();
    await viewer.watch(rig);
    await fetch(new URL(published.headers.get('location') ?? '', rig.url), { method: 'DELETE' });
    await second.publish(rig);
    second.start();
    await until(() => rig.room.codec === 'H264', 'the second publisher live');
    expect(rig.room.viewers).toBe(0);
    expect(rig.told.slice(-2)).toEqual(['viewers 0', 'live H264']);
    using again = new SyntheticViewer('H264');
    expect((await again.watch(rig)).status).toBe(201);
    await until(() => rtpOf(again.video).length > 0, 'H.264 packets');
  });

  test('one that falls silent is given up, may be replaced, and the slot is free again', async () => {
    await using rig = await createRig({ stalledAfterMs: 300, lostAfterMs: 1000 });
    using first = new SyntheticPublisher();
    await first.publish(rig);
    first.start();
    await until(() => rig.told.includes('live VP8'), 'live');
    using second = new SyntheticPublisher();
    expect((await second.publish(rig)).status).toBe(409);
    first.stop();
    await until(() => rig.told.includes('left lost'), 'lost');
    expect(rig.room.codec).toBeNull();
    using third = new SyntheticPublisher();
    expect((await third.publish(rig)).status).toBe(201);
    third.start();
    await until(() => rig.room.codec === 'VP8', 'live again');
    expect(rig.told).toEqual(['live VP8', 'left lost', 'live VP8']);
  });

  test('one that never sends anything frees its slot', async () => {
    await using rig = await createRig({ connectMs: 500 });
    using idle = new SyntheticPublisher();
    await idle.publish(rig);
    await until(async () => {
      using candidate = new SyntheticPublisher();
      return (await candidate.publish(rig)).status === 201;
    }, 'the slot is free');
    expect(rig.told).toEqual([]);
  });
});

describe('viewers come and go', () => {
  test('one that vanishes is given up while the others go on', async () => {
    await using rig = await createRig({ viewerSilentMs: 1500 });
    using publisher = new SyntheticPublisher();
    await publisher.publish(rig);
    publisher.start();
    using stays = new SyntheticViewer();
    using vanishes = new SyntheticViewer();
    await Promise.all([stays.watch(rig), vanishes.watch(rig)]);
    vanishes.fallSilent();
    await until(() => rig.room.viewers === 1, 'the silent viewer is gone');
    const before = stays.video.length;
    await until(() => stays.video.length > before + 50, 'the other one still receives');
    expect(rig.told.at(-1)).toBe('viewers 1');
  });

  test('fifty come and go without a handle or descriptor left', async () => {
    await using rig = await createRig();
    using publisher = new SyntheticPublisher();
    await publisher.publish(rig);
    publisher.start();
    const comeAndGo = async (): Promise<void> => {
      using viewer = new SyntheticViewer();
      const response = await viewer.watch(rig);
      await until(() => viewer.video.length > 0, 'media');
      expect((await fetch(new URL(response.headers.get('location') ?? '', rig.url), { method: 'DELETE' })).status).toBe(200);
    };
    const descriptors = async (): Promise<number> => (await readdir('/proc/self/fd')).length;
    for (let index = 0; index < 3; index++) await comeAndGo();
    const before = await descriptors();
    for (let index = 0; index < 50; index++) await comeAndGo();
    expect(rig.room.viewers).toBe(0);
    await until(async () => (await descriptors()) <= before + 3, 'every descriptor is closed');
  });
});

describe('the UDP port', () => {
  test('all connections share it, and it is free again after the stage', async () => {
    const rig = await createRig();
    using publisher = new SyntheticPublisher();
    using viewer = new SyntheticViewer();
    const answer = await (await publisher.publish(rig)).text();
    publisher.start();
    const other = await (await viewer.watch(rig)).text();
    const ports = [...`${answer}${other}`.matchAll(/a=candidate:\S+ 1 \w+ \d+ \S+ (\d+)/gi)].map((match) => Number(match[1]));
    expect(new Set(ports)).toEqual(new Set([rig.stage.udpPort]));
    const port = rig.stage.udpPort;
    await rig[Symbol.asyncDispose]();
    await until(async () => {
      try {
        await (await createEmbeddedStage({ udpPort: port, log: pino({ level: 'silent' }) }))[Symbol.asyncDispose]();
        return true;
      } catch {
        return false;
      }
    }, 'the port is free');
  });

  test('one in use is an error that names it', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => {
      socket.bind(0, resolve);
    });
    const { port } = socket.address();
    await expect(createEmbeddedStage({ udpPort: port, log: pino({ level: 'silent' }) })).rejects.toThrow(
      `UDP port ${port} can't be opened for media: another process uses it.`,
    );
    socket.close();
    await using stage = await createEmbeddedStage({ udpPort: 0, log: pino({ level: 'silent' }) });
    await expect(createEmbeddedStage({ udpPort: stage.udpPort, log: pino({ level: 'silent' }) })).rejects.toThrow('another process');
  });

  test('is announced under the address that the outside reaches', async () => {
    await using stage = await createEmbeddedStage({ udpPort: 0, announcedAddress: '203.0.113.7', log: pino({ level: 'silent' }) });
    const room = await stage.openRoom(roomSpec('sess_announced'), recordRoom().observer);
    using publisher = new SyntheticPublisher();
    publisher.peer.setLocalDescription('offer');
    const { answerSdp } = await room.publish(publisher.peer.localDescription()?.sdp ?? '');
    expect(answerSdp).toMatch(new RegExp(`a=candidate:\\S+ 1 UDP \\d+ 203\\.0\\.113\\.7 ${stage.udpPort} typ host`));
  });
});

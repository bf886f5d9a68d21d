import { hasChromium, launchChromium } from '@backlot/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LossyProxy } from './lossy-proxy.testing.js';
import { createRig, type Rig, until } from './rig.testing.js';

interface Stats {
  readonly framesDecoded: number;
  /** Pictures that stood still for at least 150 ms longer than the average (W3C webrtc-stats, `freezeCount`). */
  readonly freezes: number;
  /** Longest time between two pictures on screen since the last look. */
  readonly longestGapMs: number;
  readonly nackCount: number;
  readonly packetsLost: number;
  readonly codec: string;
  readonly audioPackets: number;
  /** Round-trip times of the video: how many were measured, and their sum in seconds. */
  readonly roundTrips: number;
  readonly roundTripSeconds: number;
  /** Kinds of which sender reports have arrived. */
  readonly reported: readonly string[];
}

/** What a page runs, as text: the server is compiled without the DOM's types. */
const PAGE_SCRIPT = `
const connect = async (url, connection, edit = (sdp) => sdp) => {
  await connection.setLocalDescription();
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: connection.localDescription.sdp });
  const answer = await response.text();
  if (response.status !== 201) throw new Error(answer);
  await connection.setRemoteDescription({ type: 'answer', sdp: edit(answer) });
  globalThis.connection = connection;
};
const publish = async (url, mimeType) => {
  const media = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360, frameRate: 30 }, audio: true });
  const connection = new RTCPeerConnection();
  for (const track of media.getTracks()) {
    const transceiver = connection.addTransceiver(track, { direction: 'sendonly', streams: [media] });
    if (track.kind === 'video') transceiver.setCodecPreferences(RTCRtpSender.getCapabilities('video').codecs.filter((codec) => codec.mimeType === mimeType));
  }
  await connect(url, connection);
};
let longestGapMs = 0;
const measureGaps = (video) => {
  let beforeMs = null;
  const look = (nowMs) => {
    longestGapMs = Math.max(longestGapMs, nowMs - (beforeMs ?? nowMs));
    beforeMs = nowMs;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
};
const watch = async (url, port) => {
  const connection = new RTCPeerConnection();
  connection.addTransceiver('video', { direction: 'recvonly' });
  connection.addTransceiver('audio', { direction: 'recvonly' });
  connection.ontrack = ({ track }) => {
    const element = document.createElement(track.kind === 'video' ? 'video' : 'audio');
    element.autoplay = true;
    element.srcObject = new MediaStream([track]);
    document.body.append(element);
    if (track.kind === 'video') measureGaps(element);
  };
  const throughProxy = (sdp) => sdp.replace(/(a=candidate:\\S+ 1 UDP \\d+) \\S+ \\d+/g, '$1 127.0.0.1 ' + port);
  await connect(url, connection, port === undefined ? undefined : throughProxy);
};
const stats = async () => {
  const reports = [...(await connection.getStats()).values()];
  const inbound = (kind) => reports.find((report) => report.type === 'inbound-rtp' && report.kind === kind) ?? {};
  const video = inbound('video');
  const sent = reports.find((report) => report.type === 'remote-outbound-rtp' && report.kind === 'video') ?? {};
  const gapMs = longestGapMs;
  longestGapMs = 0;
  return {
    longestGapMs: gapMs,
    framesDecoded: video.framesDecoded ?? 0,
    freezes: video.freezeCount ?? 0,
    nackCount: video.nackCount ?? 0,
    packetsLost: video.packetsLost ?? 0,
    codec: reports.find((report) => report.id === video.codecId)?.mimeType ?? '',
    audioPackets: inbound('audio').packetsReceived ?? 0,
    roundTrips: sent.roundTripTimeMeasurements ?? 0,
    roundTripSeconds: sent.totalRoundTripTime ?? 0,
    reported: reports.filter((report) => report.type === 'remote-outbound-rtp').map((report) => report.kind).sort(),
  };
};
Object.assign(globalThis, { publish, watch, stats });
`;

const open = async (page: Page, rig: Rig): Promise<void> => {
  await page.goto(rig.url);
  await page.addScriptTag({ content: PAGE_SCRIPT });
};

/** Publishes the fake camera and microphone. */
const publish = async (page: Page, rig: Rig, codec: string): Promise<void> => {
  await open(page, rig);
  await page.evaluate(`publish('${rig.url}/v1/sessions/${rig.sessionId}/whip', 'video/${codec}')`);
};

/** Watches in a page; with `proxyPort`, over that port and no other. */
const watch = async (page: Page, rig: Rig, proxyPort?: number): Promise<void> => {
  await open(page, rig);
  await page.evaluate(`watch('${rig.url}/v1/sessions/${rig.sessionId}/whep', ${proxyPort ?? 'undefined'})`);
};

const statsOf = async (page: Page): Promise<Stats> => page.evaluate<Stats>('stats()');

describe.skipIf(!hasChromium)('browsers on the embedded stage', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  test.each(['VP8', 'H264'])('one publishes %s, two watch: pictures, sound and sender reports of both arrive', async (codec) => {
    await using rig = await createRig();
    const [publisher, first, second] = [await browser.newPage(), await browser.newPage(), await browser.newPage()];
    await publish(publisher, rig, codec);
    await watch(first, rig);
    await until(async () => (await statsOf(first)).framesDecoded > 30, 'the first viewer decodes');
    // Late: it needs a key frame of its own.
    await watch(second, rig);
    await until(async () => (await statsOf(second)).framesDecoded > 30, 'the late viewer decodes');
    await until(async () => (await statsOf(second)).reported.length === 2, 'sender reports');
    const stats = await statsOf(second);
    expect(stats).toMatchObject({ codec: `video/${codec}`, reported: ['audio', 'video'] });
    expect(stats.audioPackets).toBeGreaterThan(20);
    expect(rig.room.viewers).toBe(2);
    await Promise.all([publisher.close(), first.close(), second.close()]);
  });

  test('5 % loss both ways: packets are recovered and no picture stands still', async () => {
    await using rig = await createRig();
    await using proxy = await LossyProxy.open(rig.stage.udpPort);
    const [publisher, viewer, control] = [await browser.newPage(), await browser.newPage(), await browser.newPage()];
    await publish(publisher, rig, 'VP8');
    await until(() => rig.room.codec === 'VP8', 'live');
    await watch(viewer, rig, proxy.port);
    await watch(control, rig);
    // Without it Chromium would ask again only after 100 ms, and pictures would stand.
    await until(async () => (await statsOf(viewer)).roundTrips > 0, 'the round-trip time');
    const { framesDecoded } = await statsOf(viewer);
    // It goes by what it has learnt within two seconds.
    await until(async () => (await statsOf(viewer)).framesDecoded > framesDecoded + 60, 'three seconds of pictures');

    proxy.loss = 0.05;
    const start = await statsOf(viewer);
    let before = start;
    let calmRounds = 0;
    let freezes = 0;
    for (let round = 0; round < 10; round++) {
      await statsOf(control);
      const wanted = before.framesDecoded + 40;
      await until(async () => (await statsOf(viewer)).framesDecoded > wanted, 'two seconds of pictures under loss');
      const after = await statsOf(viewer);
      const roundTripMs = (1000 * (after.roundTripSeconds - before.roundTripSeconds)) / (after.roundTrips - before.roundTrips);
      // A machine that is too busy makes pictures wait without any loss, and takes its time to send again: such a round tells nothing.
      if ((await statsOf(control)).longestGapMs < 100 && roundTripMs < 5) {
        calmRounds += 1;
        freezes += after.freezes - before.freezes;
      }
      before = after;
    }
    expect(proxy.dropped).toBeGreaterThan(20);
    expect(before.nackCount).toBeGreaterThan(start.nackCount);
    expect(calmRounds).toBeGreaterThan(0);
    expect(freezes).toBe(0);
    // What is still lost was asked for in vain, or is asked for right now.
    expect(before.packetsLost - start.packetsLost).toBeLessThan(proxy.dropped / 4);
    await Promise.all([publisher.close(), viewer.close(), control.close()]);
  });
});

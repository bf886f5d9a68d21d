import type { BacklotPlayer } from '@backlot/player';
import { hasChromium, hasSharedData, launchChromium, sharedData, startBacklot, type StartedBacklot } from '@backlot/testing';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { greenShare, meanDifference, takePicture } from './picture.js';

const run = promisify(execFile);

interface SessionBody {
  readonly session_id: string;
  readonly status: string;
  readonly player_url: string;
  readonly publish_url: string;
  readonly publish_token: string;
  readonly video_codec: string | null;
}

/** Publishes the camera by WHIP from inside a page, as any browser would. */
const publish = async (page: Page, session: SessionBody, codec: string): Promise<void> =>
  page.evaluate(
    async ({ url, token, mimeType }) => {
      const media = await navigator.mediaDevices.getUserMedia({ video: { width: 720, height: 1080, frameRate: 25 }, audio: true });
      const connection = new RTCPeerConnection();
      for (const track of media.getTracks()) {
        const transceiver = connection.addTransceiver(track, {
          direction: 'sendonly',
          streams: [media],
          ...(track.kind === 'video' ? { sendEncodings: [{ maxBitrate: 2_500_000 }] } : {}),
        });
        if (track.kind === 'video') {
          const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
          transceiver.setCodecPreferences(codecs.filter((candidate) => candidate.mimeType.toLowerCase() === mimeType.toLowerCase()));
        }
      }
      await connection.setLocalDescription();
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/sdp' },
        body: connection.localDescription?.sdp ?? '',
      });
      if (response.status !== 201) throw new Error(`WHIP answered ${response.status}: ${await response.text()}`);
      await connection.setRemoteDescription({ type: 'answer', sdp: await response.text() });
      Object.assign(window, { connection });
    },
    { url: session.publish_url, token: session.publish_token, mimeType: `video/${codec}` },
  );

describe.skipIf(!hasChromium || !hasSharedData)('a browser as the avatar', () => {
  let backlot: StartedBacklot;
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backlot-camera-'));
    const camera = join(folder, 'camera.mjpeg');
    await run('ffmpeg', [
      '-nostdin',
      '-v',
      'error',
      '-i',
      sharedData('clips/dhlive-man-suit-720x1080.mp4'),
      '-t',
      '4',
      '-an',
      '-c:v',
      'mjpeg',
      '-q:v',
      '2',
      camera,
    ]);
    backlot = await startBacklot();
    browser = await launchChromium([`--use-file-for-fake-video-capture=${camera}`]);
  });
  afterAll(async () => {
    await browser?.close();
    await backlot?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(['VP8', 'H264'])('publishes a clip as its camera in %s, keyed over a colour', async (codec) => {
    const created = await backlot.api('POST', '/v1/sessions', { avatar: { provider: 'whip' }, canvas: { width: 720, height: 1080 } });
    const session = created.body as SessionBody;
    await backlot.api('POST', `/v1/sessions/${session.session_id}/background`, { color: '#204080' });
    const publisher = await browser.newPage();
    await publisher.goto(`${backlot.url}/health/live`);
    await publish(publisher, session, codec);

    const viewer = await browser.newPage({ viewport: { width: 480, height: 720 } });
    await viewer.goto(session.player_url);
    await viewer.waitForFunction(() => (document.querySelector<BacklotPlayer>('backlot-player')?.stats?.framesDrawn ?? 0) > 20);
    expect((await backlot.api('GET', `/v1/sessions/${session.session_id}`)).body).toMatchObject({ status: 'live', video_codec: codec });
    // The first pictures of a fresh encoder are coarse; the key is judged once it has found its bit rate.
    await expect.poll(async () => greenShare(await takePicture(viewer)), { timeout: 20_000 }).toBeLessThan(0.005);
    const picture = await takePicture(viewer);
    const plain = { ...picture, data: Uint8Array.from(picture.data, (_, index) => [0x20, 0x40, 0x80][index % 3] ?? 0) };
    expect(meanDifference(picture, plain, { left: 0.02, top: 0.03, right: 0.2, bottom: 0.2 })).toBeLessThan(4);
    expect(meanDifference(picture, plain, { left: 0.4, top: 0.6, right: 0.6, bottom: 0.9 })).toBeGreaterThan(15);

    const second = await browser.newPage();
    await second.goto(`${backlot.url}/health/live`);
    await expect(publish(second, session, codec)).rejects.toThrow('409');
    await backlot.api('DELETE', `/v1/sessions/${session.session_id}`);
    await Promise.all([publisher.close(), viewer.close(), second.close()]);
  });

  test('a session whose avatar publishes by itself takes no other publisher', async () => {
    const created = await backlot.api('POST', '/v1/sessions', {});
    const { session_id: id } = created.body as SessionBody;
    const reply = await fetch(`${backlot.url}/v1/sessions/${id}/whip`, {
      method: 'POST',
      headers: { authorization: 'Bearer blk_test_0123456789abcdefghijklmnop', 'content-type': 'application/sdp' },
      body: 'v=0\r\n',
    });
    expect(reply.status).toBe(409);
    expect(await reply.json()).toMatchObject({ error: { code: 'publisher_not_accepted' } });
    await backlot.api('DELETE', `/v1/sessions/${id}`);
  });
});

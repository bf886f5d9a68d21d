import type { BacklotPlayer } from '@backlot/player';
import { hasChromium, hasSharedData, launchChromium, sharedData, startBacklot, type StartedBacklot } from '@backlot/testing';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePicture, greenShare, meanDifference, type Picture, type Region, takePicture } from './picture.js';

const run = promisify(execFile);

/** The upper corners, which nobody covers. */
const CORNERS: readonly Region[] = [
  { left: 0.01, top: 0.02, right: 0.12, bottom: 0.3 },
  { left: 0.88, top: 0.02, right: 0.99, bottom: 0.3 },
];
/** The presenter's chest. */
const MIDDLE: Region = { left: 0.46, top: 0.72, right: 0.54, bottom: 0.9 };

const PHOTO = 'backgrounds/photos/saxon-switzerland-539418_1280.jpg';
const OTHER_PHOTO = 'backgrounds/photos/porch-691330_1280.jpg';
const SUIT = 'dhlive-man-suit-720x1080.mp4';

interface SessionBody {
  readonly session_id: string;
  readonly status: string;
  readonly stream_url: string;
  readonly access_token: string;
  readonly player_url: string;
  readonly publish_url: string | null;
  readonly publish_token: string | null;
}

/** Publishes the camera by WHIP from inside a page, as any browser would, with the codecs that it prefers or one of them. */
const publish = async (page: Page, { publish_url: url, publish_token: token }: SessionBody, codec: string | null = null): Promise<void> =>
  page.evaluate(
    async ({ address, bearer, mimeType }) => {
      const media = await navigator.mediaDevices.getUserMedia({ video: { width: 720, height: 1080, frameRate: 25 }, audio: true });
      const connection = new RTCPeerConnection();
      for (const track of media.getTracks()) {
        const transceiver = connection.addTransceiver(track, { direction: 'sendonly', streams: [media] });
        if (track.kind !== 'video') continue;
        if (mimeType !== null)
          transceiver.setCodecPreferences((RTCRtpSender.getCapabilities('video')?.codecs ?? []).filter((candidate) => candidate.mimeType === mimeType));
        const parameters = transceiver.sender.getParameters();
        for (const encoding of parameters.encodings) encoding.maxBitrate = 3_000_000;
        await transceiver.sender.setParameters({ ...parameters, degradationPreference: 'maintain-resolution' });
      }
      await connection.setLocalDescription();
      const response = await fetch(address ?? '', {
        method: 'POST',
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/sdp' },
        body: connection.localDescription?.sdp ?? '',
      });
      if (response.status !== 201) throw new Error(`WHIP answered ${response.status}: ${await response.text()}`);
      await connection.setRemoteDescription({ type: 'answer', sdp: await response.text() });
      Object.assign(window, {
        leave: async () => {
          await fetch(new URL(response.headers.get('location') ?? '', address ?? ''), { method: 'DELETE', headers: { authorization: `Bearer ${bearer}` } });
          connection.close();
        },
      });
    },
    { address: url, bearer: token, mimeType: codec === null ? null : `video/${codec}` },
  );

declare global {
  interface Window {
    leave(): Promise<void>;
    /** Most pixels that were green in any frame, as a share. */
    greenest: number;
  }
}

describe.skipIf(!hasChromium || !hasSharedData)('server render on the embedded stage', () => {
  let backlot: StartedBacklot;
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backlot-camera-'));
    const camera = join(folder, 'camera.mjpeg');
    await run('ffmpeg', ['-nostdin', '-v', 'error', '-i', sharedData(`clips/${SUIT}`), '-t', '4', '-an', '-c:v', 'mjpeg', '-q:v', '2', camera]);
    backlot = await startBacklot({ env: { BACKLOT_CLIPS_DIR: sharedData('clips') } });
    browser = await launchChromium([`--use-file-for-fake-video-capture=${camera}`]);
  });
  afterAll(async () => {
    await browser?.close();
    await backlot?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const upload = async (path: string): Promise<string> => {
    const form = new FormData();
    form.set('title', path);
    form.set('image', new Blob([await readFile(sharedData(path))]), path);
    return ((await backlot.api('POST', '/v1/background-images', form)).body as { id: string }).id;
  };
  const create = async (body: object): Promise<SessionBody> => {
    const reply = await backlot.api('POST', '/v1/sessions', { render: 'server', ...body });
    expect(reply.body).toMatchObject({ status: 'starting', render: 'server' });
    return reply.body as SessionBody;
  };
  const setBackground = async (id: string, body: object): Promise<void> => {
    expect((await backlot.api('POST', `/v1/sessions/${id}/background`, { transition_ms: 0, ...body })).body).toMatchObject({ changed: true });
  };

  /** A page without anything of ours: a video element that watches by WHEP, and looks at every frame whether it is green. */
  const watchPlainly = async ({ stream_url: url, access_token: token }: SessionBody, size = { width: 1280, height: 720 }): Promise<Page> => {
    const page = await browser.newPage({ viewport: size });
    await page.goto(`${backlot.url}/health/live`);
    await page.setContent('<style>body { margin: 0 } video { width: 100vw; display: block }</style><video muted autoplay playsinline></video>');
    await page.evaluate(
      async ({ address, bearer }) => {
        const video = document.querySelector('video');
        const connection = new RTCPeerConnection();
        connection.addTransceiver('video', { direction: 'recvonly' });
        connection.addTransceiver('audio', { direction: 'recvonly' });
        connection.addEventListener('track', ({ streams }) => {
          if (video !== null) video.srcObject = streams[0] ?? null;
        });
        await connection.setLocalDescription();
        const post = () =>
          fetch(address, {
            method: 'POST',
            headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/sdp' },
            body: connection.localDescription?.sdp ?? '',
          });
        let response = await post();
        for (let tries = 0; response.status === 503 && tries < 10; tries++) response = await post();
        await connection.setRemoteDescription({ type: 'answer', sdp: await response.text() });
        const small = Object.assign(document.createElement('canvas'), { width: 64, height: 64 });
        const context = small.getContext('2d', { willReadFrequently: true });
        window.greenest = 0;
        const look = () => {
          if (video === null || context === null) return;
          context.drawImage(video, 0, 0, 64, 64);
          const { data } = context.getImageData(0, 0, 64, 64);
          let green = 0;
          for (let i = 0; i < data.length; i += 4) if ((data[i + 1] ?? 0) - Math.max(data[i] ?? 0, data[i + 2] ?? 0) > 60) green++;
          window.greenest = Math.max(window.greenest, green / (64 * 64));
          video.requestVideoFrameCallback(look);
        };
        video?.requestVideoFrameCallback(look);
      },
      { address: url, bearer: token },
    );
    await page.waitForFunction(() => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 20);
    return page;
  };
  const pictureOf = async (page: Page): Promise<Picture> => takePicture(page, 'video');
  const plain = ({ width, height, data }: Picture, rgb: readonly number[]): Picture => ({
    width,
    height,
    data: Uint8Array.from(data, (_, index) => rgb[index % 3] ?? 0),
  });
  /** Coarse first pictures of a fresh encoder pass. */
  const expectCorners = async (page: Page, expected: (picture: Picture) => Promise<Picture> | Picture): Promise<void> => {
    await expect
      .poll(
        async () => {
          const picture = await pictureOf(page);
          const wanted = await expected(picture);
          return Math.max(...CORNERS.map((corner) => meanDifference(picture, wanted, corner)));
        },
        { timeout: 20_000 },
      )
      .toBeLessThan(7);
  };

  test.each([
    { name: 'the stand-in', avatar: { provider: 'stand-in' } },
    { name: 'a real clip', avatar: { provider: 'clip', clip: SUIT } },
  ])('$name reaches a plain video element before its background, which is swapped and removed', async ({ avatar }) => {
    const [photo, other] = [await upload(PHOTO), await upload(OTHER_PHOTO)];
    const session = await create({ avatar, background_image: photo });
    const page = await watchPlainly(session);
    const scaled = (path: string) => async (picture: Picture) => decodePicture(sharedData(path), { width: picture.width, height: picture.height });
    await expectCorners(page, scaled(PHOTO));
    const first = await pictureOf(page);
    expect(meanDifference(first, await scaled(PHOTO)(first), MIDDLE)).toBeGreaterThan(15);
    expect(await page.evaluate(() => document.querySelector('video')?.videoWidth)).toBe(1280);

    await setBackground(session.session_id, { background_image: other });
    await expectCorners(page, scaled(OTHER_PHOTO));
    await setBackground(session.session_id, { color: '#204080' });
    await expectCorners(page, (picture) => plain(picture, [0x20, 0x40, 0x80]));
    expect(greenShare(await pictureOf(page))).toBeLessThan(0.005);
    expect(await page.evaluate(() => window.greenest)).toBeLessThan(0.02);

    // The stream is the picture: the player draws it as it is.
    const player = await browser.newPage({ viewport: { width: 1280, height: 720 } });
    await player.goto(session.player_url);
    await player.waitForFunction(() => (document.querySelector<BacklotPlayer>('backlot-player')?.stats?.framesDrawn ?? 0) > 10);
    const [seen, shown] = [await pictureOf(page), await takePicture(player)];
    for (const corner of CORNERS) expect(meanDifference(seen, shown, corner)).toBeLessThan(4);

    // None is the avatar's own screen, where there is no page that could show through.
    expect((await backlot.api('DELETE', `/v1/sessions/${session.session_id}/background`)).body).toMatchObject({ has_background: false });
    await expect.poll(async () => greenShare(await pictureOf(page), CORNERS[0]), { timeout: 20_000 }).toBeGreaterThan(0.9);
    await backlot.api('DELETE', `/v1/sessions/${session.session_id}`);
    await Promise.all([page.close(), player.close()]);
  });

  test('a browser that publishes is seen composed, never green, also when it comes back', async () => {
    const session = await create({ avatar: { provider: 'whip' }, canvas: { width: 720, height: 1280 }, framing: { scale: 0.8 } });
    await setBackground(session.session_id, { color: '#204080' });
    const publisher = await browser.newPage();
    await publisher.goto(`${backlot.url}/health/live`);
    await publish(publisher, session);
    const page = await watchPlainly(session, { width: 405, height: 720 });
    const blue = (picture: Picture) => plain(picture, [0x20, 0x40, 0x80]);
    await expectCorners(page, blue);
    const picture = await pictureOf(page);
    expect(meanDifference(picture, blue(picture), MIDDLE)).toBeGreaterThan(15);
    expect((await backlot.api('GET', `/v1/sessions/${session.session_id}`)).body).toMatchObject({ status: 'live', video_codec: 'VP8', viewers: 1 });
    const second = await browser.newPage();
    await second.goto(`${backlot.url}/health/live`);
    await expect(publish(second, session)).rejects.toThrow('publisher_exists');

    await publisher.evaluate(() => window.leave());
    await publish(second, session);
    const frames = () => page.evaluate(() => document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0);
    const before = await frames();
    await expect.poll(frames, { timeout: 20_000 }).toBeGreaterThan(before + 20);
    await setBackground(session.session_id, { color: '#a03020' });
    await expectCorners(page, (seen) => plain(seen, [0xa0, 0x30, 0x20]));
    expect(await page.evaluate(() => window.greenest)).toBeLessThan(0.02);
    await backlot.api('DELETE', `/v1/sessions/${session.session_id}`);
    await Promise.all([publisher.close(), second.close(), page.close()]);
  });

  test('a publisher of H.264 alone is told that it can’t be composed, and may come with VP8', async () => {
    const session = await create({ avatar: { provider: 'whip' } });
    const publisher = await browser.newPage();
    await publisher.goto(`${backlot.url}/health/live`);
    await expect(publish(publisher, session, 'H264')).rejects.toThrow(/409.*render_unsupported/);
    await publish(publisher, session, 'VP8');
    await expect.poll(async () => (await backlot.api('GET', `/v1/sessions/${session.session_id}`)).body, { timeout: 20_000 }).toMatchObject({ status: 'live' });
    await backlot.api('DELETE', `/v1/sessions/${session.session_id}`);
    await publisher.close();
  });
});

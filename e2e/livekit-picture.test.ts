import type { BacklotPlayer } from '@backlot/player';
import { findLivekitServer, hasChromium, hasFfmpeg, hasSharedData, launchChromium, sharedData, startBacklot, startLivekit } from '@backlot/testing';
import type { LivekitServer, StartedBacklot } from '@backlot/testing';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AccessToken } from 'livekit-server-sdk';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publishClip } from './clip-publisher.js';
import { decodePicture, greenShare, meanDifference, type Region, takePicture } from './picture.js';

/** The upper corners, where nobody stands. */
const CORNERS: readonly Region[] = [
  { left: 0.01, top: 0.02, right: 0.12, bottom: 0.3 },
  { left: 0.88, top: 0.02, right: 0.99, bottom: 0.3 },
];
/** The presenter's chest. */
const MIDDLE: Region = { left: 0.46, top: 0.72, right: 0.54, bottom: 0.9 };
const CLIP = 'clips/dhlive-man-suit-720x1080.mp4';
const PHOTO = 'backgrounds/photos/saxon-switzerland-539418_1280.jpg';
const OTHER_PHOTO = 'backgrounds/photos/porch-691330_1280.jpg';
const WAIT = { timeout: 30_000, interval: 200 };
const compositorMain = fileURLToPath(new URL('../packages/server/dist/compositor-worker/main.js', import.meta.url));

interface SessionBody {
  readonly session_id: string;
  readonly player_url: string;
}

const isPossible = hasChromium && hasSharedData && hasFfmpeg() && findLivekitServer() !== undefined;

describe.skipIf(!isPossible)('a participant of a LiveKit room in Chromium', () => {
  let livekit: LivekitServer;
  let dataDir: string;
  let backlot: StartedBacklot;
  let compositor: ChildProcess;
  let browser: Browser;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'backlot-livekit-picture-'));
    livekit = await startLivekit();
    backlot = await startBacklot({ dataDir, env: livekit.env });
    compositor = spawn(process.execPath, [compositorMain], { env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...livekit.env }, stdio: 'ignore' });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await backlot?.stop('SIGKILL');
    if (compositor?.kill() === true) await once(compositor, 'exit');
    await livekit?.[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Starts Backlot again where viewers find it. */
  const startAgain = async (): Promise<void> => {
    const { port } = new URL(backlot.url);
    backlot = await startBacklot({ dataDir, env: { ...livekit.env, BACKLOT_PORT: port } });
  };
  const upload = async (path: string): Promise<string> => {
    const form = new FormData();
    form.set('title', path);
    form.set('image', new Blob([await readFile(sharedData(path))]), path);
    return ((await backlot.api('POST', '/v1/background-images', form)).body as { id: string }).id;
  };
  const publish = async (room: string): Promise<AsyncDisposable> => {
    const token = new AccessToken(livekit.apiKey, livekit.apiSecret, { identity: 'presenter' });
    token.addGrant({ roomJoin: true, room });
    return publishClip(livekit.url, await token.toJwt(), sharedData(CLIP));
  };
  const framesDrawn = async (page: Page): Promise<number> =>
    page.evaluate(() => document.querySelector<BacklotPlayer>('backlot-player')?.stats?.framesDrawn ?? 0);
  const openPlayer = async (url: string): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width: 640, height: 360 } });
    await page.goto(url);
    await expect.poll(() => framesDrawn(page), WAIT).toBeGreaterThan(5);
    return page;
  };
  /** What tells a page's picture from a presenter before a photo, with no green but the photo's. */
  const look = async (page: Page, path: string) => {
    const picture = await takePicture(page);
    const photo = await decodePicture(sharedData(path), picture);
    return {
      isPhotoAround: CORNERS.every((corner) => meanDifference(picture, photo, corner) < 7),
      isPersonInFront: meanDifference(picture, photo, MIDDLE) > 15,
      isGreenGone: greenShare(picture) < greenShare(photo) + 0.01,
    };
  };
  const RIGHT = { isPhotoAround: true, isPersonInFront: true, isGreenGone: true };

  test.each(['client', 'server'] as const)(
    'stands before the photo, rendered by the %s: swapped, for who comes late, with Backlot killed, and with the next one',
    async (render) => {
      const [photo, other] = [await upload(PHOTO), await upload(OTHER_PHOTO)];
      const room = `studio-${render}`;
      const avatar = { provider: 'livekit', identity: 'presenter' };
      const created = await backlot.api('POST', '/v1/sessions', { avatar, render, livekit_room: room, background_image: photo });
      expect([created.status, created.body]).toEqual([201, expect.objectContaining({ livekit_room: room })]);
      const { session_id: id, player_url: playerUrl } = created.body as SessionBody;
      const swap = async (image: string): Promise<void> => {
        const answer = await backlot.api('POST', `/v1/sessions/${id}/background`, { background_image: image, transition_ms: 0 });
        expect(answer.body).toMatchObject({ changed: true, background_id: image });
      };
      await using _presenter = await publish(room);
      const page = await openPlayer(playerUrl);
      await expect.poll(async () => look(page, PHOTO), WAIT).toEqual(RIGHT);

      await swap(other);
      await expect.poll(async () => look(page, OTHER_PHOTO), WAIT).toEqual(RIGHT);
      const late = await openPlayer(playerUrl);
      await expect.poll(async () => look(late, OTHER_PHOTO), WAIT).toEqual(RIGHT);

      await backlot.stop('SIGKILL');
      const before = await framesDrawn(page);
      await expect.poll(() => framesDrawn(page), WAIT).toBeGreaterThan(before + 20);
      expect(await look(page, OTHER_PHOTO)).toEqual(RIGHT);
      await startAgain();
      await swap(photo);
      for (const viewer of [page, late]) {
        await expect.poll(async () => look(viewer, PHOTO), WAIT).toEqual(RIGHT);
        await viewer.close();
      }
      expect((await backlot.api('DELETE', `/v1/sessions/${id}`)).status).toBe(204);
    },
    180_000,
  );
});

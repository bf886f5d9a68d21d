import type { BacklotPlayer } from '@backlot/player';
import { type StartedCompositor, startCompositor } from '@backlot/server/dist/compositor-worker/rig.testing.js';
import {
  findLivekitServer,
  hasChromium,
  hasSharedData,
  launchChromium,
  type LivekitServer,
  sharedData,
  startBacklot,
  type StartedBacklot,
  startLivekit,
} from '@backlot/testing';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publishClip } from './clip-avatar.js';
import { decodePicture, greenShare, meanDifference, type Picture, type Region, takePicture } from './picture.js';

/** The upper corners, which nobody covers. */
const CORNERS: readonly Region[] = [
  { left: 0.01, top: 0.02, right: 0.12, bottom: 0.3 },
  { left: 0.88, top: 0.02, right: 0.99, bottom: 0.3 },
];
/** The presenter's chest. */
const MIDDLE: Region = { left: 0.46, top: 0.72, right: 0.54, bottom: 0.9 };

const PHOTO = 'backgrounds/photos/saxon-switzerland-539418_1280.jpg';
const OTHER_PHOTO = 'backgrounds/photos/porch-691330_1280.jpg';
const PRESENTER = { path: sharedData('clips/dhlive-man-suit-720x1080.mp4'), width: 720, height: 1080 };
const WAIT = { timeout: 30_000, interval: 100 };

interface SessionBody {
  readonly session_id: string;
  readonly player_url: string;
}

const livekitPath = findLivekitServer();

describe.skipIf(livekitPath === undefined || !hasChromium || !hasSharedData)('on air with LiveKit', () => {
  let folder: string;
  let livekit: LivekitServer;
  let compositor: StartedCompositor;
  let backlot: StartedBacklot;
  let browser: Browser;
  const started: StartedBacklot[] = [];

  /** Starts Backlot, at the address that it had before. */
  const start = async (port = '0'): Promise<void> => {
    backlot = await startBacklot({ dataDir: folder, env: { ...livekit.env, BACKLOT_PORT: port } });
    started.push(backlot);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backlot-on-air-'));
    livekit = await startLivekit({ path: livekitPath });
    await start();
    [compositor, browser] = await Promise.all([startCompositor({ ...livekit.env }), launchChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await compositor?.[Symbol.asyncDispose]();
    for (const one of started) await one.stop('SIGKILL');
    await livekit?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const upload = async (path: string): Promise<string> => {
    const form = new FormData();
    form.set('title', path);
    form.set('image', new Blob([await readFile(sharedData(path))]), path);
    return ((await backlot.api('POST', '/v1/background-images', form)).body as { id: string }).id;
  };
  const open = async ({ player_url: url }: SessionBody): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
    await page.goto(url);
    await page.waitForFunction(() => (document.querySelector<BacklotPlayer>('backlot-player')?.stats?.framesDrawn ?? 0) > 5);
    return page;
  };
  const framesDrawn = async (page: Page): Promise<number> =>
    page.evaluate(() => document.querySelector<BacklotPlayer>('backlot-player')?.stats.framesDrawn ?? 0);
  /** Waits until the presenter stands before the photo. */
  const shows = async (page: Page, path: string): Promise<void> => {
    let picture: Picture | undefined;
    const differences = async (): Promise<number> => {
      const taken = await takePicture(page);
      const photo = await decodePicture(sharedData(path), taken);
      picture = taken;
      return Math.max(...CORNERS.map((corner) => meanDifference(taken, photo, corner)));
    };
    await expect.poll(differences, WAIT).toBeLessThan(7);
    if (picture === undefined) throw new Error('No picture was taken.');
    const photo = await decodePicture(sharedData(path), picture);
    expect(meanDifference(picture, photo, MIDDLE)).toBeGreaterThan(15);
    expect(greenShare(picture)).toBeLessThan(greenShare(photo) + 0.005);
  };

  test.each(['client', 'server'])('%s render: a swap, a late viewer, and a Backlot that is killed and comes back', async (render) => {
    const [photo, other] = [await upload(PHOTO), await upload(OTHER_PHOTO)];
    const livekitRoom = `on-air-${render}`;
    await using _presenter = await publishClip(livekit, livekitRoom, 'presenter', PRESENTER);
    const created = await backlot.api('POST', '/v1/sessions', {
      avatar: { provider: 'livekit', identity: 'presenter' },
      livekit_room: livekitRoom,
      background_image: photo,
      render,
    });
    expect(created.body).toMatchObject({ livekit_room: livekitRoom, render });
    const session = created.body as SessionBody;
    const address = `/v1/sessions/${session.session_id}`;
    const swapTo = async (image: string): Promise<void> => {
      const reply = await backlot.api('POST', `${address}/background`, { background_image: image, transition_ms: 0 });
      expect(reply.body).toMatchObject({ changed: true, background_id: image });
    };
    const page = await open(session);
    await shows(page, PHOTO);
    await swapTo(other);
    await shows(page, OTHER_PHOTO);
    const late = await open(session);
    await shows(late, OTHER_PHOTO);

    await backlot.stop('SIGKILL');
    const drawn = await framesDrawn(page);
    await expect.poll(async () => framesDrawn(page), WAIT).toBeGreaterThan(drawn + 20);
    await shows(page, OTHER_PHOTO);
    await start(new URL(backlot.url).port);
    await expect.poll(async () => (await backlot.api('GET', address)).body, WAIT).toMatchObject({ status: 'live' });
    await swapTo(photo);
    await Promise.all([shows(page, PHOTO), shows(late, PHOTO)]);
    await backlot.api('DELETE', address);
    await Promise.all([page.close(), late.close()]);
  });
});

import type { BacklotPlayer } from '@backlot/player';
import { hasChromium, hasSharedData, launchChromium, sharedData, startBacklot, type StartedBacklot, TEST_API_KEY } from '@backlot/testing';
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePicture, greenShare, meanDifference, type Picture, type Region, takePicture } from './picture.js';

/** The upper corners: never covered by a presenter who stands in the middle. */
const CORNERS: readonly Region[] = [
  { left: 0.01, top: 0.02, right: 0.12, bottom: 0.3 },
  { left: 0.88, top: 0.02, right: 0.99, bottom: 0.3 },
];
/** The presenter's chest. */
const MIDDLE: Region = { left: 0.46, top: 0.72, right: 0.54, bottom: 0.9 };

const PHOTO = 'backgrounds/photos/saxon-switzerland-539418_1280.jpg';
const OTHER_PHOTO = 'backgrounds/photos/porch-691330_1280.jpg';

interface SessionBody {
  readonly session_id: string;
  readonly status: string;
  readonly reason: { readonly code: string } | null;
  readonly player_url: string;
  readonly access_token: string;
  readonly publish_url: string | null;
  readonly publish_token: string | null;
  readonly viewers: number;
  readonly video_codec: string | null;
  readonly background: { readonly background_version: number; readonly image_url: string | null };
}

describe.skipIf(!hasChromium || !hasSharedData)('a session in Chromium', () => {
  let backlot: StartedBacklot;
  let browser: Browser;

  beforeAll(async () => {
    backlot = await startBacklot({ env: { BACKLOT_CLIPS_DIR: sharedData('clips') } });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await backlot?.[Symbol.asyncDispose]();
  });

  const upload = async (path: string, title: string): Promise<string> => {
    const form = new FormData();
    form.set('title', title);
    form.set('image', new Blob([await readFile(sharedData(path))]), path);
    const reply = await backlot.api('POST', '/v1/background-images', form);
    expect(reply.status).toBe(201);
    return (reply.body as { id: string }).id;
  };

  const createSession = async (body: object): Promise<SessionBody> => {
    const reply = await backlot.api('POST', '/v1/sessions', body);
    expect(reply.body).toMatchObject({ status: 'starting' });
    return reply.body as SessionBody;
  };

  const getSession = async (id: string): Promise<SessionBody> => (await backlot.api('GET', `/v1/sessions/${id}`)).body as SessionBody;

  const openPlayer = async (url: string, viewport = { width: 1280, height: 720 }): Promise<Page> => {
    const page = await browser.newPage({ viewport });
    await page.goto(url);
    await page.waitForFunction(() => (document.querySelector<BacklotPlayer>('backlot-player')?.stats?.framesDrawn ?? 0) > 5);
    return page;
  };

  const framesDrawn = async (page: Page): Promise<number> =>
    page.evaluate(() => document.querySelector<BacklotPlayer>('backlot-player')?.stats.framesDrawn ?? 0);

  const swap = async (page: Page, sessionId: string, image: string): Promise<void> => {
    const shown = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          document
            .querySelector('backlot-player')
            ?.addEventListener('backlotbackground', (event) => resolve((event as CustomEvent<{ version: number }>).detail.version), { once: true });
        }),
    );
    const reply = await backlot.api('POST', `/v1/sessions/${sessionId}/background`, { background_image: image, transition_ms: 0 });
    expect(reply.body).toMatchObject({ changed: true, background_id: image });
    expect(await shown).toBe((reply.body as { background_version: number }).background_version);
  };

  const expectBackground = (picture: Picture, photo: Picture): void => {
    for (const corner of CORNERS) expect(meanDifference(picture, photo, corner)).toBeLessThan(6);
  };

  const avatars = [
    { name: 'the stand-in', avatar: { provider: 'stand-in' } },
    { name: 'a real clip', avatar: { provider: 'clip', clip: 'dhlive-man-suit-720x1080.mp4' } },
  ];

  test.each(avatars)('$name stands before a photo, which is swapped while it goes on', async ({ avatar }) => {
    const photo = await upload(PHOTO, 'Saxon Switzerland');
    const other = await upload(OTHER_PHOTO, 'Porch');
    const session = await createSession({ avatar, background_image: photo });
    const page = await openPlayer(session.player_url);
    const first = await takePicture(page);
    const box = { width: first.width, height: first.height };
    const [photoPicture, otherPicture] = [await decodePicture(sharedData(PHOTO), box), await decodePicture(sharedData(OTHER_PHOTO), box)];

    expectBackground(first, photoPicture);
    expect(meanDifference(first, photoPicture, MIDDLE)).toBeGreaterThan(15);
    expect(greenShare(first)).toBeLessThan(greenShare(photoPicture) + 0.005);

    const before = await framesDrawn(page);
    await swap(page, session.session_id, other);
    const second = await takePicture(page);
    expectBackground(second, otherPicture);
    expect(meanDifference(second, otherPicture, MIDDLE)).toBeGreaterThan(15);
    expect(greenShare(second)).toBeLessThan(greenShare(otherPicture) + 0.005);
    await page.waitForFunction((count) => (document.querySelector<BacklotPlayer>('backlot-player')?.stats.framesDrawn ?? 0) > count + 10, before);

    expect(await getSession(session.session_id)).toMatchObject({ status: 'live', background: { background_version: 2 } });
    expect((await backlot.api('DELETE', `/v1/sessions/${session.session_id}`)).status).toBe(204);
    expect(await getSession(session.session_id)).toMatchObject({ status: 'ended', reason: { code: 'requested' } });
    await page.close();
  });

  test('a deleted image stays with its session, also for viewers who come later, and with no new one', async () => {
    const photo = await upload(PHOTO, 'Short-lived');
    const session = await createSession({ background_image: photo });
    const early = await openPlayer(session.player_url);
    expect((await backlot.api('DELETE', `/v1/background-images/${photo}`)).status).toBe(204);

    const late = await openPlayer(session.player_url);
    const picture = await takePicture(late);
    expectBackground(picture, await decodePicture(sharedData(PHOTO), picture));
    expectBackground(await takePicture(early), await decodePicture(sharedData(PHOTO), picture));

    const refused = [
      await backlot.api('POST', '/v1/sessions', { background_image: photo }),
      await backlot.api('POST', `/v1/sessions/${session.session_id}/background`, { background_image: photo }),
    ];
    for (const reply of refused) expect(reply).toMatchObject({ status: 404, body: { error: { code: 'background_image_not_found' } } });
    expect(await getSession(session.session_id)).toMatchObject({ status: 'live', background: { background_id: photo } });
    await backlot.api('DELETE', `/v1/sessions/${session.session_id}`);
    await Promise.all([early.close(), late.close()]);
  });

  test('four viewers share one encode, and a closed tab comes back to the same background', async () => {
    const photo = await upload(PHOTO, 'Shared');
    const session = await createSession({ background_image: photo });
    const pages = await Promise.all([1, 2, 3, 4].map(() => openPlayer(session.player_url, { width: 640, height: 360 })));
    await expect.poll(async () => (await getSession(session.session_id)).viewers, { timeout: 10_000 }).toBe(4);
    await Promise.all(pages.map((page) => page.close()));
    await expect.poll(async () => (await getSession(session.session_id)).viewers, { timeout: 20_000 }).toBe(0);

    const again = await openPlayer(session.player_url);
    const picture = await takePicture(again);
    expectBackground(picture, await decodePicture(sharedData(PHOTO), picture));
    await backlot.api('DELETE', `/v1/sessions/${session.session_id}`);
    await again.close();
  });

  test('its events tell speech with its caption, and its end', async () => {
    const session = await createSession({ text: 'Welcome to Backlot.' });
    const abort = new AbortController();
    const response = await fetch(`${backlot.url}/v1/sessions/${session.session_id}/events`, {
      headers: { authorization: `Bearer ${session.access_token}` },
      signal: abort.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const page = await openPlayer(session.player_url);
    let text = '';
    const reading = (async () => {
      if (response.body === null) throw new Error('the stream has no body');
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) text += chunk;
    })();
    await expect.poll(() => text, { timeout: 20_000 }).toContain('Welcome to Backlot.');
    await backlot.api('POST', `/v1/sessions/${session.session_id}/speech`, { text: 'One more sentence.' });
    await expect.poll(() => text, { timeout: 20_000 }).toContain('One more sentence.');
    await backlot.api('DELETE', `/v1/sessions/${session.session_id}`);
    await reading;
    expect(text).toContain('"status":"ended"');
    expect(await backlot.api('POST', `/v1/sessions/${session.session_id}/speech`, { text: 'Too late.' })).toMatchObject({
      status: 409,
      body: { error: { code: 'session_ended' } },
    });
    expect(await backlot.api('POST', `/v1/sessions/${session.session_id}/background`, { color: '#102030' })).toMatchObject({
      status: 409,
      body: { error: { code: 'session_ended' } },
    });
    expect((await backlot.api('DELETE', `/v1/sessions/${session.session_id}`)).status).toBe(204);
    abort.abort();
    await page.close();
  });

  test('a portrait canvas is filled by the background', async () => {
    const photo = await upload('backgrounds/derived-9x16-16x9/portrait-1080x1920.jpg', 'Portrait');
    const session = await createSession({ background_image: photo, canvas: { width: 720, height: 1280 } });
    const page = await openPlayer(session.player_url, { width: 360, height: 640 });
    const picture = await takePicture(page);
    const expected = await decodePicture(sharedData('backgrounds/derived-9x16-16x9/portrait-1080x1920.jpg'), picture);
    expect(meanDifference(picture, expected, { left: 0.02, top: 0.02, right: 0.98, bottom: 0.1 })).toBeLessThan(8);
    expect(greenShare(picture)).toBeLessThan(greenShare(expected) + 0.005);
    await backlot.api('DELETE', `/v1/sessions/${session.session_id}`);
    await page.close();
  });

  test("a viewer's token watches one session and does nothing else", async () => {
    const session = await createSession({});
    const other = await createSession({});
    const withToken = { authorization: `Bearer ${session.access_token}` };
    expect(await backlot.api('GET', '/v1/sessions', undefined, withToken)).toMatchObject({ status: 401 });
    expect(await backlot.api('DELETE', `/v1/sessions/${session.session_id}`, undefined, withToken)).toMatchObject({ status: 401 });
    expect(
      (await backlot.api('POST', `/v1/sessions/${session.session_id}/whip`, undefined, { ...withToken, 'content-type': 'application/sdp' })).status,
    ).toBeGreaterThanOrEqual(400);
    const foreign = await fetch(`${backlot.url}/v1/sessions/${other.session_id}/events`, { headers: withToken });
    expect(foreign.status).toBe(404);
    await backlot.api('DELETE', `/v1/sessions/${session.session_id}`);
    await backlot.api('DELETE', `/v1/sessions/${other.session_id}`);
    expect(TEST_API_KEY).not.toBe(session.access_token);
  });
});

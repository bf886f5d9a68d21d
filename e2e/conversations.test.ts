import { hasChromium, hasSharedData, launchChromium, sharedData, startBacklot, type StartedBacklot, TEST_API_KEY } from '@backlot/testing';
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const PHOTO = 'backgrounds/photos/saxon-switzerland-539418_1280.jpg';
const MAYA = '/v1/simulator/chats/%2B12025550142';

describe.skipIf(!hasChromium || !hasSharedData)('conversations on the real server', () => {
  let backlot: StartedBacklot;
  let browser: Browser;
  let page: Page;
  let conversationId: string;
  const foreign: string[] = [];
  const errors: string[] = [];

  beforeAll(async () => {
    backlot = await startBacklot();
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1440, height: 1200 } });
    page.on('request', (request) => {
      if (!request.url().startsWith(backlot.url) && !/^(blob|data):/.test(request.url())) foreign.push(request.url());
    });
    page.on('pageerror', (error) => errors.push(error.message));
  });
  afterAll(async () => {
    await browser?.close();
    await backlot?.[Symbol.asyncDispose]();
  });

  const phone = () => page.getByRole('region', { name: 'Simulated phone' });
  const card = () => page.getByRole('region', { name: 'Background', exact: true });
  const thread = () => page.getByRole('log', { name: 'Messages', exact: true });
  const wallpaper = () => phone().getByAltText('Wallpaper of the chat');

  test('on a fresh machine one conversation waits; what its person writes on the phone arrives live', async () => {
    await page.goto(backlot.signInUrl);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'Conversations' }).click();
    await page.getByRole('link', { name: 'Maya Lindqvist' }).click();
    await page.getByRole('heading', { name: 'Maya Lindqvist', level: 1 }).waitFor();
    conversationId = /conv_\w+/.exec(page.url())?.[0] ?? '';
    await thread().getByText('Saturday at four is yours.').waitFor();
    await phone().getByText('Saturday at four is yours.').waitFor();

    await phone().getByLabel('Write as Maya Lindqvist').fill('Did you see the light this morning?');
    await page.keyboard.press('Enter');
    await thread().getByText('Did you see the light this morning?').waitFor();
    expect((await backlot.api('GET', `/v1/conversations/${conversationId}?message_limit=1`)).body).toMatchObject({
      messages: [{ body: 'Did you see the light this morning?' }],
    });

    await page.getByRole('button', { name: 'Show typing' }).click();
    await phone().getByRole('status', { name: 'Backlot is writing' }).waitFor();
  });

  test('a background of the library, made for phones, arrives on the phone', async () => {
    await card().getByText('None', { exact: true }).waitFor();
    await card().getByRole('button', { name: 'Set background' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Evening city').click();
    await dialog.getByRole('button', { name: 'Set background' }).click();
    await dialog.waitFor({ state: 'detached' });
    await card().getByText('Set: version 1.').waitFor();
    await card().getByText('Ours', { exact: true }).waitFor();
    await card()
      .getByRole('list', { name: 'What the recipient will see' })
      .getByText(/iOS 26, iPadOS 26 and macOS 26/)
      .waitFor();
    await wallpaper().waitFor();
    // The rendition for phones: twice the screen in both directions.
    const sizes = () => wallpaper().evaluate((picture) => [(picture as HTMLImageElement).naturalWidth, (picture as HTMLImageElement).naturalHeight]);
    await expect.poll(sizes).toEqual([2358, 5112]);
    const state = (await backlot.api('GET', `/v1/conversations/${conversationId}/background`)).body;
    expect(state).toMatchObject({ hasBackground: true, backgroundVersion: 1, source: 'provider', image: { format: 'jpeg' } });
  });

  test('the library’s own bytes arrive as they are, and the same again changes nothing', async () => {
    const bytes = await readFile(sharedData(PHOTO));
    const form = new FormData();
    form.set('image', new File([bytes], 'saxon.jpg', { type: 'image/jpeg' }));
    const authorization = `Bearer ${TEST_API_KEY}`;
    const upload = await fetch(`${backlot.url}/v1/background-images`, { method: 'POST', body: form, headers: { authorization } });
    const { id } = (await upload.json()) as { id: string };
    const set = async (): Promise<unknown> =>
      (await backlot.api('POST', `/v1/conversations/${conversationId}/background`, { background_image: id, fit: 'original' })).body;
    expect(await set()).toMatchObject({
      changed: true,
      backgroundId: id,
      backgroundVersion: 2,
      image: { width: 1280, format: 'jpeg', sizeBytes: bytes.byteLength },
    });
    expect(await set()).toMatchObject({ changed: false, backgroundId: id, backgroundVersion: 2 });
    const seen = await fetch(`${backlot.url}${MAYA}/wallpaper`, { headers: { authorization } });
    expect(Buffer.from(await seen.arrayBuffer()).equals(bytes)).toBe(true);
    await card().getByText('1280 × 720 JPEG').waitFor();
  });

  test('a hand on the phone changes it, and Backlot notices', async () => {
    await phone().locator('input[type=file]').setInputFiles(sharedData(PHOTO));
    await expect.poll(async () => (await backlot.api('GET', MAYA)).body).toMatchObject({ wallpaper: { set_by: 'hand' } });
    await page.getByRole('button', { name: 'Ask again' }).click();
    await card().getByText('Somebody else’s').waitFor();
    await card().getByRole('button', { name: 'Remove' }).click();
    await card().getByText('Removed.').waitFor();
    await wallpaper().waitFor({ state: 'detached' });
    expect((await backlot.api('GET', MAYA)).body).toMatchObject({ wallpaper: null });
  });

  test('while the provider is unavailable nothing is set; then it is', async () => {
    await phone().getByLabel('The simulated provider').selectOption({ label: 'is unavailable (503)' });
    await expect.poll(async () => (await backlot.api('GET', '/v1/simulator/faults')).body).toMatchObject({ status: 503 });
    await card().getByRole('button', { name: 'Set background' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Evening city').click();
    await dialog.getByRole('button', { name: 'Set background' }).click();
    await dialog.getByText('The background was not set').waitFor();
    await dialog.getByText('provider_unavailable').waitFor();
    expect((await backlot.api('GET', MAYA)).body).toMatchObject({ wallpaper: null });
    await backlot.api('PUT', '/v1/simulator/faults', {});
    await dialog.getByRole('button', { name: 'Set background' }).click();
    await dialog.waitFor({ state: 'detached' });
    await wallpaper().waitFor();
    expect(foreign).toEqual([]);
    expect(errors).toEqual([]);
  });
});

import type { BacklotPlayer } from '@backlot/player';
import { hasChromium, hasSharedData, launchChromium, sharedData, startBacklot, type StartedBacklot } from '@backlot/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const PHOTO = 'backgrounds/photos/saxon-switzerland-539418_1280.jpg';

describe.skipIf(!hasChromium || !hasSharedData)('the console on the real server', () => {
  let backlot: StartedBacklot;
  let browser: Browser;
  let page: Page;
  const foreign: string[] = [];
  const errors: string[] = [];

  beforeAll(async () => {
    backlot = await startBacklot();
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on('request', (request) => {
      if (!request.url().startsWith(backlot.url) && !/^(blob|data):/.test(request.url())) foreign.push(request.url());
    });
    page.on('pageerror', (error) => errors.push(error.message));
  });
  afterAll(async () => {
    await browser?.close();
    await backlot?.[Symbol.asyncDispose]();
  });

  test('takes a newcomer from the sign-in link to a swap in mid-sentence, and asks nobody else for anything', async () => {
    await page.goto(backlot.signInUrl);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Background Images' }).waitFor();
    await expect.poll(async () => page.getByRole('row').count()).toBe(4);

    await page.getByRole('button', { name: 'Upload' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('input[type=file]').setInputFiles(sharedData(PHOTO));
    await dialog.getByLabel('Title').fill('Saxon Switzerland');
    await dialog.getByRole('button', { name: 'Upload image' }).click();
    await page.getByRole('row', { name: /Saxon Switzerland/ }).waitFor();

    await page.goto(`${backlot.url}/console/sessions/new`);
    await page.getByText('Saxon Switzerland').click();
    await page.getByRole('button', { name: 'Start session' }).click();
    await page.waitForURL(/\/sessions\/sess_/);
    await page.waitForFunction(() => (document.querySelector<BacklotPlayer>('backlot-player')?.stats?.framesDrawn ?? 0) > 5);
    expect(await page.getByRole('radio', { name: 'Saxon Switzerland' }).getAttribute('aria-checked')).toBe('true');

    await page.getByRole('textbox', { name: 'Speech' }).fill('Look behind me: the place changes while I talk.');
    await page.getByRole('button', { name: 'Speak' }).click();
    await page.getByRole('status', { name: 'Caption' }).getByText('Look behind me').waitFor();
    await page.getByRole('radio', { name: 'Evening city' }).click();
    await page.getByText(/Shown after \d+ ms/).waitFor();
    const sessionId = /sess_\w+/.exec(page.url())?.[0] ?? '';
    expect((await backlot.api('GET', `/v1/sessions/${sessionId}`)).body).toMatchObject({ status: 'live', viewers: 1, background: { background_version: 2 } });

    await page.getByRole('button', { name: 'End session' }).click();
    const confirm = page.getByRole('dialog').or(page.getByRole('alertdialog')).getByRole('button', { name: /^End/ });
    if (await confirm.isVisible()) await confirm.click();
    await expect.poll(async () => (await backlot.api('GET', `/v1/sessions/${sessionId}`)).body, { timeout: 10_000 }).toMatchObject({ status: 'ended' });
    await page.getByText('Start another like it').waitFor();
    expect(foreign).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('a spent link signs nobody in, and says what to do', async () => {
    const context = await browser.newContext();
    const stranger = await context.newPage();
    await stranger.goto(backlot.signInUrl);
    await stranger.getByRole('button', { name: 'Sign in' }).click();
    await stranger.getByText(/expired or was used/).waitFor();
    expect((await context.request.get(`${backlot.url}/v1/me`)).status()).toBe(401);
    await context.close();
  });
});

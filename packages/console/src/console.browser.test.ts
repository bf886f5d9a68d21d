import { hasChromium, hasSharedData, launchChromium, sharedData } from '@backlot/testing';
import type { ErrorCode } from '@backlot/contract';
import axe from 'axe-core';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FakeBacklot, startFakeBacklot } from './fake-backlot.testing.js';

const PHOTOS = ['ali-kazal-unsplash-640x427', 'architecture-5082700_1280', 'porch-691330_1280', 'saxon-switzerland-539418_1280'].map((name) =>
  sharedData(`backgrounds/photos/${name}.jpg`),
);
const LONG = `An unusually long title ${'that-never-breaks'.repeat(9)}`;

describe.skipIf(!hasChromium || !hasSharedData)('the console', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let fake: FakeBacklot;
  let folder: string;
  let photos: Buffer[];
  const problems: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backlot-console-'));
    // Never a stale build.
    await build({ configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)), logLevel: 'error', build: { outDir: folder } });
    [browser, photos] = await Promise.all([launchChromium(), Promise.all(PHOTOS.map(async (path) => readFile(path)))]);
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    problems.length = 0;
    fake = await startFakeBacklot(folder, photos);
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => problems.push(error.message));
    // Refused requests are logged by the browser too; a broken content security policy must not happen.
    page.on('console', (message) => /Content Security Policy|Minified React|Warning:/.test(message.text()) && problems.push(message.text()));
  });
  afterEach(async () => {
    await context.close();
    await fake[Symbol.asyncDispose]();
    expect(problems).toEqual([]);
  });

  const open = async (path: string): Promise<void> => {
    await page.goto(`${fake.url}/console${path}`);
  };
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });

  test("signs in by the link's button only, keeps the token out of the address, and returns to where one was", async () => {
    fake.isSignedIn = false;
    fake.addImages(1);
    await open('/background-images?search=pic');
    await page.getByLabel('API key').waitFor();
    expect(page.url()).toContain('/console/sign-in');
    await page.goto(`${page.url()}#token=once`);
    await button('Sign in').waitFor();
    expect(fake.requests.some((request) => request.includes('sign-in'))).toBe(false);
    await button('Sign in').click();
    await page.getByText('1 image', { exact: true }).waitFor();
    expect(page.url()).toBe(`${fake.url}/console/background-images?search=pic`);
  });

  test('uploads through the form: preview, advice, progress, and a failed file that is tried again', async () => {
    await open('/');
    await button('Upload image').click();
    await page.getByLabel('Image', { exact: true }).setInputFiles(PHOTOS.slice(0, 2));
    const rows = page.locator('[data-upload]');
    expect(await rows.count()).toBe(2);
    await page.getByText('16:9 shows 84 %').waitFor();
    await page.getByText(/enlarged 3\.0 times/).waitFor();
    await rows.first().getByLabel('Title').fill('Road in winter');

    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let posts = 0;
    fake.refuse = async (method, path) => {
      if (method !== 'POST' || path !== '/v1/background-images') return null;
      posts++;
      const mine = posts;
      await held;
      return mine === 2 ? 'image_undecodable' : null;
    };
    await button('Upload 2 images').click();
    await page.getByText('Preparing').first().waitFor();
    expect(await page.getByRole('progressbar').count()).toBe(2);
    release();
    await page.getByText(/damaged or truncated/).waitFor();
    await page.getByText('image_undecodable').waitFor();
    fake.refuse = () => null;
    await button('Try again').click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByText('All 2 images').waitFor();
    expect(fake.images.map(({ title }) => title)).toContain('Road in winter');
  });

  test('takes files that are dropped on the page', async () => {
    fake.addImages(1);
    await open('/background-images');
    await page.getByText('1 image', { exact: true }).waitFor();
    const transfer = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File(['no picture'], 'notes.png', { type: 'image/png' }));
      return data;
    });
    await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
    await page.getByText(/can't show the file as an image/).waitFor();
    expect(await page.getByLabel('Title', { exact: true }).inputValue()).toBe('notes');
  });

  test('deletes after a confirmation that starts on Cancel, closes on Esc and gives the focus back', async () => {
    fake.addImages(3);
    await open('/background-images');
    const trash = button('Delete Picture 1');
    await trash.click();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel');
    expect(page.url()).toContain('dialog=delete');
    await page.getByText('Sessions that already use it keep it. New ones can’t.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Delete Picture 1');
    expect(fake.images).toHaveLength(3);
    await trash.click();
    await button('Delete image').click();
    await page.getByText('All 2 images').waitFor();
    expect(fake.images.map(({ title }) => title)).toEqual(['Picture 0', 'Picture 2']);
  });

  test('goes through the table by keyboard', async () => {
    fake.addImages(3);
    await open('/background-images');
    await page.locator('tbody tr').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Delete');
    await page.getByRole('dialog').getByText('Picture 1').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('tbody tr').nth(1).press('Enter');
    await page.getByRole('heading', { name: 'Picture 1' }).waitFor();
    expect(page.url()).toContain('/console/background-images/bg_');
  });

  test('renames in place: Esc reverts, Enter saves, a refusal rolls back', async () => {
    fake.addImages(1);
    await open(`/background-images/${fake.images[0]?.id ?? ''}`);
    await button('Edit title').click();
    await page.getByLabel('Title', { exact: true }).fill('Nothing');
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Picture 0' }).waitFor();
    await button('Edit title').click();
    await page.getByLabel('Title', { exact: true }).fill('Quiet office');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Quiet office' }).waitFor();
    await expect.poll(() => fake.images[0]?.title).toBe('Quiet office');
    fake.refuse = (method) => (method === 'PATCH' ? 'database_unavailable' : null);
    await button('Edit title').click();
    await page.getByLabel('Title', { exact: true }).fill('Loud office');
    await page.keyboard.press('Enter');
    await page.getByText('The title was not changed').waitFor();
    await page.getByRole('heading', { name: 'Quiet office' }).waitFor();
  });

  test('shows loading, empty, failed and found-nothing states, and recovers', async () => {
    let release = (): void => undefined;
    const held = new Promise<null>((resolve) => {
      release = () => resolve(null);
    });
    fake.refuse = async (_method, path) => (path === '/v1/background-images' ? held : null);
    await open('/background-images');
    await page.getByRole('status', { name: 'Loading background images' }).waitFor();
    release();
    await page.getByText('Upload your first background image').waitFor();

    fake.refuse = (_method, path) => (path === '/v1/background-images' ? 'invalid_cursor' : null);
    await page.reload();
    await page.getByText('The library can’t be shown').waitFor();
    await page.getByText('req_7kq2mx9cvt4wz8hn3pdr').waitFor();
    fake.refuse = () => null;
    fake.addImages(60);
    await button('Try again').click();
    await page.getByText('50 of 60 images').waitFor();
    await button('Load more').click();
    await page.getByText('All 60 images').waitFor();
    await page.getByLabel('Search by title').fill('nowhere');
    await page.getByText('No title contains “nowhere”').waitFor();
    expect(page.url()).toContain('search=nowhere');

    await context.setOffline(true);
    await page.getByText('You are offline.').waitFor();
    await context.setOffline(false);
    await page.getByText('You are offline.').waitFor({ state: 'detached' });
  });

  test('sorts the library by its heads, and keeps the order in the address', async () => {
    fake.addImages(60, (index) => `Picture ${String((index * 7) % 60).padStart(2, '0')}`);
    await open('/background-images');
    const first = page.locator('tbody tr').first();
    const head = (name: string) => page.getByRole('columnheader', { name });
    await first.getByText('Picture 00').waitFor();
    expect(await head('Uploaded').getAttribute('aria-sort')).toBe('descending');
    await button('Title').click();
    await page.waitForURL(/sort=title/);
    await expect.poll(() => head('Title').getAttribute('aria-sort')).toBe('ascending');
    await expect.poll(async () => (await page.locator('tbody tr').nth(1).textContent())?.includes('Picture 01')).toBe(true);
    await button('Title').click();
    await first.getByText('Picture 59').waitFor();
    await page.reload();
    await first.getByText('Picture 59').waitFor();
    await button('Load more').click();
    await page.getByText('All 60 images').waitFor();
    expect(await page.locator('tbody tr').last().textContent()).toContain('Picture 00');
    await page.setViewportSize({ width: 390, height: 800 });
    await page.getByLabel('Sort by').selectOption('Newest first');
    await expect.poll(() => page.url()).not.toContain('sort=');
  });

  test('tells on the page of an image who is on air in front of it', async () => {
    fake.addImages(2);
    const [image, other] = fake.images;
    const showing = { has_background: true, background_id: image?.id ?? null, background_version: 1, image_url: null, color: null };
    const live = fake.addSession({ status: 'live', background: showing });
    fake.addSession({ status: 'ended', background: showing });
    await open(`/background-images/${image?.id ?? ''}`);
    const section = page.getByRole('region', { name: 'On air with it' });
    await section.getByRole('link').waitFor();
    expect(await section.getByRole('link').count()).toBe(1);
    await section.getByRole('link').click();
    await page.waitForURL(`**/console/sessions/${live.session_id}`);
    await open(`/background-images/${other?.id ?? ''}`);
    await section.getByText('No session uses it now.').waitFor();
  });

  test('starts a session, swaps by click and key, and ends it', async () => {
    fake.addImages(3);
    await open('/sessions');
    await page.getByRole('link', { name: 'New session' }).first().click();
    expect(await page.getByRole('radio', { name: /presenter\.mp4/ }).isDisabled()).toBe(true);
    await page.getByText('ffmpeg is not installed.').waitFor();
    await page.getByRole('radio', { name: 'Picture 1' }).click();
    await button('Start session').click();
    await page.locator('backlot-player').waitFor();
    const [session] = fake.sessions;
    expect(await page.locator('backlot-player').getAttribute('session')).toBe(`${fake.url}/v1/sessions/${session?.session_id ?? ''}`);
    await page.getByRole('radio', { name: 'Picture 2' }).click();
    await expect.poll(() => session?.background.background_id).toBe(fake.images[2]?.id);
    await page.locator('h1').focus();
    await page.keyboard.press('1');
    await expect.poll(() => session?.background.background_id).toBe(fake.images[0]?.id);
    await page.keyboard.press('0');
    await expect.poll(() => session?.background.background_id).toBe(null);
    await page.locator('backlot-player').evaluate((player, version) => {
      player.dispatchEvent(new CustomEvent('backlotbackground', { detail: { version, shownAtMs: Date.now() } }));
    }, session?.background.background_version);
    await page.getByText(/^Shown after \d+ ms$/).waitFor();
    await button('End session').click();
    await page.getByRole('dialog').getByRole('button', { name: 'End session' }).click();
    await page.getByText('This session has ended').waitFor();
    await button('Start another like it').click();
    await expect.poll(() => fake.sessions.length).toBe(2);
  });

  test('saves a template, starts a session from it with something else on top, changes and deletes it', async () => {
    fake.addImages(3);
    await open('/templates');
    await page.getByText('Save your first template').waitFor();
    await page.getByRole('link', { name: 'New template' }).first().click();
    expect(await button('Save template').isDisabled()).toBe(true);
    await page.getByLabel('Title').fill('Front desk');
    await page.getByRole('radio', { name: 'Picture 1' }).click();
    await page.getByRole('radio', { name: /Portrait 9:16/ }).click();
    await page.getByRole('radio', { name: /Show it whole/ }).click();
    await page.getByLabel('Voice').selectOption('en-us');
    await button('Save template').click();
    await page.getByText('1 template', { exact: true }).waitFor();
    const [template] = fake.templates;
    const saved = { title: 'Front desk', avatar: { provider: 'stand-in' }, voice: 'en-us', background_image: fake.images[1]?.id, fit: 'contain' };
    expect(template).toMatchObject({ ...saved, canvas: { width: 720, height: 1280 } });

    await page.getByRole('link', { name: 'Start session from Front desk' }).click();
    await page.getByRole('radio', { name: /Portrait 9:16/, checked: true }).waitFor();
    expect(await page.getByRole('radio', { name: 'Picture 1' }).getAttribute('aria-checked')).toBe('true');
    expect(await page.getByLabel('Voice').inputValue()).toBe('en-us');
    await page.getByRole('radio', { name: 'Picture 2' }).click();
    await button('Start session').click();
    await page.locator('backlot-player').waitFor();
    expect(fake.wanted.at(-1)).toEqual({ template_id: template?.id, background_image: fake.images[2]?.id, metadata: {} });

    await open('/sessions/new');
    await page.getByRole('combobox', { name: 'Template' }).selectOption('Front desk');
    await page.getByRole('radio', { name: /Portrait 9:16/, checked: true }).waitFor();
    expect(page.url()).toContain(`template=${template?.id ?? ''}`);
    await page.getByRole('combobox', { name: 'Template' }).selectOption('None');
    await page.getByRole('radio', { name: /Landscape 16:9/, checked: true }).waitFor();

    await open('/templates');
    await page.locator('tbody tr').first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Front desk' }).waitFor();
    await page.getByLabel('Title').fill('Reception');
    await page.getByRole('radio', { name: 'None' }).click();
    await page.getByLabel('Title').press('Enter');
    await page.getByRole('cell', { name: 'Reception', exact: true }).waitFor();
    expect(template).toMatchObject({ ...saved, title: 'Reception', background_image: null });

    await page.locator('tbody tr').first().focus();
    await page.keyboard.press('Delete');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel');
    await button('Delete template').click();
    await page.getByText('Save your first template').waitFor();
    expect(fake.templates).toEqual([]);
  });

  test('templates that load, fail, go on, miss their image or avatar, or are gone are told as such', async () => {
    let release = (): void => undefined;
    const held = new Promise<ErrorCode>((resolve) => {
      release = () => resolve('invalid_cursor');
    });
    fake.refuse = async (_method, path) => (path === '/v1/templates' ? held : null);
    await open('/templates');
    await page.getByRole('status', { name: 'Loading templates' }).waitFor();
    release();
    await page.getByText('The templates can’t be shown').waitFor();
    fake.refuse = () => null;
    fake.addImages(2);
    const bereft = fake.addTemplate({
      title: 'Bereft',
      background_image: 'bg_gone',
      avatar: { provider: 'clip', clip: 'gone.mp4' },
      canvas: { width: 640, height: 640 },
    });
    for (let count = 0; count < 59; count++) fake.addTemplate();
    await button('Try again').click();
    await page.getByText('The newest 50 templates').waitFor();
    await page.locator('tbody tr').first().getByText('Deleted').waitFor();
    await button('Load more').click();
    await page.getByText('All 60 templates').waitFor();

    await open(`/templates/${bereft.id}`);
    await page.getByText('The saved image was deleted from the library.').waitFor();
    await page.getByText('The saved avatar is not there any more.').waitFor();
    await page.getByRole('radio', { name: /As saved 1:1/, checked: true }).waitFor();
    expect(await button('Save template').isDisabled()).toBe(true);
    await page.getByRole('radio', { name: /Stand-in/ }).click();
    await page.getByRole('radio', { name: 'Picture 0' }).click();
    fake.refuse = (method) => (method === 'PATCH' ? 'database_unavailable' : null);
    await button('Save template').click();
    await page.getByText('The template was not saved').waitFor();
    fake.refuse = () => null;
    await button('Save template').click();
    await page.getByText('The newest 50 templates').waitFor();
    expect(bereft).toMatchObject({ avatar: { provider: 'stand-in' }, background_image: fake.images[0]?.id, canvas: { width: 640, height: 640 } });

    await open('/templates/tmpl_none');
    await page.getByText('The template can’t be shown').waitFor();
    await open('/sessions/new?template=tmpl_none');
    await page.getByText('The template can’t be used').waitFor();
    expect(await button('Start session').isDisabled()).toBe(true);
    await page.getByRole('combobox', { name: 'Template' }).selectOption('None');
    await page.getByRole('radio', { name: 'Picture 0', checked: true }).waitFor();
    expect(await button('Start session').isDisabled()).toBe(false);
  });

  const set = async (label: string, value: number): Promise<void> => {
    await page.getByRole('slider', { name: label }).fill(String(value));
  };

  test('frames the avatar over its background as it is changed, and saves framing, keying and rendering', async () => {
    fake.addImages(2);
    await open('/templates/new');
    await page.getByLabel('Title').fill('Close-up');
    await page.getByRole('radio', { name: 'Picture 1' }).click();
    const avatar = page.getByAltText('The stand-in, framed');
    const place = async () =>
      avatar.evaluate((element) => {
        const [own, canvas] = [element.getBoundingClientRect(), element.parentElement?.getBoundingClientRect() ?? new DOMRect()];
        const share = (value: number): number => Math.round(value * 100) / 100;
        return {
          left: share((own.left - canvas.left) / canvas.width),
          bottom: share((own.bottom - canvas.top) / canvas.height),
          width: share(own.width / canvas.width),
        };
      });
    await expect.poll(place).toEqual({ left: 0, bottom: 1, width: 1 });
    await page.locator('[data-preview] img').first().waitFor();
    expect(await page.locator('[data-preview] img').first().getAttribute('src')).toContain(`/v1/background-images/${fake.images[1]?.id ?? ''}/image`);
    await set('Size', 0.5);
    await set('To the right', 0.2);
    await expect.poll(place).toEqual({ left: 0.45, bottom: 1, width: 0.5 });
    await set('Down', -0.1);
    await expect.poll(place).toEqual({ left: 0.45, bottom: 0.9, width: 0.5 });
    await page.getByLabel('Crop to the person').check();
    // The person without the screen around is smaller, and fills the same height.
    await expect.poll(async () => (await place()).width).toBeGreaterThan(0.5);
    await button('Reset framing').click();
    await expect.poll(place).toEqual({ left: 0, bottom: 1, width: 1 });
    await set('Size', 1.5);

    await page.getByText('The screen is measured in the picture.').click();
    await page.getByLabel('Screen colour').selectOption('This colour, as it arrives');
    await page.getByLabel('Colour of the screen').fill('#00ff9b');
    await set('Spill removal', 0.8);
    await page.getByLabel('Measured, place by place').uncheck();
    await set('Where the matte starts', 0.2);
    await page.getByLabel('Uneven screen').uncheck();
    await page.getByRole('radio', { name: /By the server/ }).click();
    await button('Save template').click();
    await page.getByText('1 template', { exact: true }).waitFor();
    const [template] = fake.templates;
    const keying = { key: '#00ff9b', spill: 0.8, floor: 0.2, plate: false };
    expect(template).toMatchObject({ framing: { scale: 1.5, x: 0, y: 0, crop: 'none' }, keying, render: 'server' });

    // A session from it inherits them all, and takes what is changed on top.
    await page.getByRole('link', { name: 'Start session from Close-up' }).click();
    await expect.poll(() => page.getByRole('slider', { name: 'Size' }).inputValue()).toBe('1.5');
    await set('Size', 2);
    await page.getByRole('radio', { name: /By each viewer/ }).click();
    await button('Start session').click();
    await page.locator('backlot-player').waitFor();
    expect(fake.wanted.at(-1)).toMatchObject({ template_id: template?.id, framing: { scale: 2 }, render: 'client' });
    expect(fake.wanted.at(-1)).not.toHaveProperty('keying');

    await open(`/templates/${template?.id ?? ''}`);
    await button('Make it automatic again').click();
    await button('Save template').click();
    await page.getByText('1 template', { exact: true }).waitFor();
    expect(template?.keying).toEqual({});
  });

  test('shows what the API says of a field at that field, and goes to the first of them', async () => {
    fake.isOnLivekit = true;
    fake.addImages(1);
    const wrongWith = (...details: readonly { readonly field: string; readonly message: string }[]): void => {
      fake.refuse = (method) => (method === 'GET' ? null : { code: 'invalid_request', details });
    };
    /** Names of what is marked as wrong, with what is said of it. */
    const marked = async () =>
      page.evaluate(() =>
        [...document.querySelectorAll('[data-field-error]')].map((error) => {
          const field = document.querySelector(`[aria-describedby~="${CSS.escape(error.id)}"]`);
          const label = field?.getAttribute('aria-label') ?? document.querySelector(`label[for="${field?.id ?? ''}"]`)?.textContent ?? 'nothing';
          return `${label.trim()}: ${error.textContent}`;
        }),
      );
    await open('/sessions/new');
    await page.getByLabel('Room').fill('front-desk');
    wrongWith(
      { field: 'livekit_room', message: 'another session is on air in it' },
      { field: 'framing.scale', message: 'is too large' },
      { field: 'voice_id', message: 'is none of the voices of this avatar' },
      { field: 'background_image', message: 'is not in the library' },
    );
    await button('Start session').click();
    await page.getByText('The session did not start').waitFor();
    expect(await marked()).toEqual([
      'Background: Is not in the library.',
      'Framing: Scale: is too large.',
      'Room (optional): Another session is on air in it.',
      'Voice: Is none of the voices of this avatar.',
    ]);
    expect(await page.getByLabel('Room').getAttribute('aria-invalid')).toBe('true');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Is not in the library.');
    wrongWith({ field: 'livekit_identity', message: 'is taken by Backlot itself' });
    await button('Start session').click();
    await expect.poll(marked).toEqual(['Identity of the viewer (optional): Is taken by Backlot itself.']);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('livekit-identity');

    fake.credentials = [{ vendor: 'tavus', display_prefix: 'tavus-', updated_at: new Date().toISOString() }];
    await open('/templates/new');
    await page.getByLabel('Title').fill('Front desk');
    await page.getByRole('radio', { name: /Tavus/ }).click();
    await page.getByLabel('PAL id').fill('p1');
    wrongWith({ field: 'title', message: 'is too long' }, { field: 'avatar.pal_id', message: 'is not an id' }, { field: 'render', message: 'is not possible' });
    await button('Save template').click();
    await page.getByText('The template was not saved').waitFor();
    expect(await marked()).toEqual(['Title: Is too long.', 'PAL id: Is not an id.', 'Rendering: Is not possible.']);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('title');

    await open('/avatar-vendors?dialog=secret&id=simli');
    await page.getByLabel('API key').fill('much-too-short');
    wrongWith({ field: 'api_key', message: 'is no key' });
    await button('Store key').click();
    await expect.poll(marked).toEqual(['API key: Is no key.']);
  });

  test('shows a template on air while it is edited: swaps its background, tells what needs another start, and ends it with the page', async () => {
    fake.addImages(2);
    const template = fake.addTemplate({ background_image: fake.images[0]?.id ?? null, voice: 'en-us' });
    await open(`/templates/${template.id}`);
    const preview = page.getByRole('complementary', { name: 'Preview' });
    await preview.getByAltText('The stand-in, framed').waitFor();
    fake.refuse = (method) => (method === 'POST' ? 'sessions_full' : null);
    await button('See it on air').click();
    await page.getByText('The preview is not on air').waitFor();
    fake.refuse = () => null;
    await button('See it on air').click();
    await preview.locator('backlot-player').waitFor();
    const [first] = fake.sessions;
    expect(await preview.locator('backlot-player').getAttribute('session')).toContain(first?.session_id);
    const { id: _id, title: _title, thumbnail_url: _url, created_at: _created, updated_at: _updated, voice: _voice, ...look } = template;
    expect(fake.wanted.at(-1)).toMatchObject({ ...look, voice_id: 'en-us' });
    await page.getByRole('radio', { name: 'Picture 1' }).click();
    await expect.poll(() => first?.background.background_id).toBe(fake.images[1]?.id);
    await page.getByRole('radio', { name: 'None' }).click();
    await expect.poll(() => first?.background.background_id).toBe(null);
    expect(await button('Start anew').count()).toBe(0);
    await page.getByRole('radio', { name: /Portrait 9:16/ }).click();
    await button('Start anew').click();
    await expect.poll(() => [fake.sessions.length, first?.status]).toEqual([2, 'ended']);
    expect(fake.wanted.at(-1)).toMatchObject({ background_image: null, canvas: { width: 720, height: 1280 } });
    await button('Start anew').waitFor({ state: 'detached' });
    await button('Stop preview').click();
    await preview.getByAltText('The stand-in, framed').waitFor();
    await expect.poll(() => fake.sessions[0]?.status).toBe('ended');

    // Whoever leaves ends it, too: for another page of the console, or for good.
    await button('See it on air').click();
    await preview.locator('backlot-player').waitFor();
    await page.getByRole('link', { name: 'Sessions' }).click();
    await expect.poll(() => fake.sessions.map(({ status }) => status)).toEqual(['ended', 'ended', 'ended']);
    await open('/templates/new');
    await button('See it on air').click();
    await preview.locator('backlot-player').waitFor();
    await page.goto('about:blank');
    await expect.poll(() => fake.sessions.map(({ status }) => status)).toEqual(['ended', 'ended', 'ended', 'ended']);
  });

  test('stores, replaces and deletes keys of avatar vendors', async () => {
    await open('/avatar-vendors');
    await page.getByText('Vendors’ avatars join LiveKit rooms').waitFor();
    await button('Store the key of Tavus').click();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('api-key');
    expect(await page.getByLabel('API key').getAttribute('type')).toBe('password');
    fake.refuse = (method) => (method === 'PUT' ? 'database_unavailable' : null);
    await page.getByLabel('API key').fill('  first-key-at-tavus ');
    await button('Store key').click();
    await page.getByText('The key was not stored').waitFor();
    fake.refuse = () => null;
    await button('Store key').click();
    await page.getByText('firs…').waitFor();
    expect(fake.requests.filter((request) => request === 'PUT /v1/avatar-credentials/tavus')).toHaveLength(2);
    await button('Replace the key of Tavus').click();
    await page.getByLabel('API key').fill('second-key-at-tavus');
    await page.getByLabel('API key').press('Enter');
    await page.getByText('seco…').waitFor();
    // Nowhere is it shown again.
    expect(await page.content()).not.toContain('second-key-at-tavus');
    await button('Replace the key of Tavus').click();
    expect(await page.getByLabel('API key').inputValue()).toBe('');
    await page.keyboard.press('Escape');
    await button('Delete the key of Tavus').click();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel');
    await button('Delete key').click();
    await page.getByRole('listitem').getByText('seco…').waitFor({ state: 'detached' });
    expect(fake.credentials).toEqual([]);
    fake.refuse = (_method, path) => (path === '/v1/avatar-credentials' ? 'database_unavailable' : null);
    await open('/avatar-vendors');
    await page.getByText('The vendors can’t be shown').waitFor();
  });

  test('starts avatars of vendors and of the room on LiveKit, in the room that was asked for', async () => {
    fake.isOnLivekit = true;
    await open('/sessions/new');
    expect(await page.getByRole('radio', { name: /Tavus/ }).isDisabled()).toBe(true);
    await page.getByRole('link', { name: 'Avatar vendors' }).last().click();
    await button('Store the key of Tavus').click();
    await page.getByLabel('API key').fill('the-key-at-tavus');
    await button('Store key').click();
    await page.getByText('the-…').waitFor();

    await open('/sessions/new');
    await page.getByRole('radio', { name: /Tavus/ }).click();
    expect(await button('Start session').isDisabled()).toBe(true);
    await page.getByLabel('PAL id').fill('no id');
    expect(await button('Start session').isDisabled()).toBe(true);
    await page.getByLabel('PAL id').fill('p1');
    await page.getByLabel('Face id').fill('f1');
    await page.getByLabel('Room').fill('front-desk');
    await page.getByLabel('Identity of the viewer').fill('visitor');
    await button('Start session').click();
    await page.locator('backlot-player').waitFor();
    const place = { livekit_room: 'front-desk', livekit_identity: 'visitor' };
    expect(fake.wanted.at(-1)).toMatchObject({ avatar: { provider: 'tavus', pal_id: 'p1', face_id: 'f1' }, ...place });

    await open('/templates/new');
    await page.getByLabel('Title').fill('Anybody');
    await page.getByRole('radio', { name: /A participant of the room/ }).click();
    await page.getByLabel('Identity of the participant').fill('their-avatar');
    await button('Save template').click();
    await page.getByText('1 template', { exact: true }).waitFor();
    expect(fake.templates[0]?.avatar).toEqual({ provider: 'livekit', identity: 'their-avatar' });
    await open(`/templates/${fake.templates[0]?.id ?? ''}`);
    expect(await page.getByLabel('Identity of the participant').inputValue()).toBe('their-avatar');

    const { session_id: id } = fake.addSession({ stage: 'livekit', livekit_room: 'front-desk', livekit_identity: 'visitor', render: 'server' });
    await open(`/sessions/${id}`);
    const facts = page.getByRole('region', { name: 'Facts' });
    for (const fact of ['LiveKit', 'front-desk', 'visitor', 'By the server', 'Not there yet']) await facts.getByText(fact, { exact: true }).waitFor();
    // What viewers see says whether the compositor is there.
    const tell = (status: string) =>
      page.locator('backlot-player').evaluate((player, detail) => player.dispatchEvent(new CustomEvent('backlotstatus', { detail })), { status, reason: null });
    await tell('playing');
    await facts.getByText('On air', { exact: true }).waitFor();
    await tell('waiting');
    await facts.getByText('Not there yet', { exact: true }).waitFor();
    expect(await page.getByLabel('LiveKit address', { exact: true }).textContent()).toBe(fake.sessions[0]?.stream_url);
    expect(await page.getByLabel('access token', { exact: true }).textContent()).toBe('token');
    expect(await page.getByRole('link', { name: 'Docs' }).getAttribute('href')).toBe('/docs');
  });

  test('adds a webhook endpoint, shows and rotates its secret, tests, disables and deletes it', async () => {
    await open('/webhooks');
    await page.getByText('Nothing has happened yet.').waitFor();
    await button('Add endpoint').first().click();
    const dialog = page.getByRole('dialog');
    await page.getByLabel('Address').fill('http://example.com/backlot');
    await page.getByLabel('Only these').check();
    expect(await dialog.getByRole('button', { name: 'Add endpoint' }).isDisabled()).toBe(true);
    await page.getByLabel('session.started').check();
    await dialog.getByRole('button', { name: 'Add endpoint' }).click();
    await page.getByText('invalid_webhook_url').waitFor();
    await page.getByLabel('Address').fill('https://example.com/backlot');
    await dialog.getByRole('button', { name: 'Add endpoint' }).click();
    await page.getByText('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw').waitFor();
    expect(fake.endpoints.map(({ url, event_types }) => [url, event_types])).toEqual([['https://example.com/backlot', ['session.started']]]);
    await button('Rotate secret').click();
    await page.getByText('whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD').waitFor();
    await page.getByText('expires in 24 hours').waitFor();
    await button('Done').click();
    await dialog.waitFor({ state: 'detached' });

    await button('Send test').click();
    await dialog.getByText('Sending').waitFor();
    Object.assign(fake.events[0]?.deliveries[0] ?? {}, { state: 'delivered', attempts: 1, last_status: 204, last_duration_ms: 12, next_attempt_at: null });
    await dialog.getByText('answered 204 in 12 ms · 1 attempt').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('listitem').filter({ hasText: 'webhook.test' }).getByText('Delivered').waitFor();

    const onOff = page.getByRole('switch');
    expect(await onOff.getAttribute('aria-checked')).toBe('true');
    await onOff.click();
    await page.getByText('Disabled', { exact: true }).waitFor();
    expect(await button('Send test').isDisabled()).toBe(true);
    await button('Delete https://example.com/backlot').click();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel');
    await button('Delete endpoint').click();
    await page.getByText('Add your first endpoint').waitFor();
    expect(fake.endpoints).toEqual([]);
  });

  test('shows how far events have come, filters them, and replays', async () => {
    const { id: endpoint_id } = fake.addEndpoint();
    fake.addEvent('session.started', [{ endpoint_id, state: 'delivered', attempts: 1, last_status: 200, last_duration_ms: 8 }]);
    fake.addEvent('session.ended', [{ endpoint_id, state: 'failed', attempts: 9, last_status: 500, last_error: 'bad_status' }]);
    fake.addEvent('background_image.created', []);
    await open('/webhooks');
    const row = (type: string) => page.getByRole('listitem').filter({ hasText: type });
    await row('session.ended').getByText('It answered 500').waitFor();
    await row('session.started').getByText('Delivered').waitFor();
    await row('background_image.created').getByText('No endpoint').waitFor();
    await button('Replay session.ended').click();
    await row('session.ended').getByText('Sending').waitFor();
    expect(fake.requests.some((request) => /^POST .*\/replay$/.test(request))).toBe(true);
    await page.getByLabel('Filter by type').selectOption('session.started');
    await row('session.ended').waitFor({ state: 'detached' });
    expect(page.url()).toContain('event=session.started');
    await button('session.started').click();
    await page.getByRole('dialog').getByText('"timestamp"').waitFor();
  });

  test('lists conversations, newest first, page by page and live', async () => {
    await open('/conversations');
    await page.getByText('Nobody has written yet').waitFor();
    for (let count = 0; count < 60; count++) fake.addConversation();
    const group = fake.addConversation({
      isGroup: true,
      groupId: 'grp_1',
      participant: 'grp_1',
      channel: 'sms',
      participants: [
        { identifier: '+12025550150', name: 'Ben' },
        { identifier: '+12025550151', name: null },
      ],
    });
    await page.reload();
    await page.getByText('50 of 61 conversations').waitFor();
    const rows = page.locator('tbody tr');
    expect(await rows.first().textContent()).toContain('Person 0');
    await button('Load more').click();
    await page.getByText('All 61 conversations').waitFor();
    const last = rows.last();
    await last.getByText('Ben, +12025550151').waitFor();
    await last.getByText('Group', { exact: true }).waitFor();
    await last.getByText('SMS').waitFor();
    fake.receive(group, 'I am new at the top');
    await rows.first().getByText('I am new at the top').waitFor();
    expect(await rows.count()).toBe(61);
    await rows.first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Person 0', level: 1 }).waitFor();
  });

  test('shows a thread that grows at its end and at its beginning', async () => {
    const conversation = fake.addConversation({}, { messages: 120 });
    await open(`/conversations/${conversation.summary.id}`);
    const thread = page.getByRole('log', { name: 'Messages', exact: true });
    await thread.getByText('Message 120', { exact: true }).waitFor();
    expect(await thread.getByRole('article').count()).toBe(50);
    const isAtEnd = async (): Promise<boolean> => thread.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 2);
    expect(await isAtEnd()).toBe(true);
    fake.receive(conversation, 'Something new');
    await thread.getByText('Something new').waitFor();
    expect(await isAtEnd()).toBe(true);
    await button('Load older messages').click();
    await thread.getByText('Message 30', { exact: true }).waitFor();
    await button('Load older messages').click();
    await thread.getByText('Message 1', { exact: true }).waitFor();
    expect(await thread.getByRole('article').count()).toBe(121);
    expect(await isAtEnd()).toBe(false);
  });

  test('sets a background from the library, shows it on the phone as it arrives, and removes it', async () => {
    fake.addImages(3);
    const conversation = fake.addConversation();
    await open(`/conversations/${conversation.summary.id}`);
    const card = page.getByRole('region', { name: 'Background' });
    await card.getByText('None', { exact: true }).waitFor();
    await card.getByRole('button', { name: 'Set background' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByRole('button', { name: 'Set background' }).isDisabled()).toBe(true);
    await dialog.getByText('Picture 1').click();
    await dialog.getByRole('region', { name: 'On iOS 26, which zooms' }).waitFor();
    await dialog.getByLabel('As it is').check();
    await dialog.getByRole('button', { name: 'Set background' }).click();
    await dialog.waitFor({ state: 'detached' });
    await card.getByText('Set: version 1.').waitFor();
    await card.getByText('Ours', { exact: true }).waitFor();
    await card.getByText('1920 × 1080 JPEG, 812 KB').waitFor();
    await card.getByText(/74 % of its width is cut off/).waitFor();
    const phone = page.getByRole('region', { name: 'Simulated phone' });
    // Half of the picture's width fills the screen: what phones do to a wallpaper that a program has set.
    const shares = async (): Promise<number[]> =>
      phone.getByAltText('Wallpaper of the chat').evaluate((picture) => {
        const screen = picture.closest('section[aria-label^=What] > div') as HTMLElement;
        const [inner, outer] = [picture.getBoundingClientRect(), screen.getBoundingClientRect()];
        return [inner.width / outer.width, (outer.top - inner.top) / inner.height].map((share) => Math.round(share * 100) / 100);
      });
    await expect.poll(shares).toEqual([2, 0.53]);
    await phone.getByRole('button', { name: 'As sent' }).click();
    await expect.poll(shares).toEqual([1, 0]);
    await card.getByRole('button', { name: 'Remove' }).click();
    await card.getByText('Removed.').waitFor();
    await card.getByText('None', { exact: true }).waitFor();
    await phone.getByAltText('Wallpaper of the chat').waitFor({ state: 'detached' });
  });

  test('sets a background by address, and says why when it can’t', async () => {
    const conversation = fake.addConversation({}, { isSimulated: false });
    await open(`/conversations/${conversation.summary.id}?dialog=background`);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('From an address').check();
    await dialog.getByLabel('Image address').fill('http://example.com/a.jpg');
    await page.keyboard.press('Enter');
    await dialog.getByText('invalid_image_url').waitFor();
    await dialog.getByLabel('Image address').fill('https://example.com/a.jpg');
    await dialog.getByRole('button', { name: 'Set background' }).click();
    await dialog.waitFor({ state: 'detached' });
    const phone = page.getByRole('region', { name: 'Recipient’s phone' });
    await phone.getByAltText('The background as it was sent').waitFor();
    await button('As sent').click();
    expect(await page.getByRole('region', { name: 'Simulated phone' }).count()).toBe(0);
  });

  test('plays the other side on the simulated phone: writes, sees typing, changes the wallpaper, makes the provider fail', async () => {
    const conversation = fake.addConversation();
    await open(`/conversations/${conversation.summary.id}`);
    const phone = page.getByRole('region', { name: 'Simulated phone' });
    await phone.getByLabel('Write as Person 0').fill('Are you there?');
    await page.keyboard.press('Enter');
    await page.getByRole('log', { name: 'Messages', exact: true }).getByText('Are you there?').waitFor();
    await phone.getByText('Are you there?').waitFor();
    expect(await phone.getByLabel('Write as Person 0').inputValue()).toBe('');
    await button('Show typing').click();
    await phone.getByRole('status', { name: 'Backlot is writing' }).waitFor();
    await page.getByText('Typing is shown.').waitFor();

    await phone.locator('input[type=file]').setInputFiles(PHOTOS[0] ?? '');
    await phone.getByAltText('Wallpaper of the chat').waitFor();
    expect(await phone.getByRole('button', { name: 'As sent' }).count()).toBe(0);
    const card = page.getByRole('region', { name: 'Background' });
    await button('Ask again').click();
    await card.getByText('Somebody else’s').waitFor();
    await phone.getByRole('button', { name: 'Remove on the phone' }).click();
    await phone.getByAltText('Wallpaper of the chat').waitFor({ state: 'detached' });

    await phone.getByLabel('The simulated provider').selectOption({ label: 'is unavailable (503)' });
    await expect.poll(() => fake.faults.status).toBe(503);
    fake.refuse = (method, path) => (method === 'POST' && path.endsWith('/background') ? 'provider_unavailable' : null);
    fake.addImages(1);
    await card.getByRole('button', { name: 'Set background' }).click();
    await page.getByRole('dialog').getByText('Picture 0').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Set background' }).click();
    await page.getByText('The background was not set').waitFor();
    await page.getByText('provider_unavailable').waitFor();
  });

  test('a conversation by SMS can have no background, and one that is not there is not found', async () => {
    const conversation = fake.addConversation({ channel: 'sms' }, { isSimulated: false });
    await open(`/conversations/${conversation.summary.id}`);
    await page.getByText('this conversation goes by SMS').waitFor();
    expect(await button('Set background').isDisabled()).toBe(true);
    expect(await button('Show typing').isDisabled()).toBe(true);
    await open('/conversations/conv_none');
    await page.getByText('The conversation can’t be shown').waitFor();
    expect(await button('Try again').count()).toBe(0);
  });

  test('gives every page as curl and TypeScript with its own id and without a key', async () => {
    fake.addImages(1);
    await open(`/background-images/${fake.images[0]?.id ?? ''}`);
    await button('API').click();
    const dialog = page.getByRole('dialog');
    await dialog
      .getByText(`/v1/background-images/${fake.images[0]?.id ?? ''}`)
      .first()
      .waitFor();
    expect(await dialog.textContent()).toContain('Authorization: Bearer $BACKLOT_API_KEY');
    await dialog.getByRole('tab', { name: 'TypeScript' }).click();
    await dialog.getByText('createBacklotClient').first().waitFor();
  });

  test('fits a phone with long titles, and has no serious accessibility findings in either theme', async () => {
    fake.addImages(3, (index) => (index === 0 ? LONG : `Picture ${index}`));
    const dead = fake.addSession({ status: 'failed', reason: { code: 'avatar_failed', message: `The avatar stopped: ${LONG}` } });
    const live = fake.addSession({
      publish_url: `http://127.0.0.1/${'x'.repeat(200)}`,
      publish_token: 'y'.repeat(200),
      avatar: { provider: 'whip' },
      speaks: false,
    });
    fake.isOnLivekit = true;
    fake.credentials = [{ vendor: 'simli', display_prefix: 'simli-', updated_at: new Date().toISOString() }];
    fake.addTemplate({ avatar: { provider: 'simli', face_id: 'f1' }, keying: { spill: 0.5 }, framing: { scale: 2, x: 0.5, y: 0, crop: 'person' } });
    const vendorTemplate = fake.templates.at(-1)?.id ?? '';
    const image = fake.images[0]?.id ?? '';
    const template = fake.addTemplate({ title: LONG, background_image: image, thumbnail_url: fake.images[0]?.thumbnail_url ?? null });
    fake.addTemplate({ background_image: 'bg_gone', avatar: { provider: 'clip', clip: LONG } });
    const endpoint = fake.addEndpoint({ url: `https://example.com/${'x'.repeat(300)}` });
    fake.addEndpoint({ enabled: false, disabled_reason: 'gone', event_types: ['session.started', 'message.received'] });
    fake.addEvent('session.started', [{ endpoint_id: endpoint.id, state: 'delivered', attempts: 1, last_status: 200, last_duration_ms: 8 }]);
    fake.addEvent('conversation.background.updated', [{ endpoint_id: endpoint.id, attempts: 2, last_error: 'timeout' }]);
    const event = fake.addEvent('session.ended', [{ endpoint_id: endpoint.id, state: 'failed', attempts: 9, last_status: 500, last_error: 'bad_status' }]);
    const long = fake.addConversation({ participants: [{ identifier: '+12025550142', name: LONG }], lastMessagePreview: LONG });
    fake.receive(long, `${LONG} https://example.com/${'y'.repeat(200)}`);
    const group = fake.addConversation(
      {
        isGroup: true,
        groupId: 'grp_1',
        participant: 'grp_1',
        groupName: LONG,
        participants: [
          { identifier: '+12025550150', name: 'Ben' },
          { identifier: '+12025550151', name: null },
        ],
      },
      { isSimulated: false },
    );
    Object.assign(group.background, { hasBackground: true, backgroundId: 'obj_foreign', backgroundVersion: 3 });
    const pages = [
      '/sign-in',
      '/background-images',
      '/background-images?dialog=upload',
      `/background-images?dialog=delete&id=${image}`,
      `/background-images/${image}`,
      `/background-images/${image}?dialog=api`,
      '/templates',
      `/templates/${template.id}`,
      `/templates/${vendorTemplate}`,
      `/templates?dialog=delete&id=${template.id}`,
      '/sessions',
      '/sessions/new',
      `/sessions/${live.session_id}`,
      `/sessions/${dead.session_id}`,
      '/background-images/bg_none',
      '/conversations',
      `/conversations/${long.summary.id}`,
      `/conversations/${long.summary.id}?dialog=background`,
      `/conversations/${group.summary.id}`,
      '/avatar-vendors',
      '/avatar-vendors?dialog=secret&id=tavus',
      '/avatar-vendors?dialog=delete&id=simli',
      '/webhooks',
      '/webhooks?dialog=add',
      `/webhooks?dialog=secret&id=${endpoint.id}`,
      `/webhooks?dialog=event&id=${event.id}`,
      `/webhooks?dialog=delete&id=${endpoint.id}`,
    ];
    const findings: unknown[] = [];
    const overflows: string[] = [];
    for (const path of pages) {
      for (const [width, colorScheme] of [
        [390, 'light'],
        [1280, 'dark'],
        [1280, 'light'],
        [390, 'dark'],
      ] as const) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        if (width === 390 && colorScheme === 'light') {
          await open(path);
          await page.locator('h1').first().waitFor();
          await page.waitForFunction(() => document.querySelector('[role=status][aria-label^=Loading]') === null);
        }
        // Judged is what a person sees once size and theme have settled, not a picture on the way there.
        await page.evaluate(async () => {
          for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
          await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
        });
        if (width === 390 && (await page.evaluate(() => document.documentElement.scrollWidth)) > 390) overflows.push(path);
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate(async () => (window as unknown as { axe: typeof axe }).axe.run());
        for (const { id, impact, nodes } of violations) {
          if (impact === 'serious' || impact === 'critical')
            findings.push({ path, width, colorScheme, id, nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => [html.slice(0, 200), failureSummary]) });
        }
      }
    }
    expect(overflows).toEqual([]);
    expect(findings).toEqual([]);
    // Some ninety looks at a page: a loaded machine takes minutes.
  }, 300_000);
});

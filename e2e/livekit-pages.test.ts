import { findLivekitServer, hasChromium, launchChromium, type LivekitServer, type StartedBacklot, startBacklot, startLivekit } from '@backlot/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

interface Player extends Element {
  readonly stats?: { readonly framesDrawn: number };
}

describe.skipIf(!hasChromium || findLivekitServer() === undefined)("Backlot's own pages, on LiveKit", () => {
  let livekit: LivekitServer;
  let backlot: StartedBacklot;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    [browser, livekit] = await Promise.all([launchChromium(), startLivekit()]);
    backlot = await startBacklot({ env: livekit.env });
  });
  afterAll(async () => {
    await browser.close();
    await backlot[Symbol.asyncDispose]();
    await livekit[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    problems.length = 0;
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => message.text().includes('Content Security Policy') && problems.push(message.text()));
  });
  afterEach(async () => {
    await page.close();
    expect(problems).toEqual([]);
  });

  const untilDrawn = (frames: number) =>
    page.waitForFunction((wanted) => ((document.querySelector('backlot-player') as Player | null)?.stats?.framesDrawn ?? 0) > wanted, frames, {
      timeout: 60_000,
    });
  const startSession = async (): Promise<{ session_id: string; player_url: string }> => {
    const { status, body } = await backlot.api('POST', '/v1/sessions', {});
    expect(status).toBe(201);
    return body as { session_id: string; player_url: string };
  };
  const statuses = async (): Promise<string[]> => {
    const { data } = (await backlot.api('GET', '/v1/sessions')).body as { data: { status: string }[] };
    return data.map(({ status }) => status);
  };

  test('the page of a session plays it', async () => {
    const { session_id: id, player_url: url } = await startSession();
    await page.goto(url);
    await untilDrawn(20);
    expect(await page.evaluate(() => (document.querySelector('backlot-player') as Player | null)?.stats?.framesDrawn)).toBeGreaterThan(20);
    await backlot.api('DELETE', `/v1/sessions/${id}`);
  });

  test('the console plays a session, and a template while it is edited, whose session ends with it', async () => {
    await page.goto(backlot.signInUrl);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL((url) => !url.pathname.endsWith('sign-in'));
    const { session_id: id } = await startSession();
    await page.goto(`${backlot.url}/console/sessions/${id}`);
    await untilDrawn(20);
    await backlot.api('DELETE', `/v1/sessions/${id}`);
    await page.getByText('This session has ended').waitFor();
    await page.goto(`${backlot.url}/console/templates/new`);
    await page.getByRole('button', { name: 'See it on air' }).click();
    await untilDrawn(20);
    await page.getByRole('link', { name: 'Sessions', exact: true }).click();
    await expect.poll(statuses).not.toContain('live');
    expect(await statuses()).not.toContain('starting');
  });
});

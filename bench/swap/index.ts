/**
 * How long a swap takes: from the API's answer to the first new pixel at a viewer, and the frames dropped meanwhile.
 * One stand-in session at 1280 × 720, one viewer in headless Chromium, both clocks are the page's.
 */
import type { BacklotPlayer } from '@backlot/player';
import { launchChromium, sharedData, startBacklot, TEST_API_KEY } from '@backlot/testing';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type BenchRow, percentile, report } from '../report.js';

const SWAPS = 50;
const PHOTOS = ['backgrounds/photos/saxon-switzerland-539418_1280.jpg', 'backgrounds/photos/porch-691330_1280.jpg', 'backgrounds/sharp/flowers.jpeg'];

const { values: options } = parseArgs({ options: { json: { type: 'string' } } });

await using backlot = await startBacklot();
const browser = await launchChromium();
try {
  const images: string[] = [];
  for (const path of PHOTOS) {
    const form = new FormData();
    form.set('title', path);
    form.set('image', new Blob([await readFile(sharedData(path))]), path);
    images.push(((await backlot.api('POST', '/v1/background-images', form)).body as { id: string }).id);
  }
  const session = (await backlot.api('POST', '/v1/sessions', { background_image: images[0] })).body as { session_id: string; player_url: string };
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  await page.goto(session.player_url);
  await page.waitForFunction(() => (document.querySelector<BacklotPlayer>('backlot-player')?.stats?.framesDrawn ?? 0) > 60);

  const measured = await page.evaluate(
    async ({ url, key, images: ids, swaps }) => {
      const player = document.querySelector<BacklotPlayer>('backlot-player');
      if (player === null) throw new Error('The page has no player.');
      const results: { afterAnswerMs: number; afterRequestMs: number }[] = [];
      const before = { ...player.stats };
      const startedAtMs = performance.now();
      for (let index = 1; index <= swaps; index++) {
        const shown = new Promise<number>((resolve) => {
          player.addEventListener('backlotbackground', (event) => resolve((event as CustomEvent<{ shownAtMs: number }>).detail.shownAtMs), { once: true });
        });
        const requestedAtMs = performance.timeOrigin + performance.now();
        const response = await fetch(url, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body: JSON.stringify({ background_image: ids[index % ids.length], transition_ms: 300 }),
        });
        const answeredAtMs = performance.timeOrigin + performance.now();
        if (!response.ok) throw new Error(`swap answered ${response.status}`);
        const shownAtMs = await shown;
        results.push({ afterAnswerMs: Math.max(0, shownAtMs - answeredAtMs), afterRequestMs: shownAtMs - requestedAtMs });
        await new Promise((resolve) => {
          setTimeout(resolve, 400);
        });
      }
      const seconds = (performance.now() - startedAtMs) / 1000;
      return { results, dropped: player.stats.framesDropped - before.framesDropped, drawn: player.stats.framesDrawn - before.framesDrawn, seconds };
    },
    { url: `${backlot.url}/v1/sessions/${session.session_id}/background`, key: TEST_API_KEY, images, swaps: SWAPS },
  );
  const afterAnswer = measured.results.map((result) => result.afterAnswerMs);
  const afterRequest = measured.results.map((result) => result.afterRequestMs);
  const rows: BenchRow[] = [
    { case: 'API answer → first new pixel', metric: 'p50', value: percentile(afterAnswer, 50), unit: 'ms' },
    { case: 'API answer → first new pixel', metric: 'p95', value: percentile(afterAnswer, 95), unit: 'ms', goal: '≤ 60' },
    { case: 'request → first new pixel', metric: 'p50', value: percentile(afterRequest, 50), unit: 'ms' },
    { case: 'request → first new pixel', metric: 'p95', value: percentile(afterRequest, 95), unit: 'ms' },
    { case: 'frames during the swaps', metric: 'dropped', value: measured.dropped, unit: 'frames', goal: '0' },
    { case: 'frames during the swaps', metric: 'drawn', value: measured.drawn / measured.seconds, unit: 'fps' },
  ];
  await report(`${SWAPS} swaps, 300 ms cross-fade, loopback`, rows, options.json);
} finally {
  await browser.close();
}

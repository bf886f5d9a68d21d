/// <reference lib="dom" />
// Takes the pictures in README.md from a Backlot of its own: the library, a session with the stand-in, and a conversation.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, runScript, setUpBuilds, setUpPackages } from './setup.mjs';

const VIEWPORT = { width: 1280, height: 800 };
/** Frames after which the picture of a fresh encoder is no longer coarse. */
const SETTLED_FRAMES = 150;
/** Frames from the request to the middle of the speech. */
const SPEAKING_FRAMES = 50;
const TEXT = 'Good morning. Shall we talk somewhere else? Pick another place for me, and I will be there before I have finished this sentence.';

await runScript(async () => {
  await setUpPackages();
  await setUpBuilds();
  const { launchChromium, startBacklot } = await import('../packages/testing/dist/index.js');
  const folder = join(root, 'docs/images');
  mkdirSync(folder, { recursive: true });
  const backlot = await startBacklot();
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: VIEWPORT });
    await page.goto(backlot.signInUrl);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL((url) => !url.pathname.endsWith('sign-in'));
    await page.goto(`${backlot.url}/console/background-images`);
    await page.getByRole('table').waitFor();
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: join(folder, 'console.png') });

    const list = /** @type {{ data: { id: string }[] }} */ ((await backlot.api('GET', '/v1/background-images')).body);
    const session = /** @type {{ session_id: string }} */ ((await backlot.api('POST', '/v1/sessions', { background_image: list.data[0]?.id ?? null })).body);
    await page.goto(`${backlot.url}/console/sessions/${session.session_id}`);
    /** @param {number} frames */
    const drawn = async (frames) =>
      page.waitForFunction((wanted) => {
        const player = /** @type {(Element & { stats?: { framesDrawn: number } }) | null} */ (document.querySelector('backlot-player'));
        return (player?.stats?.framesDrawn ?? 0) > wanted;
      }, frames);
    await drawn(SETTLED_FRAMES);
    await backlot.api('POST', `/v1/sessions/${session.session_id}/speech`, { text: TEXT });
    await drawn(SETTLED_FRAMES + SPEAKING_FRAMES);
    await page.screenshot({ path: join(folder, 'session.png') });
    await backlot.api('DELETE', `/v1/sessions/${session.session_id}`);

    await page.goto(`${backlot.url}/console/conversations`);
    await page.getByRole('link', { name: 'Maya Lindqvist' }).click();
    await page.getByRole('heading', { name: 'Maya Lindqvist', level: 1 }).waitFor();
    const { data } = /** @type {{ data: { id: string }[] }} */ ((await backlot.api('GET', '/v1/conversations')).body);
    const background = { background_image: list.data[0]?.id ?? null, fit: 'phone' };
    await backlot.api('POST', `/v1/conversations/${data[0]?.id ?? ''}/background`, background);
    await page.getByAltText('Wallpaper of the chat').waitFor();
    await page.waitForFunction(() => [...document.images].every(({ complete, naturalWidth }) => complete && naturalWidth > 0));
    await page.screenshot({ path: join(folder, 'conversation.png') });
  } finally {
    await browser.close();
    await backlot[Symbol.asyncDispose]();
  }
});
process.exit();

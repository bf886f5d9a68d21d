import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = process.env['BACKLOT_CHROMIUM'] ?? candidates.find((path) => existsSync(path));

/** Whether a Chromium is installed (`BACKLOT_CHROMIUM` names another one). Its absence is an error under `CI=true`. */
export const hasChromium: boolean = executablePath !== undefined;
if (!hasChromium) {
  const message = 'Chromium is missing: install it (`apt-get install chromium`) or set BACKLOT_CHROMIUM.';
  if (process.env['CI'] === 'true') throw new Error(message);
  process.stderr.write(`SKIPPED: ${message}\n`);
}

/** Starts headless Chromium for WebRTC on one machine. The caller closes it. */
export const launchChromium = async (extraArguments: readonly string[] = []): Promise<Browser> => {
  if (executablePath === undefined) throw new Error('Chromium is not installed.');
  return chromium.launch({
    executablePath,
    args: [
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--autoplay-policy=no-user-gesture-required',
      // Host candidates as addresses: a Node peer may not resolve `.local` names.
      '--disable-features=WebRtcHideLocalIpsWithMdns',
      // Background throttling would stop the timers of the second and later pages.
      '--disable-renderer-backgrounding',
      '--disable-backgrounding-occluded-windows',
      '--disable-background-timer-throttling',
      ...extraArguments,
    ],
  });
};

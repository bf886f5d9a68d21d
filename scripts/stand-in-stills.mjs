// Draws the stand-in without its screen, for the console's preview of framing: packages/console/public/stand-in-….webp.
import { join } from 'node:path';
import sharp from 'sharp';
import { root, runScript, setUpBuilds, setUpPackages } from './setup.mjs';

const RATE_FPS = 25;
/** Hands down, eyes open. */
const MOMENT_SECONDS = 1;
const SILENT = { activity: 0, open: 0, wide: 0, teeth: 0, tongue: 0, stress: 0 };

await runScript(async () => {
  await setUpPackages();
  await setUpBuilds();
  const { createRenderer } = await import('../packages/server/dist/media/sources/stand-in/renderer.js');
  for (const { name, width, height } of [
    { name: 'landscape', width: 1280, height: 720 },
    { name: 'portrait', width: 720, height: 1280 },
  ]) {
    const pixels = createRenderer(width, height, RATE_FPS).drawTransparent(MOMENT_SECONDS, SILENT);
    await sharp(pixels, { raw: { width, height, channels: 4 } })
      .webp({ quality: 82, alphaQuality: 90 })
      .toFile(join(root, `packages/console/public/stand-in-${name}.webp`));
  }
});

import { launchChromium } from '@backlot/testing';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { ffmpeg, rawInput } from '../keyer-quality/encode.js';
import type { Frame } from '../keyer-quality/planes.js';
import type { Footage } from './frames.js';
import type * as page from './page.js';

const TIMEOUT_MS = 120_000;
const WARM_UP = 5;
const COUNT = 101;
/** Times that the footage is repeated in the video, which is played in a loop. */
const REPEATS = 4;

/** What the page finds as `window.speed`. */
declare const speed: typeof page;

const bundle = async (): Promise<string> => {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: false, lib: { entry: fileURLToPath(new URL('page.js', import.meta.url)), formats: ['iife'], name: 'speed' } },
  });
  const [first] = Array.isArray(result) ? result : [result];
  if (first === undefined || !('output' in first)) throw new Error('The page was not built.');
  return first.output[0].code;
};

const encodeVideo = ({ frames, width, height }: Footage): Buffer => {
  const bytes = Buffer.concat(Array.from({ length: REPEATS }, () => frames.map((frame) => frame.bytes)).flat());
  const coding = '-c:v libx264 -preset veryfast -crf 18 -threads 1 -movflags frag_keyframe+empty_moov -f mp4 -'.split(' ');
  return ffmpeg([...rawInput(width, height, '-'), ...coding], bytes);
};

/** Plays footage in Chromium and times what draws it there. */
export const timeInBrowser = async (footage: Footage, behind: Frame): Promise<page.PageTimes> => {
  const { width, height } = footage;
  const files: Readonly<Record<string, readonly [type: string, body: Uint8Array | string]>> = {
    '/': ['text/html', '<!doctype html><body>'],
    '/video': ['video/mp4', encodeVideo(footage)],
    '/behind': ['image/jpeg', ffmpeg([...rawInput(width, height, '-'), ...'-frames:v 1 -c:v mjpeg -q:v 2 -f mjpeg -'.split(' ')], behind.bytes)],
    '/keyer.wasm': ['application/wasm', await readFile(fileURLToPath(import.meta.resolve('@backlot/keyer/keyer.wasm')))],
  };
  const server = createServer((request, response) => {
    const [type, body] = files[request.url ?? ''] ?? [];
    if (type === undefined) response.writeHead(404).end();
    else response.setHeader('Content-Type', type).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launchChromium();
  try {
    const tab = await browser.newPage();
    tab.setDefaultTimeout(TIMEOUT_MS);
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await tab.addScriptTag({ content: await bundle() });
    return await tab.evaluate((task) => speed.timeRenderers(task), { width, height, warmUp: WARM_UP, count: COUNT });
  } finally {
    await browser.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
};

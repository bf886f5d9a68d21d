import type * as webgl from '@backlot/keyer/webgl';
import { launchChromium } from '@backlot/testing';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import type { Clip } from './clip.js';
import type { Keyer } from './keyer.js';
import type { Keyed } from './metrics.js';
import { createRgb, toFrame } from './planes.js';

const TIMEOUT_MS = 60_000;

/** What the page finds as `window.keyer`. */
declare const keyer: typeof webgl;

/** Our WebGL build in Chromium. Disposing it closes the browser. */
export interface WebglKeyer extends Keyer, AsyncDisposable {}

const bundle = async (): Promise<string> => {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      lib: { entry: fileURLToPath(import.meta.resolve('@backlot/keyer/webgl')), formats: ['iife'], name: 'keyer' },
    },
  });
  const [first] = Array.isArray(result) ? result : [result];
  if (first === undefined || !('output' in first)) throw new Error('The keyer was not built.');
  return first.output[0].code;
};

const readBody = async (request: IncomingMessage): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/**
 * Starts it. It gets the coded planes as `VideoFrame`s, which the browser converts, and finds the key, the plate and the
 * floor itself; it is told the siting. Alpha is read from a canvas without a background, the composite from one with it.
 */
export const createWebglKeyer = async (): Promise<WebglKeyer> => {
  let clip: Clip | undefined;
  let results: Uint8Array[] = [];
  const server = createServer((request, response) => {
    const [, kind = '', index = ''] = (request.url ?? '').split('/');
    if (request.method === 'POST') {
      void readBody(request).then((body) => {
        results.push(body);
        response.end();
      });
    } else if (kind === 'frame') response.end(clip?.frames[Number(index)]?.bytes);
    else if (kind === 'behind' && clip !== undefined) response.end(rgbaOf(clip));
    else response.setHeader('Content-Type', 'text/html').end('<!doctype html><body>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launchChromium();
  const page = await browser.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.addScriptTag({ content: await bundle() });

  return {
    name: 'Backlot WebGL',
    isPeer: false,
    async key(given) {
      clip = given;
      results = [];
      const { width, height } = given.behindFrame;
      await page.evaluate(keyInPage, { width, height, count: given.frames.length, first: given.first, ...given.layout });
      return results.map((bytes): Keyed => {
        const size = width * height;
        const over = createRgb(width, height);
        const alpha = new Uint8Array(size);
        // Rows come from the bottom up: first the picture without a background, then with it.
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const to = y * width + x;
            const from = 4 * ((height - 1 - y) * width + x);
            alpha[to] = bytes[from + 3] ?? 0;
            over.r[to] = bytes[4 * size + from] ?? 0;
            over.g[to] = bytes[4 * size + from + 1] ?? 0;
            over.b[to] = bytes[4 * size + from + 2] ?? 0;
          }
        }
        return { alpha, composite: toFrame(over, given.layout) };
      });
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const rgbaOf = ({ behind: { r, g, b } }: Clip): Uint8Array => {
  const rgba = new Uint8Array(4 * r.length).fill(255);
  for (let i = 0; i < r.length; i++) {
    rgba[4 * i] = r[i] ?? 0;
    rgba[4 * i + 1] = g[i] ?? 0;
    rgba[4 * i + 2] = b[i] ?? 0;
  }
  return rgba;
};

/** What the page is told of a clip. */
interface Task {
  readonly width: number;
  readonly height: number;
  readonly count: number;
  readonly first: number;
  readonly matrix: 'bt601' | 'bt709';
  readonly siting: 'left' | 'centre';
}

/** Runs in the page: keys a clip, and sends each scored frame back without and with its background. */
const keyInPage = async ({ width, height, count, first, matrix, siting }: Task): Promise<void> => {
  const load = async (path: string) => new Uint8ClampedArray(await (await fetch(path)).arrayBuffer());
  const behind = new ImageData(await load('/behind'), width, height);
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const renderer = new keyer.KeyRenderer(canvas, { parameters: { siting } });
  const read = (into: Uint8Array) => {
    const gl = canvas.getContext('webgl2');
    gl?.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl?.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, into);
  };
  try {
    for (let index = 0; index < count; index++) {
      const frame = new VideoFrame(await load(`/frame/${index}`), {
        format: 'I420',
        codedWidth: width,
        codedHeight: height,
        timestamp: 40_000 * index,
        // Only the matrix differs from what the canvas has: colours are compared as codes.
        colorSpace: { matrix: matrix === 'bt601' ? 'smpte170m' : 'bt709', primaries: 'bt709', transfer: 'iec61966-2-1', fullRange: false },
      });
      const image = index < first ? undefined : await createImageBitmap(behind, { premultiplyAlpha: 'none', colorSpaceConversion: 'none' });
      try {
        if (!renderer.drawFrame(frame, width, height, 40 * index)) throw new Error('The frame was not drawn.');
      } finally {
        frame.close();
      }
      if (image === undefined) continue;
      const both = new Uint8Array(8 * width * height);
      read(both.subarray(0, 4 * width * height));
      renderer.setBackground({ kind: 'image', image, fit: 'cover' });
      renderer.redraw(40 * index);
      read(both.subarray(4 * width * height));
      renderer.setBackground({ kind: 'none' });
      await fetch('/result', { method: 'POST', body: both });
    }
  } finally {
    renderer.dispose();
  }
};

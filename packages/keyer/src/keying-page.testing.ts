import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { launchChromium, sharedData } from '@backlot/testing';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import type * as everything from './everything.testing.js';

/** What pages find as `window.keyer`: the keyer and its renderer. */
export type KeyerGlobal = typeof everything;

const WASM = fileURLToPath(new URL('../dist/wasm/keyer.wasm', import.meta.url));

const bundle = async (): Promise<string> => {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      lib: { entry: fileURLToPath(new URL('./everything.testing.ts', import.meta.url)), formats: ['iife'], name: 'keyer' },
    },
  });
  const [first] = Array.isArray(result) ? result : [result];
  if (first === undefined || !('output' in first)) throw new Error('The keyer was not built.');
  return first.output[0].code;
};

/** A Chromium with a page that has the keyer, and a server that gives it the shared data under `/` and `/keyer.wasm`. */
export interface KeyingPage extends AsyncDisposable {
  readonly browser: Browser;
  readonly page: Page;
}

/** Starts it. The caller disposes it. */
export const openKeyingPage = async (): Promise<KeyingPage> => {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = sharedData(path.slice(1));
    if (path === '/') return void response.setHeader('Content-Type', 'text/html').end('<!doctype html><body>');
    if (path === '/keyer.wasm') return void createReadStream(WASM).pipe(response.setHeader('Content-Type', 'application/wasm'));
    if (!existsSync(file)) return void response.writeHead(404).end();
    const { size } = statSync(file);
    const start = Number(/bytes=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      'Accept-Ranges': 'bytes',
      'Content-Length': size - start,
      'Content-Range': `bytes ${start}-${size - 1}/${size}`,
      'Content-Type': path.endsWith('.mp4') ? 'video/mp4' : 'image/png',
    });
    createReadStream(file, { start }).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.addScriptTag({ content: await bundle() });
  return {
    browser,
    page,
    async [Symbol.asyncDispose]() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from './app.js';
import type { App } from './context.js';
import { StaticFiles } from './static-files.js';

let folder: string;
let app: App;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backlot-static-'));
  await mkdir(join(folder, 'app', 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await writeFile(join(folder, 'app', 'index.html'), '<title>console</title>');
  await writeFile(join(folder, 'app', 'assets', 'main-Ab3dEf9h.js'), 'export {};');
  app = createApp({ log: pino({ level: 'silent' }), version: '0.0.0', publicUrl: 'http://backlot.test' });
  const files = new StaticFiles();
  app.get('/console/*', files.folder({ folder: join(folder, 'app'), prefix: '/console', fallback: 'index.html' }));
  app.get('/player/:id', files.file(join(folder, 'app', 'index.html')));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('static files', () => {
  it('keeps assets with a hash for good, and asks again for pages', async () => {
    const asset = await app.request('/console/assets/main-Ab3dEf9h.js');
    expect(asset.status).toBe(200);
    expect(asset.headers.get('cache-control')).toContain('immutable');
    expect(asset.headers.get('content-type')).toContain('javascript');
    const page = await app.request('/console/');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(await page.text()).toContain('console');
    const again = await app.request('/console/', { headers: { 'if-none-match': page.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  });

  it('sends the page for addresses that it routes itself, and 404 for files that are not there', async () => {
    expect(await (await app.request('/console/resources/bg_123')).text()).toContain('console');
    expect((await app.request('/console/assets/gone-Ab3dEf9h.js')).status).toBe(404);
  });

  it.each([
    '/console/..%2fsecret.txt',
    '/console/%2e%2e%2fsecret.txt',
    '/console/assets/..%2f..%2fsecret.txt',
    '/console/..%5csecret.txt',
    '/console/%2fetc%2fpasswd.txt',
    '/console/%00.js',
    '/console/%ff.js',
    '/console/%',
  ])('never leaves its folder: %s', async (path) => {
    const response = await app.request(path);
    expect([200, 404]).toContain(response.status);
    const text = await response.text();
    expect(text).not.toContain('secret\n');
    expect(text).not.toBe('secret');
  });

  it('lets other sites frame the player but not the console', async () => {
    const frames = async (path: string) => {
      const { headers } = await app.request(path);
      return { policy: headers.get('content-security-policy') ?? '', legacy: headers.get('x-frame-options') };
    };
    const framed = await frames('/console/');
    expect(framed.policy).toContain("frame-ancestors 'none'");
    expect(framed.legacy).toBe('DENY');
    const player = await frames('/player/sess_1');
    expect(player.legacy).toBeNull();
    expect(player.policy).not.toContain('frame-ancestors');
    expect(player.policy).toContain("default-src 'self'");
  });
});

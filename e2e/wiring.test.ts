import { startBacklot, type StartedBacklot } from '@backlot/testing';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly security?: readonly object[]; readonly operationId?: string }>>>>;
}

/** What only shows once all parts are wired together. */
describe('the wired server', () => {
  let backlot: StartedBacklot;
  let openapi: OpenApi;

  beforeAll(async () => {
    backlot = await startBacklot();
    openapi = (await (await fetch(`${backlot.url}/openapi.json`)).json()) as OpenApi;
  });
  afterAll(async () => {
    await backlot?.[Symbol.asyncDispose]();
  });

  test('lets nobody use a secured route without a key', async () => {
    const secured = Object.entries(openapi.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, operation]) => operation.security !== undefined)
        .map(([method]) => ({ method: method.toUpperCase(), path: path.replace('{id}', 'sess_1').replace('{connection}', 'conn_1') })),
    );
    expect(secured.length).toBeGreaterThan(15);
    for (const { method, path } of secured) {
      const type =
        method === 'PATCH' && path.includes('/wh') ? 'application/trickle-ice-sdpfrag' : path.includes('/wh') ? 'application/sdp' : 'application/json';
      const response = await fetch(`${backlot.url}${path}`, { method, headers: { 'content-type': type } });
      expect([method, path, response.status]).toEqual([method, path, 401]);
    }
  });

  test('takes an upload once, however often it is sent with one idempotency key', async () => {
    // Regression: the guard once ran twice on this path, and the second claim of the key met the first.
    const file = await readFile(new URL('../packages/server/assets/backgrounds/studio-wall.jpg', import.meta.url));
    const upload = async () => {
      const form = new FormData();
      form.set('title', 'Once');
      form.set('image', new Blob([file]), 'once.jpg');
      return backlot.api('POST', '/v1/background-images', form, { 'idempotency-key': 'upload-1' });
    };
    const [first, second] = [await upload(), await upload()];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.body).toEqual(first.body);
    const found = (await backlot.api('GET', '/v1/background-images?search=once')).body as { data: unknown[] };
    expect(found.data).toHaveLength(1);
  });

  test('starts a session from a template, which then may go', async () => {
    const { data } = (await backlot.api('GET', '/v1/background-images')).body as { data: { id: string }[] };
    const background_image = data[0]?.id ?? null;
    const template = { title: 'Front desk', background_image, canvas: { width: 720, height: 1280 }, fit: 'contain' };
    const { id } = (await backlot.api('POST', '/v1/templates', template)).body as { id: string };
    const created = await backlot.api('POST', '/v1/sessions', { template_id: id, fit: 'cover' });
    expect([created.status, created.body]).toEqual([
      201,
      expect.objectContaining({
        avatar: { provider: 'stand-in' },
        canvas: template.canvas,
        fit: 'cover',
        background: expect.objectContaining({ background_id: background_image, background_version: 1 }) as unknown,
      }),
    ]);
    expect((await backlot.api('DELETE', `/v1/templates/${id}`)).status).toBe(204);
    const session = `/v1/sessions/${(created.body as { session_id: string }).session_id}`;
    await expect.poll(async () => (await backlot.api('GET', session)).body, { timeout: 20_000 }).toMatchObject({ status: 'live', canvas: template.canvas });
    expect((await backlot.api('POST', '/v1/sessions', { template_id: id })).status).toBe(404);
    await backlot.api('DELETE', session);
  });

  test('serves the console, the player, the documentation of errors and its health', async () => {
    const get = async (path: string): Promise<Response> => fetch(`${backlot.url}${path}`);
    expect((await get('/')).url).toBe(`${backlot.url}/console/`);
    for (const path of ['/console/', '/console/sessions/new', '/player/sess_1', '/docs/errors'])
      expect((await get(path)).headers.get('content-type')).toContain('text/html');
    for (const file of ['backlot-player.js', 'software.js', 'livekit.js', 'keyer.wasm']) {
      const { status, headers } = await get(`/player/${file}`);
      expect([file, status, headers.get('access-control-allow-origin')]).toEqual([file, 200, '*']);
    }
    expect(await (await get('/health/ready')).json()).toEqual({ status: 'ready', parts: { database: 'up', images: 'up' } });
    expect((await get('/console/%2e%2e/%2e%2e/package.json')).status).toBe(404);
  });
});

import { setBackground } from '@backlot/contract';
import { createRoute } from '@hono/zod-openapi';
import { Writable } from 'node:stream';
import { every } from 'hono/combine';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Database } from '../database/database.js';
import { openPgliteDatabase } from '../database/pglite/pglite-database.js';
import { registerIdentityRoutes } from '../identity/routes.js';
import { IdentityService } from '../identity/service.js';
import { createApp } from './app.js';
import { createAuthentication, requireOrganization } from './authentication.js';
import type { App } from './context.js';
import { registerErrorPages } from './error-pages.js';
import { idempotency } from './idempotency.js';

const KEY = 'a-key-for-the-tests-of-http';
const PUBLIC_URL = 'http://backlot.test';
const authorization = { authorization: `Bearer ${KEY}` };

describe('the HTTP application', () => {
  let database: Database;
  let identity: IdentityService;
  let organizationId: string;
  let app: App;
  let log = '';
  let effects = 0;

  beforeAll(async () => {
    database = await openPgliteDatabase();
    identity = new IdentityService(database);
    ({ organizationId } = await identity.bootstrap(KEY));
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        log += chunk.toString();
        done();
      },
    });
    app = createApp({ log: pino({ level: 'info' }, sink), version: '1.2.3', publicUrl: PUBLIC_URL });
    const authenticate = createAuthentication({ authenticator: identity, publicUrl: PUBLIC_URL });
    const guard = every(requireOrganization(authenticate), idempotency({ database }));
    registerIdentityRoutes(app, { identity, requireOrganization: guard, publicUrl: PUBLIC_URL, version: '1.2.3' });
    registerErrorPages(app);
    const effect = createRoute({
      method: 'post',
      path: '/v1/effects',
      request: { body: { required: true, content: { 'application/json': { schema: setBackground } } } },
      responses: { 200: { description: 'Done.', content: { 'application/json': { schema: z.object({ effects: z.number() }) } } } },
    });
    app.use('/v1/effects', guard);
    app.openapi(effect, async (context) => {
      effects++;
      return context.json({ effects }, 200);
    });
    app.get('/v1/broken', () => {
      throw new Error('secret detail');
    });
  });
  afterAll(async () => {
    await database[Symbol.asyncDispose]();
  });

  const post = async (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    app.request('/v1/effects', { method: 'POST', body, headers: { 'content-type': 'application/json', ...authorization, ...headers } });
  const errorOf = async (response: Response): Promise<unknown> => ({ status: response.status, ...((await response.json()) as { error: object }).error });

  test('lets nobody in without a valid key, and says how', async () => {
    for (const header of [undefined, 'Bearer wrong', KEY, 'Basic abc']) {
      const response = await app.request('/v1/me', header === undefined ? {} : { headers: { authorization: header } });
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await errorOf(response)).toMatchObject({ status: 401, code: 'unauthenticated', docs_url: `${PUBLIC_URL}/docs/errors/unauthenticated` });
    }
    const response = await app.request('/v1/me', { headers: authorization });
    expect(await response.json()).toEqual({ organization: { id: organizationId, name: 'Backlot' }, via: 'api_key', version: '1.2.3' });
  });

  test('names every wrong field, and what is not JSON, not the right type, too large, or nowhere', async () => {
    expect(await errorOf(await post('{'))).toMatchObject({ status: 400, code: 'invalid_json' });
    expect(await errorOf(await post('{"color":"red","transition_ms":"x","other":1}'))).toMatchObject({
      status: 422,
      code: 'invalid_request',
      details: expect.arrayContaining([
        { field: 'color', message: expect.any(String) },
        { field: 'transition_ms', message: expect.any(String) },
        { field: 'other', message: 'is not a field of this request' },
      ]),
    });
    expect(await errorOf(await post('color', { 'content-type': 'text/plain' }))).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    expect(await errorOf(await post(`{"color":"${'x'.repeat(1024 * 1024)}"}`))).toMatchObject({ status: 413, code: 'body_too_large' });
    expect(await errorOf(await app.request('/v1/nothing', { headers: authorization }))).toMatchObject({ status: 404, code: 'route_not_found' });
    const wrongMethod = await app.request('/v1/effects', { method: 'DELETE', headers: authorization });
    expect(wrongMethod.headers.get('allow')).toBe('POST');
    expect(await errorOf(wrongMethod)).toMatchObject({ status: 405, code: 'method_not_allowed' });
    expect(effects).toBe(0);
  });

  test("hides what went wrong on our side, logs it, and keeps the request's id", async () => {
    const response = await app.request('/v1/broken', { headers: { 'x-request-id': 'mine-1' } });
    expect(response.headers.get('x-request-id')).toBe('mine-1');
    expect(await errorOf(response)).toMatchObject({ status: 500, code: 'internal', request_id: 'mine-1', message: expect.not.stringContaining('secret') });
    expect(log).toContain('secret detail');
    const odd = await app.request('/v1/broken', { headers: { 'x-request-id': 'two words' } });
    expect(odd.headers.get('x-request-id')).toMatch(/^req_/);
  });

  test('never logs keys, tokens or queries', async () => {
    await app.request('/v1/me?cursor=secret-query', { headers: authorization });
    const token = await identity.createSignInToken(organizationId);
    await app.request('/v1/console/sign-in', {
      method: 'POST',
      body: JSON.stringify({ token }),
      headers: { 'content-type': 'application/json', origin: PUBLIC_URL },
    });
    for (const secret of [KEY, 'secret-query', token]) expect(log).not.toContain(secret);
  });

  test('signs in to the console with a cookie that only its own pages can use for changes', async () => {
    const signIn = async (origin: string | undefined): Promise<Response> =>
      app.request('/v1/console/sign-in', {
        method: 'POST',
        body: JSON.stringify({ api_key: KEY }),
        headers: { 'content-type': 'application/json', ...(origin === undefined ? {} : { origin }) },
      });
    expect((await signIn('https://evil.test')).status).toBe(403);
    expect((await signIn(undefined)).status).toBe(403);
    const response = await signIn(PUBLIC_URL);
    const setCookie = response.headers.get('set-cookie') ?? '';
    expect(setCookie).toMatch(/^backlot=[\w-]{43}; .*HttpOnly/);
    expect(setCookie).toContain('SameSite=Lax');
    const cookie = setCookie.split(';')[0] ?? '';
    expect(await (await app.request('/v1/me', { headers: { cookie } })).json()).toMatchObject({ via: 'console' });

    const change = async (headers: Record<string, string>): Promise<number> =>
      (await app.request('/v1/effects', { method: 'POST', body: '{"color":"#000000"}', headers: { cookie, 'content-type': 'application/json', ...headers } }))
        .status;
    expect(await change({ origin: PUBLIC_URL })).toBe(200);
    expect(await change({ origin: 'https://evil.test' })).toBe(403);
    expect(await change({})).toBe(403);
  });

  test('answers browsers on other sites that bring a key', async () => {
    const preflight = await app.request('/v1/me', {
      method: 'OPTIONS',
      headers: { origin: 'https://customer.test', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
    const refused = await app.request('/v1/me', { headers: { origin: 'https://customer.test' } });
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
  });

  test('lets its pages connect to LiveKit, and to nobody else', async () => {
    const policyOf = async (livekitUrl?: string): Promise<string[]> => {
      const other = createApp({ log: pino({ level: 'silent' }), version: '1.2.3', publicUrl: PUBLIC_URL, livekitUrl });
      other.get('/console/page', (context) => context.html(''));
      other.get('/player/page', (context) => context.html(''));
      const headers = [await other.request('/console/page'), await other.request('/player/page')].map((page) => page.headers.get('content-security-policy'));
      return headers.map((header) => /connect-src ([^;]+)/.exec(header ?? '')?.[1] ?? '');
    };
    const twice = (sources: string): string[] => [sources, sources];
    expect(await policyOf()).toEqual(twice("'self'"));
    expect(await policyOf('ws://127.0.0.1:7880')).toEqual(twice("'self' ws://127.0.0.1:7880 http://127.0.0.1:7880"));
    expect(await policyOf('wss://livekit.example.com')).toEqual(twice("'self' wss://livekit.example.com https://livekit.example.com"));
    expect(await policyOf('wss://ours.livekit.cloud')).toEqual(
      twice("'self' wss://ours.livekit.cloud https://ours.livekit.cloud wss://*.livekit.cloud https://*.livekit.cloud"),
    );
  });

  test('has a page for every error code', async () => {
    const index = await (await app.request('/docs/errors')).text();
    const codes = [...index.matchAll(/href="(\/docs\/errors\/\w+)"/g)].map((match) => match[1] ?? '');
    expect(codes.length).toBeGreaterThan(30);
    for (const path of codes) expect((await app.request(path)).status).toBe(200);
    expect((await app.request('/docs/errors/made_up')).status).toBe(404);
  });

  test('lists every call of the API on one page, under the strict content policy', async () => {
    const response = await app.request('/docs');
    const html = await response.text();
    expect(html).toContain('<code>POST /v1/effects</code>');
    expect(html).toContain('<code>GET /v1/me</code>');
    expect(html).toContain('href="/openapi.json"');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
    const style = /rel="stylesheet" href="([^"]+)"/.exec(html)?.[1] ?? '';
    expect((await app.request(style)).headers.get('content-type')).toContain('text/css');
  });
});

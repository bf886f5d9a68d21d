import { every } from 'hono/combine';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { avatarCredentials } from '../database/schema.js';
import { createAuthentication, requireOrganization } from '../http/authentication.js';
import { openTestApp, PUBLIC_URL, readError, type TestApp } from '../http/http.testing.js';
import { idempotency } from '../http/idempotency.js';
import { createSealer } from '../identity/sealer.js';
import { registerAvatarCredentialRoutes } from './routes.js';
import { AvatarCredentialService } from './service.js';

const API_KEY = 'sk-secret-of-the-vendor-1';

describe('API keys of avatar vendors', () => {
  let server: TestApp;
  let credentials: AvatarCredentialService;

  beforeAll(async () => {
    server = await openTestApp();
    const { database } = server;
    credentials = new AvatarCredentialService({ database, sealer: createSealer(new Uint8Array(32).fill(7)) });
    const authenticate = createAuthentication({ authenticator: server.identity, publicUrl: PUBLIC_URL });
    registerAvatarCredentialRoutes(server.app, { credentials, guard: every(requireOrganization(authenticate), idempotency({ database })) });
  });
  afterAll(async () => server[Symbol.asyncDispose]());

  const stored = async () => (await server.database.executor.select().from(avatarCredentials)).map(({ sealed }) => Buffer.from(sealed));

  test('are stored, replaced, told by their first characters only, and deleted', async () => {
    const put = await server.send('PUT', '/v1/avatar-credentials/tavus', { api_key: API_KEY });
    expect(put.status).toBe(200);
    const first: unknown = await put.json();
    expect(first).toEqual({ vendor: 'tavus', display_prefix: 'sk-sec', updated_at: expect.stringMatching(/Z$/) });
    expect(await credentials.findApiKey(server.organizationId, 'tavus')).toBe(API_KEY);
    expect(await (await server.send('GET', '/v1/avatar-credentials')).json()).toEqual({ data: [first] });

    await server.send('PUT', '/v1/avatar-credentials/tavus', { api_key: 'another-key' });
    expect(await credentials.findApiKey(server.organizationId, 'tavus')).toBe('another-key');
    const listed = await (await server.send('GET', '/v1/avatar-credentials')).text();
    expect(listed).toContain('"an"');
    expect(listed).not.toContain('another-key');

    expect((await server.send('DELETE', '/v1/avatar-credentials/tavus')).status).toBe(204);
    expect(await credentials.findApiKey(server.organizationId, 'tavus')).toBeNull();
    const again = await server.send('DELETE', '/v1/avatar-credentials/tavus');
    expect([again.status, (await readError(again)).code]).toEqual([404, 'avatar_credentials_missing']);
  });

  test('are kept sealed, each in its place', async () => {
    await server.send('PUT', '/v1/avatar-credentials/simli', { api_key: API_KEY });
    for (const sealed of await stored()) expect(sealed.includes('secret-of')).toBe(false);
    await server.database.executor.update(avatarCredentials).set({ vendor: 'liveavatar' });
    await expect(credentials.findApiKey(server.organizationId, 'liveavatar')).rejects.toThrow(Error);
    await server.database.executor.delete(avatarCredentials);
  });

  test('stay with their organization', async () => {
    await server.send('PUT', '/v1/avatar-credentials/simli', { api_key: API_KEY });
    const other = await server.send('GET', '/v1/avatar-credentials', undefined, { authorization: `Bearer ${server.otherApiKey}` });
    expect(await other.json()).toEqual({ data: [] });
    expect(await credentials.findApiKey('org_other', 'simli')).toBeNull();
    expect((await server.send('DELETE', '/v1/avatar-credentials/simli', undefined, { authorization: `Bearer ${server.otherApiKey}` })).status).toBe(404);
  });

  test.each([
    ['an unknown vendor', '/v1/avatar-credentials/heygen', { api_key: API_KEY }],
    ['a key with a line break', '/v1/avatar-credentials/simli', { api_key: 'abcdefgh\r\nx: y' }],
    ['a key that is no text', '/v1/avatar-credentials/simli', { api_key: 12345678 }],
    ['a key of nothing', '/v1/avatar-credentials/simli', { api_key: '' }],
    ['another field', '/v1/avatar-credentials/simli', { api_key: API_KEY, secret: 'x' }],
  ])('refuse %s', async (_name, path, body) => {
    const response = await server.send('PUT', path, body);
    expect([response.status, (await readError(response)).code]).toEqual([422, 'invalid_request']);
  });

  test('are for those with a key of ours', async () => {
    const response = await server.send('GET', '/v1/avatar-credentials', undefined, { authorization: 'Bearer nobody' });
    expect(response.status).toBe(401);
  });

  test('never reach the log', () => {
    expect(server.logged.join('\n')).not.toContain('secret-of');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKeys, consoleSessions, signInLinks } from '../database/schema.js';
import { openTestApp, PUBLIC_URL, readError, type TestApp } from '../http/http.testing.js';
import { createApiKey, isApiKey } from './api-key.js';
import { createSessionTokens } from './session-tokens.js';
import { IdentityService, loadInstallation } from './service.js';
import { createUrlSigner } from './url-signer.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const secret = new Uint8Array(32).fill(7);
const otherSecret = new Uint8Array(32).fill(8);

/** Another character in place of the one at `index`. */
const change = (text: string, index: number): string => text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1);

describe('API keys', () => {
  it('have a prefix, are never the same, and tell a typing error by their checksum', () => {
    const key = createApiKey();
    expect(key).toMatch(/^blk_[1-9A-HJ-NP-Za-km-z]{50}$/);
    expect(isApiKey(key)).toBe(true);
    expect(createApiKey()).not.toBe(key);
    const changed = Array.from({ length: key.length - 4 }, (_, index) => change(key, index + 4));
    expect(changed.filter(isApiKey)).toEqual([]);
    expect(['', 'blk_', 'blk_abc', key.slice(0, -1), key.slice(4)].some(isApiKey)).toBe(false);
  });
});

describe('session tokens', () => {
  const tokens = createSessionTokens(secret);

  it('name one session and one role', () => {
    const viewer = tokens.issue({ sessionId: 'sess_4tz8hw2kq9mx7cvn3pdr', role: 'viewer' });
    expect(viewer).toMatch(/^blv_[\w.-]+$/);
    expect(tokens.verify(viewer)).toEqual({ sessionId: 'sess_4tz8hw2kq9mx7cvn3pdr', role: 'viewer' });
    for (const role of ['publisher', 'compositor'] as const)
      expect(tokens.verify(tokens.issue({ sessionId: 'sess_a', role }))).toEqual({ sessionId: 'sess_a', role });
  });

  it("can't be forged, changed, cut, or made with another secret", () => {
    const token = tokens.issue({ sessionId: 'sess_abc', role: 'viewer' });
    const forged = [
      token.replace('blv', 'blp'),
      token.replace('blv', 'blc'),
      token.replace('sess_abc', 'sess_abd'),
      token.slice(0, -2),
      `${token}AA`,
      '',
      'blv_',
      'blv_sess_abc.',
      createSessionTokens(otherSecret).issue({ sessionId: 'sess_abc', role: 'viewer' }),
    ];
    expect(forged.filter((text) => tokens.verify(text) !== null)).toEqual([]);
    const start = token.indexOf('.') + 1;
    // The last character holds bits that mean nothing.
    const changed = Array.from({ length: token.length - 1 - start }, (_, index) => change(token, start + index));
    expect(changed.filter((text) => tokens.verify(text) !== null)).toEqual([]);
  });
});

describe('signed addresses', () => {
  const signed = (query: string) => {
    const parameters = new URLSearchParams(query);
    return { expires: parameters.get('expires') ?? undefined, signature: parameters.get('signature') ?? undefined };
  };

  it('hold for their path until their time', () => {
    let nowMs = 1_000_000;
    const signer = createUrlSigner(secret, () => new Date(nowMs));
    const query = signer.sign('/a?width=1', new Date(2_000_000));
    expect(signer.sign('/a?width=1', new Date(2_000_000))).toBe(query);
    expect(signer.verify('/a?width=1', signed(query))).toBe(true);
    expect(signer.verify('/a?width=2', signed(query))).toBe(false);
    expect(signer.verify('/a?width=1', { ...signed(query), expires: '9999' })).toBe(false);
    expect(signer.verify('/a?width=1', { ...signed(query), signature: undefined })).toBe(false);
    expect(createUrlSigner(otherSecret, () => new Date(nowMs)).verify('/a?width=1', signed(query))).toBe(false);
    nowMs = 2_000_001;
    expect(signer.verify('/a?width=1', signed(query))).toBe(false);
  });

  it('are not session tokens and the other way round', () => {
    const token = createSessionTokens(secret).issue({ sessionId: 'sess_a', role: 'viewer' });
    expect(createUrlSigner(secret).verify('blv_sess_a', { expires: '99999999999', signature: token.split('.')[1] })).toBe(false);
  });
});

describe('sign-in', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await openTestApp((app) => {
      app.post('/v1/test/change', (context) => context.json({ via: context.var.principal.via }));
    });
  });
  afterAll(async () => test[Symbol.asyncDispose]());

  const signIn = async (body: unknown, headers: Readonly<Record<string, string>> = { origin: PUBLIC_URL }, to = test) =>
    to.app.request('/v1/console/sign-in', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
  const cookieOf = (response: Response): string => (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const me = async (cookie: string) => test.app.request('/v1/me', { headers: { cookie } });

  it("by link works once and sets a cookie that scripts can't read", async () => {
    const token = await test.identity.createSignInToken(test.organizationId);
    const [one, two] = await Promise.all([signIn({ token }), signIn({ token })]);
    expect(new Set([one.status, two.status])).toEqual(new Set([200, 401]));
    const [good, bad] = one.status === 200 ? [one, two] : [two, one];
    expect((await readError(bad)).code).toBe('sign_in_link_invalid');
    expect(good.headers.get('set-cookie')).toMatch(/^backlot=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/);
    const reply = await me(cookieOf(good));
    expect(await reply.json()).toMatchObject({ organization: { id: test.organizationId }, via: 'console' });
  });

  it('by link works for ten minutes', async () => {
    const [early, late] = [await test.identity.createSignInToken(test.organizationId), await test.identity.createSignInToken(test.organizationId)];
    test.advance(10 * MINUTE_MS - 1);
    expect((await signIn({ token: early })).status).toBe(200);
    test.advance(2);
    expect((await signIn({ token: late })).status).toBe(401);
  });

  it('by API key works, and by a wrong one does not', async () => {
    expect((await signIn({ api_key: test.apiKey })).status).toBe(200);
    expect((await readError(await signIn({ api_key: 'wrong' }))).code).toBe('unauthenticated');
    expect((await signIn({ api_key: test.apiKey, extra: 1 })).status).toBe(422);
  });

  it('is refused from other sites', async () => {
    const token = await test.identity.createSignInToken(test.organizationId);
    for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, {}]) {
      const response = await signIn({ token }, headers);
      expect(response.status).toBe(403);
      expect((await readError(response)).code).toBe('origin_refused');
    }
    expect((await signIn({ token })).status).toBe(200);
  });

  it("lets a cookie change things from the console's own address only", async () => {
    const cookie = cookieOf(await signIn({ api_key: test.apiKey }));
    const post = async (headers: Readonly<Record<string, string>>) => test.app.request('/v1/test/change', { method: 'POST', headers: { cookie, ...headers } });
    expect(await (await post({ origin: PUBLIC_URL })).json()).toEqual({ via: 'console' });
    expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await post({})).status).toBe(403);
    expect((await test.send('POST', '/v1/test/change', {}, { origin: 'https://shop.example' })).status).toBe(200);
  });

  it('ends by signing out and after thirty days', async () => {
    const [left, stayed] = [cookieOf(await signIn({ api_key: test.apiKey })), cookieOf(await signIn({ api_key: test.apiKey }))];
    const signOut = await test.app.request('/v1/console/sign-out', { method: 'POST', headers: { cookie: left, origin: PUBLIC_URL } });
    expect(signOut.status).toBe(204);
    expect((await me(left)).status).toBe(401);
    expect((await me(stayed)).status).toBe(200);
    test.advance(30 * DAY_MS + 1);
    expect((await me(stayed)).status).toBe(401);
  });

  it('keeps no key, link or cookie as it is', async () => {
    const token = await test.identity.createSignInToken(test.organizationId);
    const cookie = cookieOf(await signIn({ api_key: test.apiKey })).split('=')[1] ?? '';
    const { executor } = test.database;
    const kept = JSON.stringify([
      await executor.select().from(apiKeys),
      await executor.select().from(signInLinks),
      await executor.select().from(consoleSessions),
    ]);
    for (const text of [token, cookie, test.apiKey]) expect(kept).not.toContain(text);
  });

  it('on https binds the cookie to the host', async () => {
    const secure = await openTestApp(() => undefined, { publicUrl: 'https://live.example' });
    try {
      const response = await signIn({ api_key: secure.apiKey }, { origin: 'https://live.example' }, secure);
      expect(response.headers.get('set-cookie')).toMatch(/^__Host-backlot=.*; Secure/);
      expect(response.headers.get('set-cookie')).not.toContain('Domain');
    } finally {
      await secure[Symbol.asyncDispose]();
    }
  });

  it('keeps its secret and its first key over restarts', async () => {
    const installation = await loadInstallation(test.database, new Date());
    expect(installation.secret).toHaveLength(32);
    expect(await loadInstallation(test.database, new Date())).toEqual(installation);
    const again = await new IdentityService(test.database).bootstrap(undefined);
    expect(again).toEqual({ organizationId: test.organizationId, isNew: false, createdApiKey: null });
  });

  it('trusts a key for two seconds, and no longer when it was revoked elsewhere', async () => {
    let now = new Date('2026-03-01T12:00:00.000Z');
    const identity = new IdentityService(test.database, () => now);
    await identity.bootstrap('blk_a-key-that-is-trusted-for-a-while');
    const authenticate = async () => identity.authenticateKey('blk_a-key-that-is-trusted-for-a-while');
    expect(await authenticate()).not.toBeNull();
    await new IdentityService(test.database).bootstrap('blk_another-key-by-another-process');
    now = new Date(now.getTime() + 1_999);
    expect(await authenticate()).not.toBeNull();
    now = new Date(now.getTime() + 1);
    expect(await authenticate()).toBeNull();
  });

  it('replaces the key by the one that is set: the old one stops working, and works again when it is set again', async () => {
    const identity = new IdentityService(test.database);
    await identity.bootstrap('blk_first-key-of-the-environment');
    await identity.bootstrap('blk_second-key-of-the-environment');
    expect(await identity.authenticateKey('blk_first-key-of-the-environment')).toBeNull();
    expect(await identity.authenticateKey('blk_second-key-of-the-environment')).toEqual({ organizationId: test.organizationId, via: 'api_key' });
    await identity.bootstrap(undefined);
    expect(await identity.authenticateKey('blk_second-key-of-the-environment')).not.toBeNull();
    await identity.bootstrap('blk_first-key-of-the-environment');
    expect(await identity.authenticateKey('blk_second-key-of-the-environment')).toBeNull();
    expect(await identity.authenticateKey('blk_first-key-of-the-environment')).not.toBeNull();
  });
});

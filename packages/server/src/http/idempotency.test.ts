import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BacklotError } from '../errors.js';
import { openTestApp, readError, type TestApp } from './http.testing.js';

/** How often the route ran, and what holds it up. */
let runs = 0;
let held: Promise<void> | undefined;
let test: TestApp;

beforeAll(async () => {
  test = await openTestApp((app) => {
    app.post('/v1/test/items', async (context) => {
      runs++;
      const run = runs;
      await held;
      const body = await context.req.text();
      if (body.includes('busy')) throw new BacklotError('image_service_busy');
      if (body.includes('wrong')) throw new BacklotError('invalid_request');
      context.header('Location', `/v1/test/items/${run}`);
      return context.json({ run }, 201);
    });
    app.post('/v1/test/others', (context) => context.json({ run: ++runs }));
    app.post('/v1/test/nothing', (context) => {
      runs++;
      return context.body(null, 204);
    });
  });
});
afterAll(async () => test[Symbol.asyncDispose]());
beforeEach(() => {
  runs = 0;
  held = undefined;
});

const post = async (key: string, body: unknown = {}, path = '/v1/test/items', headers: Readonly<Record<string, string>> = {}) =>
  test.send('POST', path, body, { 'idempotency-key': key, ...headers });

describe('Idempotency-Key', () => {
  it('lets a repeated request take effect once and answers the same', async () => {
    const first = await post('repeat', { a: 1, b: { c: 2, d: 3 } });
    const second = await post('repeat', { b: { d: 3, c: 2 }, a: 1 });
    expect(runs).toBe(1);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(await second.json()).toEqual(await first.json());
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.headers.get('x-request-id')).toMatch(/^req_/);
    expect(second.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('runs one of two that come at once; the other is told to try again', async () => {
    let release: () => void = () => undefined;
    held = new Promise((resolve) => {
      release = resolve;
    });
    const both = [post('race'), post('race')].map(async (reply) => {
      const response = await reply;
      if (response.status === 409) release();
      return response;
    });
    const replies = await Promise.all(both);
    expect(runs).toBe(1);
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201, 409]));
    const refused = replies.find(({ status }) => status === 409);
    expect(refused?.headers.get('retry-after')).toBe('1');
  });

  it('refuses the same key for another body or another route', async () => {
    await post('reused', { a: 1 });
    const otherBody = await post('reused', { a: 2 });
    expect(otherBody.status).toBe(422);
    expect((await readError(otherBody)).code).toBe('idempotency_key_reused');
    expect((await readError(await post('reused', { a: 1 }, '/v1/test/others'))).code).toBe('idempotency_key_reused');
    expect(runs).toBe(1);
  });

  it('tells an array from an object and a list from its other order', async () => {
    await post('shape', { a: [['b', 1]] });
    expect((await readError(await post('shape', { a: { b: 1 } }))).code).toBe('idempotency_key_reused');
  });

  it('keeps the keys of organizations apart', async () => {
    await post('shared');
    await post('shared', {}, '/v1/test/items', { authorization: `Bearer ${test.otherApiKey}` });
    expect(runs).toBe(2);
  });

  it('authorizes a repetition again', async () => {
    await post('authorized');
    expect((await post('authorized', {}, '/v1/test/items', { authorization: 'Bearer wrong' })).status).toBe(401);
  });

  it('keeps a refusal, but nothing that says to try again', async () => {
    await post('refused', { wrong: true });
    const again = await post('refused', { wrong: true });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(runs).toBe(1);
    await post('busy', { busy: true });
    const tried = await post('busy', { busy: true });
    expect(tried.headers.get('idempotency-replayed')).toBeNull();
    expect(runs).toBe(3);
  });

  it('repeats a reply without a body', async () => {
    await post('empty', {}, '/v1/test/nothing');
    const again = await post('empty', {}, '/v1/test/nothing');
    expect(again.status).toBe(204);
    expect(runs).toBe(1);
  });

  it('forgets a key after a day', async () => {
    await post('old');
    test.advance(24 * 60 * 60_000 + 1);
    await post('old');
    expect(runs).toBe(2);
  });

  it('takes over from a process that was lost on the way', async () => {
    held = new Promise(() => undefined);
    void post('lost');
    await expect.poll(() => runs).toBe(1);
    held = undefined;
    expect((await post('lost')).status).toBe(409);
    test.advance(60_001);
    expect((await post('lost')).status).toBe(201);
  });

  it.each(['', 'a b', 'ü', 'x'.repeat(256)])('refuses the key %j', async (key) => {
    const response = await test.app.request('/v1/test/items', { method: 'POST', headers: { authorization: `Bearer ${test.apiKey}`, 'idempotency-key': key } });
    expect(response.status).toBe(422);
    expect((await readError(response)).code).toBe('idempotency_key_invalid');
  });

  it('repeats an upload whose boundary changed, and refuses one whose file changed', async () => {
    const upload = async (content: string) => {
      const form = new FormData();
      form.set('image', new Blob([content]), 'a.jpg');
      return test.app.request('/v1/test/items', {
        method: 'POST',
        headers: { authorization: `Bearer ${test.apiKey}`, 'idempotency-key': 'upload' },
        body: form,
      });
    };
    await upload('one');
    expect((await upload('one')).headers.get('idempotency-replayed')).toBe('true');
    expect((await upload('two')).status).toBe(422);
    expect(runs).toBe(1);
  });
});

import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Database } from '../database/database.js';
import { openPgliteDatabase } from '../database/pglite/pglite-database.js';
import { webhookEvents } from '../database/schema.js';
import { createAuthority } from '../http/safe-fetch/certificates.testing.js';
import type { WebhookDispatcher, WebhookDispatcherOptions } from './dispatcher.js';
import { openReceiver, openSender, openTestWebhooks, ORGANIZATION, type Receiver, type TestWebhooks, until, verify } from './webhooks.testing.js';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;
const DAY_MS = 24 * HOUR_MS;
const script = fileURLToPath(new URL('../../dist/webhooks/dispatch.testing.js', import.meta.url));

describe('webhook dispatcher', () => {
  let database: Database;
  let receiver: Receiver;
  let other: Receiver;
  let webhooks: TestWebhooks;
  let dispatcher: WebhookDispatcher;

  beforeAll(async () => {
    database = await openPgliteDatabase();
  });
  afterAll(async () => database[Symbol.asyncDispose]());
  beforeEach(async () => {
    // Only the clock stands still and is moved by hand; timers and sockets are real.
    vi.useFakeTimers({ toFake: ['Date'] });
    [receiver, other] = await Promise.all([openReceiver(), openReceiver()]);
    webhooks = await openTestWebhooks(database, openSender([receiver, other]));
    dispatcher = webhooks.dispatcher();
  });
  afterEach(async () => {
    await dispatcher[Symbol.asyncDispose]();
    await Promise.all([receiver[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
    vi.useRealTimers();
  });

  const advance = (ms: number): void => void vi.setSystemTime(Date.now() + ms);
  /** Sets the clock as far from the real time. */
  const setClock = (aheadMs: number): void => void vi.setSystemTime(Math.round(performance.timeOrigin + performance.now()) + aheadMs);
  const add = async (url = receiver.url) => webhooks.service.createEndpoint(ORGANIZATION, { url, event_types: null, enabled: true });
  const events = async () => (await webhooks.service.listEvents(ORGANIZATION, { limit: 100 })).map(({ view }) => view);
  /** The newest event's deliveries. */
  const deliveries = async () => (await events())[0]?.deliveries ?? [];
  const settled = async (attempts: number) => {
    await until(async () => {
      const [delivery] = await deliveries();
      return delivery?.attempts === attempts && (delivery.state !== 'pending' || delivery.last_error !== null) && dispatcher.attemptsUnderWay === 0;
    }, `attempt ${attempts}`);
    return (await deliveries())[0];
  };
  const restart = async (options?: Partial<WebhookDispatcherOptions>): Promise<void> => {
    await dispatcher[Symbol.asyncDispose]();
    dispatcher = webhooks.dispatcher(options);
  };

  test('sends an event signed by Standard Webhooks, its body `{type, timestamp, data}`', async () => {
    const { secret } = await add();
    await webhooks.publish();
    dispatcher.wake();
    const [delivery] = await receiver.wait(1);
    const [event] = await events();
    const body = { type: 'background_image.deleted', timestamp: event?.created_at, data: { id: `bg_${'2'.repeat(19)}0`, title: 'Office' } };
    if (delivery === undefined) throw new Error('nothing came');
    expect(verify(secret, delivery)).toEqual(body);
    // And by the letter of the specification, not only by its library.
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    expect(key).toHaveLength(32);
    const signed = `${delivery.id}.${delivery.headers['webhook-timestamp'] ?? ''}.${delivery.body}`;
    expect(delivery.headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    expect(delivery.id).toBe(event?.id);
    expect(delivery.headers['content-type']).toBe('application/json');
    expect(() => verify(secret, { ...delivery, body: delivery.body.replace('Office', 'office') })).toThrow('No matching signature');
    expect(await settled(1)).toMatchObject({ state: 'delivered', last_status: 204, last_error: null, next_attempt_at: null });
    dispatcher.wake();
    expect(receiver.received).toHaveLength(1);
  });

  test('sends by https to a certificate that is in order, and not to one that is not', async () => {
    const authority = createAuthority();
    await using good = await openReceiver(authority.issue({ names: ['127.0.0.1'] }));
    await using bad = await openReceiver(authority.issue({ names: ['example.com'] }));
    const sender = openSender([good, bad], { ca: authority.ca });
    webhooks = await openTestWebhooks(database, sender);
    await restart();
    const { secret } = await add(good.url);
    await webhooks.publish();
    dispatcher.wake();
    const [delivery] = await good.wait(1);
    if (delivery === undefined) throw new Error('nothing came');
    expect(verify(secret, delivery)).toMatchObject({ type: 'background_image.deleted' });
    webhooks = await openTestWebhooks(database, sender);
    await add(bad.url);
    await webhooks.publish();
    dispatcher.wake();
    expect(await settled(1)).toMatchObject({ state: 'pending', last_status: null, last_error: 'connection_failed' });
    expect(bad.received).toEqual([]);
  });

  test('signs with both secrets for a day after a rotation', async () => {
    const { id, secret: old } = await add();
    const { secret: fresh } = await webhooks.service.rotateSecret(ORGANIZATION, id);
    expect(fresh).not.toBe(old);
    await webhooks.publish();
    dispatcher.wake();
    const [first] = await receiver.wait(1);
    if (first === undefined) throw new Error('nothing came');
    expect(verify(old, first)).toEqual(verify(fresh, first));
    advance(DAY_MS);
    await webhooks.publish();
    dispatcher.wake();
    const [, second] = await receiver.wait(2);
    if (second === undefined) throw new Error('nothing came');
    expect(verify(fresh, second)).toMatchObject({ type: 'background_image.deleted' });
    expect(() => verify(old, second)).toThrow('No matching signature');
  });

  test('tries again after a failure, also in a process that was started later: same id and bytes, fresh signature', async () => {
    receiver.answer = (response, nth) => response.writeHead(nth === 1 ? 500 : 200).end();
    const { secret } = await add();
    await webhooks.publish();
    dispatcher.wake();
    expect(await settled(1)).toMatchObject({ state: 'pending', last_status: 500, last_error: 'bad_status' });
    await restart();
    dispatcher.wake();
    advance(5 * SECOND_MS);
    dispatcher.wake();
    const [first, second] = await receiver.wait(2);
    if (first === undefined || second === undefined) throw new Error('one is missing');
    expect([second.id, second.body]).toEqual([first.id, first.body]);
    expect(Number(second.headers['webhook-timestamp'])).toBeGreaterThan(Number(first.headers['webhook-timestamp']));
    expect(verify(secret, second)).toEqual(verify(secret, { ...second }));
    expect(await settled(2)).toMatchObject({ state: 'delivered', last_status: 200, last_error: null });
  });

  test('gives up after nine attempts over two days; a replay starts over with the same id', async () => {
    receiver.answer = (response) => response.writeHead(503).end();
    await add();
    await webhooks.publish();
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 9; attempt++) {
      dispatcher.wake();
      const delivery = await settled(attempt);
      if (delivery?.next_attempt_at == null) continue;
      waits.push((Date.parse(delivery.next_attempt_at) - Date.now()) / SECOND_MS);
      vi.setSystemTime(Date.parse(delivery.next_attempt_at));
    }
    expect(waits).toEqual([5, 30, 120, 900, 3_600, 14_400, 43_200, 86_400]);
    expect(await settled(9)).toMatchObject({ state: 'failed', last_status: 503, next_attempt_at: null });
    advance(2 * DAY_MS);
    dispatcher.wake();
    receiver.answer = (response) => response.writeHead(200).end();
    const [event] = await events();
    await webhooks.service.replayEvent(ORGANIZATION, event?.id ?? '', undefined);
    dispatcher.wake();
    const received = await receiver.wait(10);
    expect(new Set(received.map(({ id }) => id))).toEqual(new Set([event?.id]));
    expect(await settled(1)).toMatchObject({ state: 'delivered' });
  });

  test('what a killed process had sent and not stored is sent again, with the same id', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'backlot-webhooks-'));
    try {
      const path = join(folder, 'database');
      {
        await using first = await openPgliteDatabase(path);
        const before = await openTestWebhooks(first, openSender([receiver]));
        await before.service.createEndpoint(ORGANIZATION, { url: receiver.url, event_types: null, enabled: true });
        await before.publish();
      }
      const child = spawn(process.execPath, [script, path, String(receiver.port)], { stdio: 'inherit' });
      const exited = once(child, 'exit');
      // Killed when the delivery has come and before it is answered.
      receiver.answer = () => child.kill('SIGKILL');
      await Promise.race([receiver.wait(1), exited]);
      expect(await exited).toEqual([null, 'SIGKILL']);
      receiver.answer = (response) => response.writeHead(204).end();
      await using second = await openPgliteDatabase(path);
      // Nobody else tries it while the lease lasts.
      setClock(0);
      await restart({ database: second });
      dispatcher.wake();
      await restart({ database: second });
      expect(receiver.received).toHaveLength(1);
      setClock(60 * SECOND_MS);
      dispatcher.wake();
      const [sent, again] = await receiver.wait(2);
      expect([again?.id, again?.body]).toEqual([sent?.id, sent?.body]);
      await restart();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('stops sending to an endpoint that answers 410, and says why', async () => {
    receiver.answer = (response) => response.writeHead(410).end();
    const { id } = await add();
    await webhooks.publish();
    dispatcher.wake();
    expect(await settled(1)).toMatchObject({ state: 'failed', last_status: 410 });
    expect(await webhooks.service.getEndpoint(ORGANIZATION, id)).toMatchObject({ enabled: false, disabled_reason: 'gone' });
    advance(1);
    await webhooks.publish();
    expect(await deliveries()).toEqual([]);
    expect(await webhooks.service.updateEndpoint(ORGANIZATION, id, { enabled: true })).toMatchObject({ enabled: true, disabled_reason: null });
  });

  test('gives up what is on its way to an endpoint that is disabled', async () => {
    receiver.answer = (response) => response.writeHead(500).end();
    const { id } = await add();
    await webhooks.publish();
    dispatcher.wake();
    await settled(1);
    await webhooks.service.updateEndpoint(ORGANIZATION, id, { enabled: false });
    expect((await deliveries())[0]).toMatchObject({ state: 'failed', last_error: 'endpoint_disabled' });
    advance(DAY_MS);
    dispatcher.wake();
    await restart();
    expect(receiver.received).toHaveLength(1);
  });

  test('waits as long as 429 asks for, in seconds or until a date, and not longer than a day', async () => {
    const asked = ['3600', new Date(Date.now() + 7_200 * SECOND_MS).toUTCString(), '999999'];
    await add();
    for (const [index, header] of asked.entries()) {
      advance(1);
      receiver.answer = (response) => response.writeHead(429, { 'retry-after': header }).end();
      await webhooks.publish();
      dispatcher.wake();
      const delivery = await settled(1);
      const waitMs = Date.parse(delivery?.next_attempt_at ?? '') - Date.now();
      expect(Math.round(waitMs / SECOND_MS / 60)).toBe([60, 120, 24 * 60][index]);
    }
  });

  test('takes a redirect for a failure and does not follow it', async () => {
    receiver.answer = (response) => response.writeHead(307, { location: other.url }).end();
    await add();
    await webhooks.publish();
    dispatcher.wake();
    expect(await settled(1)).toMatchObject({ state: 'pending', last_status: 307, last_error: 'bad_status' });
    expect(other.received).toEqual([]);
  });

  test('an endpoint that hangs is given up and keeps nobody else waiting', async () => {
    receiver.answer = () => undefined;
    await add();
    await add(other.url);
    await webhooks.publish(6);
    dispatcher.wake();
    await other.wait(6);
    // No more than four at a time, so the other two have not been tried.
    expect(receiver.received).toHaveLength(4);
    await restart({ timeoutMs: 100 });
    dispatcher.wake();
    await until(async () => (await events()).some((event) => event.deliveries.some((delivery) => delivery.last_error === 'timeout')), 'a time-out');
  });

  test('an answer without end is delivered by its status, and cut off', async () => {
    let closed = false;
    receiver.answer = (response, _nth, request) => {
      request.socket.on('close', () => {
        closed = true;
      });
      response.writeHead(200);
      const pour = (): void => {
        while (response.write(Buffer.alloc(16_384))) if (response.destroyed) return;
        response.once('drain', pour);
      };
      pour();
    };
    await add();
    await webhooks.publish();
    dispatcher.wake();
    expect(await settled(1)).toMatchObject({ state: 'delivered', last_status: 200 });
    await until(() => closed, 'the connection to end');
  });

  test('a connection that breaks off is a failure like others', async () => {
    receiver.answer = (_response, _nth, request) => request.socket.destroy();
    await add();
    await webhooks.publish();
    dispatcher.wake();
    expect(await settled(1)).toMatchObject({ state: 'pending', last_status: null, last_error: 'connection_failed' });
  });

  test('never reaches a private address: not at creation, not when a name leads there later', async () => {
    await using secret = await openReceiver();
    for (const url of [
      secret.url,
      'https://10.0.0.1/',
      'https://169.254.169.254/',
      'https://localhost/',
      'http://example.com/',
      'https://u:p@example.com/',
      'nonsense',
    ])
      await expect(add(url)).rejects.toMatchObject({ status: 422 });
    let address = '8.8.8.8';
    const named = openSender([], { lookup: async () => [{ address, family: 4 }] });
    await restart({ sender: named });
    webhooks = { ...webhooks, service: (await openTestWebhooks(database, named)).service };
    await add('https://rebinding.test/hook');
    address = '127.0.0.1';
    await webhooks.publish();
    dispatcher.wake();
    expect(await settled(1)).toMatchObject({ state: 'pending', last_status: null, last_error: 'url_not_allowed' });
    expect(secret.received).toEqual([]);
  });

  test('gives an attempt back when it stops, uncounted, and the next process makes it at once', async () => {
    receiver.answer = () => undefined;
    await add();
    await webhooks.publish();
    dispatcher.wake();
    await receiver.wait(1);
    await restart();
    expect((await deliveries())[0]).toMatchObject({ state: 'pending', attempts: 0, last_error: null });
    receiver.answer = (response) => response.writeHead(200).end();
    dispatcher.wake();
    await receiver.wait(2);
    expect(await settled(1)).toMatchObject({ state: 'delivered' });
  });

  test('looks by itself after a start', async () => {
    await add();
    await restart({ pollMs: 20 });
    dispatcher.start();
    await webhooks.publish();
    await receiver.wait(1);
    expect(await settled(1)).toMatchObject({ state: 'delivered' });
  });

  test('forgets events after 30 days, with their deliveries', async () => {
    await add();
    await webhooks.publish(2);
    advance(30 * DAY_MS + HOUR_MS);
    await webhooks.publish();
    expect(await dispatcher.sweep()).toBe(2);
    expect(await database.executor.$count(webhookEvents)).toBe(1);
  });
});

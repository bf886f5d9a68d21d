import type { CreatedWebhookEndpoint, WebhookEndpoint, WebhookEvent, WebhookSecret } from '@backlot/contract';
import { eq } from 'drizzle-orm';
import { every } from 'hono/combine';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { webhookEndpoints, webhookEvents } from '../database/schema.js';
import { createAuthentication, requireOrganization } from '../http/authentication.js';
import { openTestApp, PUBLIC_URL, readError, type TestApp } from '../http/http.testing.js';
import { idempotency } from '../http/idempotency.js';
import { WebhookDispatcher } from './dispatcher.js';
import { publishEvent } from './outbox.js';
import { registerWebhookRoutes } from './routes.js';
import { WebhookService } from './service.js';
import { openReceiver, openSender, type Receiver, SEALER, until, verify } from './webhooks.testing.js';

const ENDPOINTS = '/v1/webhook-endpoints';
const EVENTS = '/v1/webhook-events';

describe('webhooks by REST', () => {
  let server: TestApp;
  let receiver: Receiver;
  let dispatcher: WebhookDispatcher;

  beforeAll(async () => {
    server = await openTestApp();
    receiver = await openReceiver();
    const { database } = server;
    const sender = openSender([receiver]);
    dispatcher = new WebhookDispatcher({ database, sealer: SEALER, sender, log: pino({ level: 'silent' }) });
    const webhooks = new WebhookService({ database, sealer: SEALER, sender, wake: dispatcher.wake });
    const authenticate = createAuthentication({ authenticator: server.identity, publicUrl: PUBLIC_URL });
    registerWebhookRoutes(server.app, { webhooks, guard: every(requireOrganization(authenticate), idempotency({ database })) });
  });
  afterAll(async () => {
    await dispatcher?.[Symbol.asyncDispose]();
    await receiver?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    for (const table of [webhookEvents, webhookEndpoints]) await server.database.executor.delete(table);
  });

  const read = async <Body>(response: Response | Promise<Response>, status = 200): Promise<Body> => {
    const reply = await response;
    expect([reply.status, reply.status === status ? '' : await reply.clone().text()]).toEqual([status, '']);
    return (await reply.json()) as Body;
  };
  const codeOf = async (response: Promise<Response>): Promise<[number, string]> => {
    const reply = await response;
    return [reply.status, (await readError(reply)).code];
  };
  const other = () => ({ authorization: `Bearer ${server.otherApiKey}` });
  const create = async (body: object = {}): Promise<CreatedWebhookEndpoint> => read(server.send('POST', ENDPOINTS, { url: receiver.url, ...body }), 201);
  const publish = async (title: string, at = new Date()): Promise<boolean> =>
    server.database.transaction(async (transaction) =>
      publishEvent(
        transaction,
        { organizationId: server.organizationId, type: 'background_image.deleted', data: { id: 'bg_22222222222222222222', title } },
        at,
      ),
    );
  const list = async (query = ''): Promise<{ data: WebhookEvent[]; next_cursor: string | null }> => read(server.send('GET', `${EVENTS}${query}`));

  test('an endpoint is made, viewed, changed and deleted; its secret is shown at creation and when asked for', async () => {
    const { secret, ...endpoint } = await create({ event_types: ['session.started', 'session.ended'] });
    expect(endpoint).toMatchObject({ url: receiver.url, event_types: ['session.started', 'session.ended'], enabled: true, disabled_reason: null });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(await read(server.send('GET', `${ENDPOINTS}/${endpoint.id}`))).toEqual(endpoint);
    expect(await read(server.send('GET', ENDPOINTS))).toEqual({ data: [endpoint], next_cursor: null });
    expect(await read(server.send('GET', `${ENDPOINTS}/${endpoint.id}/secret`))).toEqual({ secret, previous_secret_expires_at: null });

    const changed = await read<WebhookEndpoint>(server.send('PATCH', `${ENDPOINTS}/${endpoint.id}`, { event_types: null, enabled: false }));
    expect(changed).toMatchObject({ url: receiver.url, event_types: null, enabled: false });
    expect(await read(server.send('PATCH', `${ENDPOINTS}/${endpoint.id}`, {}))).toMatchObject({ event_types: null, enabled: false });

    expect((await server.send('DELETE', `${ENDPOINTS}/${endpoint.id}`)).status).toBe(204);
    expect(await codeOf(server.send('DELETE', `${ENDPOINTS}/${endpoint.id}`))).toEqual([404, 'webhook_endpoint_not_found']);
  });

  test('secrets are sealed in the database, and not in the log', async () => {
    const { id, secret } = await create();
    const [row] = await server.database.executor.select().from(webhookEndpoints).where(eq(webhookEndpoints.id, id));
    expect(Buffer.from(row?.sealedSecret ?? []).toString('latin1')).not.toContain(secret.slice(6, 20));
    expect(server.logged.join('')).not.toContain(secret);
  });

  test('a secret is rotated: the new one is another, the old one expires in a day', async () => {
    const { id, secret } = await create();
    const rotated = await read<WebhookSecret>(server.send('POST', `${ENDPOINTS}/${id}/secret`));
    expect(rotated.secret).not.toBe(secret);
    expect(Date.parse(rotated.previous_secret_expires_at ?? '')).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    expect(await read(server.send('GET', `${ENDPOINTS}/${id}/secret`))).toEqual(rotated);
  });

  test('what is wrong is refused by name', async () => {
    const refusals: readonly [object, string][] = [
      [{}, 'invalid_request'],
      [{ url: receiver.url, event_types: [] }, 'invalid_request'],
      [{ url: receiver.url, event_types: ['session.exploded'] }, 'invalid_request'],
      [{ url: receiver.url, event_types: ['session.ended', 'session.ended'] }, 'invalid_request'],
      [{ url: receiver.url, colour: 'red' }, 'invalid_request'],
      [{ url: `https://example.com/${'x'.repeat(2_048)}` }, 'invalid_request'],
      [{ url: 'nonsense' }, 'invalid_webhook_url'],
      [{ url: 'http://example.com/' }, 'invalid_webhook_url'],
      [{ url: 'https://user:password@example.com/' }, 'invalid_webhook_url'],
      [{ url: 'https://example.com:22/' }, 'invalid_webhook_url'],
      [{ url: 'https://10.0.0.1/' }, 'url_not_allowed'],
      [{ url: 'https://169.254.169.254/' }, 'url_not_allowed'],
    ];
    for (const [body, code] of refusals) expect([body, ...(await codeOf(server.send('POST', ENDPOINTS, body)))]).toEqual([body, 422, code]);
    const { id } = await create();
    expect(await codeOf(server.send('PATCH', `${ENDPOINTS}/${id}`, { url: 'https://10.0.0.1/' }))).toEqual([422, 'url_not_allowed']);
    expect(await codeOf(server.send('GET', `${EVENTS}?type=session.exploded`))).toEqual([422, 'invalid_request']);
    expect(await codeOf(server.send('GET', `${EVENTS}/evt_none`))).toEqual([404, 'webhook_event_not_found']);
  });

  test('there are at most 50 endpoints, also when they are made at once', async () => {
    const responses = await Promise.all(Array.from({ length: 53 }, async () => server.send('POST', ENDPOINTS, { url: receiver.url })));
    expect(responses.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 50 }, () => 201), 409, 409, 409]);
    expect(await codeOf(server.send('POST', ENDPOINTS, { url: receiver.url }))).toEqual([409, 'webhook_endpoints_full']);
    const first = await read<{ data: WebhookEndpoint[]; next_cursor: string }>(server.send('GET', `${ENDPOINTS}?limit=30`));
    const second = await read<{ data: WebhookEndpoint[]; next_cursor: null }>(server.send('GET', `${ENDPOINTS}?limit=30&cursor=${first.next_cursor}`));
    expect(new Set([...first.data, ...second.data].map(({ id }) => id)).size).toBe(50);
    expect(second.next_cursor).toBeNull();
  });

  test("another organization's endpoints and events do not exist, on any route", async () => {
    const { id } = await create();
    await publish('Mine');
    const [event] = (await list()).data;
    const calls: readonly [string, string, string, unknown?][] = [
      ['GET', `${ENDPOINTS}/${id}`, 'webhook_endpoint_not_found'],
      ['PATCH', `${ENDPOINTS}/${id}`, 'webhook_endpoint_not_found', { enabled: false }],
      ['DELETE', `${ENDPOINTS}/${id}`, 'webhook_endpoint_not_found'],
      ['GET', `${ENDPOINTS}/${id}/secret`, 'webhook_endpoint_not_found'],
      ['POST', `${ENDPOINTS}/${id}/secret`, 'webhook_endpoint_not_found'],
      ['POST', `${ENDPOINTS}/${id}/test`, 'webhook_endpoint_not_found'],
      ['GET', `${EVENTS}/${event?.id ?? ''}`, 'webhook_event_not_found'],
      ['POST', `${EVENTS}/${event?.id ?? ''}/replay`, 'webhook_event_not_found', {}],
    ];
    for (const [method, path, code, body] of calls)
      expect([method, path, ...(await codeOf(server.send(method, path, body, other())))]).toEqual([method, path, 404, code]);
    for (const path of [ENDPOINTS, EVENTS]) expect(await read(server.send('GET', path, undefined, other()))).toEqual({ data: [], next_cursor: null });
    const { id: foreign } = await read<CreatedWebhookEndpoint>(server.send('POST', ENDPOINTS, { url: receiver.url }, other()), 201);
    expect(await codeOf(server.send('POST', `${EVENTS}/${event?.id ?? ''}/replay`, { endpoint_id: foreign }))).toEqual([404, 'webhook_endpoint_not_found']);
    for (const [method, path] of calls) expect((await server.app.request(path, { method })).status).toBe(401);
  });

  test('a test event reaches its endpoint, whatever that asks for, and its state can be read', async () => {
    const { id, secret } = await create({ event_types: ['session.failed'] });
    await create();
    const before = receiver.received.length;
    const event = await read<WebhookEvent>(server.send('POST', `${ENDPOINTS}/${id}/test`), 202);
    expect(event).toMatchObject({ type: 'webhook.test', data: { endpoint_id: id }, deliveries: [{ endpoint_id: id, state: 'pending' }] });
    await receiver.wait(before + 1);
    const delivery = receiver.received[before];
    if (delivery === undefined) throw new Error('nothing came');
    expect(verify(secret, delivery)).toEqual({ type: 'webhook.test', timestamp: event.created_at, data: { endpoint_id: id } });
    await until(async () => (await list('?type=webhook.test')).data[0]?.deliveries[0]?.state === 'delivered', 'it to be delivered');
    expect(receiver.received).toHaveLength(before + 1);
    await server.send('PATCH', `${ENDPOINTS}/${id}`, { enabled: false });
    expect(await codeOf(server.send('POST', `${ENDPOINTS}/${id}/test`))).toEqual([409, 'webhook_endpoint_disabled']);
  });

  test('an event is replayed to one endpoint, or to all that ask for it now', async () => {
    await publish('Before anybody listened');
    const [event] = (await list()).data;
    const path = `${EVENTS}/${event?.id ?? ''}/replay`;
    expect(event?.deliveries).toEqual([]);
    const { id: first } = await create();
    const { id: second } = await create();
    await create({ event_types: ['session.failed'] });
    const { id: disabled } = await create({ enabled: false });
    const before = receiver.received.length;
    expect((await read<WebhookEvent>(server.send('POST', path, { endpoint_id: first }), 202)).deliveries).toMatchObject([{ endpoint_id: first }]);
    await receiver.wait(before + 1);
    await until(async () => (await list()).data[0]?.deliveries[0]?.state === 'delivered', 'the first to be delivered');
    const all = await read<WebhookEvent>(server.send('POST', path, {}), 202);
    expect(new Set(all.deliveries.map(({ endpoint_id: id }) => id))).toEqual(new Set([first, second]));
    await receiver.wait(before + 3);
    expect(new Set(receiver.received.slice(before).map(({ id }) => id))).toEqual(new Set([event?.id]));
    expect(await codeOf(server.send('POST', path, { endpoint_id: disabled }))).toEqual([409, 'webhook_endpoint_disabled']);
    expect(await codeOf(server.send('POST', path, { endpoint_id: 'whe_none' }))).toEqual([404, 'webhook_endpoint_not_found']);
  });

  test('a page of events is stable while new ones come, and a cursor fits its filter only', async () => {
    const startMs = Date.now() - 60_000;
    for (const index of [0, 1, 2, 3]) await publish(`Image ${index}`, new Date(startMs + index));
    const titles = (events: readonly WebhookEvent[]) => events.map(({ data }) => data['title']);
    const first = await list('?limit=2');
    await publish('Newer');
    const second = await list(`?limit=2&cursor=${first.next_cursor ?? ''}`);
    expect(titles([...first.data, ...second.data])).toEqual(['Image 3', 'Image 2', 'Image 1', 'Image 0']);
    expect(second.next_cursor).toBeNull();
    expect(await codeOf(server.send('GET', `${EVENTS}?type=session.ended&cursor=${first.next_cursor ?? ''}`))).toEqual([422, 'invalid_cursor']);
  });

  test('the documentation says that events may come twice and in another order', async () => {
    const openapi = await read<{ paths: Record<string, { post?: { description?: string } }> }>(server.app.request('/openapi.json'));
    expect(openapi.paths[ENDPOINTS]?.post?.description).toContain('Events may arrive twice and in another order than they happened');
  });
});

import { createHash } from 'node:crypto';
import type { BackgroundChange, Session } from '@backlot/contract';
import { like } from 'drizzle-orm';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ORGANIZATION, type TestLibrary } from '../backgrounds/library.testing.js';
import { webhookEvents } from '../database/schema.js';
import { PUBLIC_URL, type TestApp } from '../http/http.testing.js';
import type { SafeFetchRig } from '../http/safe-fetch/rig.testing.js';
import { codeOf, openTestSessions, type TestSessions } from './sessions.testing.js';

/** Sessions on real parts: database, library and stage. Nobody publishes, so what is said here holds without media. */
describe('sessions by REST', () => {
  let opened: TestSessions;
  let server: TestApp;
  let library: TestLibrary;
  let rig: SafeFetchRig;

  beforeAll(async () => {
    opened = await openTestSessions();
    ({ server, library, rig } = opened);
  });
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
  });

  const create = async (body: object = {}): Promise<Session> => {
    const response = await server.send('POST', '/v1/sessions', { avatar: { provider: 'whip' }, ...body });
    expect(response.status).toBe(201);
    return (await response.json()) as Session;
  };
  const change = async (id: string, body: object): Promise<BackgroundChange> =>
    (await (await server.send('POST', `/v1/sessions/${id}/background`, body)).json()) as BackgroundChange;

  test('a new session has what the contract says, and is found in the list', async () => {
    const image = await opened.addImage();
    const session = await create({ background_image: image, metadata: { customer: '42' } });
    expect(session).toMatchObject({
      status: 'starting',
      canvas: { width: 1280, height: 720 },
      fit: 'cover',
      background: { has_background: true, background_id: image, background_version: 1, color: null },
      player_url: `${PUBLIC_URL}/player/${session.session_id}#token=${session.access_token}`,
      publish_url: `${PUBLIC_URL}/v1/sessions/${session.session_id}/whip`,
      metadata: { customer: '42' },
    });
    expect(opened.tokens.verify(session.access_token)).toEqual({ sessionId: session.session_id, role: 'viewer' });
    const list = (await (await server.send('GET', '/v1/sessions?limit=1')).json()) as { data: Session[] };
    expect(list.data[0]?.session_id).toBe(session.session_id);
  });

  test('what is wrong is refused by name, and makes nothing', async () => {
    const before = ((await (await server.send('GET', '/v1/sessions?limit=100')).json()) as { data: unknown[] }).data.length;
    for (const body of [
      { avatar: { provider: 'hologram' } },
      { canvas: { width: 1281, height: 720 } },
      { canvas: { width: 10_000, height: 720 } },
      { metadata: { a: 1 } },
      { fit: 'stretch' },
      { colour: 'red' },
    ]) {
      expect(await codeOf(await server.send('POST', '/v1/sessions', { avatar: { provider: 'whip' }, ...body }))).toEqual([422, 'invalid_request']);
    }
    for (const background_image of ['bg_nothing', await opened.addImage(ORGANIZATION)]) {
      expect(await codeOf(await server.send('POST', '/v1/sessions', { avatar: { provider: 'whip' }, background_image }))).toEqual([
        404,
        'background_image_not_found',
      ]);
    }
    expect(await codeOf(await server.send('POST', '/v1/sessions', { avatar: { provider: 'whip' }, text: 'Hello' }))).toEqual([409, 'speech_unsupported']);
    expect(((await (await server.send('GET', '/v1/sessions?limit=100')).json()) as { data: unknown[] }).data).toHaveLength(before);
  });

  test("another organization's session does not exist, on any route", async () => {
    const { session_id: id } = await create();
    const other = { authorization: `Bearer ${server.otherApiKey}` };
    const calls: [string, string, unknown?][] = [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/events'],
      ['POST', '/background', { color: '#000000' }],
      ['DELETE', '/background'],
      ['POST', '/speech', { text: 'Hello' }],
    ];
    for (const [method, path, body] of calls)
      expect(await codeOf(await server.send(method, `/v1/sessions/${id}${path}`, body, other))).toEqual([404, 'session_not_found']);
    for (const kind of ['whip', 'whep']) {
      const response = await server.app.request(`/v1/sessions/${id}/${kind}`, {
        method: 'POST',
        body: 'v=0',
        headers: { ...other, 'content-type': 'application/sdp' },
      });
      expect(await codeOf(response)).toEqual([404, 'session_not_found']);
    }
    expect(((await (await server.send('GET', '/v1/sessions', undefined, other)).json()) as { data: unknown[] }).data).toEqual([]);
  });

  test('a background is set idempotently, versions rise by one, and many at once end in one definite state', async () => {
    const { session_id: id } = await create();
    const image = await opened.addImage();
    expect(await change(id, { background_image: image })).toEqual({
      session_id: id,
      has_background: true,
      changed: true,
      background_id: image,
      background_version: 1,
    });
    expect(await change(id, { background_image: image })).toMatchObject({ changed: false, background_version: 1 });
    expect(await change(id, { color: '#ABCDEF' })).toMatchObject({ changed: true, background_id: null, background_version: 2 });
    expect(await change(id, { color: '#abcdef' })).toMatchObject({ changed: false, background_version: 2 });
    const removed = (await (await server.send('DELETE', `/v1/sessions/${id}/background`)).json()) as BackgroundChange;
    expect(removed).toMatchObject({ has_background: false, changed: true, background_version: 3 });

    const changes = await Promise.all(Array.from({ length: 10 }, async (_, index) => change(id, { color: `#00000${index}` })));
    expect(changes.map((reply) => reply.background_version)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    const session = (await (await server.send('GET', `/v1/sessions/${id}`)).json()) as Session;
    expect(session.background).toMatchObject({ background_version: 13, color: '#000009' });

    for (const body of [{}, { color: '#000000', background_image: image }, { color: 'red' }, { color: '#000000', transition_ms: 9_999 }]) {
      expect(await codeOf(await server.send('POST', `/v1/sessions/${id}/background`, body))).toEqual([422, 'invalid_request']);
    }
  });

  test('a background comes from an address, too, in no library, and stays while the session does', async () => {
    const { session_id: id } = await create();
    const bytes = await sharp({ create: { width: 1600, height: 900, channels: 3, background: '#2468ac' } })
      .jpeg()
      .toBuffer();
    rig.handle('/office.jpg', (_request, response) => response.end(bytes));
    const image_url = `https://good.test:${rig.port}/office.jpg`;
    const images = async (): Promise<number> => (await library.library.service.list(server.organizationId, { limit: 100 })).length;
    const before = await images();
    expect(await change(id, { image_url })).toEqual({ session_id: id, has_background: true, changed: true, background_id: null, background_version: 1 });
    expect(await change(id, { image_url })).toMatchObject({ changed: false, background_version: 1 });
    expect(await images()).toBe(before);
    const show = async (): Promise<Buffer> => {
      const session = (await (await server.send('GET', `/v1/sessions/${id}`)).json()) as Session;
      const picture = await library.app.request((session.background.image_url ?? '').replace(PUBLIC_URL, ''));
      expect(picture.status).toBe(200);
      return Buffer.from(await picture.arrayBuffer());
    };
    expect(await sharp(await show()).metadata()).toMatchObject({ width: 1280, height: 720 });
    // Whoever tidies up leaves it alone until the session is over.
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(await library.library.reaper.discard(sha256)).toBe(false);

    rig.resolve('inside.test', [['127.0.0.1']]);
    rig.handle('/truncated.jpg', (_request, response) => response.end(bytes.subarray(0, 2000)));
    for (const [url, code] of [
      ['http://good.test/a.jpg', 'invalid_image_url'],
      [`https://inside.test:${rig.port}/`, 'url_not_allowed'],
      [`https://good.test:${rig.port}/absent`, 'image_fetch_failed'],
      [`https://good.test:${rig.port}/truncated.jpg`, 'image_undecodable'],
    ]) {
      expect(await codeOf(await server.send('POST', `/v1/sessions/${id}/background`, { image_url: url }))).toEqual([422, code]);
    }
    expect(await codeOf(await server.send('POST', `/v1/sessions/${id}/background`, { image_url, color: '#000000' }))).toEqual([422, 'invalid_request']);
    await show();
    expect(rig.connections.secret).toBe(0);

    expect((await server.send('DELETE', `/v1/sessions/${id}`)).status).toBe(204);
    expect(await codeOf(await server.send('POST', `/v1/sessions/${id}/background`, { image_url }))).toEqual([409, 'session_ended']);
    expect(await library.library.reaper.discard(sha256)).toBe(true);
  });

  test('its events start with the state as it is, follow in order, and end with the session', async () => {
    const { session_id: id, access_token: token } = await create();
    await change(id, { color: '#111111' });
    const response = await server.app.request(`/v1/sessions/${id}/events`, { headers: { authorization: `Bearer ${token}` } });
    await change(id, { color: '#222222' });
    await change(id, { color: '#333333' });
    expect((await server.send('DELETE', `/v1/sessions/${id}`)).status).toBe(204);
    const text = await response.text();
    expect([...text.matchAll(/"background_version":(\d+)/g)].map((match) => Number(match[1]))).toEqual([1, 2, 3]);
    expect([...text.matchAll(/"status":"(\w+)"/g)].map((match) => match[1])).toEqual(['starting', 'ended']);
    // Afterwards there is still something to learn: how it ended.
    const after = await (await server.app.request(`/v1/sessions/${id}/events`, { headers: { authorization: `Bearer ${token}` } })).text();
    expect(after).toContain('"code":"requested"');
  });

  test('an ended session stays ended, and says so', async () => {
    const { session_id: id, access_token: token } = await create();
    for (let time = 0; time < 2; time++) expect((await server.send('DELETE', `/v1/sessions/${id}`)).status).toBe(204);
    expect(await codeOf(await server.send('POST', `/v1/sessions/${id}/background`, { color: '#000000' }))).toEqual([409, 'session_ended']);
    expect(await codeOf(await server.send('DELETE', `/v1/sessions/${id}/background`))).toEqual([409, 'session_ended']);
    expect(await codeOf(await server.send('POST', `/v1/sessions/${id}/speech`, { text: 'Hello' }))).toEqual([409, 'session_ended']);
    const watch = async (method: string, path: string): Promise<[number, string]> =>
      codeOf(
        await server.app.request(`/v1/sessions/${id}/whep${path}`, {
          method,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/sdp' },
          ...(method === 'POST' ? { body: 'v=0' } : {}),
        }),
      );
    expect(await watch('POST', '')).toEqual([409, 'session_ended']);
    expect(await watch('DELETE', '/conn_1')).toEqual([404, 'connection_not_found']);
  });

  test('a token is good for its session and its role only', async () => {
    const [mine, other] = [await create(), await create()];
    const send = async (token: string | null, kind: 'whip' | 'whep'): Promise<[number, string]> =>
      codeOf(
        await server.app.request(`/v1/sessions/${mine.session_id}/${kind}`, {
          method: 'POST',
          body: 'no sdp',
          headers: { 'content-type': 'application/sdp', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
        }),
      );
    expect(await send(mine.access_token, 'whip')).toEqual([403, 'forbidden']);
    expect(await send(mine.publish_token, 'whep')).toEqual([403, 'forbidden']);
    expect(await send(other.access_token, 'whep')).toEqual([404, 'session_not_found']);
    expect(await send('blv_forged', 'whep')).toEqual([401, 'unauthenticated']);
    expect(await send(null, 'whep')).toEqual([401, 'unauthenticated']);
    expect(await send(mine.publish_token, 'whip')).toEqual([400, 'sdp_invalid']);
  });

  test('a page of sessions is stable while new ones arrive', async () => {
    const made = [await create(), await create(), await create()].map((session) => session.session_id);
    const first = (await (await server.send('GET', '/v1/sessions?limit=2')).json()) as { data: Session[]; next_cursor: string };
    await create();
    const second = (await (await server.send('GET', `/v1/sessions?limit=2&cursor=${first.next_cursor}`)).json()) as { data: Session[] };
    expect([...first.data, ...second.data].slice(0, 3).map((session) => session.session_id)).toEqual(made.reverse());
    expect(await codeOf(await server.send('GET', `/v1/sessions?limit=2&status=live&cursor=${first.next_cursor}`))).toEqual([422, 'invalid_cursor']);
  });

  test('sessions are found by the image that they show now, and counted when asked', async () => {
    const image = await opened.addImage();
    const list = async (query: string) =>
      (await (await server.send('GET', `/v1/sessions?${query}`)).json()) as { data: Session[]; next_cursor: string | null; total?: number };
    const using = [await create({ background_image: image }), await create({ background_image: image })].map((session) => session.session_id);
    const other = await create();
    expect((await list(`background_image=${image}`)).data.map((session) => session.session_id)).toEqual(using.toReversed());
    expect(await list(`background_image=${image}&include_total=true&limit=1`)).toMatchObject({ total: 2, data: [{ session_id: using[1] }] });
    expect((await list(`background_image=${image}`)).total).toBeUndefined();

    await server.send('POST', `/v1/sessions/${other.session_id}/background`, { background_image: image });
    await server.send('DELETE', `/v1/sessions/${using[0]}/background`);
    expect((await list(`background_image=${image}`)).data.map((session) => session.session_id)).toEqual([other.session_id, using[1]]);
    expect((await list(`background_image=${image}&status=ended`)).data).toEqual([]);
    expect(await list('background_image=bg_nothing&include_total=true')).toMatchObject({ data: [], total: 0 });
  });

  test('there are as many sessions as may be, also when they are asked for at once', async () => {
    await using few = opened.openSessions(2);
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, async () =>
        few.create(server.organizationId, { avatar: { provider: 'whip' }, canvas: { width: 1280, height: 720 }, fit: 'cover', render: 'client', metadata: {} }),
      ),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(2);
    const refusals = results.filter((result) => result.status === 'rejected').map((result) => (result.reason as { code?: string }).code);
    expect(refusals).toEqual(Array.from({ length: 4 }, () => 'sessions_full'));
  });

  test('webhooks tell each change of the background once, the end once, and the end of what a restart left on air', async () => {
    const published = async (id: string) => {
      const rows = await server.database.executor
        .select()
        .from(webhookEvents)
        .where(like(webhookEvents.body, `%${id}%`));
      const events = rows.map(({ type, body, organizationId }) => {
        expect(organizationId).toBe(server.organizationId);
        return [type, (JSON.parse(body) as { data: { background_version?: number } }).data] as const;
      });
      // Within a millisecond rows have no order.
      return events.sort(([a, { background_version: left = 0 }], [b, { background_version: right = 0 }]) => a.localeCompare(b) || left - right);
    };
    const { session_id: id } = await create({ metadata: { customer: '42' } });
    await change(id, { color: '#ABCDEF' });
    await change(id, { color: '#abcdef' });
    await server.send('DELETE', `/v1/sessions/${id}/background`);
    for (let time = 0; time < 2; time++) await server.send('DELETE', `/v1/sessions/${id}`);
    expect(await published(id)).toEqual([
      ['session.background.updated', { session_id: id, has_background: true, background_id: null, background_version: 1, color: '#abcdef' }],
      ['session.background.updated', { session_id: id, has_background: false, background_id: null, background_version: 2, color: null }],
      [
        'session.ended',
        expect.objectContaining({
          session_id: id,
          status: 'ended',
          reason: { code: 'requested', message: expect.any(String) as string },
          metadata: { customer: '42' },
        }),
      ],
    ]);
    const { session_id: orphan } = await create();
    await opened.openSessions(100).recover();
    await opened.openSessions(100).recover();
    expect(await published(orphan)).toEqual([
      [
        'session.ended',
        expect.objectContaining({
          session_id: orphan,
          status: 'ended',
          reason: { code: 'server_restarted', message: expect.any(String) as string },
          live_at: null,
        }),
      ],
    ]);
  });

  test('what an earlier process left on air is ended with a reason', async () => {
    const { session_id: id } = await create();
    const next = opened.openSessions(100);
    expect(await next.recover()).toBeGreaterThan(0);
    expect(await next.get(server.organizationId, id)).toMatchObject({ status: 'ended', reason: { code: 'server_restarted' } });
  });
});

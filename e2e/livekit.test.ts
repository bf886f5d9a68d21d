import {
  findLivekitServer,
  hasEspeak,
  type LivekitServer,
  pythonWithRequests,
  startBacklot,
  type StartedBacklot,
  startLivekit,
  TEST_API_KEY,
} from '@backlot/testing';
import { Room } from '@livekit/rtc-node';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const WAIT = { timeout: 30_000, interval: 50 };

interface SessionBody {
  readonly session_id: string;
  readonly status: string;
  readonly reason: { readonly code: string; readonly message: string } | null;
  readonly stream_url: string;
  readonly access_token: string;
  readonly video_codec: string | null;
  readonly viewers: number;
  readonly livekit_room: string;
  readonly livekit_identity: string;
  readonly opening: { readonly text: string; readonly state: string } | null;
  readonly publish_url: string | null;
}

interface RoomState {
  readonly session_id: string;
  readonly status: string;
  readonly revision: number;
  readonly avatar_identity: string | null;
  readonly background: { readonly background_id: string | null; readonly color: string | null };
}

const path = findLivekitServer();

describe.skipIf(path === undefined)('sessions on LiveKit', () => {
  let livekit: LivekitServer;
  let rooms: RoomServiceClient;
  let dataDir: string;
  let backlot: StartedBacklot;
  const started: StartedBacklot[] = [];

  const start = async (): Promise<void> => {
    backlot = await startBacklot({ dataDir, env: livekit.env });
    started.push(backlot);
  };
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'backlot-livekit-'));
    livekit = await startLivekit({ path });
    rooms = new RoomServiceClient(livekit.url, livekit.apiKey, livekit.apiSecret);
    await start();
  });
  afterAll(async () => {
    for (const one of started) await one.stop('SIGKILL');
    await livekit?.[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  const create = async (body: object): Promise<SessionBody> => {
    const created = await backlot.api('POST', '/v1/sessions', body);
    expect([created.status, created.body]).toEqual([201, expect.anything()]);
    return created.body as SessionBody;
  };
  const get = async (id: string): Promise<SessionBody> => (await backlot.api('GET', `/v1/sessions/${id}`)).body as SessionBody;
  const stateOf = async (room: string): Promise<RoomState | null> => {
    const metadata = (await rooms.listRooms([room]))[0]?.metadata ?? '';
    return metadata === '' ? null : (JSON.parse(metadata) as { backlot: RoomState }).backlot;
  };
  const watch = async ({ stream_url, access_token }: Pick<SessionBody, 'stream_url' | 'access_token'>): Promise<Room & AsyncDisposable> => {
    const room = new Room();
    await room.connect(stream_url, access_token, { autoSubscribe: false, dynacast: false });
    return Object.assign(room, { [Symbol.asyncDispose]: async () => room.disconnect() });
  };
  const isLive = async (id: string): Promise<void> => {
    await expect.poll(async () => (await get(id)).video_codec, WAIT).toBe('VP8');
  };
  const firstImage = async (): Promise<string> => ((await backlot.api('GET', '/v1/background-images')).body as { data: { id: string }[] }).data[0]?.id ?? '';

  test('live on with Backlot killed, and are picked up again by the next one: state, avatar, and nothing said twice', async () => {
    const session = await create({ livekit_room: 'front-desk', livekit_identity: 'visitor-1', background_image: await firstImage(), text: 'Welcome.' });
    expect(session).toMatchObject({ livekit_room: 'front-desk', livekit_identity: 'visitor-1', stream_url: livekit.url, opening: { state: 'waiting' } });
    const { session_id: id } = session;
    await isLive(id);
    expect((await get(id)).opening?.state).toBe('waiting');
    await using viewer = await watch(session);
    await expect.poll(async () => (await get(id)).opening?.state, WAIT).toBe('said');
    const before = await stateOf('front-desk');
    expect(before).toMatchObject({ session_id: id, status: 'live', avatar_identity: 'backlot-avatar' });

    await backlot.stop('SIGKILL');
    expect(await stateOf('front-desk')).toEqual(before);
    await start();
    await isLive(id);
    expect(await get(id)).toMatchObject({ status: 'live', reason: null, opening: { state: 'said' }, viewers: 1 });
    expect(viewer.isConnected).toBe(true);
    // Swapped by the next process, for the viewer of the one before.
    await backlot.api('POST', `/v1/sessions/${id}/background`, { color: '#123456' });
    await expect.poll(async () => (await stateOf('front-desk'))?.background.color, WAIT).toBe('#123456');
    expect((await stateOf('front-desk'))?.revision).toBeGreaterThan(before?.revision ?? Infinity);

    // A server that is stopped in order lets go of it, too.
    expect(await backlot.stop()).toBe(0);
    expect((await stateOf('front-desk'))?.status).toBe('live');
    await start();
    await isLive(id);

    await backlot.api('DELETE', `/v1/sessions/${id}`);
    expect(await get(id)).toMatchObject({ status: 'ended', reason: { code: 'requested' }, access_token: '' });
    await expect.poll(async () => rooms.listRooms(['front-desk']), WAIT).toEqual([]);
  });

  test('a room carries one at a time, and each player gets an identity and a token of its own', async () => {
    const { session_id: id } = await create({ avatar: { provider: 'whip' }, livekit_room: 'shared' });
    const refused = await backlot.api('POST', '/v1/sessions', { livekit_room: 'shared' });
    expect([refused.status, refused.body]).toMatchObject([409, { error: { code: 'livekit_room_taken', details: [{ field: 'livekit_room' }] } }]);
    const connect = async () => backlot.api('POST', `/v1/sessions/${id}/livekit-connection`);
    const [first, second] = [await connect(), await connect()].map(({ body }) => body as { url: string; token: string; identity: string; room: string });
    expect(first).toMatchObject({ url: livekit.url, room: 'shared' });
    expect(first?.identity).not.toBe(second?.identity);
    await using _viewer = await watch({ stream_url: first?.url ?? '', access_token: first?.token ?? '' });
    await expect.poll(async () => (await get(id)).viewers, WAIT).toBe(1);
    expect((await get(id)).publish_url).toBe(`${livekit.url.replace('ws', 'http')}/whip/v1`);
    await backlot.api('DELETE', `/v1/sessions/${id}`);
    expect((await connect()).body).toMatchObject({ error: { code: 'session_ended' } });
    // The room is free again.
    await backlot.api('DELETE', `/v1/sessions/${(await create({ avatar: { provider: 'whip' }, livekit_room: 'shared' })).session_id}`);
  });

  test('a room that is closed from outside ends its session, and says so', async () => {
    const { session_id: id, livekit_room: room } = await create({});
    await isLive(id);
    await rooms.deleteRoom(room);
    await expect.poll(async () => get(id), WAIT).toMatchObject({ status: 'ended', reason: { code: 'room_closed' } });
    expect((await get(id)).access_token).toBe('');
  });

  test('a LiveKit that restarts in the middle costs a pause; one that is down starts nothing, and says so', async () => {
    const { session_id: id, livekit_room: room } = await create({ background_image: await firstImage() });
    await isLive(id);
    const before = await stateOf(room);
    await livekit.stop();
    const refused = await backlot.api('POST', '/v1/sessions', { livekit_room: 'never' });
    expect([refused.status, refused.headers.get('retry-after'), refused.body]).toMatchObject([503, '5', { error: { code: 'livekit_unavailable' } }]);
    expect(((await backlot.api('GET', '/v1/sessions')).body as { data: SessionBody[] }).data.map((session) => session.livekit_room)).not.toContain('never');
    const health = (await (await fetch(`${backlot.url}/health/ready`)).json()) as object;
    expect(health).toMatchObject({ status: 'ready', parts: { livekit: 'down' } });

    await livekit.start();
    await expect.poll(async () => (await stateOf(room))?.avatar_identity, WAIT).toBe('backlot-avatar');
    await isLive(id);
    expect((await stateOf(room))?.background).toEqual(before?.background);
    await backlot.api('DELETE', `/v1/sessions/${id}`);
  });

  describe.skipIf(!hasEspeak())('the plain request', () => {
    const request = async (): Promise<{ template_id: string; voice_id: string; text: string; livekit_room: string; livekit_identity: string }> => {
      const template = await backlot.api('POST', '/v1/templates', { title: 'Plain', background_image: await firstImage() });
      return {
        template_id: (template.body as { id: string }).id,
        voice_id: 'en-us',
        text: 'Hello, this is a test.',
        livekit_room: `plain-${Math.random()}`,
        livekit_identity: 'visitor',
      };
    };
    /** Watches what was answered until its text is said, then ends it. */
    const play = async (answer: SessionBody, room: string) => {
      await isLive(answer.session_id);
      await using viewer = await watch(answer);
      await expect.poll(async () => (await get(answer.session_id)).opening?.state, WAIT).toBe('said');
      const { opening } = await get(answer.session_id);
      const background = (await stateOf(room))?.background.background_id;
      await backlot.api('DELETE', `/v1/sessions/${answer.session_id}`);
      return { viewer: viewer.localParticipant?.identity, opening, background };
    };
    const expected = ({ text, livekit_room, livekit_identity }: Awaited<ReturnType<typeof request>>) => ({
      answer: { session_id: expect.stringMatching(/^sess_/), status: 'started', stream_url: livekit.url, livekit_room, livekit_identity },
      played: { viewer: livekit_identity, opening: { text, state: 'said' }, background: expect.stringMatching(/^bg_/) },
    });
    const python = pythonWithRequests();

    test.skipIf(python === undefined)("by Python's requests, as the sample is written", async () => {
      const sent = await request();
      const sample = `
import requests

url = "${backlot.url}/v2/streaming/sessions"
headers = {
    "Authorization": "Bearer ${TEST_API_KEY}",
    "Content-Type": "application/json"
}
payload = ${JSON.stringify(sent, null, 4)}

response = requests.post(url, headers=headers, json=payload)
print(response.text)
response.raise_for_status()
`;
      const { stdout } = await run(python?.path ?? '', ['-c', sample], { env: { PATH: process.env['PATH'], ...python?.env }, timeout: 30_000 });
      const answer = JSON.parse(stdout) as SessionBody;
      const { answer: answered, played } = expected(sent);
      expect(answer).toMatchObject(answered);
      expect(await play(answer, sent.livekit_room)).toEqual(played);
    });

    test('by curl', async () => {
      const sent = await request();
      const headers = ['-H', `Authorization: Bearer ${TEST_API_KEY}`, '-H', 'Content-Type: application/json'];
      const url = `${backlot.url}/v2/streaming/sessions`;
      const { stdout } = await run('curl', ['-sS', '--max-time', '30', '-X', 'POST', url, ...headers, '-d', JSON.stringify(sent)]);
      const answer = JSON.parse(stdout) as SessionBody;
      const { answer: answered, played } = expected(sent);
      expect(answer).toMatchObject(answered);
      expect(await play(answer, sent.livekit_room)).toEqual(played);
    });

    test('keeps text and voice for an avatar that does not speak, ignores what it does not know, and refuses what is not there', async () => {
      const template = await backlot.api('POST', '/v1/templates', { title: 'Mute', avatar: { provider: 'whip' } });
      const body = { template_id: (template.body as { id: string }).id, voice_id: 'en-us', text: 'Hello.', quality: 'high' };
      const answer = await backlot.api('POST', '/v2/streaming/sessions', body);
      const { session_id: id } = answer.body as SessionBody;
      expect([answer.status, (await get(id)).opening]).toEqual([200, { text: 'Hello.', state: 'unsupported' }]);
      await backlot.api('DELETE', `/v1/sessions/${id}`);
      const unknown = await backlot.api('POST', '/v2/streaming/sessions', { ...body, template_id: 'tmpl_9mx7cvn3pdr4tz8hw2kq' });
      expect([unknown.status, unknown.body]).toMatchObject([404, { error: { code: 'template_not_found' } }]);
    });
  });
});

describe('the plain request without LiveKit', () => {
  test('is answered by the embedded stage, and watched on the page', async () => {
    await using backlot = await startBacklot();
    const template = await backlot.api('POST', '/v1/templates', { title: 'Plain' });
    const body = { template_id: (template.body as { id: string }).id, livekit_room: 'front-desk', livekit_identity: 'visitor' };
    const answer = await backlot.api('POST', '/v2/streaming/sessions', body);
    expect([answer.status, answer.body]).toMatchObject([
      200,
      {
        status: 'started',
        stream_url: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+\/v1\/sessions\/sess_\w+\/whep$/),
        livekit_room: null,
        livekit_identity: null,
      },
    ]);
    const refused = await backlot.api('POST', '/v1/sessions', { livekit_room: 'front-desk' });
    expect([refused.status, refused.body]).toMatchObject([409, { error: { code: 'livekit_not_used', details: [{ field: 'livekit_room' }] } }]);
    const { session_id: id, player_url } = answer.body as { session_id: string; player_url: string };
    expect(await (await fetch(player_url)).text()).toContain('backlot-player');
    expect((await backlot.api('POST', `/v1/sessions/${id}/livekit-connection`)).body).toMatchObject({ error: { code: 'livekit_not_used' } });
  });
});

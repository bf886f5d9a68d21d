import { findLivekitServer } from '@backlot/testing';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLivekitAvatars } from '../avatars/livekit/provider.js';
import { createSessionTokens } from '../identity/session-tokens.js';
import { PUBLIC_URL } from '../http/http.testing.js';
import { createLivekitRig, type LivekitRig } from '../stage/livekit/rig.testing.js';
import type { PublisherPatience } from './live-session.js';
import { markEnded } from './repository.js';
import { SessionService } from './service.js';
import { openTestSessions, type TestSessions } from './sessions.testing.js';

const WAIT = { timeout: 20_000, interval: 20 };

describe.skipIf(findLivekitServer() === undefined)('an avatar that is a stranger in a LiveKit room', () => {
  let rig: LivekitRig;
  let parts: TestSessions;

  beforeAll(async () => {
    [rig, parts] = await Promise.all([createLivekitRig(), openTestSessions()]);
  });
  afterAll(async () => {
    for (const part of [parts, rig]) await part?.[Symbol.asyncDispose]();
  });

  const open = (patience: PublisherPatience) => {
    const stage = rig.openStage();
    const sessions = new SessionService({
      ...parts.dependencies,
      stage,
      access: rig.access,
      avatars: [createLivekitAvatars()],
      tokens: createSessionTokens(new Uint8Array(32).fill(3)),
      publicUrl: PUBLIC_URL,
      maxSessions: 10,
      patience,
      log: pino({ level: 'silent' }),
    });
    return {
      sessions,
      [Symbol.asyncDispose]: async () => {
        await sessions[Symbol.asyncDispose]();
        await stage[Symbol.asyncDispose]();
      },
    };
  };
  const request = { avatar: { provider: 'livekit' }, metadata: {} } as const;

  test('and never comes fails its session with a reason', async () => {
    await using opened = open({ firstMs: 500, returnMs: 60_000, outcome: 'failed' });
    const { organizationId } = parts.server;
    const { session_id: id, livekit_room: room, publish_url } = await opened.sessions.create(organizationId, request);
    expect(publish_url).toBeNull();
    await expect
      .poll(async () => opened.sessions.get(organizationId, id), WAIT)
      .toMatchObject({
        status: 'failed',
        reason: { code: 'publisher_absent', message: 'No video arrived from the avatar in time.' },
      });
    await expect.poll(async () => rig.rooms.listRooms([room ?? '']), WAIT).toEqual([]);
  });

  test('leaves and returns under the same session', async () => {
    await using opened = open({ firstMs: 60_000, returnMs: 60_000, outcome: 'failed' });
    const { organizationId } = parts.server;
    const { session_id: sessionId, livekit_room: room } = await opened.sessions.create(organizationId, request);
    const place = { sessionId, room, viewerIdentity: null };
    const codec = async () => (await opened.sessions.get(organizationId, sessionId)).video_codec;
    const avatar = await rig.join(place, { identity: 'agent-1', kind: 'agent', publishes: true });
    await expect.poll(codec, WAIT).toBe('VP8');
    await avatar[Symbol.asyncDispose]();
    await expect.poll(codec, WAIT).toBeNull();
    expect((await opened.sessions.get(organizationId, sessionId)).status).toBe('live');
    await using _again = await rig.join(place, { identity: 'agent-2', kind: 'agent', publishes: true });
    await expect.poll(codec, WAIT).toBe('VP8');
    await opened.sessions.end(organizationId, sessionId);
  });

  test('and whose process was killed right after the end leaves nothing behind for long', async () => {
    const { organizationId } = parts.server;
    const { database } = parts.dependencies;
    const patience = { firstMs: 60_000, returnMs: 60_000, outcome: 'failed' } as const;
    const killed = open(patience);
    const { session_id: id, livekit_room: room } = await killed.sessions.create(organizationId, request);
    await killed[Symbol.asyncDispose]();
    await markEnded(database.executor, id, { status: 'ended', reason: { code: 'requested', message: 'Over.' }, at: new Date() });
    expect(await rig.rooms.listRooms([room ?? ''])).toHaveLength(1);
    await using next = open(patience);
    await next.sessions.recover();
    await expect.poll(async () => rig.rooms.listRooms([room ?? '']), WAIT).toEqual([]);
  });

  test('is not taken for its own viewer', async () => {
    await using opened = open({ firstMs: 60_000, returnMs: 60_000, outcome: 'failed' });
    const avatar = { provider: 'livekit', identity: 'presenter' } as const;
    await expect(opened.sessions.create(parts.server.organizationId, { avatar, livekit_identity: 'presenter', metadata: {} })).rejects.toMatchObject({
      code: 'invalid_request',
      details: [{ field: 'livekit_identity' }],
    });
  });
});

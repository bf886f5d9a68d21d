import { findLivekitServer } from '@backlot/testing';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createLiveAvatarAvatars } from '../avatars/liveavatar/provider.js';
import { createLivekitAvatars } from '../avatars/livekit/provider.js';
import type { AvatarProvider } from '../avatars/port.js';
import { createSessionTokens } from '../identity/session-tokens.js';
import { PUBLIC_URL } from '../http/http.testing.js';
import { startWireServer } from '../http/wire-server.testing.js';
import { createLivekitRig, joinWith, type LivekitRig } from '../stage/livekit/rig.testing.js';
import { readRoomState } from '../stage/livekit/metadata.js';
import type { PublisherPatience } from './live-session.js';
import { markEnded } from './repository.js';
import { SessionService } from './service.js';
import { openTestSessions, type TestSessions } from './sessions.testing.js';

const WAIT = { timeout: 20_000, interval: 20 };

describe.skipIf(findLivekitServer() === undefined)('sessions on LiveKit', () => {
  let rig: LivekitRig;
  let parts: TestSessions;

  beforeAll(async () => {
    [rig, parts] = await Promise.all([createLivekitRig(), openTestSessions()]);
  });
  afterAll(async () => {
    for (const part of [parts, rig]) await part?.[Symbol.asyncDispose]();
  });

  const open = (patience: PublisherPatience, avatars: readonly AvatarProvider[] = [createLivekitAvatars()], more: { readonly refreshMs?: number } = {}) => {
    const stage = rig.openStage();
    const sessions = new SessionService({
      ...parts.dependencies,
      stage,
      access: rig.access,
      avatars,
      tokens: createSessionTokens(new Uint8Array(32).fill(3)),
      publicUrl: PUBLIC_URL,
      maxSessions: 10,
      patience,
      ...more,
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
  describe('an avatar that is a stranger in its room', () => {
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

    test('has its state told anew now and then, for addresses that late viewers can use', async () => {
      await using opened = open({ firstMs: 60_000, returnMs: 60_000, outcome: 'failed' }, [createLivekitAvatars()], { refreshMs: 50 });
      const { organizationId } = parts.server;
      const { session_id: id, livekit_room: room } = await opened.sessions.create(organizationId, request);
      const revision = async () => readRoomState((await rig.rooms.listRooms([room ?? '']))[0]?.metadata ?? '')?.revision ?? 0;
      const first = await revision();
      await expect.poll(revision, WAIT).toBeGreaterThan(first);
      const second = await revision();
      await expect.poll(revision, WAIT).toBeGreaterThan(second);
      await opened.sessions.end(organizationId, id);
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

  describe('an avatar of a vendor', () => {
    const SESSION = '11111111-2222-3333-4444-555555555555';
    const request = { avatar: { provider: 'liveavatar', avatar_id: 'anna' }, metadata: {} } as const;

    const openVendor = async (patience: Partial<PublisherPatience> = {}) => {
      const wire = await startWireServer();
      wire.answer = ({ path }) => {
        if (path === '/v1/sessions/token') return { body: { data: { session_id: SESSION, session_token: 'session-token' } } };
        return { body: { data: null } };
      };
      const log = pino({ level: 'silent' });
      const liveAvatar = createLiveAvatarAvatars({ findApiKey: async () => 'vendor-key', baseUrl: wire.url, firstWaitMs: 1, log });
      const opened = open({ firstMs: 60_000, returnMs: 60_000, outcome: 'failed', ...patience }, [liveAvatar]);
      return {
        wire,
        sessions: opened.sessions,
        calls: () => wire.requests.map(({ path }) => path),
        [Symbol.asyncDispose]: async () => {
          await opened[Symbol.asyncDispose]();
          await wire[Symbol.asyncDispose]();
        },
      };
    };
    /** What the vendor's worker is asked to join with. */
    const invitation = z.object({ livekit_config: z.object({ livekit_url: z.string(), livekit_room: z.string(), livekit_client_token: z.string() }) });

    test('joins by what the vendor was sent, is seen, and is sent away and ended there with its session', async () => {
      await using vendor = await openVendor();
      const { organizationId } = parts.server;
      const { session_id: id, livekit_room: room } = await vendor.sessions.create(organizationId, request);
      await expect.poll(vendor.calls, WAIT).toEqual(['/v1/sessions/token', '/v1/sessions/start']);
      const { livekit_config: sent } = invitation.parse(JSON.parse(vendor.wire.requests[0]?.body.toString() ?? ''));
      expect(sent.livekit_room).toBe(room);
      await using worker = await joinWith(sent.livekit_url, sent.livekit_client_token, true);
      await expect.poll(async () => vendor.sessions.get(organizationId, id), WAIT).toMatchObject({ status: 'live', video_codec: 'VP8', viewers: 0 });
      await vendor.sessions.end(organizationId, id);
      expect(vendor.calls().slice(2)).toEqual(['/v1/sessions/stop']);
      await expect.poll(() => worker.seen.at(-1)?.kind, WAIT).toBe('disconnected');
    });

    test('that never joins is ended at the vendor, too', async () => {
      await using vendor = await openVendor({ firstMs: 500 });
      const { organizationId } = parts.server;
      const { session_id: id } = await vendor.sessions.create(organizationId, request);
      await expect.poll(async () => vendor.sessions.get(organizationId, id), WAIT).toMatchObject({ status: 'failed', reason: { code: 'publisher_absent' } });
      await expect.poll(vendor.calls, WAIT).toEqual(['/v1/sessions/token', '/v1/sessions/start', '/v1/sessions/stop']);
    });

    test('that the vendor refuses fails its session with the reason, and leaves no room', async () => {
      await using vendor = await openVendor();
      vendor.wire.answer = () => ({ status: 402 });
      const { organizationId } = parts.server;
      const { session_id: id, livekit_room: room } = await vendor.sessions.create(organizationId, request);
      await expect
        .poll(async () => vendor.sessions.get(organizationId, id), WAIT)
        .toMatchObject({ status: 'failed', reason: { code: 'avatar_failed', message: expect.stringContaining('no credit left') } });
      await expect.poll(async () => rig.rooms.listRooms([room ?? '']), WAIT).toEqual([]);
      expect(vendor.calls()).toEqual(['/v1/sessions/token']);
    });

    test('goes on while Backlot restarts, and is ended by the next process', async () => {
      await using vendor = await openVendor();
      const { organizationId } = parts.server;
      const { session_id: id } = await vendor.sessions.create(organizationId, request);
      await expect.poll(vendor.calls, WAIT).toHaveLength(2);
      await vendor.sessions[Symbol.asyncDispose]();
      await using next = await openVendor();
      await next.sessions.recover();
      await next.sessions.end(organizationId, id);
      expect(vendor.calls()).toHaveLength(2);
      expect(next.calls()).toEqual(['/v1/sessions/stop']);
      expect(JSON.parse(next.wire.requests[0]?.body.toString() ?? '')).toMatchObject({ session_id: SESSION });
    });
  });
});

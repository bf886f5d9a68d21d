import { LIVEKIT_TOPIC, type LivekitRoomMessage, type LivekitRoomState } from '@backlot/contract';
import { findLivekitServer } from '@backlot/testing';
import { AccessToken, AgentDispatchClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createId } from '../../ids.js';
import type { Room, RoomSpec, SessionPlace } from '../port.js';
import { describeStage } from '../port.contract.js';
import { recordRoom, roomSpec, STARTING } from '../room.testing.js';
import { COMPOSITOR_AGENT } from './identities.js';
import { readRoomState } from './metadata.js';
import { createLivekitRig, joinWith, type LivekitRig, openWay } from './rig.testing.js';
import type { LivekitStage } from './stage.js';

const WAIT = { timeout: 20_000, interval: 20 };

describe.skipIf(findLivekitServer() === undefined)('LiveKit', () => {
  let rig: LivekitRig;
  let stage: LivekitStage;
  let count = 0;

  beforeAll(async () => {
    rig = await createLivekitRig();
    stage = rig.openStage();
  });
  afterAll(async () => {
    await stage[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  const newPlace = (room?: string): SessionPlace => rig.access.place(createId('sess'), { room });
  const open = async (place: SessionPlace, more: Partial<RoomSpec> = {}) => {
    const { told, observer } = recordRoom();
    const room = await stage.openRoom({ ...roomSpec(place.sessionId, place), ...more }, observer);
    return { room, told };
  };
  const metadataOf = async ({ room }: SessionPlace): Promise<string> => (await rig.rooms.listRooms([room ?? '']))[0]?.metadata ?? '';
  const stateOf = async (place: SessionPlace): Promise<LivekitRoomState | null> => readRoomState(await metadataOf(place));
  const messagesIn = (seen: readonly { kind: string; text: string }[]): LivekitRoomMessage[] =>
    seen
      .filter(({ kind, text }) => kind === 'data' && text.startsWith(`${LIVEKIT_TOPIC}:`))
      .map(({ text }) => JSON.parse(text.slice(LIVEKIT_TOPIC.length + 1)) as LivekitRoomMessage);

  describeStage('livekit', async () => {
    const opened = rig.openStage();
    return {
      stage: opened,
      place: (sessionId) => rig.access.place(sessionId, {}),
      publish: async (place) => rig.join(place, { identity: 'backlot-avatar', kind: 'agent', publishes: true }),
      watch: async (place) => {
        const { url, token } = await rig.access.viewer(place, `viewer-${++count}`);
        return joinWith(url, token);
      },
      [Symbol.asyncDispose]: async () => opened[Symbol.asyncDispose](),
    };
  });

  describe('the state of a session', () => {
    test('is there for who joins later, told at once to who is there, and newer with every change', async () => {
      const place = newPlace();
      const { room } = await open(place);
      const first = await stateOf(place);
      expect(first).toMatchObject({ ...STARTING, session_id: place.sessionId, avatar_identity: null, program_identity: null, room_made: true });
      await using viewer = await rig.join(place, { identity: 'viewer' });
      await expect.poll(() => room.viewers, WAIT).toBe(1);
      const background = { ...STARTING.background, has_background: true, background_version: 1, color: '#123456' };
      room.announce({ ...STARTING, background });
      room.announceSpeech({ speech_id: 'say_1', text: 'Hello.', state: 'started', duration_ms: 900, audible: true });
      await expect
        .poll(
          () =>
            messagesIn(viewer.seen)
              .map(({ type }) => type)
              .toSorted(),
          WAIT,
        )
        .toEqual(['speech', 'state']);
      const told = messagesIn(viewer.seen).find((message) => message.type === 'state');
      expect(told?.state.background).toEqual(background);
      expect(told?.state.revision).toBeGreaterThan(first?.revision ?? Infinity);
      await expect.poll(async () => (await stateOf(place))?.background, WAIT).toEqual(background);
      expect((await stateOf(place))?.revision).toBe(told?.state.revision);
    });

    test("stands beside a customer's metadata, and comes back when that is overwritten", async () => {
      const place = newPlace('customers-room');
      await rig.rooms.createRoom({ name: 'customers-room', metadata: JSON.stringify({ theirs: [1] }) });
      const { room } = await open(place);
      expect(JSON.parse(await metadataOf(place))).toMatchObject({ theirs: [1], backlot: { session_id: place.sessionId, room_made: false } });
      await rig.rooms.updateRoomMetadata('customers-room', JSON.stringify({ theirs: [2] }));
      await expect
        .poll(async () => JSON.parse(await metadataOf(place)) as unknown, WAIT)
        .toMatchObject({ theirs: [2], backlot: { session_id: place.sessionId } });
      await room[Symbol.asyncDispose]();
      // Theirs it stays.
      expect(await rig.rooms.listRooms(['customers-room'])).toHaveLength(1);
    });

    test.each(['Room of Ann', '[1, 2]'])('keeps what is no object: %s', async (theirs) => {
      const place = newPlace(`room of ${theirs}`);
      await rig.rooms.createRoom({ name: place.room ?? '', metadata: theirs });
      const { room } = await open(place);
      expect(JSON.parse(await metadataOf(place))).toMatchObject({ metadata: theirs, backlot: { session_id: place.sessionId } });
      room.announce({ ...STARTING, status: 'live' });
      await expect.poll(async () => (await stateOf(place))?.status, WAIT).toBe('live');
      expect(JSON.parse(await metadataOf(place))).toMatchObject({ metadata: theirs });
    });

    test('says that the session is over before the room is closed', async () => {
      const place = newPlace();
      const { room } = await open(place);
      await using viewer = await rig.join(place, { identity: 'viewer' });
      await expect.poll(() => room.viewers, WAIT).toBe(1);
      room.announce({ ...STARTING, status: 'ended', reason: { code: 'requested', message: 'Over.' } });
      await room[Symbol.asyncDispose]();
      await expect.poll(() => viewer.seen.at(-1)?.kind, WAIT).toBe('disconnected');
      const states = viewer.seen.filter(({ kind }) => kind === 'metadata').map(({ text }) => readRoomState(text));
      expect(states.at(-1)).toMatchObject({ status: 'ended', reason: { code: 'requested' } });
      expect(await rig.rooms.listRooms([place.room ?? ''])).toEqual([]);
    });
  });

  describe('the avatar', () => {
    test('that nobody named is a worker that lends an agent its face, not the agent, a screen or a visitor', async () => {
      const place = newPlace();
      const { room, told } = await open(place, { avatar: { identity: null } });
      await using _visitor = await rig.join(place, { identity: 'visitor', publishes: true });
      await expect.poll(() => room.viewers, WAIT).toBe(1);
      await using _worker = await rig.join(place, { identity: 'face', kind: 'agent', attributes: { 'lk.publish_on_behalf': 'brain' }, publishes: true });
      await using _agent = await rig.join(place, { identity: 'brain', kind: 'agent', publishes: true });
      await expect.poll(async () => (await stateOf(place))?.avatar_identity, WAIT).toBe('face');
      expect([room.viewers, told.filter((line) => line.startsWith('live'))]).toEqual([1, ['live VP8']]);
    });

    test('that was named is that participant, of whatever kind, and no viewer', async () => {
      const place = newPlace();
      const { room, told } = await open(place, { avatar: { identity: 'presenter' } });
      await using _other = await rig.join(place, { identity: 'agent', kind: 'agent', publishes: true });
      await using _presenter = await rig.join(place, { identity: 'presenter', publishes: true });
      await expect.poll(async () => (await stateOf(place))?.avatar_identity, WAIT).toBe('presenter');
      expect([told.includes('live VP8'), room.viewers]).toEqual([true, 0]);
    });

    test('that mutes itself pauses, stays named, and goes on', async () => {
      const place = newPlace();
      const { room, told } = await open(place);
      await using _avatar = await rig.join(place, { identity: 'backlot-avatar', kind: 'agent', publishes: true });
      await expect.poll(() => told, WAIT).toEqual(['live VP8']);
      await rig.mute(place.room ?? '', 'backlot-avatar', true);
      await expect.poll(() => told, WAIT).toEqual(['live VP8', 'paused']);
      expect([room.codec, (await stateOf(place))?.avatar_identity]).toEqual([null, 'backlot-avatar']);
      await rig.mute(place.room ?? '', 'backlot-avatar', false);
      await expect.poll(() => told, WAIT).toEqual(['live VP8', 'paused', 'live VP8']);
    });
  });

  describe('faults', () => {
    test('a room that somebody closes is over; one that nobody was in is made again', async () => {
      const place = newPlace();
      const { told } = await open(place);
      await using _viewer = await rig.join(place, { identity: 'viewer' });
      await expect.poll(() => told, WAIT).toEqual(['viewers 1']);
      const empty = newPlace();
      const kept = await open(empty);
      const [before] = await rig.rooms.listRooms([empty.room ?? '']);
      await rig.rooms.deleteRoom(place.room ?? '');
      await rig.rooms.deleteRoom(empty.room ?? '');
      await expect.poll(() => told, WAIT).toContain('over room_closed');
      await expect.poll(async () => (await stateOf(empty))?.session_id, WAIT).toBe(empty.sessionId);
      const [after] = await rig.rooms.listRooms([empty.room ?? '']);
      expect(after?.sid).not.toBe(before?.sid);
      expect(kept.told).toEqual([]);
    });

    test('a room with somebody in it is not over when LiveKit restarts: it is made again and tells what holds now', async () => {
      await using restarted = await createLivekitRig();
      await using ownStage = restarted.openStage();
      const place = restarted.access.place(createId('sess'), {});
      const { told, observer } = recordRoom();
      const room = await ownStage.openRoom(roomSpec(place.sessionId, place), observer);
      const avatar = await restarted.join(place, { identity: 'backlot-avatar', kind: 'agent', publishes: true });
      await expect.poll(() => told, WAIT).toEqual(['live VP8']);
      const background = { ...STARTING.background, has_background: true, background_version: 7, color: '#654321' };
      await restarted.livekit.stop();
      await avatar[Symbol.asyncDispose]();
      // Told to nobody, while nobody is there to hear it.
      room.announce({ ...STARTING, background });
      await restarted.livekit.start();
      await using _again = await restarted.join(place, { identity: 'backlot-avatar', kind: 'agent', publishes: true });
      const read = async (): Promise<LivekitRoomState | null> => readRoomState((await restarted.rooms.listRooms([place.room ?? '']))[0]?.metadata ?? '');
      await expect.poll(async () => (await read())?.background, WAIT).toEqual(background);
      await expect.poll(async () => (await read())?.avatar_identity, WAIT).toBe('backlot-avatar');
      expect(told.filter((line) => line.startsWith('over'))).toEqual([]);
      expect(room.codec).toBe('VP8');
    });

    test('a LiveKit that is down, or does not take the key, opens no room and quotes nothing', async () => {
      const unreachable = rig.openStage({ url: 'ws://127.0.0.1:9' });
      const place = newPlace();
      await expect(unreachable.openRoom(roomSpec(place.sessionId, place), recordRoom().observer)).rejects.toMatchObject({
        code: 'livekit_unavailable',
        status: 503,
        retryAfterSeconds: 5,
      });
      const stranger = rig.openStage({ apiSecret: 'another secret of some length, but wrong' });
      const refused = await stranger.openRoom(roomSpec(place.sessionId, place), recordRoom().observer).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'livekit_unavailable', cause: { status: 401, message: 'LiveKit answered 401 to listRooms.' } });
      expect(await rig.rooms.listRooms([place.room ?? ''])).toEqual([]);
    });

    describe('what a session has left', () => {
      const OVER = { ...STARTING, status: 'ended', reason: { code: 'requested', message: 'Over.' } } as const;
      const states = (seen: readonly { kind: string; text: string }[]) =>
        seen.filter(({ kind }) => kind === 'metadata').map(({ text }) => readRoomState(text)?.status);

      test('on a LiveKit that could not be reached is cleared when it can be', async () => {
        await using way = await openWay(rig.livekit.url);
        await using far = rig.openStage({ url: way.url });
        const [own, theirs] = [newPlace(), newPlace('lasting-room')];
        await rig.rooms.createRoom({ name: 'lasting-room' });
        const rooms: Room[] = [];
        for (const place of [own, theirs]) rooms.push(await far.openRoom(roomSpec(place.sessionId, place), recordRoom().observer));
        await using watcher = await rig.join(own, { identity: 'viewer' });
        await using _avatar = await rig.join(theirs, { identity: 'backlot-avatar', kind: 'agent', publishes: true });
        await using guest = await rig.join(theirs, { identity: 'viewer' });
        await expect.poll(() => rooms.map(({ viewers }) => viewers), WAIT).toEqual([1, 1]);
        way.cut();
        for (const room of rooms) {
          room.announce(OVER);
          await room[Symbol.asyncDispose]();
        }
        expect((await stateOf(own))?.status).toBe('starting');
        way.mend();
        await expect.poll(() => watcher.seen.at(-1)?.kind, WAIT).toBe('disconnected');
        expect(states(watcher.seen).at(-1)).toBe('ended');
        expect(await rig.rooms.listRooms([own.room ?? ''])).toEqual([]);
        const there = async () => (await rig.rooms.listParticipants('lasting-room')).map(({ identity }) => identity);
        await expect.poll(there, WAIT).toEqual(['viewer']);
        expect(states(guest.seen).at(-1)).toBe('ended');
      });

      test('of an earlier process is cleared, unless another session has its room', async () => {
        const [place, taken] = [newPlace(), newPlace('taken-room')];
        const earlier = rig.openStage();
        for (const one of [place, taken]) await earlier.openRoom(roomSpec(one.sessionId, one), recordRoom().observer);
        await earlier[Symbol.asyncDispose]();
        const successor = newPlace('taken-room');
        const { room } = await open(successor);
        await using later = rig.openStage();
        later.clearRooms([taken, place].map((one) => ({ ...roomSpec(one.sessionId, one), state: OVER })));
        // In their order.
        await expect.poll(async () => rig.rooms.listRooms([place.room ?? '']), WAIT).toEqual([]);
        expect(await stateOf(successor)).toMatchObject({ session_id: successor.sessionId, status: 'starting' });
        await room[Symbol.asyncDispose]();
      });
    });

    test('a token that has expired lets nobody in; the next one does', async () => {
      const place = newPlace();
      const { room } = await open(place);
      const expired = new AccessToken(rig.livekit.apiKey, rig.livekit.apiSecret, { identity: 'late', ttl: -3600 });
      expired.addGrant({ roomJoin: true, room: place.room ?? '' });
      await expect(joinWith(rig.livekit.url, await expired.toJwt())).rejects.toThrow();
      const { url, token } = await rig.access.viewer(place, 'late');
      await using guest = await joinWith(url, token);
      await expect.poll(() => room.viewers, WAIT).toBe(1);
      expect(guest.room.localParticipant?.identity).toBe('late');
    });

    test('a session that nobody composes has called for a compositor, and is over after a while', async () => {
      await using impatient = rig.openStage({ compositorPatienceMs: 1500 });
      const place = newPlace();
      const { told, observer } = recordRoom();
      await impatient.openRoom({ ...roomSpec(place.sessionId, place), state: { ...STARTING, render: 'server' } }, observer);
      const dispatches = new AgentDispatchClient(rig.livekit.url, rig.livekit.apiKey, rig.livekit.apiSecret);
      // LiveKit has one without a name in every room, for agents that come by themselves.
      const called = async () => (await dispatches.listDispatch(place.room ?? '')).filter(({ agentName }) => agentName === COMPOSITOR_AGENT);
      await expect.poll(async () => (await called()).map(({ metadata }) => metadata), WAIT).toEqual([JSON.stringify({ session_id: place.sessionId })]);
      expect(told).toEqual([]);
      await using _avatar = await rig.join(place, { identity: 'backlot-avatar', kind: 'agent', publishes: true });
      await expect.poll(() => told, WAIT).toEqual(['live VP8', 'over compositor_absent']);
    });
  });

  test('tokens let viewers watch and nothing else, and nobody be the avatar', async () => {
    const place = newPlace();
    await open(place);
    const { token } = await rig.access.viewer(place);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string; video: object; exp: number; nbf: number };
    expect(claims.video).toEqual({ roomJoin: true, room: place.room, canPublish: false, canPublishData: false, canSubscribe: true });
    expect([claims.sub, claims.exp - claims.nbf]).toEqual([place.viewerIdentity, 6 * 3600]);
    for (const viewerIdentity of ['backlot-avatar', 'backlot-compositor']) {
      expect(() => rig.access.place('sess_1', { viewerIdentity })).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    }
  });
});

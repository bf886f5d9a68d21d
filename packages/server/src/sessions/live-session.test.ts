import { DEFAULT_FRAMING, type EndReason, type SessionEvent } from '@backlot/contract';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AvatarObserver, RunningAvatar } from '../avatars/port.js';
import { BacklotError } from '../errors.js';
import type { Room, RoomObserver } from '../stage/port.js';
import { LiveSession } from './live-session.js';

/** A session whose room and avatar the test plays by hand. */
const stageSession = async (options: { opening?: string; status?: 'starting' | 'live'; startAvatar?: () => Promise<RunningAvatar> } = {}) => {
  const room = { codec: null as Room['codec'], viewers: 0, closed: 0, left: 0, announced: [] as string[] };
  let claims = 0;
  const said: string[] = [];
  const events: SessionEvent[] = [];
  const over: { status: string; reason: EndReason }[] = [];
  const hooks: { room?: RoomObserver; avatar?: AvatarObserver; signal?: AbortSignal } = {};
  let lives = 0;
  let avatarsClosed = 0;
  let avatarsLeft = 0;
  const opening = options.opening;
  const session: LiveSession = await LiveSession.open({
    status: options.status ?? 'starting',
    background: { version: 0, backgroundId: null, sourceSha256: null, color: null },
    patience: { firstMs: 20_000, returnMs: 5_000, outcome: 'failed' },
    opening: opening === undefined ? null : { speechId: 'say_1', text: opening, claim: async () => claims++ === 0 },
    openRoom: (observer) => {
      hooks.room = observer;
      return Object.assign(room, {
        announce: () => undefined,
        announceSpeech: ({ text }: { text: string }) => room.announced.push(text),
        leave: async () => {
          room.left++;
        },
        [Symbol.asyncDispose]: async () => {
          room.closed++;
        },
      });
    },
    startAvatar: async (observer, signal) => {
      hooks.avatar = observer;
      hooks.signal = signal;
      if (options.startAvatar !== undefined) return options.startAvatar();
      return {
        speak: async (_speechId, text) => {
          said.push(text);
          return { audible: true };
        },
        leave: async () => {
          avatarsLeft++;
        },
        [Symbol.asyncDispose]: async () => {
          avatarsClosed++;
        },
      };
    },
    onLive: () => {
      lives++;
    },
    onOver: (status, reason) => over.push({ status, reason }),
    onEvent: (event) => events.push(event),
    describe: () => ({
      event: 'session',
      data: {
        session_id: 'sess_1',
        status: session.status,
        reason: null,
        stage: 'embedded',
        render: 'client',
        canvas: { width: 1280, height: 720 },
        framing: DEFAULT_FRAMING,
        keying: {},
        video_codec: room.codec,
      },
    }),
    log: pino({ level: 'silent' }),
  });
  session.startAvatar();
  return { session, room, hooks, said, events, over, lives: () => lives, avatarsClosed: () => avatarsClosed, avatarsLeft: () => avatarsLeft };
};

describe('a live session', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('goes live on the first picture, once', async () => {
    const { session, room, hooks, lives, events } = await stageSession();
    expect(session.status).toBe('starting');
    room.codec = 'VP8';
    hooks.room?.publisherLive('VP8');
    hooks.room?.publisherLive('VP8');
    expect(session.status).toBe('live');
    expect(lives()).toBe(1);
    expect(events[0]).toMatchObject({ event: 'session', data: { status: 'live', video_codec: 'VP8' } });
  });

  test('gives up a publisher that never comes, and one that leaves and stays away', async () => {
    const never = await stageSession();
    await vi.advanceTimersByTimeAsync(20_001);
    expect(never.over).toMatchObject([{ status: 'failed', reason: { code: 'publisher_absent' } }]);

    const gone = await stageSession();
    gone.hooks.room?.publisherLive('VP8');
    gone.hooks.room?.publisherLeft('lost');
    await vi.advanceTimersByTimeAsync(5_001);
    expect(gone.over).toMatchObject([{ status: 'failed', reason: { code: 'publisher_left' } }]);
  });

  test('goes on when its publisher comes back in time', async () => {
    const { hooks, over, session } = await stageSession();
    hooks.room?.publisherLive('VP8');
    hooks.room?.publisherLeft('lost');
    await vi.advanceTimersByTimeAsync(4_000);
    hooks.room?.publisherLive('VP8');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(over).toEqual([]);
    expect(session.status).toBe('live');
  });

  test('says its opening line once, when it is live and somebody watches', async () => {
    const { hooks, room, said } = await stageSession({ opening: 'Hello.' });
    hooks.room?.publisherLive('VP8');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(said).toEqual([]);
    room.viewers = 1;
    hooks.room?.viewersChanged(1);
    hooks.room?.viewersChanged(2);
    await vi.advanceTimersByTimeAsync(0);
    expect(said).toEqual(['Hello.']);
  });

  test('is over when its avatar fails to start or dies, and reports nothing after its end', async () => {
    const unstarted = await stageSession({ startAvatar: async () => Promise.reject(new BacklotError('ffmpeg_missing')) });
    await vi.advanceTimersByTimeAsync(0);
    expect(unstarted.over).toMatchObject([{ status: 'failed', reason: { code: 'avatar_failed', message: expect.stringContaining('ffmpeg') } }]);

    const broken = await stageSession({ startAvatar: async () => Promise.reject(new BacklotError('clip_unreadable')) });
    await vi.advanceTimersByTimeAsync(0);
    expect(broken.over).toMatchObject([{ status: 'failed', reason: { code: 'clip_unreadable' } }]);

    const died = await stageSession();
    died.hooks.avatar?.failed('avatar_failed', 'It crashed.');
    expect(died.over).toMatchObject([{ status: 'failed', reason: { code: 'avatar_failed', message: 'It crashed.' } }]);
    await died.session.end('failed');
    died.hooks.avatar?.failed('avatar_failed', 'Again.');
    died.hooks.room?.publisherLeft('closed');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(died.over).toHaveLength(1);
  });

  test('closes its avatar and its room exactly once, and refuses to speak afterwards', async () => {
    const { session, room, hooks, avatarsClosed } = await stageSession();
    await session.end('ended');
    await session.end('ended');
    expect([avatarsClosed(), room.closed, hooks.signal?.aborted]).toEqual([1, 1, true]);
    await expect(session.speak('say_2', 'Hello?')).rejects.toMatchObject({ code: 'session_ended' });
  });

  test('keeps the caption of what is being said for followers who come late', async () => {
    const { session, room, hooks, events } = await stageSession();
    hooks.avatar?.speechStarted({ speechId: 'say_1', text: 'Hello.', durationMs: 900, audible: false });
    expect(session.speech).toMatchObject({ data: { text: 'Hello.', state: 'started' } });
    hooks.avatar?.speechEnded('say_1');
    expect(session.speech).toBeNull();
    expect(events.map((event) => event.event === 'speech' && event.data.state)).toEqual(['started', 'ended']);
    expect(room.announced).toEqual(['Hello.', 'Hello.']);
  });

  test('waits for a publisher that has muted itself, however long', async () => {
    const { hooks, over, session } = await stageSession();
    hooks.room?.publisherLive('VP8');
    hooks.room?.publisherLeft('closed');
    hooks.room?.publisherPaused();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect([over, session.status]).toEqual([[], 'live']);
  });

  test('is over when its room can not go on: ended when somebody closed it, failed without a compositor', async () => {
    const closed = await stageSession();
    closed.hooks.room?.over('room_closed', 'Closed.');
    expect(closed.over).toEqual([{ status: 'ended', reason: { code: 'room_closed', message: 'Closed.' } }]);
    const bare = await stageSession();
    bare.hooks.room?.over('compositor_absent', 'None.');
    expect(bare.over).toEqual([{ status: 'failed', reason: { code: 'compositor_absent', message: 'None.' } }]);
  });

  test('that an earlier process had on air is live at once, and does not start anew or repeat itself', async () => {
    const { session, hooks, lives, said, room, over } = await stageSession({ status: 'live', opening: 'Hello.' });
    expect(session.status).toBe('live');
    room.viewers = 1;
    hooks.room?.viewersChanged(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(said).toEqual([]);
    hooks.room?.publisherLive('VP8');
    await vi.advanceTimersByTimeAsync(0);
    expect([said, lives(), over]).toEqual([['Hello.'], 0, []]);
    const unreturned = await stageSession({ status: 'live' });
    await vi.advanceTimersByTimeAsync(5_001);
    expect(unreturned.over).toMatchObject([{ status: 'failed', reason: { code: 'publisher_left' } }]);
  });

  test('is let go of without being ended', async () => {
    const { session, room, avatarsClosed, avatarsLeft } = await stageSession();
    await session.leave();
    await session.end('ended');
    expect([room.left, room.closed, avatarsLeft(), avatarsClosed()]).toEqual([1, 0, 1, 0]);
  });
});

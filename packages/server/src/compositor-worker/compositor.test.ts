import { once } from 'node:events';
import { createServer } from 'node:http';
import { readdirSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findLivekitServer, type LivekitServer, startLivekit } from '@backlot/testing';
import { AgentDispatchClient, TrackSource } from 'livekit-server-sdk';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { COMPOSITOR_AGENT, COMPOSITOR_IDENTITY } from '../stage/livekit/identities.js';
import type { SeenPicture, ViewerReport } from './peer.testing.js';
import { CLOTH, type Look, SCREEN } from './person.testing.js';
import { type Peer, reportOf, RoomDirector, type StartedCompositor, startCompositor, startPeer } from './rig.testing.js';

/** Y, U, V of the colours that stand behind the avatar here (BT.601). */
const BLUE: Look = [41, 240, 110];
const RED: Look = [81, 90, 240];
const YELLOW: Look = [210, 16, 146];
/** What VP8 and rounding change of a flat colour. */
const TOLERANCE = 9;
const SEEN_WITHIN_MS = 20_000;
const MAX_PICTURE_AGE_MS = 50;

const isLike = (seen: Look, wanted: Look): boolean => seen.every((code, index) => Math.abs(code - (wanted[index] ?? 0)) <= TOLERANCE);
const programOf = ({ pictures }: ViewerReport): readonly SeenPicture[] => pictures.filter(({ identity }) => identity === COMPOSITOR_IDENTITY);

/** Asks a viewer until it has seen it; returns everything that it has seen meanwhile. */
const see = async (viewer: Peer, what: (report: ViewerReport) => boolean): Promise<readonly SeenPicture[]> => {
  const limit = AbortSignal.timeout(SEEN_WITHIN_MS);
  const seen: SeenPicture[] = [];
  for (;;) {
    const report = await reportOf(viewer);
    seen.push(...programOf(report));
    if (what(report)) return seen;
    if (limit.aborted) throw new Error(`Not seen in time; the last picture was ${JSON.stringify(seen.at(-1))}.`);
    await new Promise((resolve) => {
      setTimeout(resolve, MAX_PICTURE_AGE_MS);
    });
  }
};
const seeBackground = async (viewer: Peer, color: Look): Promise<readonly SeenPicture[]> =>
  see(viewer, (report) => programOf(report).some(({ corner }) => isLike(corner, color)));

/** Processes of a worker that compose: the one that waits for the next session encodes nothing. */
const composingProcessesOf = (worker: number): readonly number[] => {
  const children = readFileSync(`/proc/${worker}/task/${worker}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  const encodes = (pid: number): boolean =>
    readdirSync(`/proc/${pid}/task`).some((thread) => /encod/i.test(readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8')));
  return children.filter(encodes);
};

describe.skipIf(findLivekitServer() === undefined)('the compositor in a LiveKit room', () => {
  let livekit: LivekitServer;
  let compositor: StartedCompositor;
  let room = '';
  let director: RoomDirector;
  let avatar: Peer;
  let viewer: Peer;
  let number = 0;

  const dispatch = async (): Promise<void> => {
    await new AgentDispatchClient(livekit.url, livekit.apiKey, livekit.apiSecret).createDispatch(room, COMPOSITOR_AGENT);
  };
  const jobIn = async (): Promise<string | undefined> =>
    (await director.participants()).find(({ identity }) => identity === COMPOSITOR_IDENTITY)?.attributes['backlot.job'];
  /** Waits until another job is in the room. */
  const isReplaced = async (job: string | undefined): Promise<void> => {
    const isMissing = async () => [undefined, job].includes(await jobIn());
    await expect.poll(isMissing, { timeout: SEEN_WITHIN_MS, interval: 50 }).toBe(false);
  };

  beforeAll(async () => {
    livekit = await startLivekit();
    compositor = await startCompositor({ ...livekit.env, BACKLOT_COMPOSITOR_SESSIONS: '4' });
  });
  afterAll(async () => {
    await compositor[Symbol.asyncDispose]();
    await livekit[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    room = `room-${++number}`;
    director = new RoomDirector(livekit, room);
    await director.open();
    avatar = await startPeer(livekit, 'avatar', room, 'avatar');
    viewer = await startPeer(livekit, 'viewer', room, 'viewer', COMPOSITOR_IDENTITY);
    await dispatch();
  });
  afterEach(async () => {
    await avatar[Symbol.asyncDispose]();
    await viewer[Symbol.asyncDispose]();
    await director.close();
  });

  test('publishes the avatar over its background, in one picture and with its sound', async () => {
    const seen = await seeBackground(viewer, BLUE);
    const picture = seen.at(-1);
    expect(picture).toMatchObject({ width: 1280, height: 720 });
    expect(isLike(picture?.person ?? SCREEN, CLOTH)).toBe(true);
    expect(seen.some(({ corner }) => isLike(corner, SCREEN))).toBe(false);
    await see(viewer, ({ beeps }) => beeps.some(({ identity }) => identity === COMPOSITOR_IDENTITY));

    const participant = (await director.participants()).find(({ identity }) => identity === COMPOSITOR_IDENTITY);
    const tracks = participant?.tracks.map(({ source, simulcast, muted }) => ({ source, simulcast, muted }));
    expect(tracks).toHaveLength(2);
    expect(tracks).toContainEqual({ source: TrackSource.CAMERA, simulcast: false, muted: false });
    expect(tracks).toContainEqual({ source: TrackSource.MICROPHONE, simulcast: false, muted: false });
  });

  test('follows swaps: colours, and images of an address that fails at first', async () => {
    await seeBackground(viewer, BLUE);
    await director.setColor('#ff0000', 200);
    await seeBackground(viewer, RED);

    const yellow = await sharp({ create: { width: 640, height: 360, channels: 3, background: '#ffff00' } })
      .png()
      .toBuffer();
    let requests = 0;
    await using images = createServer((_request, response) => {
      requests++;
      if (requests === 1) response.writeHead(503).end();
      else response.writeHead(200, { 'content-type': 'image/png' }).end(yellow);
    }).listen(0, '127.0.0.1');
    await once(images, 'listening');
    const address = images.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { background } = director.state;
    await director.tell({
      background: { ...background, background_version: background.background_version + 1, color: null, image_url: `http://127.0.0.1:${port}/image` },
    });
    const seen = await seeBackground(viewer, YELLOW);
    expect(requests).toBe(2);
    expect(seen.some(({ corner }) => isLike(corner, SCREEN))).toBe(false);
  });

  test('goes on while the avatar is away, swaps meanwhile, and takes it up again in another size', async () => {
    await seeBackground(viewer, BLUE);
    await avatar.ask({ type: 'unpublish' });
    await director.setColor('#ff0000', 100);
    await seeBackground(viewer, RED);
    await avatar[Symbol.asyncDispose]();
    avatar = await startPeer(livekit, 'avatar', room, 'avatar', '640', '360');
    const counters = new Set<number>();
    const seen = await see(viewer, (report) => {
      for (const { counter } of programOf(report)) counters.add(counter);
      return counters.size > 30;
    });
    expect(new Set(seen.map(({ width, height }) => `${width}x${height}`))).toEqual(new Set(['1280x720']));
    expect(seen.some(({ corner }) => isLike(corner, SCREEN))).toBe(false);
    expect(isLike(seen.at(-1)?.person ?? SCREEN, CLOTH)).toBe(true);
  });

  test('publishes another program when the canvas changes, never the screen', async () => {
    await seeBackground(viewer, BLUE);
    await director.tell({ canvas: { width: 720, height: 1280 } });
    const seen = await see(viewer, (report) => programOf(report).some(({ width, height, corner }) => width === 720 && height === 1280 && isLike(corner, BLUE)));
    expect(seen.some(({ corner }) => isLike(corner, SCREEN))).toBe(false);
    const participant = (await director.participants()).find(({ identity }) => identity === COMPOSITOR_IDENTITY);
    expect(participant?.tracks).toHaveLength(2);
  });

  test('is replaced when its process is killed, and nobody sees the screen', async () => {
    await seeBackground(viewer, BLUE);
    const job = await jobIn();
    const killed = composingProcessesOf(compositor.process.pid ?? 0);
    expect(killed).toHaveLength(1);
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    await isReplaced(job);
    await reportOf(viewer);
    const seen = await seeBackground(viewer, BLUE);
    expect(seen.some(({ corner }) => isLike(corner, SCREEN))).toBe(false);
  });

  test('is replaced when its whole worker is killed, by another worker', async () => {
    const first = compositor;
    await seeBackground(viewer, BLUE);
    const job = await jobIn();
    compositor = await startCompositor(livekit.env);
    first.process.kill('SIGKILL');
    await isReplaced(job);
    await reportOf(viewer);
    await seeBackground(viewer, BLUE);
    expect(await jobIn()).not.toBe(job);
  });

  test('hands its sessions over when its worker is stopped', async () => {
    const first = compositor;
    await seeBackground(viewer, BLUE);
    const job = await jobIn();
    compositor = await startCompositor(livekit.env);
    await first[Symbol.asyncDispose]();
    expect(first.process.exitCode).toBe(0);
    await reportOf(viewer);
    await seeBackground(viewer, BLUE);
    expect(await jobIn()).not.toBe(job);
  });

  test('leaves when the session has ended', async () => {
    await seeBackground(viewer, BLUE);
    await director.tell({ status: 'ended', reason: { code: 'requested', message: 'Ended.' } });
    const limit = AbortSignal.timeout(SEEN_WITHIN_MS);
    while ((await jobIn()) !== undefined) limit.throwIfAborted();
    expect((await director.participants()).map(({ identity }) => identity).sort()).toEqual(['avatar', 'viewer']);
  });
});

describe('`backlot compositor` says in a line why it does not start', () => {
  const run = (env: Readonly<Record<string, string>>): { readonly status: number | null; readonly stderr: string; readonly stdout: string } =>
    spawnSync(process.execPath, [fileURLToPath(new URL('../../dist/compositor-worker/main.js', import.meta.url))], {
      env: { PATH: process.env['PATH'], ...env },
      encoding: 'utf8',
      timeout: 20_000,
    });

  test.each([
    ['without a LiveKit server', {}, 'backlot: BACKLOT_LIVEKIT_URL is not set, but must be: a compositor works for a LiveKit server.\n'],
    [
      'with half of the settings',
      { BACKLOT_LIVEKIT_URL: 'ws://127.0.0.1:1', BACKLOT_LIVEKIT_API_KEY: 'key' },
      'backlot: BACKLOT_LIVEKIT_API_SECRET is not set, but must be when another BACKLOT_LIVEKIT_ variable is.\n',
    ],
    [
      'with one that is not there',
      { BACKLOT_LIVEKIT_URL: 'ws://127.0.0.1:1', BACKLOT_LIVEKIT_API_KEY: 'key', BACKLOT_LIVEKIT_API_SECRET: 'secret' },
      "backlot: LiveKit can't be reached at ws://127.0.0.1:1.\n",
    ],
  ])('%s', (_case, env, line) => {
    expect(run(env)).toMatchObject({ status: 1, stderr: line, stdout: '' });
  });
});

describe.skipIf(findLivekitServer() === undefined)('a wrong secret', () => {
  test('is told in a line', async () => {
    await using livekit = await startLivekit();
    const failed = startCompositor({ ...livekit.env, BACKLOT_LIVEKIT_API_SECRET: 'another-secret-of-thirty-two-characters' });
    await expect(failed).rejects.toThrow(`backlot: LiveKit at ${livekit.url} refuses the API key or its secret.`);
  });
});

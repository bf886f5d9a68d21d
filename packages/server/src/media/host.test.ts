import { DEFAULT_FRAMING } from '@backlot/contract';
import { hasFfmpeg, hasSharedData, sharedData } from '@backlot/testing';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeCountingClip } from './clips.testing.js';
import { createMediaHost, type MediaHostOptions } from './host.js';
import { startWhipReceiver, type WhipReceiver } from './outlets/whip/receiver.testing.js';
import type { ClipSource, MediaHost, MediaJob, MediaObserver } from './port.js';
import { descendants, isRunning } from './processes.testing.js';
import { createClipInspector } from './sources/clip/inspector.js';

const never = new AbortController().signal;
const inspect = (path: string): Promise<ClipSource> => createClipInspector(process.env['PATH'] ?? '').inspect(path, never);
const children = (pid = process.pid): number[] => descendants(pid, 'media/child.js');

/** Writes down what it is told. */
const recorder = () => {
  const told = { published: 0, failed: [] as { code: string; message: string }[] };
  const observer: MediaObserver = {
    published: () => told.published++,
    speechStarted: () => undefined,
    speechEnded: () => undefined,
    failed: (code, message) => told.failed.push({ code, message }),
  };
  return { told, observer };
};

describe.skipIf(!hasFfmpeg() || !hasSharedData)('the media host', () => {
  const suit = sharedData('clips/dhlive-man-suit-720x1080.mp4');
  const talking = sharedData('clips/webav-talking-man-480x512.mp4');
  let folder: string;
  let receiver: WhipReceiver;
  let host: MediaHost;

  const open = (options: Partial<MediaHostOptions> = {}): MediaHost => createMediaHost({ log: pino({ level: 'silent' }), ...options });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backlot-media-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    receiver = await startWhipReceiver();
    host = open();
  });
  afterEach(async () => {
    await host[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
    expect(children()).toEqual([]);
    expect(descendants(process.pid, 'ffmpeg')).toEqual([]);
  });

  const start = async (path: string, observer: MediaObserver, by: MediaHost = host): Promise<MediaJob> =>
    by.start({ source: await inspect(path), composing: null, outlet: { type: 'whip', url: receiver.url, token: receiver.token } }, observer, never);
  const spareReady = async (): Promise<number> => {
    await expect.poll(() => children().length, { timeout: 10_000 }).toBe(1);
    return children()[0] ?? 0;
  };

  test('publishes a clip: its size, its rate, its sound without a gap, VP8 and Opus only', async () => {
    const { told, observer } = recorder();
    const job = await start(talking, observer);
    await expect.poll(() => receiver.received[0]?.audioPackets ?? 0, { timeout: 20_000 }).toBeGreaterThan(400);
    const { frameTicks = [], audioPackets = 0, audioBytes = 0, audioTicks = 0, keyFrame } = receiver.received[0] ?? {};
    expect(keyFrame).toEqual({ width: 480, height: 512 });
    // 50 packets of Opus a second of its own clock, past the end of the clip at 5.8 s.
    expect(audioPackets / (audioTicks / 48_000)).toBeCloseTo(50, 0);
    // 25 pictures a second by theirs. A busy machine makes the pump skip some, so what counts is the usual distance.
    const rateFps = 90_000 / (frameTicks.toSorted((left, right) => left - right)[frameTicks.length >> 1] ?? 0);
    expect(rateFps).toBeGreaterThan(22);
    expect(rateFps).toBeLessThan(26);
    // Silence takes some 35 bytes a packet.
    expect(audioBytes / audioPackets).toBeGreaterThan(50);
    expect(receiver.offers[0]?.match(/^a=rtpmap:.*$/gm)?.map((line) => line.trim())).toEqual(['a=rtpmap:96 VP8/90000', 'a=rtpmap:111 opus/48000/2']);
    expect(told).toEqual({ published: 1, failed: [] });
    await job[Symbol.asyncDispose]();
    await job[Symbol.asyncDispose]();
    expect(receiver.deleted).toBe(1);
    expect(told.failed).toEqual([]);
  });

  test('an upright clip with odd sides is published with even ones', async () => {
    const path = join(folder, 'odd.mp4');
    await makeCountingClip(path, { width: 361, height: 641, rateFps: 10, frames: 10, audio: false });
    await using _job = await start(path, recorder().observer);
    await expect.poll(() => receiver.received[0]?.keyFrame, { timeout: 20_000 }).toEqual({ width: 360, height: 640 });
  });

  test('a composed clip has the size of its canvas, and goes on steadily through swaps and a broken image', async () => {
    const { told, observer } = recorder();
    const bytes = new Uint8Array(await readFile(sharedData('backgrounds/photos/porch-691330_1280.jpg')));
    const composing = {
      canvas: { width: 640, height: 360 },
      framing: DEFAULT_FRAMING,
      keying: { key: 'auto' },
      background: { kind: 'color', color: '#204060' },
    } as const;
    const outlet = { type: 'whip', url: receiver.url, token: receiver.token } as const;
    const job = await host.start({ source: await inspect(talking), composing, outlet }, observer, never);
    const audioTicks = () => receiver.received[0]?.audioTicks ?? 0;
    await expect.poll(audioTicks, { timeout: 20_000 }).toBeGreaterThan(48_000);
    for (const background of [
      { kind: 'image', bytes, fit: 'cover' },
      { kind: 'image', bytes: bytes.subarray(0, 999), fit: 'cover' },
      { kind: 'none' },
    ] as const) {
      job.setBackground(background, 300);
      const before = audioTicks();
      await expect.poll(audioTicks, { timeout: 20_000 }).toBeGreaterThan(before + 48_000);
    }
    const { videoFrames = 0, keyFrame } = receiver.received[0] ?? {};
    expect(keyFrame).toEqual({ width: 640, height: 360 });
    // 24 pictures a second, and some more while a background fades.
    expect(videoFrames / (audioTicks() / 48_000)).toBeGreaterThan(20);
    expect(videoFrames / (audioTicks() / 48_000)).toBeLessThan(36);
    expect(told).toEqual({ published: 1, failed: [] });
    await job[Symbol.asyncDispose]();
    job.setBackground({ kind: 'none' }, 0);
  });

  test('a job whose first background can’t be decoded does not start', async () => {
    const background = { kind: 'image', bytes: new Uint8Array(64), fit: 'cover' } as const;
    const composing = { canvas: { width: 640, height: 360 }, framing: DEFAULT_FRAMING, keying: {}, background };
    const outlet = { type: 'whip', url: receiver.url, token: receiver.token } as const;
    await expect(host.start({ source: await inspect(talking), composing, outlet }, recorder().observer, never)).rejects.toMatchObject({ code: 'internal' });
  });

  test('a stream that nobody sends is given up with a plain sentence', async () => {
    receiver.refuseWith(404);
    const composing = { canvas: { width: 640, height: 360 }, framing: DEFAULT_FRAMING, keying: {}, background: { kind: 'none' } } as const;
    const { url, token } = receiver;
    await expect(
      host.start({ source: { type: 'whep', url, token }, composing, outlet: { type: 'whip', url, token } }, recorder().observer, never),
    ).rejects.toMatchObject({ message: "The avatar's stream could not be received." });
  });

  test('the warm spare takes the job, and another one is made', async () => {
    const spare = await spareReady();
    const { told, observer } = recorder();
    await using _job = await start(suit, observer);
    await expect.poll(() => told.published, { timeout: 20_000 }).toBe(1);
    expect(descendants(spare, suit)).toHaveLength(1);
    await expect.poll(() => children().length, { timeout: 10_000 }).toBe(2);
  });

  test('a killed spare costs nothing: the next job starts all the same, and there is a spare again', async () => {
    const spare = await spareReady();
    process.kill(spare, 'SIGKILL');
    await expect.poll(() => isRunning(spare), { timeout: 10_000 }).toBe(false);
    const { told, observer } = recorder();
    await using _job = await start(suit, observer);
    await expect.poll(() => told.published, { timeout: 20_000 }).toBe(1);
    await expect.poll(() => children().length, { timeout: 10_000 }).toBe(2);
    expect(told.failed).toEqual([]);
  });

  test('a killed child costs its session, which is told once; the others and the host go on', async () => {
    const spare = await spareReady();
    const killed = recorder();
    const survivor = recorder();
    const job = await start(suit, killed.observer);
    await using _other = await start(talking, survivor.observer);
    await expect.poll(() => [killed.told.published, survivor.told.published], { timeout: 20_000 }).toEqual([1, 1]);
    process.kill(spare, 'SIGKILL');
    await expect.poll(() => killed.told.failed.length, { timeout: 10_000 }).toBe(1);
    expect(killed.told.failed).toEqual([{ code: 'avatar_failed', message: "The process that makes the avatar's picture ended unexpectedly." }]);
    // ffmpeg goes with the child.
    await expect.poll(() => descendants(process.pid, suit), { timeout: 10_000 }).toEqual([]);
    const frames = receiver.received[1]?.videoFrames ?? 0;
    await expect.poll(() => receiver.received[1]?.videoFrames ?? 0, { timeout: 10_000 }).toBeGreaterThan(frames + 10);
    await expect(job.speak('say_1', 'Hello')).rejects.toMatchObject({ code: 'session_ended' });
    await job[Symbol.asyncDispose]();
    await using _again = await start(suit, recorder().observer);
    await expect.poll(() => receiver.received[2]?.videoFrames ?? 0, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(killed.told.failed).toHaveLength(1);
    expect(survivor.told.failed).toEqual([]);
  });

  test('a killed ffmpeg fails the session with a plain sentence', async () => {
    const { told, observer } = recorder();
    await using _job = await start(talking, observer);
    await expect.poll(() => told.published, { timeout: 20_000 }).toBe(1);
    process.kill(descendants(process.pid, talking)[0] ?? 0, 'SIGKILL');
    await expect.poll(() => told.failed, { timeout: 10_000 }).toEqual([{ code: 'avatar_failed', message: 'The clip stopped: ffmpeg ended unexpectedly.' }]);
  });

  test('a clip that has vanished since it was looked at does not start', async () => {
    const path = join(folder, 'vanishes.mp4');
    await makeCountingClip(path, { width: 64, height: 48, rateFps: 10, frames: 5, audio: false });
    const source = await inspect(path);
    await rm(path);
    const { told, observer } = recorder();
    await expect(
      host.start({ source, composing: null, outlet: { type: 'whip', url: receiver.url, token: receiver.token } }, observer, never),
    ).rejects.toMatchObject({
      code: 'clip_unreadable',
    });
    expect(told.failed).toEqual([]);
  });

  test('a clip does not speak', async () => {
    await using job = await start(talking, recorder().observer);
    await expect(job.speak('say_1', 'Hello')).rejects.toMatchObject({ code: 'speech_unsupported' });
  });

  test('a dropped connection is made again, and the clip goes on', async () => {
    const { told, observer } = recorder();
    await using _job = await start(talking, observer);
    await expect.poll(() => receiver.received[0]?.videoFrames ?? 0, { timeout: 20_000 }).toBeGreaterThan(10);
    receiver.drop();
    await expect.poll(() => receiver.received[1]?.videoFrames ?? 0, { timeout: 25_000 }).toBeGreaterThan(10);
    expect(told).toEqual({ published: 2, failed: [] });
  });

  test('an endpoint that refuses for good fails the session at once, one that stays broken after a few tries', async () => {
    for (const status of [404, 500]) {
      receiver.refuseWith(status);
      const { told, observer } = recorder();
      await using _job = await start(talking, observer);
      await expect.poll(() => told.failed, { timeout: 15_000 }).toEqual([{ code: 'avatar_failed', message: "The avatar's picture could not be sent." }]);
      expect(told.published).toBe(0);
    }
  });

  test('an aborted start ends its process', async () => {
    const source = await inspect(talking);
    const abort = new AbortController();
    const started = host.start(
      { source, composing: null, outlet: { type: 'whip', url: receiver.url, token: receiver.token } },
      recorder().observer,
      abort.signal,
    );
    abort.abort();
    await expect(started).rejects.toBeInstanceOf(Error);
    await expect.poll(() => descendants(process.pid, talking), { timeout: 10_000 }).toEqual([]);
  });

  test('there are no more children than may be, and none after the end', async () => {
    await using small = open({ maxChildren: 1, spare: 0 });
    const job = await start(talking, recorder().observer, small);
    await expect(start(talking, recorder().observer, small)).rejects.toMatchObject({ code: 'sessions_full' });
    await job[Symbol.asyncDispose]();
    await using _next = await start(talking, recorder().observer, small);
    await small[Symbol.asyncDispose]();
    await expect(start(talking, recorder().observer, small)).rejects.toMatchObject({ code: 'shutting_down' });
  });

  test('a killed parent leaves no children and no ffmpeg', async () => {
    const { format, ffmpegPath } = await inspect(suit);
    const program = `
      const { createMediaHost } = await import(${JSON.stringify(new URL('../../dist/media/host.js', import.meta.url).href)});
      const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
      const host = createMediaHost({ log: quiet });
      const observer = { published: () => console.log('published'), speechStarted() {}, speechEnded() {}, failed() {} };
      await host.start(${JSON.stringify({ source: { type: 'clip', path: suit, ffmpegPath, format }, composing: null, outlet: { type: 'whip', url: receiver.url, token: receiver.token } })}, observer, new AbortController().signal);
    `;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    expect(line.toString()).toBe('published\n');
    const parentPid = parent.pid ?? 0;
    await expect.poll(() => children(parentPid).length, { timeout: 10_000 }).toBe(2);
    const left = [...children(parentPid), ...descendants(parentPid, suit)];
    expect(left.length).toBeGreaterThanOrEqual(3);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await expect.poll(() => left.filter(isRunning), { timeout: 10_000 }).toEqual([]);
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AUDIO_CHUNK_SAMPLES, type Source } from '../../source.js';
import { Pump } from './pump.js';

/** A source of 25 frames a second that writes down what was asked of it; its pictures are full of their index. */
const recordingSource = (onRead: () => void = () => {}) => {
  const frames: number[] = [];
  let chunks = 0;
  const source: Source = {
    width: 4,
    height: 2,
    rateFps: 25,
    readVideo: (index, into) => {
      frames.push(index);
      into.fill(index);
      onRead();
      return true;
    },
    readAudio: (into) => {
      into.fill(++chunks);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { source, frames };
};

describe('the clock that pulls a source', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const setUp = (source: Source) => {
    const sent = { frames: [] as number[], atMs: [] as number[], chunks: [] as number[], bytes: 0, firstFrames: 0, errors: [] as unknown[] };
    const pump = new Pump({
      source,
      video: {
        createTrack: () => ({ stop: () => undefined }),
        onFrame: ({ data }) => {
          sent.frames.push(data[0] ?? -1);
          sent.atMs.push(performance.now());
          sent.bytes = data.buffer.byteLength;
        },
      },
      audio: {
        createTrack: () => ({ stop: () => undefined }),
        onData: ({ samples, numberOfFrames }) => {
          expect(numberOfFrames).toBe(AUDIO_CHUNK_SAMPLES);
          expect(samples.buffer.byteLength).toBe(AUDIO_CHUNK_SAMPLES * 2);
          sent.chunks.push(samples[0] ?? 0);
        },
      },
      onFirstFrame: () => sent.firstFrames++,
      onError: (error) => sent.errors.push(error),
      now: () => performance.now(),
    });
    return { pump, sent };
  };

  test('sends every frame and every 10 ms of sound in its time, the first at once', async () => {
    const { source } = recordingSource();
    const { pump, sent } = setUp(source);
    pump.start();
    expect(sent).toMatchObject({ frames: [0], chunks: [1], firstFrames: 1, bytes: 12 });
    await vi.advanceTimersByTimeAsync(1000);
    pump.stop();
    expect(sent.frames).toEqual(Array.from({ length: 26 }, (_, index) => index));
    expect(sent.chunks).toEqual(Array.from({ length: 101 }, (_, index) => index + 1));
    expect(sent.firstFrames).toBe(1);
  });

  test('sends frames on time, however long the source takes to make one', async () => {
    const { source, frames } = recordingSource(() => vi.advanceTimersByTime((7 * frames.length) % 20));
    const { pump, sent } = setUp(source);
    const startedAtMs = performance.now();
    pump.start();
    await vi.advanceTimersByTimeAsync(400);
    pump.stop();
    expect(sent.frames.length).toBeGreaterThan(9);
    // The first can't be made ahead.
    for (const [index, atMs] of [...sent.atMs.entries()].slice(1)) expect(atMs - startedAtMs).toBe(40 * index);
  });

  test('a source that takes longer than a frame lasts is not asked for more than is sent', async () => {
    let makingMs = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + makingMs);
    const { source, frames } = recordingSource(() => (makingMs += 90));
    const { pump, sent } = setUp(source);
    pump.start();
    for (let tick = 0; tick < 12; tick++) vi.advanceTimersToNextTimer();
    pump.stop();
    expect(sent.frames.length).toBeGreaterThan(5);
    // All that were made but the one that lies ready.
    expect(sent.frames).toEqual(frames.slice(0, -1));
    // Never more than two frames behind the sound.
    for (const [index, atMs] of sent.atMs.entries()) expect(atMs - (sent.atMs[0] ?? 0) - 40 * (sent.frames[index] ?? 0)).toBeLessThan(120);
  });

  test('after being late it skips frames and sends all of the sound', async () => {
    const { source } = recordingSource();
    const { pump, sent } = setUp(source);
    let lateMs = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + lateMs);
    pump.start();
    lateMs = 200;
    await vi.advanceTimersByTimeAsync(40);
    pump.stop();
    expect(sent.frames).toEqual([0, 5, 6]);
    expect(sent.chunks).toHaveLength(25);
  });

  test('after standing still it goes on where it stood', async () => {
    const { source } = recordingSource();
    const { pump, sent } = setUp(source);
    let stoodMs = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + stoodMs);
    pump.start();
    stoodMs = 60_000;
    await vi.advanceTimersByTimeAsync(100);
    pump.stop();
    expect(sent.frames.slice(0, 3)).toEqual([0, 1, 2]);
    expect(sent.chunks.length).toBeLessThan(15);
  });

  test('stopped and started again it goes on with the next frame and the next chunk', async () => {
    const { source } = recordingSource();
    const { pump, sent } = setUp(source);
    pump.start();
    await vi.advanceTimersByTimeAsync(400);
    pump.stop();
    const before = { frames: sent.frames.length, chunks: sent.chunks.length };
    await vi.advanceTimersByTimeAsync(5000);
    expect(sent.frames).toHaveLength(before.frames);
    pump.start();
    await vi.advanceTimersByTimeAsync(400);
    pump.stop();
    expect(sent.frames).toEqual(sent.frames.map((_, index) => index));
    expect(sent.chunks).toEqual(sent.chunks.map((_, index) => index + 1));
    expect(sent.frames.length).toBeGreaterThanOrEqual(before.frames + 10);
    expect(sent.firstFrames).toBe(2);
  });

  test('a live source is asked often, and its picture that stands sent again now and then', async () => {
    const { source, frames } = recordingSource();
    const newOnes = new Set([0, 3, 4, 30]);
    const live: Source = { ...source, rateFps: 100, isLive: true, readVideo: (index, into) => source.readVideo(index, into) && newOnes.has(index) };
    const { pump, sent } = setUp(live);
    const at: number[] = [];
    const count = () => at.push(sent.frames.length);
    pump.start();
    count();
    for (const stepMs of [30, 10, 100, 160]) {
      await vi.advanceTimersByTimeAsync(stepMs);
      count();
    }
    pump.stop();
    // New ones at 0, 30 and 40 ms, the last of them again at 140 and 240, and a new one at 300.
    expect(at).toEqual([1, 2, 3, 4, 6]);
    expect(frames).toEqual(Array.from({ length: 31 }, (_, index) => index));
  });

  test('a source that throws stops it and is reported once', async () => {
    const { source } = recordingSource();
    const broken: Source = {
      ...source,
      readVideo: () => {
        throw new Error('broken');
      },
    };
    const { pump, sent } = setUp(broken);
    pump.start();
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent.errors).toEqual([new Error('broken')]);
    expect(sent.frames).toEqual([]);
  });
});

import { hasFfmpeg, hasSharedData, sharedData } from '@backlot/testing';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCountingClip } from '../../clips.testing.js';
import type { MediaFailure } from '../../failure.js';
import type { ClipSource } from '../../port.js';
import { descendants } from '../../processes.testing.js';
import { AUDIO_CHUNK_SAMPLES } from '../../source.js';
import { Clip } from './clip.js';
import { createClipInspector } from './inspector.js';

const searchPath = process.env['PATH'] ?? '';
const never = new AbortController().signal;
const run = promisify(execFile);

/** Reads the next frame that comes, however fast the clock would be. */
const nextFrame = async (clip: Clip, index: number, into: Uint8Array): Promise<void> => {
  await expect.poll(() => clip.readVideo(index, into), { timeout: 10_000, interval: 1 }).toBe(true);
};

describe.skipIf(!hasFfmpeg())('clips', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backlot-clips-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const inspect = (path: string): Promise<ClipSource> => createClipInspector(searchPath).inspect(path, never);
  const open = async (path: string, failures: MediaFailure[] = []): Promise<Clip> =>
    Clip.open({ ...(await inspect(path)), onFailed: (failure) => failures.push(failure), signal: never });

  test('a clip loops without a missing, repeated or torn frame, and its sound goes on', async () => {
    const path = join(folder, 'count.mp4');
    await makeCountingClip(path, { width: 64, height: 48, rateFps: 10, frames: 20, audio: true });
    await using clip = await open(path);
    expect(clip).toMatchObject({ width: 64, height: 48, rateFps: 10 });
    const into = new Uint8Array((64 * 48 * 3) / 2);
    const chunk = new Int16Array(AUDIO_CHUNK_SAMPLES);
    const counted: number[] = [];
    let silent = 0;
    for (let index = 0; index < 90; index++) {
      await nextFrame(clip, index, into);
      const luma = into.subarray(0, 64 * 48);
      const level = luma[0] ?? 0;
      expect(Math.max(...luma) - Math.min(...luma)).toBeLessThanOrEqual(4);
      counted.push(Math.round((level - 16) / 10));
      // As many chunks as a frame lasts: sound keeps step with the pictures.
      for (let count = 0; count < 10; count++) {
        clip.readAudio(chunk);
        if (chunk.every((sample) => sample === 0)) silent++;
        await turn();
      }
    }
    // Sound is a little longer than the pictures here (an encoder's padding), so at a seam the last one may stand.
    const moving = counted.filter((count, index) => count !== 19 || counted[index - 1] !== 19);
    expect(moving).toEqual(moving.map((_, index) => index % 20));
    expect(moving.length).toBeGreaterThanOrEqual(86);
    // A seam of the loop may hold some ten milliseconds of an encoder's padding.
    expect(silent).toBeLessThan(40);
  });

  test('a clip without sound loops to the frame', async () => {
    const path = join(folder, 'silent.mp4');
    await makeCountingClip(path, { width: 64, height: 48, rateFps: 10, frames: 20, audio: false });
    await using clip = await open(path);
    const into = new Uint8Array((64 * 48 * 3) / 2);
    const counted: number[] = [];
    for (let index = 0; index < 90; index++) {
      await nextFrame(clip, index, into);
      counted.push(Math.round(((into[0] ?? 0) - 16) / 10));
    }
    expect(counted).toEqual(Array.from({ length: 90 }, (_, index) => index % 20));
  });

  test('ffmpeg waits for the clock: what is decoded ahead is bounded', async () => {
    const path = join(folder, 'waits.mp4');
    await makeCountingClip(path, { width: 320, height: 240, rateFps: 10, frames: 20, audio: false });
    const clip = await open(path);
    const [ffmpeg] = descendants(process.pid, path);
    expect(ffmpeg).toBeDefined();
    const cpu = async (): Promise<string> => (await run('ps', ['-o', 'time=', '-p', String(ffmpeg)])).stdout;
    // It has come to a stop when it uses no more time: within the deadline, its pipe is full.
    let before = '';
    await expect
      .poll(
        async () => {
          const now = await cpu();
          const still = now === before;
          before = now;
          return still;
        },
        { timeout: 15_000, interval: 1500 },
      )
      .toBe(true);
    await clip[Symbol.asyncDispose]();
    expect(descendants(process.pid, path)).toEqual([]);
  });

  test('odd sides are cut to even ones; a clip without sound is silent', async () => {
    const path = join(folder, 'odd.mkv');
    await makeCountingClip(path, { width: 361, height: 641, rateFps: 10, frames: 5, audio: false });
    await using clip = await open(path);
    expect(clip).toMatchObject({ width: 360, height: 640 });
    const into = new Uint8Array((360 * 640 * 3) / 2);
    for (let index = 0; index < 12; index++) {
      await nextFrame(clip, index, into);
      expect(Math.round(((into[360 * 320] ?? 0) - 16) / 10)).toBe(index % 5);
      expect(into[360 * 640]).toBeGreaterThan(124);
      expect(into[360 * 640]).toBeLessThan(132);
    }
    const chunk = new Int16Array(AUDIO_CHUNK_SAMPLES).fill(1);
    clip.readAudio(chunk);
    expect(chunk.every((sample) => sample === 0)).toBe(true);
  });

  test.skipIf(!hasSharedData)('the codes of a 4:2:0 clip pass untouched, whatever its colour tags say', async () => {
    await using clip = await open(sharedData('clips/aframe-man-prop-360x640.mp4'));
    const into = new Uint8Array((360 * 640 * 3) / 2);
    await nextFrame(clip, 0, into);
    const { stdout } = await run(
      'ffmpeg',
      ['-nostdin', '-v', 'error', '-i', sharedData('clips/aframe-man-prop-360x640.mp4'), '-frames:v', '2', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', 'pipe:1'],
      { encoding: 'buffer', maxBuffer: 1 << 24 },
    );
    // Its first two frames are 11 ms apart: at a steady rate, the second one is the first that is shown.
    expect(Buffer.compare(into, stdout.subarray(into.length))).toBe(0);
  });

  test.skipIf(!hasSharedData)('names may begin with a dash, look like a protocol or hold a pattern', async () => {
    for (const name of ['-y.mp4', 'http:a b%03d\'"$(x).mp4', 'concat:a|b.mp4']) {
      const path = join(folder, name);
      await copyFile(sharedData('clips/webav-talking-man-480x512.mp4'), path);
      await using clip = await open(path);
      expect(clip).toMatchObject({ width: 480, height: 512, rateFps: 25 });
    }
  });

  test.skipIf(!hasSharedData)("ffmpeg's death is told once, in a plain sentence", async () => {
    const failures: MediaFailure[] = [];
    const path = sharedData('clips/webav-talking-man-480x512.mp4');
    await using clip = await open(path, failures);
    const [ffmpeg] = descendants(process.pid, path);
    process.kill(ffmpeg ?? 0, 'SIGKILL');
    await expect.poll(() => failures.length, { timeout: 10_000 }).toBe(1);
    expect(failures[0]).toMatchObject({ code: 'avatar_failed', message: 'The clip stopped: ffmpeg ended unexpectedly.' });
    clip.readVideo(1000, new Uint8Array((480 * 512 * 3) / 2));
    expect(failures).toHaveLength(1);
  });

  test('text, sound alone, a truncated film, a playlist and a list of other files are no clips', async () => {
    const paths = ['text', 'sound', 'truncated', 'playlist', 'list'].map((name) => join(folder, `${name}.mp4`));
    const [text = '', sound = '', truncated = '', playlist = '', list = ''] = paths;
    await writeFile(text, 'This is not a video.');
    await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', 'sine=d=1', sound]);
    const whole = join(folder, 'whole.mkv');
    await makeCountingClip(whole, { width: 64, height: 48, rateFps: 10, frames: 5, audio: false });
    await run('sh', ['-c', 'head -c 700 "$1" > "$2"', 'sh', whole, truncated]);
    await writeFile(playlist, `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${whole}\n#EXT-X-ENDLIST\n`);
    await writeFile(list, `ffconcat version 1.0\nfile '${whole}'\n`);
    for (const path of paths) await expect(inspect(path)).rejects.toMatchObject({ code: 'clip_unreadable' });
  });

  test('without ffmpeg there is a code that says so', async () => {
    const inspector = createClipInspector(folder);
    expect(await inspector.available()).toBe(false);
    await expect(inspector.inspect(join(folder, 'count.mp4'), never)).rejects.toMatchObject({ code: 'ffmpeg_missing' });
  });
});

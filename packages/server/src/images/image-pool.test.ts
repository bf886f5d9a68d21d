import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ImagePool, type ImagePoolOptions } from './image-pool.js';

let folder: string;
let pool: ImagePool | null = null;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backlot-pool-'));
  await sharp({ create: { width: 1200, height: 800, channels: 3, background: '#a52' } })
    .jpeg()
    .toFile(join(folder, 'photo.jpg'));
});
afterEach(async () => {
  await pool?.[Symbol.asyncDispose]();
  pool = null;
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const start = async (options: Partial<ImagePoolOptions> = {}): Promise<ImagePool> => {
  pool = await ImagePool.start({ folder: join(folder, 'jobs'), readableFolders: [folder], log: pino({ level: 'silent' }), maxPixels: 50_000_000, ...options });
  return pool;
};
const job = (sha256 = 'a', name = 'photo.jpg') => ({
  sha256,
  file: join(folder, name),
  outputs: [{ width: 320, height: 180, fit: 'cover' as const, format: 'auto' as const }],
});
const pidOf = (started: ImagePool): number => {
  const [pid] = started.pids;
  if (pid === undefined) throw new Error('no child');
  return pid;
};
const running = (count: number) => vi.waitFor(async () => expect(await readdir(join(folder, 'jobs'))).toHaveLength(count), { timeout: 10_000, interval: 5 });
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('image pool', () => {
  it('decodes in a child and leaves no files', async () => {
    const { image, pictures } = await (await start()).prepare(job());
    expect(image).toEqual({ mediaType: 'image/jpeg', width: 1200, height: 800, frames: 1, transparent: false, orientation: 1 });
    expect(await sharp(pictures[0]?.bytes).metadata()).toMatchObject({ format: 'jpeg', width: 320, height: 180 });
    expect(await readdir(join(folder, 'jobs'))).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('starts children without environment, with capped memory, first to go when memory is short', async () => {
    const started = await start();
    await started.prepare(job());
    const file = (name: string) => readFile(`/proc/${pidOf(started)}/${name}`, 'utf8');
    expect((await file('environ')).split('\0').filter((entry) => !/^(NODE_CHANNEL|PWD=|$)/.test(entry))).toEqual([]);
    expect(await file('limits')).toMatch(new RegExp(`Max address space\\s+${3 * 1024 ** 3}\\s`));
    expect((await file('oom_score_adj')).trim()).toBe('1000');
    expect((await file('cmdline')).split('\0')).toContainEqual(expect.stringMatching(/^--(experimental-)?permission$/));
  });

  it('fails only the one request when its child is killed, and goes on', async () => {
    const started = await start();
    await started.prepare(job());
    process.kill(pidOf(started), 'SIGSTOP');
    const failing = started.prepare(job('b'));
    await running(1);
    process.kill(pidOf(started), 'SIGKILL');
    await expect(failing).rejects.toMatchObject({ code: 'image_service_failed' });
    expect((await started.prepare(job('c'))).pictures).toHaveLength(1);
  });

  it('kills a child that hangs at the deadline', async () => {
    const started = await start({ deadlineMs: 300 });
    await started.prepare(job());
    const hanging = pidOf(started);
    process.kill(hanging, 'SIGSTOP');
    await expect(started.prepare(job('b'))).rejects.toMatchObject({ code: 'image_service_failed' });
    await expect.poll(() => isAlive(hanging)).toBe(false);
    expect(await readdir(join(folder, 'jobs'))).toEqual([]);
    await started[Symbol.asyncDispose]();
  });

  it('refuses a file that has cost two children, without a third', async () => {
    const started = await start();
    for (let round = 0; round < 2; round++) {
      await started.prepare(job('good'));
      process.kill(pidOf(started), 'SIGSTOP');
      const failing = started.prepare(job('bad'));
      await running(1);
      process.kill(pidOf(started), 'SIGKILL');
      await expect(failing).rejects.toMatchObject({ code: 'image_service_failed' });
    }
    await expect(started.prepare(job('bad'))).rejects.toMatchObject({ code: 'image_undecodable' });
    expect((await started.prepare(job('good'))).pictures).toHaveLength(1);
  });

  it('starts a second child when the first is busy, bounds the queue, and serves those who wait', async () => {
    const started = await start({ maxChildren: 2, maxQueued: 2 });
    await Promise.all([started.prepare(job()), started.prepare(job())]);
    const pids = started.pids;
    expect(pids).toHaveLength(2);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    const waiting = Array.from({ length: 4 }, () => started.prepare(job()));
    await running(2);
    await expect(started.prepare(job())).rejects.toMatchObject({ code: 'image_service_busy', retryAfterSeconds: 2 });
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    expect(await Promise.all(waiting)).toHaveLength(4);
  });

  it('gives up a job whose caller has gone, waiting or running', async () => {
    const started = await start({ maxChildren: 1 });
    await started.prepare(job());
    const pid = pidOf(started);
    process.kill(pid, 'SIGSTOP');
    const first = new AbortController();
    const second = new AbortController();
    const one = started.prepare(job(), first.signal);
    await running(1);
    const two = started.prepare(job(), second.signal);
    second.abort();
    await expect(two).rejects.toThrow(/abort/i);
    first.abort();
    await expect(one).rejects.toThrow(/abort/i);
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect((await started.prepare(job())).pictures).toHaveLength(1);
  });

  it('replaces a child after so many jobs', async () => {
    const started = await start({ jobsPerChild: 2, maxChildren: 1 });
    const pids = [];
    for (let index = 0; index < 4; index++) {
      pids.push(pidOf(started));
      await started.prepare(job());
    }
    expect(pids[0]).toBe(pids[1]);
    expect(pids[2]).not.toBe(pids[1]);
    expect(pids[3]).toBe(pids[2]);
  });

  it('ends its children and what waits when it is closed', async () => {
    const started = await start({ maxChildren: 1 });
    await started.prepare(job());
    const pid = pidOf(started);
    process.kill(pid, 'SIGSTOP');
    const refused = Promise.allSettled([started.prepare(job()), started.prepare(job())]);
    await running(1);
    await started[Symbol.asyncDispose]();
    const shuttingDown = { status: 'rejected', reason: { code: 'shutting_down' } };
    expect(await refused).toMatchObject([shuttingDown, shuttingDown]);
    expect(isAlive(pid)).toBe(false);
    await expect(started.prepare(job())).rejects.toMatchObject({ code: 'shutting_down' });
  });

  it('reports a file that is not there as failed and keeps the child', async () => {
    const started = await start({ maxChildren: 1 });
    await started.prepare(job());
    const pid = pidOf(started);
    await writeFile(join(folder, 'text.jpg'), 'text');
    await expect(started.prepare(job('d', 'text.jpg'))).rejects.toMatchObject({ code: 'image_unsupported_type' });
    await expect(started.prepare(job('e', 'missing.jpg'))).rejects.toMatchObject({ code: 'image_undecodable' });
    expect(pidOf(started)).toBe(pid);
  });
});

import { hasSharedData, sharedData, startBacklot } from '@backlot/testing';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

interface SessionBody {
  readonly session_id: string;
  readonly status: string;
  readonly reason: { readonly code: string; readonly message: string } | null;
}

/** Ids of a process's descendants whose command line holds the text. */
const descendants = (pid: number | undefined, text: string): number[] => {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ pid: Number(match[1]), parent: Number(match[2]), args: match[3] ?? '' }));
  const family = new Set([pid]);
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const row of rows) if (family.has(row.parent)) family.add(row.pid);
  }
  return rows.filter((row) => row.pid !== pid && family.has(row.pid) && row.args.includes(text)).map((row) => row.pid);
};

const withDataDir = async (work: (dataDir: string) => Promise<void>): Promise<void> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'backlot-faults-'));
  try {
    await work(dataDir);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
};

const imageForm = async (title: string): Promise<FormData> => {
  const form = new FormData();
  form.set('title', title);
  form.set('image', new Blob([await readFile(sharedData('backgrounds/photos/ali-kazal-unsplash-640x427.jpg'))]), 'photo.jpg');
  return form;
};

describe.skipIf(!hasSharedData)('faults are ordinary cases', () => {
  test('a killed media child and a killed ffmpeg fail their session with a reason, and the server lives', async () => {
    await using backlot = await startBacklot({ env: { BACKLOT_CLIPS_DIR: sharedData('clips') } });
    const get = async (id: string): Promise<SessionBody> => (await backlot.api('GET', `/v1/sessions/${id}`)).body as SessionBody;
    const start = async (avatar: object): Promise<string> => {
      const { session_id: id } = (await backlot.api('POST', '/v1/sessions', { avatar })).body as SessionBody;
      await expect.poll(async () => (await get(id)).status, { timeout: 20_000 }).toBe('live');
      return id;
    };
    const clip = await start({ provider: 'clip', clip: 'webav-talking-man-480x512.mp4' });
    const [ffmpeg] = descendants(backlot.process.pid, 'webav-talking-man');
    expect(ffmpeg).toBeDefined();
    process.kill(ffmpeg ?? 0, 'SIGKILL');
    await expect.poll(async () => get(clip), { timeout: 20_000 }).toMatchObject({ status: 'failed', reason: { code: 'avatar_failed' } });

    const before = new Set(descendants(backlot.process.pid, 'media'));
    const drawn = await start({ provider: 'stand-in' });
    const survivor = await start({ provider: 'stand-in' });
    expect(before.size).toBeGreaterThan(0);
    // Which child serves which session is not visible from outside: the one that was warm before both took the first.
    const [oldest] = [...before];
    process.kill(oldest ?? 0, 'SIGKILL');
    await expect.poll(async () => [(await get(drawn)).status, (await get(survivor)).status].sort(), { timeout: 20_000 }).toEqual(['failed', 'live']);
    expect((await backlot.api('GET', '/health/live')).status).toBe(200);
  });

  test('a restart ends sessions with a reason and keeps the library, also after kill -9', async () => {
    await withDataDir(async (dataDir) => {
      const first = await startBacklot({ dataDir });
      const image = (await first.api('POST', '/v1/background-images', await imageForm('Kept'))).body as { id: string };
      const session = (await first.api('POST', '/v1/sessions', { background_image: image.id })).body as SessionBody;
      await first.stop('SIGKILL');

      const second = await startBacklot({ dataDir });
      expect((await second.api('GET', `/v1/sessions/${session.session_id}`)).body).toMatchObject({ status: 'ended', reason: { code: 'server_restarted' } });
      expect((await second.api('GET', `/v1/background-images/${image.id}`)).body).toMatchObject({ title: 'Kept' });
      const graceful = (await second.api('POST', '/v1/sessions', {})).body as SessionBody;
      expect(await second.stop('SIGTERM')).toBe(0);

      const third = await startBacklot({ dataDir });
      expect((await third.api('GET', `/v1/sessions/${graceful.session_id}`)).body).toMatchObject({ status: 'ended', reason: { code: 'server_stopped' } });
      expect(await third.stop('SIGINT')).toBe(0);
    });
  });

  test('no acknowledged upload is lost by kill -9 under load', async () => {
    await withDataDir(async (dataDir) => {
      const acknowledged: string[] = [];
      for (let round = 0; round < 3; round++) {
        const backlot = await startBacklot({ dataDir });
        const uploads = Array.from({ length: 6 }, async (_, index) => {
          const reply = await backlot.api('POST', '/v1/background-images', await imageForm(`${round}-${index}`));
          if (reply.status === 201) acknowledged.push((reply.body as { id: string }).id);
          if (acknowledged.length >= 2 + round * 3) await backlot.stop('SIGKILL');
        });
        await Promise.allSettled(uploads);
        await backlot.stop('SIGKILL');
      }
      const backlot = await startBacklot({ dataDir });
      expect(acknowledged.length).toBeGreaterThanOrEqual(6);
      for (const id of acknowledged) {
        const image = await backlot.api('GET', `/v1/background-images/${id}`);
        expect(image.status).toBe(200);
        const picture = await fetch((image.body as { image_url: string }).image_url);
        expect(picture.status).toBe(200);
        await picture.arrayBuffer();
      }
      await backlot.stop();
    });
  });

  test('start-up mistakes are one clear line each, all bad variables at once, and exit code 1', async () => {
    await withDataDir(async (dataDir) => {
      await expect(startBacklot({ dataDir, env: { BACKLOT_PORT: 'eighty', BACKLOT_LOG_LEVEL: 'loud' } })).rejects.toThrow(
        /ended \(1\)[\s\S]*BACKLOT_PORT[\s\S]*BACKLOT_LOG_LEVEL/,
      );

      const blocker = createServer().listen(0, '127.0.0.1');
      const address = await new Promise<number>((resolve) => blocker.once('listening', () => resolve((blocker.address() as { port: number }).port)));
      await expect(startBacklot({ dataDir, env: { BACKLOT_PORT: String(address) } })).rejects.toThrow(/ended \(1\)[\s\S]*in use/);
      blocker.close();

      await expect(startBacklot({ dataDir: '/dev/null/backlot' })).rejects.toThrow(/ended \(1\)[\s\S]*\/dev\/null\/backlot/);

      const running = await startBacklot({ dataDir });
      await expect(startBacklot({ dataDir })).rejects.toThrow(/ended \(1\)[\s\S]*another/i);
      expect((await running.api('GET', '/v1/me')).status).toBe(200);
      await running.stop();
    });
  });
});

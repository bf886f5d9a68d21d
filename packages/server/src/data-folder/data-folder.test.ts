import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDataFolder } from './data-folder.js';

describe('the data folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backlot-data-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const lockOf = async (changes: object): Promise<void> => {
    const lock: unknown = JSON.parse(await readFile(join(folder, 'lock.json'), 'utf8'));
    await writeFile(join(folder, 'lock.json'), JSON.stringify({ ...(lock as object), ...changes }));
  };

  test('is made when it is absent, belongs to one, and is free again afterwards', async () => {
    const path = join(folder, 'new', 'place');
    const first = await openDataFolder(path);
    await expect(openDataFolder(path)).rejects.toThrow(/in use by another Backlot \(process \d+/);
    await first[Symbol.asyncDispose]();
    await using second = await openDataFolder(path);
    expect(await readdir(second.path)).toEqual(['lock.json']);
  });

  test('is taken over from a process that is gone, and from an earlier one with the same id', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    await openDataFolder(folder);
    await lockOf({ pid });
    await openDataFolder(folder);
    await lockOf({ startedAt: '1' });
    await using again = await openDataFolder(folder);
    expect(JSON.parse(await readFile(join(again.path, 'lock.json'), 'utf8'))).toMatchObject({ pid: process.pid, hostname: hostname() });
  });

  test('of another host is respected until its heartbeat is old', async () => {
    await openDataFolder(folder);
    await lockOf({ hostname: 'elsewhere', heartbeatAt: Date.now() - 5_000 });
    await expect(openDataFolder(folder)).rejects.toThrow('elsewhere');
    await lockOf({ hostname: 'elsewhere', heartbeatAt: Date.now() - 60_000 });
    await using taken = await openDataFolder(folder);
    expect(taken.path).toBe(folder);
  });

  test('goes to exactly one of many who find a lock left behind', async () => {
    await writeFile(join(folder, 'lock.json'), 'half a lo');
    const results = await Promise.allSettled(Array.from({ length: 8 }, async () => openDataFolder(folder)));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  test("that can't be written is one clear sentence", async () => {
    await expect(openDataFolder('/dev/null/backlot')).rejects.toThrow(/^The data folder \/dev\/null\/backlot can't be written: .*Set BACKLOT_DATA_DIR/);
  });
});

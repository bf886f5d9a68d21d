import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openTestLibrary, ORGANIZATION } from './library.testing.js';

const uploader = fileURLToPath(new URL('../../dist/backgrounds/uploader.testing.js', import.meta.url));

/** Starts the uploader and kills it as hard as can be after so many uploads. Returns what it had acknowledged by then. */
const uploadUntilKilled = async (folder: string, uploads: number): Promise<string[]> => {
  const child = spawn(process.execPath, [uploader, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'ready') acknowledged.push(line);
    if (acknowledged.length === uploads) child.kill('SIGKILL');
  }
  await closed;
  return acknowledged;
};

describe('durability', () => {
  it('keeps every acknowledged upload over kill -9, whole, and leaves no orphans after the reaper', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'backlot-durability-'));
    try {
      const acknowledged: string[] = [];
      for (const uploads of [1, 7, 20]) acknowledged.push(...(await uploadUntilKilled(folder, uploads)));
      expect(acknowledged.length).toBeGreaterThanOrEqual(28);
      await using test = await openTestLibrary({ folder, now: () => new Date(Date.now() + 2 * 3_600_000) });
      await test.library.reaper.run();
      for (const line of acknowledged) {
        const [id = '', sha256 = ''] = line.split(' ');
        expect(await test.library.service.resolve(ORGANIZATION, id)).toMatchObject({ id, sourceSha256: sha256 });
        const blob = await test.blobs.read(sha256);
        const bytes = Buffer.from(await new Response(blob?.stream).arrayBuffer());
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
      }
      // Uploads that were under way may have made it; what is left of the others is gone.
      const rows = await test.library.service.list(ORGANIZATION, { limit: 1000 });
      expect(rows.length).toBeGreaterThanOrEqual(acknowledged.length);
      const sources = new Set(rows.map(({ record }) => record.sha256));
      let blobs = 0;
      for await (const blob of test.blobs.list()) blobs += blob.sizeBytes > 0 ? 1 : 0;
      expect(blobs).toBeLessThanOrEqual(sources.size * 4);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);
});

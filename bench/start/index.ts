/**
 * From a fresh clone to the first picture, and what a started Backlot costs: `npm start` in a clone of this one, a
 * session by REST, its first picture in headless Chromium; then the second start, and memory without and with a session.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { BacklotPlayer } from '@backlot/player';
import { launchChromium, TEST_API_KEY } from '@backlot/testing';
import { commandLine, family, memoryMib } from '../processes.js';
import { type BenchRow, percentile, report } from '../report.js';

const STARTS = 5;
const MEMORY_SAMPLES = 10;
const SETTLE_MS = 5000;
const READY_TIMEOUT_MS = 600_000;
const STOP_TIMEOUT_MS = 30_000;

interface Started {
  readonly process: ChildProcess;
  readonly url: string;
  /** From the command to the line that says it is ready. */
  readonly readyMs: number;
}

const { values: options } = parseArgs({ options: { json: { type: 'string' } } });
const source = fileURLToPath(new URL('../../../', import.meta.url));

const start = async (clone: string): Promise<Started> => {
  const startedAtMs = performance.now();
  const child = spawn('npm', ['start', '--silent'], {
    cwd: clone,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], BACKLOT_PORT: '0', BACKLOT_UDP_PORT: '0', BACKLOT_API_KEY: TEST_API_KEY },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
      const origin = /Console\s+(https?:\/\/[^/\s]+)/.exec(output)?.[1];
      if (origin !== undefined) resolve(origin);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`Backlot ended before it was ready:\n${output}`)));
    setTimeout(() => reject(new Error(`Backlot was not ready in time:\n${output}`)), READY_TIMEOUT_MS).unref();
  });
  return { process: child, url, readyMs: performance.now() - startedAtMs };
};

const settledMemoryMib = async (pid: number): Promise<number> => {
  await wait(SETTLE_MS);
  const samples: number[] = [];
  for (let index = 0; index < MEMORY_SAMPLES; index++) {
    samples.push(memoryMib(pid));
    await wait(500);
  }
  return percentile(samples, 50);
};

const stop = async ({ process: child }: Started): Promise<void> => {
  const ids = family(child.pid ?? 0);
  child.kill('SIGTERM');
  for (const deadlineMs = performance.now() + STOP_TIMEOUT_MS; ids.some((id) => commandLine(id) !== ''); await wait(50)) {
    if (performance.now() > deadlineMs) throw new Error('Backlot does not end.');
  }
};

const folder = await mkdtemp(join(tmpdir(), 'backlot-start-'));
const clone = join(folder, 'clone');
const rows: BenchRow[] = [];
try {
  execFileSync('git', ['clone', '--quiet', '--no-local', source, clone]);
  const browser = await launchChromium();
  try {
    const clonedAtMs = performance.now();
    const first = await start(clone);
    const headers = { authorization: `Bearer ${TEST_API_KEY}`, 'content-type': 'application/json' };
    const idleMib = await settledMemoryMib(first.process.pid ?? 0);

    const askedAtMs = performance.now();
    const reply = await fetch(`${first.url}/v1/sessions`, { method: 'POST', headers, body: '{}' });
    if (reply.status !== 201) throw new Error(`POST /v1/sessions answered ${reply.status}: ${await reply.text()}`);
    const session = (await reply.json()) as { session_id: string; player_url: string };
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
    await page.goto(session.player_url);
    await page.waitForFunction(() => (document.querySelector<BacklotPlayer>('backlot-player')?.stats?.framesDrawn ?? 0) > 0, undefined, { polling: 'raf' });
    const pictureMs = performance.now() - askedAtMs;
    const busyMib = await settledMemoryMib(first.process.pid ?? 0);
    await page.close();
    await stop(first);
    rows.push(
      { case: 'fresh clone', metric: 'npm start → ready (installs and builds)', value: first.readyMs / 1000, unit: 's' },
      { case: 'fresh clone', metric: 'session asked for → first picture', value: pictureMs / 1000, unit: 's' },
      { case: 'fresh clone', metric: 'npm start → first picture', value: (first.readyMs + pictureMs) / 1000, unit: 's' },
      { case: 'memory', metric: 'idle', value: idleMib, unit: 'MiB' },
      { case: 'memory', metric: 'one session, one viewer', value: busyMib, unit: 'MiB' },
    );
    process.stderr.write(`first start, picture and memory took ${((performance.now() - clonedAtMs) / 1000).toFixed(0)} s\n`);

    const readyMs: number[] = [];
    for (let index = 0; index < STARTS; index++) {
      const again = await start(clone);
      readyMs.push(again.readyMs);
      await stop(again);
    }
    rows.push(
      { case: `second start, ${STARTS} times`, metric: 'p50', value: percentile(readyMs, 50) / 1000, unit: 's', goal: '≤ 5' },
      { case: `second start, ${STARTS} times`, metric: 'worst', value: Math.max(...readyMs) / 1000, unit: 's', goal: '≤ 5' },
    );
  } finally {
    await browser.close();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
await report('Start of Backlot', rows, options.json);

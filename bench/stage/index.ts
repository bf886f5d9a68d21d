/**
 * What the embedded stage costs: CPU and memory of its process for 1, 4, 16 and 64 viewers of one session of
 * 720p30-like VP8 (2.4 Mb/s, 300 packets/s) with Opus. The stage, the publisher and the viewers (plain peers that
 * don't decode) are processes of their own.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cpuSeconds } from '../processes.js';
import { type BenchRow, report } from '../report.js';

const VIEWERS = [1, 4, 16, 64];
const SETTLE_MS = 3000;
const MEASURE_MS = 8000;
const VIEWERS_PER_PROCESS = 16;
const { values: options } = parseArgs({ options: { json: { type: 'string' } } });

const wait = async (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

const children: ChildProcess[] = [];
const start = async (role: string, ...args: readonly string[]): Promise<{ readonly child: ChildProcess; readonly reply: unknown }> => {
  // From where the compiled program stands, in bench/dist/stage.
  const child = fork(fileURLToPath(new URL('../../stage/peer.mjs', import.meta.url)), [role, ...args]);
  children.push(child);
  const [reply] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`The ${role} ended with ${String(code)}`);
    }),
  ])) as [unknown];
  return { child, reply };
};

/** CPU seconds and resident bytes of a process. */
const usage = async (pid: number): Promise<{ readonly cpuSeconds: number; readonly residentBytes: number }> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return { cpuSeconds: cpuSeconds(pid), residentBytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024 };
};

const received = async (viewers: readonly ChildProcess[]): Promise<number> => {
  const counts = await Promise.all(
    viewers.map(async (viewer) => {
      const answer = once(viewer, 'message');
      viewer.send('count');
      return Number((await answer)[0]);
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
};

const rows: BenchRow[] = [];
try {
  const { child: stage, reply: url } = await start('stage');
  const pid = stage.pid ?? 0;
  await start('publisher', String(url));
  const viewers: ChildProcess[] = [];
  let watching = 0;
  for (const count of VIEWERS) {
    while (watching < count) {
      const more = Math.min(VIEWERS_PER_PROCESS, count - watching);
      viewers.push((await start('viewers', String(url), String(more))).child);
      watching += more;
    }
    await wait(SETTLE_MS);
    const [before, packetsBefore, startedAtMs] = [await usage(pid), await received(viewers), performance.now()];
    await wait(MEASURE_MS);
    const [after, packetsAfter] = [await usage(pid), await received(viewers)];
    const seconds = (performance.now() - startedAtMs) / 1000;
    const percent = (100 * (after.cpuSeconds - before.cpuSeconds)) / seconds;
    const name = `${count} ${count === 1 ? 'viewer' : 'viewers'}`;
    rows.push(
      { case: name, metric: 'stage CPU', value: percent, unit: '% of a core' },
      { case: name, metric: 'stage CPU a viewer', value: percent / count, unit: '% of a core', ...(count === 64 ? { goal: '<= 0.5' } : {}) },
      { case: name, metric: 'packets received', value: Math.round((packetsAfter - packetsBefore) / seconds), unit: '1/s' },
      { case: name, metric: 'stage memory', value: after.residentBytes / 1e6, unit: 'MB' },
    );
  }
} finally {
  for (const child of children) child.kill('SIGKILL');
}
await report('Embedded stage, one 720p30 session', rows, options.json);

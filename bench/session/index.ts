/**
 * What a session with the stand-in costs: CPU and memory of all of Backlot's processes (drawing, voice, encoder and stage), upright
 * and wide, at rest and talking, beside the same Backlot without a session. Nobody decodes: a viewer costs the stage only
 * what `bench/stage` measures.
 */
import { startBacklot } from '@backlot/testing';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cpuSeconds, family, memoryMib } from '../processes.js';
import { type BenchRow, report } from '../report.js';

const SETTLE_MS = 4000;
const MEASURE_MS = 10_000;
const CANVASES = [
  { name: 'wide, 1280 × 720', canvas: { width: 1280, height: 720 } },
  { name: 'upright, 720 × 1280', canvas: { width: 720, height: 1280 } },
];
/** Takes longer to say than the measurement. */
const TEXT = 'The background changes while I talk, for everybody who watches, and nobody has to connect again. '.repeat(8);

const { values: options } = parseArgs({ options: { json: { type: 'string' } } });

await using backlot = await startBacklot();
const pid = backlot.process.pid ?? 0;

/** CPU of all processes, in % of a core. Whoever comes or goes meanwhile counts from or to there. */
const measure = async (): Promise<number> => {
  const before = new Map(family(pid).map((id) => [id, cpuSeconds(id)]));
  const startedAtMs = performance.now();
  await wait(MEASURE_MS);
  const used = family(pid).reduce((sum, id) => sum + cpuSeconds(id) - (before.get(id) ?? 0), 0);
  return (100_000 * used) / (performance.now() - startedAtMs);
};

const isLive = async (id: string): Promise<boolean> => ((await backlot.api('GET', `/v1/sessions/${id}`)).body as { status: string }).status === 'live';

await wait(SETTLE_MS);
const idle = await measure();
const idleMib = memoryMib(pid);
const rows: BenchRow[] = [
  { case: 'no session', metric: 'CPU', value: idle, unit: '% of a core' },
  { case: 'no session', metric: 'memory', value: idleMib, unit: 'MiB' },
];
for (const { name, canvas } of CANVASES) {
  const { session_id: id } = (await backlot.api('POST', '/v1/sessions', { canvas })).body as { session_id: string };
  while (!(await isLive(id))) await wait(100);
  await wait(SETTLE_MS);
  rows.push({ case: `${name}, at rest`, metric: 'CPU of the session', value: (await measure()) - idle, unit: '% of a core', goal: '≤ 60' });
  const { status } = await backlot.api('POST', `/v1/sessions/${id}/speech`, { text: TEXT });
  if (status !== 202) throw new Error(`The speech was answered ${status}.`);
  await wait(SETTLE_MS);
  rows.push({ case: `${name}, talking`, metric: 'CPU of the session', value: (await measure()) - idle, unit: '% of a core', goal: '≤ 60' });
  rows.push({ case: `${name}, talking`, metric: 'memory of the session', value: memoryMib(pid) - idleMib, unit: 'MiB' });
  await backlot.api('DELETE', `/v1/sessions/${id}`);
  // A fresh spare child starts meanwhile.
  await wait(SETTLE_MS);
}
await report('A session with the stand-in, 25 fps, encoded', rows, options.json);

/**
 * What LiveKit sessions cost and how fast they are: a real LiveKit server, Backlot, and one compositor, all on this
 * machine. The avatar is a participant that draws a person with a frame counter and beeps; a viewer in a process of its
 * own receives the avatar's track and the program alike, so that what differs is what the compositor adds. Swaps are
 * timed to the first new pixel: from the API's answer in headless Chromium (client render), from the state's message to
 * the decoded program, with images of an address (server render).
 * `--minutes N` watches frames and memory for so long (default 0.5); `--server-only` leaves the browser and Backlot out.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { AgentDispatchClient } from 'livekit-server-sdk';
import type { BacklotPlayer } from '@backlot/player';
import { launchChromium, sharedData, type StartedBacklot, startBacklot, startLivekit, TEST_API_KEY } from '@backlot/testing';
import type { HeardBeep, SeenPicture } from '@backlot/server/dist/compositor-worker/peer.testing.js';
import { BEEP_EVERY, FPS } from '@backlot/server/dist/compositor-worker/person.testing.js';
import { type Peer, reportOf, RoomDirector, startCompositor, startPeer } from '@backlot/server/dist/compositor-worker/rig.testing.js';
import { type BenchRow, percentile, report } from '../report.js';
import { measureComposing } from './composing.js';

const SWAPS = 30;
const SWAP_PAUSE_MS = 500;
const SETTLE_MS = 5000;
const MEASURE_MS = 15_000;
const LIVE_WITHIN_MS = 30_000;
const COMPOSITOR = 'backlot-compositor';
const PHOTOS = ['backgrounds/photos/saxon-switzerland-539418_1280.jpg', 'backgrounds/photos/porch-691330_1280.jpg'];
/** Linux's clock ticks a second, the unit of /proc/<pid>/stat. */
const TICKS_PER_SECOND = 100;
/** Codes by which another background is told. */
const OTHER = 12;

const { values: options } = parseArgs({
  options: { json: { type: 'string' }, minutes: { type: 'string', default: '0.5' }, 'server-only': { type: 'boolean', default: false } },
});

const wait = async (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

interface Session {
  readonly session_id: string;
  readonly player_url: string;
}

const startSession = async (backlot: StartedBacklot, room: string, image: string | undefined): Promise<Session> => {
  const answer = await backlot.api('POST', '/v1/sessions', {
    avatar: { provider: 'livekit', identity: 'avatar' },
    livekit_room: room,
    background_image: image,
  });
  if (answer.status !== 201) throw new Error(`A session answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body as Session;
};

const isLive = async (backlot: StartedBacklot, { session_id: id }: Session): Promise<void> => {
  const limit = AbortSignal.timeout(LIVE_WITHIN_MS);
  for (;;) {
    const { body } = await backlot.api('GET', `/v1/sessions/${id}`);
    if ((body as { status: string }).status === 'live') return;
    limit.throwIfAborted();
    await wait(100);
  }
};

/** Median of samples. */
const median = (samples: readonly number[]): number => percentile(samples, 50);
/** When each counter was first seen of somebody. */
const firstSeen = (pictures: readonly SeenPicture[], identity: string): ReadonlyMap<number, number> => {
  const times = new Map<number, number>();
  for (const picture of pictures) if (picture.identity === identity && !times.has(picture.counter)) times.set(picture.counter, picture.atMs);
  return times;
};
/** How long after its picture each beep is heard. */
const voiceAfterLips = (beeps: readonly HeardBeep[], seen: ReadonlyMap<number, number>, identity: string): readonly number[] =>
  beeps
    .filter((beep) => beep.identity === identity)
    .flatMap(({ atMs }) => {
      const offsets = [...seen].filter(([counter]) => counter % BEEP_EVERY === 0).map(([, seenAtMs]) => atMs - seenAtMs);
      const nearest = offsets.sort((left, right) => Math.abs(left) - Math.abs(right))[0];
      return nearest === undefined || Math.abs(nearest) > 450 ? [] : [nearest];
    });

/** CPU seconds of a process's threads, by what they do. */
const threadTimes = (pid: number): ReadonlyMap<string, number> => {
  const times = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const part = Number(thread) === pid ? 'main thread' : /decod/i.test(name) ? 'decode' : /encod/i.test(name) ? 'encode' : 'network, audio, collector';
    times.set(part, (times.get(part) ?? 0) + (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND);
  }
  return times;
};
const residentMib = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
/** The compositor's job: the busiest child of its worker. */
const jobOf = (worker: number): number => {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,pcpu='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const jobs = rows.filter(([, parent]) => parent === worker).sort(([, , left = 0], [, , right = 0]) => right - left);
  return jobs[0]?.[0] ?? 0;
};

const rows: BenchRow[] = [];
await using livekit = await startLivekit();
await using compositor = await startCompositor({ ...livekit.env, BACKLOT_LOG_LEVEL: 'error' });
// Swaps, client render.
if (!options['server-only']) {
  await using backlot = await startBacklot({ env: { ...livekit.env } });
  const images: string[] = [];
  for (const path of PHOTOS) {
    const form = new FormData();
    form.set('title', path);
    form.set('image', new Blob([await readFile(sharedData(path))]), path);
    images.push(((await backlot.api('POST', '/v1/background-images', form)).body as { id: string }).id);
  }

  const session = await startSession(backlot, 'client', images[0]);
  await using avatar = await startPeer(livekit, 'avatar', 'client', 'avatar');
  await isLive(backlot, session);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
    await page.goto(session.player_url);
    await page.waitForFunction(() => (document.querySelector<BacklotPlayer>('backlot-player')?.stats?.framesDrawn ?? 0) > 60);
    const afterAnswer = await page.evaluate(
      async ({ url, key, ids, swaps, pauseMs }) => {
        const player = document.querySelector<BacklotPlayer>('backlot-player');
        if (player === null) throw new Error('The page has no player.');
        const results: number[] = [];
        for (let index = 1; index <= swaps; index++) {
          const shown = new Promise<number>((resolve) => {
            player.addEventListener('backlotbackground', (event) => resolve((event as CustomEvent<{ shownAtMs: number }>).detail.shownAtMs), { once: true });
          });
          const response = await fetch(url, {
            method: 'POST',
            headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
            body: JSON.stringify({ background_image: ids[index % ids.length], transition_ms: 300 }),
          });
          const answeredAtMs = performance.timeOrigin + performance.now();
          if (!response.ok) throw new Error(`swap answered ${response.status}`);
          results.push(Math.max(0, (await shown) - answeredAtMs));
          await new Promise((resolve) => {
            setTimeout(resolve, pauseMs);
          });
        }
        return results;
      },
      { url: `${backlot.url}/v1/sessions/${session.session_id}/background`, key: TEST_API_KEY, ids: images, swaps: SWAPS, pauseMs: SWAP_PAUSE_MS },
    );
    rows.push(
      { case: 'swap, client render', metric: 'p50', value: median(afterAnswer), unit: 'ms' },
      { case: 'swap, client render', metric: 'p95', value: percentile(afterAnswer, 95), unit: 'ms', goal: '<= 80' },
    );
  } finally {
    await browser.close();
  }
  avatar.send({ type: 'leave' });
  await backlot.api('DELETE', `/v1/sessions/${session.session_id}`);
}

// Everything else, server render.
await using pictures = createServer((request, response) => {
  const path = PHOTOS[Number(request.url?.slice(1))];
  if (path === undefined) response.writeHead(404).end();
  else void readFile(sharedData(path)).then((bytes) => response.writeHead(200, { 'content-type': 'image/jpeg' }).end(bytes));
}).listen(0, '127.0.0.1');
await once(pictures, 'listening');
const address = pictures.address();
const pictureUrl = (index: number): string => `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/${index % PHOTOS.length}`;
const director = new RoomDirector(livekit, 'server');
await director.open();
await using _avatar = await startPeer(livekit, 'avatar', 'server', 'avatar');
await using viewer = await startPeer(livekit, 'viewer', 'server', 'viewer', `${COMPOSITOR},avatar`);
await new AgentDispatchClient(livekit.url, livekit.apiKey, livekit.apiSecret).createDispatch('server', COMPOSITOR);
const programOf = (pictures: readonly SeenPicture[]): readonly SeenPicture[] => pictures.filter(({ identity }) => identity === COMPOSITOR);
const nextProgram = async (peer: Peer): Promise<SeenPicture> => {
  const limit = AbortSignal.timeout(LIVE_WITHIN_MS);
  for (;;) {
    const picture = programOf((await reportOf(peer)).pictures).at(-1);
    if (picture !== undefined) return picture;
    limit.throwIfAborted();
    await wait(20);
  }
};
await nextProgram(viewer);
await wait(SETTLE_MS);

const swaps: number[] = [];
for (let index = 1; index <= SWAPS; index++) {
  const before = (await nextProgram(viewer)).corner;
  const { background } = director.state;
  await director.tell({
    background: { ...background, background_version: background.background_version + 1, color: null, image_url: pictureUrl(index), transition_ms: 0 },
  });
  const limit = AbortSignal.timeout(LIVE_WITHIN_MS);
  let shown: SeenPicture | undefined;
  while (shown === undefined) {
    limit.throwIfAborted();
    await wait(SWAP_PAUSE_MS);
    shown = programOf((await reportOf(viewer)).pictures).find(({ corner }) => corner.some((code, plane) => Math.abs(code - (before[plane] ?? 0)) > OTHER));
  }
  swaps.push(Math.max(0, shown.atMs - director.toldAtMs));
}
rows.push(
  { case: 'swap, server render', metric: 'p50', value: median(swaps), unit: 'ms' },
  { case: 'swap, server render', metric: 'p95', value: percentile(swaps, 95), unit: 'ms', goal: '<= 150' },
);

// What the compositor adds, and costs.
const job = jobOf(compositor.process.pid ?? 0);
await reportOf(viewer);
const [timesBefore, startedAtMs] = [threadTimes(job), performance.now()];
await wait(MEASURE_MS);
const [timesAfter, seconds] = [threadTimes(job), (performance.now() - startedAtMs) / 1000];
const measured = await reportOf(viewer);
const raw = firstSeen(measured.pictures, 'avatar');
const program = firstSeen(measured.pictures, COMPOSITOR);
const added = [...program].flatMap(([counter, atMs]) => {
  const rawAtMs = raw.get(counter);
  return rawAtMs === undefined ? [] : [atMs - rawAtMs];
});
const lipsRaw = voiceAfterLips(measured.beeps, raw, 'avatar');
const lipsProgram = voiceAfterLips(measured.beeps, program, COMPOSITOR);
rows.push(
  { case: 'added by the compositor', metric: 'latency p50', value: (median(added) * FPS) / 1000, unit: 'frames', goal: '<= 1' },
  { case: 'added by the compositor', metric: 'latency p95', value: (percentile(added, 95) * FPS) / 1000, unit: 'frames' },
  { case: 'added by the compositor', metric: 'voice after lips', value: median(lipsProgram) - median(lipsRaw), unit: 'ms', goal: '-20 to 20' },
);
let total = 0;
for (const [part, secondsAfter] of timesAfter) {
  const percent = (100 * (secondsAfter - (timesBefore.get(part) ?? 0))) / seconds;
  total += percent;
  rows.push({ case: 'CPU of a 720p30 session', metric: part, value: percent, unit: '% of a core' });
}
const composingMs = await measureComposing();
const composing = (composingMs * FPS) / 10;
rows.push(
  { case: 'CPU of a 720p30 session', metric: 'in all', value: total, unit: '% of a core' },
  { case: 'CPU of a 720p30 session', metric: 'key and copies', value: composing, unit: '% of a core' },
  { case: 'CPU of a 720p30 session', metric: 'share of key and copies', value: (100 * composing) / total, unit: '%', goal: '<= 10' },
  { case: 'CPU of a 720p30 session', metric: 'sessions that fit on 2 cores', value: Math.floor(200 / total), unit: 'sessions' },
);

// Over time.
const minutes = Number(options.minutes);
let [received, longestGapMs, lastAtMs, firstAtMs] = [0, 0, 0, 0];
let [expected, lastCounter] = [0, -1];
const memoryBefore = residentMib(job);
const memory: number[] = [];
for (const end = performance.now() + minutes * 60_000; performance.now() < end;) {
  await wait(1000);
  memory.push(residentMib(job));
  for (const { atMs, counter } of programOf((await reportOf(viewer)).pictures)) {
    firstAtMs ||= atMs;
    if (lastAtMs > 0) longestGapMs = Math.max(longestGapMs, atMs - lastAtMs);
    lastAtMs = atMs;
    if (counter === lastCounter) continue;
    received++;
    if (lastCounter >= 0) expected += (counter - lastCounter + 65_536) % 65_536;
    lastCounter = counter;
  }
}
const over = `${minutes} minutes`;
rows.push(
  { case: over, metric: 'frames a second', value: (received * 1000) / (lastAtMs - firstAtMs), unit: 'fps' },
  { case: over, metric: 'frames dropped', value: expected - received + 1, unit: 'frames', goal: '0' },
  { case: over, metric: 'longest gap', value: longestGapMs, unit: 'ms' },
  { case: over, metric: 'memory at the start', value: memoryBefore, unit: 'MiB' },
  { case: over, metric: 'memory at most', value: Math.max(...memory), unit: 'MiB' },
  { case: over, metric: 'memory at the end', value: memory.at(-1) ?? 0, unit: 'MiB' },
);
await report(`LiveKit, 1280 × 720 at 30 fps, loopback, ${availableParallelism()} cores`, rows, options.json);

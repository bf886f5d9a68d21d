/**
 * What Backlot adds to setting a chat's background: beside each call the same two transfers done bare, a fetch of the
 * image and a multipart PUT to the provider. Then 200 sets at once, and pages of a chat with 100 000 messages. The
 * image server, the provider and the caller are one process on the same machine; Backlot is another, started anew.
 */
import { openPgliteDatabase } from '@backlot/server/dist/database/pglite/pglite-database.js';
import { IMAGE_HOST, openSafeFetchRig } from '@backlot/server/dist/http/safe-fetch/rig.testing.js';
import { sharedData, startBacklot, type StartedBacklot, TEST_API_KEY } from '@backlot/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import sharp from 'sharp';
import { Agent, fetch as bareFetch, FormData } from 'undici';
import { memoryMib } from '../processes.js';
import { type BenchRow, percentile, report } from '../report.js';
import { startProvider } from './provider.js';

const ROUNDS = 120;
const WARM_UP = 10;
const AT_ONCE = 200;
const MESSAGES = 100_000;
const PAGES = 1_000;
/** A server that has just started compiles what it runs for the first hundred. */
const PAGES_WARM_UP = 150;

const { values: options } = parseArgs({ options: { json: { type: 'string' } } });
const folder = await mkdtemp(join(tmpdir(), 'backlot-bench-'));
const dataDir = join(folder, 'data');
await using images = await openSafeFetchRig();
await using provider = await startProvider(AT_ONCE);
await writeFile(join(folder, 'ca.pem'), images.ca);

const start = async (): Promise<StartedBacklot> =>
  startBacklot({
    dataDir,
    env: {
      BACKLOT_LOG_LEVEL: 'warn',
      BACKLOT_MESSAGING_PROVIDER: 'blooio',
      BACKLOT_MESSAGING_URL: provider.url,
      BACKLOT_MESSAGING_SECRET: 'key',
      BACKLOT_MESSAGING_NUMBER: '+12025550100',
      BACKLOT_FETCH_ALLOW: `${IMAGE_HOST}:${images.port}`,
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
    },
  });

/** Bytes after the end of a JPEG are no part of the picture: each round has an image of its own. */
const variantOf = (photo: Buffer, round: number): Buffer => Buffer.concat([photo, Buffer.from(String(round))]);
const serve = (path: string, bytes: Buffer): string => {
  images.handle(path, (_request, response) => response.end(bytes));
  return `https://${IMAGE_HOST}:${images.port}${path}`;
};

const conversationIds = async (backlot: StartedBacklot): Promise<string[]> => {
  for (;;) {
    const ids: string[] = [];
    for (const offset of [0, 100]) {
      const { body } = await backlot.api('GET', `/v1/conversations?limit=100&offset=${offset}`);
      ids.push(...(body as { data: { id: string }[] }).data.map(({ id }) => id));
    }
    if (ids.length === AT_ONCE) return ids;
    await wait(200);
  }
};

const set = async (backlot: StartedBacklot, id: string, url: string): Promise<{ status: number; body: string }> => {
  const response = await fetch(`${backlot.url}/v1/conversations/${id}/background`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ image_url: url }),
  });
  return { status: response.status, body: await response.text() };
};

const rows: BenchRow[] = [];
const photoOf = async (width: number, height: number): Promise<Buffer> =>
  sharp(sharedData('backgrounds/photos/office-unsplash-6016x4016.jpg')).resize(width, height, { fit: 'cover' }).jpeg({ quality: 90 }).toBuffer();

try {
  {
    await using backlot = await start();
    const ids = await conversationIds(backlot);
    const [first = ''] = ids;
    const dispatcher = new Agent();
    const bare = async (url: string): Promise<void> => {
      // Each customer's image is on a host that nobody is connected to; the provider is always the same.
      const stranger = new Agent({ connect: { ca: images.ca } });
      const bytes = await (await bareFetch(url, { dispatcher: stranger })).arrayBuffer();
      void stranger.close();
      const form = new FormData();
      form.set('background', new File([bytes], 'background.jpg', { type: 'image/jpeg' }));
      await (await bareFetch(`${provider.url}/chats/bare/background`, { method: 'PUT', body: form, dispatcher })).arrayBuffer();
    };

    for (const [width, height] of [
      [1179, 2556],
      [3000, 4000],
    ] as const) {
      const photo = await photoOf(width, height);
      const added: number[] = [];
      const whole: number[] = [];
      for (let round = 0; round < ROUNDS + WARM_UP; round++) {
        const url = serve(`/${width}-${round}.jpg`, variantOf(photo, round));
        const startedAtMs = performance.now();
        const { status } = await set(backlot, first, url);
        const setMs = performance.now() - startedAtMs;
        if (status !== 200) throw new Error(`the set answered ${status}`);
        const bareStartedAtMs = performance.now();
        await bare(url);
        const bareMs = performance.now() - bareStartedAtMs;
        if (round < WARM_UP) continue;
        added.push(setMs - bareMs);
        whole.push(setMs);
      }
      const name = `set, ${width} × ${height} JPEG of ${(photo.byteLength / 1024 / 1024).toFixed(1)} MB`;
      const goal = width === 1179 ? { goal: '≤ 50' } : {};
      rows.push({ case: name, metric: 'added to fetch and forward, p50', value: percentile(added, 50), unit: 'ms' });
      rows.push({ case: name, metric: 'added to fetch and forward, p95', value: percentile(added, 95), unit: 'ms', ...goal });
      rows.push({ case: name, metric: 'whole call, p95', value: percentile(whole, 95), unit: 'ms' });
    }

    const photo = await photoOf(1179, 2556);
    const urls = ids.map((_, index) => serve(`/together-${index}.jpg`, variantOf(photo, index + 1_000_000)));
    const pid = backlot.process.pid ?? 0;
    const idleMib = memoryMib(pid);
    let peakMib = idleMib;
    const sampling = setInterval(() => {
      peakMib = Math.max(peakMib, memoryMib(pid));
    }, 250);
    const startedAtMs = performance.now();
    const times: number[] = [];
    const answers = await Promise.all(
      ids.map(async (id, index) => {
        const answer = await set(backlot, id, urls[index] ?? '');
        times.push(performance.now() - startedAtMs);
        return answer;
      }),
    );
    clearInterval(sampling);
    const name = `${AT_ONCE} sets at once`;
    const refused = answers.filter(({ status }) => status !== 200);
    rows.push({ case: name, metric: 'errors', value: refused.length, unit: '', goal: '0' });
    for (const { status, body } of refused) process.stderr.write(`${status} ${body}\n`);
    rows.push({ case: name, metric: 'the last answer', value: Math.max(...times) / 1000, unit: 's' });
    rows.push({ case: name, metric: 'memory before, all processes', value: idleMib, unit: 'MiB' });
    rows.push({ case: name, metric: 'most memory, all processes', value: peakMib, unit: 'MiB' });
    await dispatcher.close();
  }

  const database = await openPgliteDatabase(join(dataDir, 'database'));
  await database.executor.execute(sql`
    insert into messages (id, conversation_id, provider_message_id, direction, body, from_number, to_number, channel, media_urls, reactions, received_at)
    select 'msg_bench_' || n, (select id from conversations order by id limit 1), 'bench-' || n, 'inbound', 'Message ' || n,
           '+12025550142', '+12025550100', 'imessage', '[]', '[]', now() - (${MESSAGES} - n) * interval '1 second'
    from generate_series(1, ${MESSAGES}) as n`);
  await database[Symbol.asyncDispose]();

  await using backlot = await start();
  const id = (await conversationIds(backlot)).toSorted()[0] ?? '';
  const page = async (query: string): Promise<number> => {
    const startedAtMs = performance.now();
    const { status, body } = await backlot.api('GET', `/v1/conversations/${id}/messages?${query}`);
    const tookMs = performance.now() - startedAtMs;
    const { length } = (body as { data: unknown[] }).data;
    if (status !== 200 || length !== 50) throw new Error(`a page answered ${status} with ${length} messages`);
    return tookMs;
  };
  for (const direction of ['before', 'after'] as const) {
    const times: number[] = [];
    for (let index = 0; index < PAGES + PAGES_WARM_UP; index++) {
      // Anywhere in the chat, by the golden ratio.
      const secondsAgo = 100 + Math.floor(((index * 0.618034) % 1) * (MESSAGES - 1_000));
      const tookMs = await page(`limit=50&${direction}=${new Date(Date.now() - 1000 * secondsAgo).toISOString()}`);
      if (index >= PAGES_WARM_UP) times.push(tookMs);
    }
    const name = `a page of 50 ${direction} any of ${MESSAGES} messages`;
    rows.push(
      { case: name, metric: 'p50', value: percentile(times, 50), unit: 'ms' },
      { case: name, metric: 'p99', value: percentile(times, 99), unit: 'ms', goal: '≤ 10' },
    );
  }
  await report('Conversations behind a provider on loopback', rows, options.json);
} finally {
  await rm(folder, { recursive: true, force: true });
}

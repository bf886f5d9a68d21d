import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { messages, webhookEvents } from '../database/schema.js';
import { createLog } from '../logging.js';
import { openTestInbound, type TestInbound, type WireMessage } from './inbound.testing.js';
import { Poller } from './poller.js';

const event = z.object({ data: z.object({ message: z.object({ body: z.string() }) }) });
const MAYA = '+12025550142';

vi.setConfig({ testTimeout: 90_000 });

let rig: TestInbound;
let logged: string[];
beforeAll(async () => {
  rig = await openTestInbound();
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await rig.clear();
  logged = [];
  rig.chats.push({ id: MAYA, people: [{ identifier: MAYA, name: 'Maya' }], messages: [] });
});

const openPoller = (now: () => Date = () => new Date()) =>
  new Poller({
    database: rig.test.database,
    owner: rig.owner,
    provider: rig.provider,
    inbox: rig.inbox,
    memory: rig.memory,
    log: createLog('debug', { write: (line: string) => void logged.push(line) }),
    now,
    everyMs: 20,
    backoff: { firstMs: 20, lastMs: 20 },
  });
const write = (text: string, sentMs: number = Date.now()): WireMessage => {
  const message = { message_id: `msg_${text}`, text, time_sent: sentMs };
  rig.chats[0]?.messages.push(message);
  return message;
};
/** Five hundred messages take seconds, and a loaded machine takes its time. */
const SOON = { timeout: 60_000 };
const kept = async () => (await rig.test.database.executor.select().from(messages).orderBy(messages.receivedAt)).map(({ body }) => body);
const count = async () => rig.test.database.executor.$count(messages);
const events = async () => (await rig.test.database.executor.select().from(webhookEvents)).map(({ body }) => event.parse(JSON.parse(body)).data.message.body);
const runs = () => rig.wire.requests.filter(({ path }) => path.startsWith('/chats?')).length;
const warnings = () => logged.filter((line) => (JSON.parse(line) as { level: number }).level >= 40);

describe('asking', () => {
  it('goes on after a message from the future', async () => {
    write('before', Date.now() - 60_000);
    write('future', Date.now() + 86_400_000);
    {
      await using poller = openPoller();
      await poller.start();
      await expect.poll(kept, SOON).toEqual(['before', 'future']);
      write('missed');
      await expect.poll(kept, SOON).toEqual(['before', 'missed', 'future']);
    }
    // And after a new start.
    await using poller = openPoller();
    await poller.start();
    write('missed too');
    await expect.poll(kept, SOON).toEqual(['before', 'missed', 'missed too', 'future']);
  });

  it('tells of what was written since it began, also when the provider answers late for the first time', async () => {
    write('history', Date.now() - 60_000);
    rig.wire.fault = { kind: 'reply', reply: { status: 503 } };
    await using poller = openPoller();
    await poller.start();
    await expect.poll(runs, SOON).toBeGreaterThan(2);
    write('news', Date.now() + 5);
    rig.wire.fault = null;
    await expect.poll(kept, SOON).toEqual(['history', 'news']);
    await expect.poll(events, SOON).toEqual(['news']);
  });

  it('warns once of a provider that is away, however long, and again the next time', async () => {
    await using poller = openPoller();
    await poller.start();
    for (const round of [1, 2]) {
      rig.wire.fault = { kind: 'close' };
      const before = runs();
      await expect.poll(runs, SOON).toBeGreaterThan(before + 4);
      rig.wire.fault = null;
      write(`back ${round}`);
      await expect.poll(kept, SOON).toHaveLength(round);
      expect(warnings()).toHaveLength(round);
    }
  });

  it('finds messages although the list of chats takes for ever', async () => {
    const { answer } = rig.wire;
    // Only the list of chats asks for the newest message of each.
    rig.wire.answer = async (request) => (request.path.includes('messages?limit=1') ? new Promise(() => undefined) : answer(request));
    write('found');
    await using poller = openPoller();
    await poller.start();
    await expect.poll(kept, SOON).toEqual(['found']);
  });

  it('goes on where more messages wait than are asked for at once, also several of one moment', async () => {
    const beginMs = Date.now() - 60_000;
    for (let index = 0; index < 504; index++) write(`many ${index}`, beginMs + Math.floor(index / 3));
    await using poller = openPoller();
    await poller.start();
    await expect.poll(count, SOON).toBe(504);
  });

  it('goes on where more was written at one moment than is asked for at once', async () => {
    const atMs = Date.now() - 60_000;
    for (let index = 0; index < 520; index++) write(`burst ${index}`, atMs);
    write('after', atMs + 1);
    await using poller = openPoller();
    await poller.start();
    const isAfterKept = async () => rig.test.database.executor.$count(messages, eq(messages.body, 'after'));
    await expect.poll(isAfterKept, SOON).toBe(1);
    expect(await count()).toBeGreaterThanOrEqual(501);
  });

  it('waits for the run under way when it ends, and leaves nothing running', async () => {
    rig.wire.fault = { kind: 'hang' };
    const asked = rig.wire.next();
    const poller = openPoller();
    await poller.start();
    await asked;
    await poller[Symbol.asyncDispose]();
    rig.wire.fault = null;
    const before = rig.wire.requests.length;
    write('too late');
    await rig.test.database.executor.$count(messages);
    expect([rig.wire.requests.length, await kept(), warnings()]).toEqual([before, [], []]);
  });
});

it('after a new start looks back to where it was, not to what came in by webhook meanwhile', async () => {
  const nowMs = Date.now();
  write('known', nowMs - 3_600_000);
  {
    await using poller = openPoller();
    await poller.start();
    await expect.poll(kept, SOON).toEqual(['known']);
  }
  write('lost', nowMs - 1_800_000);
  const sentNow = { event: 'message.received', message_id: 'msg_told', external_id: MAYA, protocol: 'imessage', text: 'told', sender: MAYA, timestamp: nowMs };
  expect((await rig.deliver(sentNow)).status).toBe(200);
  await using poller = openPoller();
  await poller.start();
  await expect.poll(kept, SOON).toEqual(['known', 'lost', 'told']);
});

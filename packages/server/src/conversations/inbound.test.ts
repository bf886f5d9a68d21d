import { serve, type ServerType } from '@hono/node-server';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { conversationBackgrounds, conversations, messages, surfaces, webhookEvents } from '../database/schema.js';
import { createSealer } from '../identity/sealer.js';
import { signDelivery } from '../messaging/blooio/signature.js';
import { NO_FAULTS } from '../messaging/simulator/faults.js';
import { MAYA, openTestConversations, type TestConversations } from './conversations.testing.js';
import { ConversationFeed } from './feed.js';
import { inboundPath, registerInboundRoutes } from './inbound-routes.js';
import { Inbox } from './inbox.js';
import { Poller } from './poller.js';
import { createProviderMemory } from './provider-memory.js';

const SECRET = 'a-secret-that-only-the-provider-was-told';
const PATH = inboundPath('simulator', SECRET);

let rig: TestConversations;
let server: ServerType;
let url: string;
let told: { event: string; data: unknown }[] = [];
let feed: ConversationFeed;
let inbox: Inbox;
let owner: { organizationId: string; provider: string };
const log = pino({ level: 'silent' });
const now = () => new Date();

beforeAll(async () => {
  rig = await openTestConversations();
  const { app, database, organizationId } = rig.test;
  owner = { organizationId, provider: 'simulator' };
  feed = new ConversationFeed();
  feed.follow(organizationId, (event) => told.push(event));
  inbox = new Inbox({ database, owner, feed, onPublished: () => undefined, onBackgroundNotice: async () => undefined, log, now });
  registerInboundRoutes(app, { provider: rig.simulator.provider, secret: SECRET, listener: inbox.listener });
  server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await rig.simulator.provider.start({ listener: inbox.listener, memory: memoryOf(), webhookUrl: `${url}${PATH}` });
});
afterAll(async () => {
  server.close();
  await rig[Symbol.asyncDispose]();
});
beforeEach(async () => {
  told = [];
  rig.simulator.faults.set(NO_FAULTS);
  for (const table of [messages, conversationBackgrounds, surfaces, conversations, webhookEvents]) await rig.test.database.executor.delete(table);
  await asked().write({});
});

/** A loaded machine takes its time. */
const SOON = { timeout: 10_000 };
const memoryOf = () => createProviderMemory(rig.test.database, createSealer(new Uint8Array(32)), 'simulator', log);
const asked = () => createProviderMemory(rig.test.database, createSealer(new Uint8Array(32)), 'simulator asked', log);
const write = async (text: string) => rig.simulator.phones.write(MAYA.chatId, text, MAYA.chatId);
const kept = async () => (await rig.test.database.executor.select().from(messages)).map(({ body }) => body).sort();
const events = async () => (await rig.test.database.executor.select().from(webhookEvents)).map(({ type }) => type);
/** A delivery in the provider's own form. */
const deliveryOf = (messageId: string, text: string, timestamp = Date.now()) =>
  Buffer.from(
    JSON.stringify({
      event: 'message.received',
      message_id: messageId,
      external_id: MAYA.chatId,
      internal_id: '+12025550100',
      protocol: 'imessage',
      text,
      attachments: [],
      is_group: false,
      sender: MAYA.chatId,
      timestamp,
    }),
  );
const deliver = async (body: Buffer, options: { readonly path?: string; readonly signedAt?: Date; readonly secret?: string } = {}) => {
  const { webhookSecret = '' } = await memoryOf().read();
  const signature = signDelivery(options.secret ?? webhookSecret, body, options.signedAt ?? now());
  return rig.test.app.request(options.path ?? PATH, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-blooio-event': 'message.received', 'x-blooio-signature': signature },
    body,
  });
};

describe("the provider's webhook", () => {
  it('makes a conversation of what somebody writes, tells whoever follows, and your services', async () => {
    await write('Is anybody there?');
    await expect.poll(kept, SOON).toEqual(['Is anybody there?']);
    expect(await events()).toEqual(['message.received']);
    await expect.poll(() => told.map(({ event }) => event), SOON).toContain('message');
    const { data } = (await (await rig.send('GET', '/v1/conversations')).json()) as { data: { id: string }[] };
    expect(data).toMatchObject([{ participant: MAYA.chatId, channel: 'imessage', messageCount: 1, lastMessagePreview: 'Is anybody there?' }]);
    expect(told.find(({ event }) => event === 'message')?.data).toMatchObject({
      conversationId: data[0]?.id,
      message: { body: 'Is anybody there?', direction: 'inbound', fromNumber: MAYA.chatId, toNumber: '+12025550100', senderIdentifier: MAYA.chatId },
    });
  });

  it('keeps what we write elsewhere, without an event', async () => {
    await rig.simulator.phones.write(MAYA.chatId, 'From our phone', null);
    await expect.poll(kept, SOON).toEqual(['From our phone']);
    expect(await events()).toEqual([]);
  });

  it('counts a message once, however often it is delivered', async () => {
    const body = deliveryOf('msg_once', 'Once');
    const answers = await Promise.all(Array.from({ length: 8 }, async () => deliver(body)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(await kept()).toEqual(['Once']);
    expect(await events()).toEqual(['message.received']);
  });

  it('refuses a forged signature, one of more than five minutes, and a body that was changed', async () => {
    const body = deliveryOf('msg_forged', 'Forged');
    const stale = new Date(Date.now() - 301_000);
    const { webhookSecret = '' } = await memoryOf().read();
    const changed = await rig.test.app.request(PATH, {
      method: 'POST',
      headers: { 'x-blooio-signature': signDelivery(webhookSecret, body, now()) },
      body: Buffer.concat([body.subarray(0, -1), Buffer.from(' }')]),
    });
    for (const response of [await deliver(body, { secret: 'whsec_guess' }), await deliver(body, { signedAt: stale }), changed]) {
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ error: { code: 'webhook_refused' } });
    }
    expect(await kept()).toEqual([]);
  });

  it('is nowhere for those who were not told its address', async () => {
    const answerOf = async (path: string) => {
      const response = await deliver(deliveryOf('msg_lost', 'Lost'), { path });
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      return { status: response.status, ...error, request_id: '' };
    };
    const nowhere = await answerOf('/v1/nowhere');
    expect(nowhere).toMatchObject({ status: 404, code: 'route_not_found' });
    for (const path of [inboundPath('simulator', 'wrong'), inboundPath('blooio', SECRET), `${PATH}x`]) expect(await answerOf(path)).toEqual(nowhere);
    expect(await kept()).toEqual([]);
  });

  it('keeps its secret out of the log', async () => {
    const before = rig.test.logged.length;
    // As it should be, with a slash too many, behind a prefix that a proxy left, and by the wrong method.
    for (const path of [PATH, `/${PATH}`, `/prefix${PATH}`, PATH.replace('/inbound', '//Inbound')]) await deliver(deliveryOf('msg_logged', 'Logged'), { path });
    await rig.test.app.request(PATH);
    const lines = rig.test.logged.slice(before).filter((line) => /inbound\/…/i.test(line));
    expect(lines).toHaveLength(5);
    expect(rig.test.logged.join('\n')).not.toContain(SECRET);
  });

  it('takes nothing that is too large or not what was agreed', async () => {
    expect((await deliver(Buffer.alloc(1024 * 1024 + 1, 32))).status).toBe(413);
    expect((await deliver(Buffer.from('no JSON'))).status).toBe(422);
    expect((await deliver(Buffer.from('{"event":"something.new"}'))).status).toBe(200);
  });
});

describe('asking', () => {
  const openPoller = () =>
    new Poller({
      database: rig.test.database,
      owner,
      provider: rig.simulator.provider,
      inbox,
      memory: asked(),
      log,
      now,
      everyMs: 20,
      backoff: { firstMs: 20, lastMs: 20 },
    });
  const all = () => rig.simulator.phones.chat(MAYA.chatId)?.messages.map(({ text }) => text) ?? [];

  it('brings what was there before, without an event, and makes conversations of chats without messages', async () => {
    await rig.simulator.phones.begin({ people: [{ identifier: '+12025550177', name: 'Quiet' }], groupName: null, protocol: 'imessage' });
    await using poller = openPoller();
    await poller.start();
    await expect.poll(kept, SOON).toEqual(all().sort());
    expect(await events()).toEqual([]);
    const participants = async () => {
      const { data } = (await (await rig.send('GET', '/v1/conversations')).json()) as { data: { participant: string }[] };
      return data.map(({ participant }) => participant);
    };
    await expect.poll(participants, SOON).toContain('+12025550177');
  });

  it('finds messages whose webhook got lost, also after the provider was down, and tells of them once', async () => {
    await using poller = openPoller();
    await poller.start();
    await expect.poll(kept, SOON).toEqual(all().sort());
    const { phones, faults } = rig.simulator;
    faults.set({ ...NO_FAULTS, status: 503 });
    // The address that deliveries go to is gone for a while.
    server.close();
    for (const text of ['Lost one', 'Lost two']) await phones.write(MAYA.chatId, text, MAYA.chatId);
    expect(await kept()).not.toContain('Lost one');
    faults.set(NO_FAULTS);
    await expect.poll(kept, SOON).toEqual(all().sort());
    expect(await events()).toEqual(['message.received', 'message.received']);
    server.listen(Number(new URL(url).port), '127.0.0.1');
    await once(server, 'listening');
  });

  it('and the webhook at once keep every message once, in an order without two at one moment', async () => {
    await using poller = openPoller();
    await poller.start();
    await expect.poll(kept, SOON).toEqual(all().sort());
    await Promise.all(Array.from({ length: 25 }, async (_, index) => write(`Both ways ${index}`)));
    await expect.poll(kept, SOON).toEqual(all().sort());
    const rows = await rig.test.database.executor.select().from(messages);
    expect(new Set(rows.map(({ receivedAt }) => receivedAt.getTime())).size).toBe(rows.length);
    // What the test before lost is delivered again about now, and is news to an emptied database.
    const bodies = (await rig.test.database.executor.select().from(webhookEvents)).map(({ body }) => /Both ways \d+/.exec(body)?.[0]);
    expect(bodies.filter((body) => body !== undefined).sort()).toEqual(Array.from({ length: 25 }, (_, index) => `Both ways ${index}`).sort());
  });
});

it('pages of messages lose and double nothing while new ones arrive', async () => {
  for (let index = 0; index < 30; index++) await deliver(deliveryOf(`msg_page_${index}`, `Page ${index}`, Date.now() - 60_000 + 100 * index));
  const { data } = (await (await rig.send('GET', '/v1/conversations')).json()) as { data: { id: string }[] };
  const seen: string[] = [];
  let before = '';
  for (let round = 0; ; round++) {
    const page = (await (await rig.send('GET', `/v1/conversations/${data[0]?.id}/messages?limit=7&before=${before}`)).json()) as {
      data: { body: string; receivedAt: string }[];
      hasMore: boolean;
    };
    seen.push(...page.data.map(({ body }) => body).filter((text) => text.startsWith('Page')));
    if (!page.hasMore) break;
    before = page.data.at(-1)?.receivedAt ?? '';
    await deliver(deliveryOf(`msg_meanwhile_${round}`, 'Meanwhile'));
  }
  expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => `Page ${29 - index}`));

  // And forward, from the first one on, while more come than are read at first.
  const forward: string[] = [];
  let after = new Date(0).toISOString();
  for (let round = 0; ; round++) {
    const page = (await (await rig.send('GET', `/v1/conversations/${data[0]?.id}/messages?limit=7&after=${after}`)).json()) as {
      data: { body: string; receivedAt: string }[];
      hasMore: boolean;
    };
    forward.push(...page.data.map(({ body }) => body).reverse());
    if (!page.hasMore) break;
    after = page.data[0]?.receivedAt ?? '';
    if (round < 3) await deliver(deliveryOf(`msg_later_${round}`, `Later ${round}`));
  }
  const { data: all } = (await (await rig.send('GET', `/v1/conversations/${data[0]?.id}/messages?limit=200`)).json()) as { data: { body: string }[] };
  expect(forward).toEqual(all.map(({ body }) => body).reverse());
  expect(forward.slice(-3)).toEqual(['Later 0', 'Later 1', 'Later 2']);
});

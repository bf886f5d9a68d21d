import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StartedBacklot, startBacklot, TEST_API_KEY } from '@backlot/testing';
import { AgentPhone, AgentPhoneClient, AgentPhoneError } from 'agentphone';
import { pino } from 'pino';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Cluster, findPostgres, startCluster } from '../database/postgres/cluster.testing.js';
import { IMAGE_HOST, openSafeFetchRig, type SafeFetchRig } from '../http/safe-fetch/rig.testing.js';
import { FaultSwitch, NO_FAULTS } from '../messaging/simulator/faults.js';
import { SimulatedPhones } from '../messaging/simulator/phones.js';
import { type SimulatorServer, startSimulatorServer } from '../messaging/simulator/server.js';

// AgentPhone's own SDK, unmodified, against a started Backlot: only its base URL is changed. Behind Backlot is a server
// that speaks Blooio's wire, in this process, so that it outlives a killed Backlot. On the databases that people use: the
// other tests of conversations have the embedded one only.

const postgres = findPostgres();

const CHAT = '+12025550142';
const PROVIDER_KEY = 'provider-key-0123456789';

let folder: string;
let images: SafeFetchRig;
let phones: SimulatedPhones;
let faults: FaultSwitch;
let provider: SimulatorServer;
let backlot: StartedBacklot;
let cluster: Cluster | undefined;
let databaseUrl: string;
let client: AgentPhoneClient;
let conversationId: string;
let groupId: string;

const start = async (): Promise<StartedBacklot> =>
  startBacklot({
    dataDir: join(folder, 'data'),
    env: {
      BACKLOT_DATABASE_URL: databaseUrl,
      BACKLOT_MESSAGING_PROVIDER: 'blooio',
      BACKLOT_MESSAGING_URL: provider.url,
      BACKLOT_MESSAGING_SECRET: PROVIDER_KEY,
      BACKLOT_MESSAGING_NUMBER: phones.phoneNumber,
      BACKLOT_FETCH_ALLOW: `${IMAGE_HOST}:${images.port}`,
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
    },
  });
const connect = (options: Partial<ConstructorParameters<typeof AgentPhoneClient>[0]> = {}): AgentPhoneClient =>
  new AgentPhoneClient({ token: TEST_API_KEY, baseUrl: backlot.url, ...options });
const serve = (path: string, bytes: Uint8Array): string => {
  images.handle(path, (_request, response) => response.end(bytes));
  return `https://${IMAGE_HOST}:${images.port}${path}`;
};
const picture = async (red: number): Promise<Buffer> =>
  sharp({ create: { width: 590, height: 1278, channels: 3, background: { r: red, g: 70, b: 90 } } })
    .png()
    .toBuffer();
const errorOf = async (call: Promise<unknown>): Promise<AgentPhoneError> => {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AgentPhoneError) return error;
  throw new Error('the SDK threw no error of its own', { cause: error });
};

describe.each(postgres === undefined ? ['the embedded database'] : ['the embedded database', 'PostgreSQL'])('Backlot on %s', (database) => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backlot-agentphone-'));
    images = await openSafeFetchRig();
    await writeFile(join(folder, 'ca.pem'), images.ca);
    phones = await SimulatedPhones.open({ folder: join(folder, 'phones'), log: pino({ level: 'silent' }) });
    const group = await phones.begin({
      people: [
        { identifier: '+12025550151', name: null },
        { identifier: '+12025550152', name: 'Cleo' },
      ],
      groupName: 'Film night',
      protocol: 'imessage',
    });
    await phones.begin({ people: [{ identifier: '+12025550160', name: null }], groupName: null, protocol: 'sms' });
    await phones.write('+12025550160', 'Green bubbles here.', '+12025550160');
    faults = new FaultSwitch();
    provider = await startSimulatorServer({ phones, faults, apiKey: PROVIDER_KEY });
    if (database === 'PostgreSQL') cluster = await startCluster(postgres ?? '');
    databaseUrl = (await cluster?.createDatabase()) ?? '';
    backlot = await start();
    client = connect();
    // What is in the chats already comes by itself, without a webhook.
    const { data } = await vi.waitFor(
      async () => {
        const page = await client.conversations.listConversations();
        if (page.data.reduce((sum, { messageCount }) => sum + messageCount, 0) < 6 || page.total < 3) throw new Error('the provider was not asked yet');
        return page;
      },
      { timeout: 15_000, interval: 200 },
    );
    conversationId = data.find(({ participant }) => participant === CHAT)?.id ?? '';
    groupId = data.find(({ groupId: id }) => id === group?.chatId)?.id ?? '';
  }, 60_000);
  afterAll(async () => {
    await backlot[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
    cluster = undefined;
    await provider[Symbol.asyncDispose]();
    await phones[Symbol.asyncDispose]();
    await images[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  describe('the seven calls of the agentphone SDK', () => {
    it('lists conversations', async () => {
      const page: AgentPhone.AppRoutesConversationsConversationListResponse = await client.conversations.listConversations({ offset: 0 });
      expect(page).toMatchObject({ hasMore: false, total: 3 });
      expect(page.data.find(({ id }) => id === conversationId)).toMatchObject({
        phoneNumber: phones.phoneNumber,
        participant: CHAT,
        participants: [{ identifier: CHAT, name: 'Maya Lindqvist' }],
        messageCount: 5,
        lastMessagePreview: 'Lovely. This chat could do with a nicer background, though.',
        isGroup: false,
      });
      expect((await client.conversations.listConversations({}, { queryParams: { limit: 1 } })).data).toHaveLength(1);
    });

    it('gets one, with its messages', async () => {
      const detail: AgentPhone.ConversationDetail = await client.conversations.getConversation({ conversation_id: conversationId, message_limit: 2 });
      expect(detail.messages.map(({ body }) => body)).toEqual(['Lovely. This chat could do with a nicer background, though.', 'Saturday at four is yours.']);
    });

    it('updates metadata, and renames a group on the phone', async () => {
      const metadata = { ticket: 'T-1', nested: { deep: [1, 2] } };
      expect(await client.conversations.updateConversation({ conversation_id: conversationId, metadata })).toMatchObject({ metadata });
      expect(await client.conversations.updateConversation({ conversation_id: conversationId, metadata: null })).toMatchObject({ metadata: null });
      expect(await client.conversations.updateConversation({ conversation_id: groupId, group_name: 'Cinema' })).toMatchObject({ groupName: 'Cinema' });
      expect(phones.chats().some(({ groupName }) => groupName === 'Cinema')).toBe(true);
    });

    it('pages messages', async () => {
      const bodies: string[] = [];
      let before: string | null = null;
      for (let hasMore = true; hasMore;) {
        const page: AgentPhone.MessagesListResponse = await client.conversations.getConversationMessages({ conversation_id: conversationId, limit: 2, before });
        bodies.push(...page.data.map(({ body }) => body));
        before = page.data.at(-1)?.receivedAt ?? null;
        ({ hasMore } = page);
      }
      expect(bodies).toHaveLength(5);
      expect(new Set(bodies).size).toBe(5);
      const after = (await client.conversations.getConversationMessages({ conversation_id: conversationId })).data.at(-1)?.receivedAt ?? null;
      expect((await client.conversations.getConversationMessages({ conversation_id: conversationId, after })).data).toHaveLength(4);
    });

    it('shows typing', async () => {
      const status: AgentPhone.SendTypingResponse = await client.conversations.sendTypingIndicator({ conversation_id: conversationId });
      expect(status).toEqual({ conversationId, channel: 'iMessage', status: 'typing indicator sent' });
      expect(phones.chat(CHAT)?.typingUntilMs).not.toBeNull();
    });

    it('sets a background and removes it', async () => {
      const bytes = await picture(10);
      const image_url = serve('/first.png', bytes);
      const set: AgentPhone.SetBackgroundResponse = await client.conversations.setChatBackground({ conversation_id: conversationId, image_url });
      expect(set).toMatchObject({ conversationId, channel: 'iMessage', hasBackground: true, changed: true, backgroundVersion: 1 });
      expect(Buffer.from((await phones.readWallpaper(CHAT))?.bytes ?? []).equals(bytes)).toBe(true);
      expect(await client.conversations.setChatBackground({ conversation_id: conversationId, image_url })).toMatchObject({
        changed: false,
        backgroundVersion: 1,
      });
      expect(await client.conversations.removeChatBackground({ conversation_id: conversationId })).toBeUndefined();
      expect(await client.conversations.removeChatBackground({ conversation_id: conversationId })).toBeUndefined();
      expect(await phones.readWallpaper(CHAT)).toBeNull();
    });

    it('sets one of our library beside what its types know, and takes effect once by an Idempotency-Key', async () => {
      const form = new FormData();
      form.set('image', new File([new Uint8Array(await picture(15))], 'shore.png', { type: 'image/png' }));
      const upload = await fetch(`${backlot.url}/v1/background-images`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TEST_API_KEY}` },
        body: form,
      });
      const { id } = (await upload.json()) as { id: string };
      const { conversations } = client;
      const request = { conversation_id: conversationId, background_image: id };
      const set = Reflect.apply(conversations.setChatBackground, conversations, [request]) as Promise<AgentPhone.SetBackgroundResponse>;
      expect(await set).toMatchObject({ hasBackground: true, backgroundId: id });
      const image_url = serve('/once.png', await picture(16));
      const once = async () =>
        conversations.setChatBackground({ conversation_id: conversationId, image_url }, { headers: { 'Idempotency-Key': 'set-once-0123456789' } });
      expect(await once()).toEqual(await once());
      expect(images.requests.filter(({ url }) => url === '/once.png')).toHaveLength(1);
    });

    it('works as the documented sample is written', async () => {
      const response = await fetch(`${backlot.url}/v1/conversations/${conversationId}/background`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${TEST_API_KEY}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ image_url: serve('/sample.png', await picture(20)) }),
      });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ hasBackground: true, changed: true });
    });
  });

  describe('errors as the SDK throws them', () => {
    it('an unknown conversation is a 404, a bare string in place of an object too', async () => {
      const error = await errorOf(client.conversations.getConversation({ conversation_id: 'conv_00000000000000000000' }));
      const notFound = { statusCode: 404, body: { error: { code: 'conversation_not_found' }, detail: 'There is no such conversation.' } };
      expect(error).toMatchObject(notFound);
      const { conversations } = client;
      expect(await errorOf(Reflect.apply(conversations.removeChatBackground, conversations, [conversationId]) as Promise<unknown>)).toMatchObject(notFound);
    });

    it('a refused image is an UnprocessableEntityError with a typed detail', async () => {
      const error = await errorOf(client.conversations.setChatBackground({ conversation_id: conversationId, image_url: 'http://example.com/a.png' }));
      expect(error).toBeInstanceOf(AgentPhone.UnprocessableEntityError);
      expect(error.body).toMatchObject({ error: { code: 'invalid_image_url' }, detail: [{ msg: expect.any(String), type: 'invalid_image_url' }] });
      expect(await errorOf(client.conversations.setChatBackground({ conversation_id: conversationId, image_url: 'https://127.0.0.1/' }))).toMatchObject({
        statusCode: 422,
        body: { error: { code: 'url_not_allowed' } },
      });
    });

    it('a wrong token is a 401', async () => {
      expect(await errorOf(connect({ token: 'wrong' }).conversations.listConversations())).toMatchObject({ statusCode: 401 });
    });

    it('a channel without backgrounds is a 400, tried once', async () => {
      const { data } = await client.conversations.listConversations();
      const sms = data.find(({ participant }) => participant === '+12025550160')?.id ?? '';
      let tries = 0;
      const counting = connect({
        fetch: async (input, init) => {
          tries++;
          return fetch(input, init);
        },
      });
      const error = await errorOf(counting.conversations.setChatBackground({ conversation_id: sms, image_url: 'https://example.com/a.png' }));
      expect(error).toMatchObject({ statusCode: 400, body: { error: { code: 'channel_not_supported' } } });
      expect(tries).toBe(1);
    });

    it('a provider that is down is tried again by the SDK, until it is back; nothing is lost and nothing done twice', async () => {
      const image_url = serve('/again.png', await picture(30));
      faults.set({ ...NO_FAULTS, status: 503, retryAfterSeconds: 1 });
      const set = client.conversations.setChatBackground({ conversation_id: conversationId, image_url });
      await expect.poll(() => images.requests.filter(({ url }) => url === '/again.png').length).toBe(1);
      await expect.poll(() => backlot.output().includes('provider_unavailable')).toBe(true);
      faults.set(NO_FAULTS);
      expect(await set).toMatchObject({ changed: true });
    });
  });

  describe('a Backlot that is killed', () => {
    it('between forward and store knows the state when it is asked again, and what was written meanwhile', async () => {
      const path = `/v1/conversations/${conversationId}/background`;
      const before = (await backlot.api('GET', path)).body as { backgroundVersion: number };
      const bytes = await picture(40);
      // The provider keeps the picture, and its answer meets nobody.
      const { signal } = new AbortController();
      const kept = new Promise<void>((resolve) => {
        const stop = phones.follow(() => {
          if (phones.chat(CHAT)?.wallpaper?.sizeBytes !== bytes.byteLength) return;
          stop();
          backlot.process.kill('SIGKILL');
          resolve();
        });
      });
      const call = fetch(`${backlot.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TEST_API_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ image_url: serve('/killed.png', bytes) }),
        signal,
      });
      await kept;
      await expect(call).rejects.toThrow(TypeError);
      await backlot.stop('SIGKILL');
      await phones.write(CHAT, 'Is anybody there?', CHAT);
      backlot = await start();
      client = connect();
      expect((await backlot.api('GET', path)).body).toMatchObject({
        hasBackground: true,
        source: 'provider',
        backgroundVersion: before.backgroundVersion + 1,
      });
      const newest = async () => (await client.conversations.getConversationMessages({ conversation_id: conversationId, limit: 1 })).data[0]?.body;
      await expect.poll(newest, { timeout: 15_000 }).toBe('Is anybody there?');
      const image_url = serve('/killed.png', bytes);
      expect(await client.conversations.setChatBackground({ conversation_id: conversationId, image_url })).toMatchObject({
        hasBackground: true,
        changed: false,
      });
    }, 60_000);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { every } from 'hono/combine';
import { pino } from 'pino';
import { openTestLibrary, type TestLibrary } from '../backgrounds/library.testing.js';
import { createAuthentication, requireOrganization } from '../http/authentication.js';
import { EventStreams } from '../http/event-stream.js';
import { openTestApp, PUBLIC_URL, type TestApp } from '../http/http.testing.js';
import { idempotency } from '../http/idempotency.js';
import { openSafeFetchRig, type SafeFetchRig } from '../http/safe-fetch/rig.testing.js';
import { createSealer } from '../identity/sealer.js';
import type { MessagingProvider, ProviderChat } from '../messaging/port.js';
import type { ProviderTimeouts } from '../messaging/provider-client.js';
import { openSimulator, type Simulator } from '../messaging/simulator/simulator.js';
import { type Conversations, createConversations } from './conversations.js';
import { type ConversationRecord, ensureConversation } from './repository.js';
import { registerConversationRoutes } from './routes.js';

/** Somebody to talk to. */
export const MAYA: ProviderChat = {
  chatId: '+12025550142',
  isGroup: false,
  channel: 'imessage',
  phoneNumber: '+12025550100',
  participants: [{ identifier: '+12025550142', name: 'Maya Lindqvist' }],
  groupName: null,
};

/** Conversations behind their routes: a real database, real images, a real image server and a provider's real wire. */
export interface TestConversations extends AsyncDisposable {
  readonly test: TestApp;
  readonly library: TestLibrary;
  readonly images: SafeFetchRig;
  /** Answers for its phones also where another provider is under test. */
  readonly simulator: Simulator;
  readonly conversations: Conversations;
  /** Address of an image that the image server has from now on. */
  readonly serve: (bytes: Uint8Array, type?: string) => string;
  /** Makes a conversation of the first organization, or of another. */
  readonly begin: (chat: ProviderChat, organizationId?: string) => Promise<ConversationRecord>;
  readonly send: TestApp['send'];
}

/** Opens them. `provider`: instead of the simulator. */
export const openTestConversations = async (
  options: { readonly provider?: MessagingProvider; readonly timeouts?: ProviderTimeouts; readonly changeWaitMs?: number } = {},
): Promise<TestConversations> => {
  const folder = await mkdtemp(join(tmpdir(), 'backlot-conversations-'));
  const log = pino({ level: 'silent' });
  const test = await openTestApp();
  const { app, database, identity, organizationId } = test;
  const library = await openTestLibrary({ database });
  const images = await openSafeFetchRig();
  const simulator = await openSimulator({ folder, log, ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }) });
  const provider = options.provider ?? simulator.provider;
  const conversations = createConversations({
    database,
    provider,
    organizationId,
    library: library.library,
    fetcher: images.open(),
    sealer: createSealer(new Uint8Array(32)),
    onPublished: () => undefined,
    changeWaitMs: options.changeWaitMs,
    log,
  });
  const guard = every(requireOrganization(createAuthentication({ authenticator: identity, publicUrl: PUBLIC_URL })), idempotency({ database }));
  registerConversationRoutes(app, { conversations: conversations.service, eventStreams: new EventStreams(), guard });
  let served = 0;
  return {
    test,
    library,
    images,
    simulator,
    conversations,
    serve: (bytes, type = 'application/octet-stream') => {
      const path = `/image-${++served}`;
      images.handle(path, (_request, response) => response.writeHead(200, { 'content-type': type }).end(bytes));
      return `https://good.test:${images.port}${path}`;
    },
    begin: async (chat, owner = organizationId) =>
      database.transaction(
        async (transaction) => (await ensureConversation(transaction, { organizationId: owner, provider: provider.name }, chat, new Date())).record,
      ),
    send: test.send,
    [Symbol.asyncDispose]: async () => {
      await conversations[Symbol.asyncDispose]();
      await simulator[Symbol.asyncDispose]();
      await images[Symbol.asyncDispose]();
      await library[Symbol.asyncDispose]();
      await test[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

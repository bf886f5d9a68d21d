import type { Logger } from 'pino';
import type { Library } from '../backgrounds/library.js';
import type { Database } from '../database/database.js';
import type { ImageFetcher } from '../http/safe-fetch/safe-fetcher.js';
import type { Sealer } from '../identity/sealer.js';
import { Wallpapers } from '../images/wallpapers.js';
import type { InboundListener, MessagingProvider } from '../messaging/port.js';
import { ConversationBackgrounds } from './background.js';
import { ConversationFeed } from './feed.js';
import { Inbox } from './inbox.js';
import { Poller } from './poller.js';
import { createProviderMemory } from './provider-memory.js';
import { ConversationService } from './service.js';

export interface ConversationsOptions {
  readonly database: Database;
  readonly provider: MessagingProvider;
  /** Whose account at the provider it is. */
  readonly organizationId: string;
  readonly library: Library;
  readonly fetcher: ImageFetcher;
  readonly sealer: Sealer;
  /** Called when webhook events have been written. */
  readonly onPublished: () => void;
  /** As of `Poller`. */
  readonly chatsEveryMs?: number | undefined;
  /** As of `ConversationBackgrounds`. */
  readonly changeWaitMs?: number | undefined;
  readonly log: Logger;
  readonly now?: () => Date;
}

/** Conversations with all their parts. */
export interface Conversations extends AsyncDisposable {
  readonly service: ConversationService;
  /** Keeps what the provider tells. */
  readonly listener: InboundListener;
  /** Begins to listen to the provider and to ask it, without waiting for it. `webhookUrl`: where it reaches us, if it can. */
  start(webhookUrl: string | null): Promise<void>;
}

/** Puts conversations together. */
export const createConversations = (options: ConversationsOptions): Conversations => {
  const { database, provider, organizationId, library, fetcher, sealer, onPublished, log } = options;
  const now = options.now ?? (() => new Date());
  const feed = new ConversationFeed();
  const backgrounds = new ConversationBackgrounds({
    database,
    provider,
    images: { fetcher, library: library.service, wallpapers: new Wallpapers(library.pool) },
    library: library.service,
    feed,
    onPublished,
    changeWaitMs: options.changeWaitMs,
    log,
    now,
  });
  const service = new ConversationService({ database, provider, backgrounds, feed });
  const owner = { organizationId, provider: provider.name };
  const inbox = new Inbox({
    database,
    owner,
    feed,
    onPublished,
    onBackgroundNotice: async (conversation) => void (await backgrounds.observe(conversation)),
    log,
    now,
  });
  const asked = createProviderMemory(database, sealer, `${provider.name} asked`, log);
  const poller = new Poller({ database, owner, provider, inbox, memory: asked, chatsEveryMs: options.chatsEveryMs, log, now });
  return {
    service,
    listener: inbox.listener,
    start: async (webhookUrl) => {
      // Before the provider tells anything new.
      await poller.start();
      const memory = createProviderMemory(database, sealer, provider.name, log);
      provider
        .start({ listener: inbox.listener, memory, webhookUrl })
        .catch((error: unknown) => log.error({ err: error }, 'the messaging provider did not start'));
    },
    [Symbol.asyncDispose]: async () => poller[Symbol.asyncDispose](),
  };
};

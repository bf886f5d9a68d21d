import type { ConversationBackground, LiveConversationBackground, SetConversationBackground } from '@backlot/contract';
import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import { BacklotError } from '../errors.js';
import { type MessagingProvider, OutcomeUnknownError, type ProviderBackground } from '../messaging/port.js';
import { publishEvent } from '../webhooks/outbox.js';
import {
  type BackgroundRecord,
  findBackground,
  hasBackground,
  type KnownBackground,
  markInDoubt,
  NO_BACKGROUND,
  recordBackground,
} from './background-repository.js';
import { ChangeLock } from './change-lock.js';
import type { ConversationFeed } from './feed.js';
import { chatOf, type ConversationRecord } from './repository.js';
import { Turns } from './turns.js';
import { type WantedImage, WantedImages, type WantedImagesOptions } from './wanted-image.js';

export interface ConversationBackgroundsOptions {
  readonly database: Database;
  readonly provider: MessagingProvider;
  readonly images: WantedImagesOptions;
  readonly library: {
    /** Keeps bytes for a surface that `use` makes refer to them, once they are `stored`. */
    keep<Result>(bytes: Uint8Array, signal: AbortSignal, use: (stored: Promise<unknown>) => Promise<Result>): Promise<Result>;
    signedRenditionUrl(sourceSha256: string, box: { readonly width: number; readonly height: number; readonly fit: 'contain' | 'cover' }): string;
  };
  readonly feed: ConversationFeed;
  /** Called when webhook events have been written. */
  readonly onPublished: () => void;
  /** How long a change waits for the one before it, in milliseconds. Default: 5 s. */
  readonly changeWaitMs?: number | undefined;
  readonly log: Logger;
  readonly now: () => Date;
}

/** A phone's screen, at a size for a console. */
const PICTURE = { width: 720, height: 1280, fit: 'contain' } as const;
const THUMBNAIL = { width: 180, height: 320, fit: 'contain' } as const;
/** Changes that are under way at once: each holds an image of up to 10 MB. */
const MAX_CHANGES = 24;
/** For asking the provider, and for sending it an image, in milliseconds. */
const ASK_TIMEOUT_MS = 10_000;
const SEND_TIMEOUT_MS = 30_000;
const STORE_TIMEOUT_MS = 30_000;

/** How the documented answers of this wire spell a channel. */
export const channelName = (channel: ConversationRecord['channel']): string => (channel === 'imessage' ? 'iMessage' : channel);

/**
 * The backgrounds of conversations. The provider has the last word: nothing counts as set or removed unless it said so,
 * and what it shows otherwise (changed on somebody's phone) is taken over with a new version. One change of a
 * conversation at a time; the last one wins.
 */
export class ConversationBackgrounds {
  readonly #options: ConversationBackgroundsOptions;
  readonly #images: WantedImages;
  readonly #lock: ChangeLock;
  readonly #changes = new Turns(MAX_CHANGES);

  constructor(options: ConversationBackgroundsOptions) {
    this.#options = options;
    this.#images = new WantedImages(options.images);
    const { database, changeWaitMs, log, now } = options;
    this.#lock = new ChangeLock({ database, waitMs: changeWaitMs, log, now });
  }

  /**
   * Sets it. Throws `channel_not_supported`, `group_not_supported` and `provider_unsupported` before anything is fetched,
   * then the codes of `WantedImages`, `background_update_in_progress` and the provider's.
   */
  async set(conversation: ConversationRecord, request: SetConversationBackground, signal: AbortSignal): Promise<ConversationBackground> {
    const { library, provider } = this.#options;
    const { capabilities } = provider;
    const { organizationId, isGroup, channel } = conversation;
    if (channel !== 'imessage') throw new BacklotError('channel_not_supported');
    if (!capabilities.background.set) throw new BacklotError('provider_unsupported');
    if (isGroup && !capabilities.background.groups) throw new BacklotError('group_not_supported');
    return this.#changes.take(async () => {
      const { bytes, checked } = await this.#images.get(request, { organizationId, isGroup, maxBytes: capabilities.background.maxBytes }, signal);
      // Bytes that the database refers to come before the reference, and go when there is none.
      return library.keep(bytes, AbortSignal.any([signal, AbortSignal.timeout(STORE_TIMEOUT_MS)]), async (stored) => {
        const ready = Promise.all([checked, stored]);
        // It may fail before its turn has come.
        ready.catch(() => undefined);
        const { changed, record, warnings } = await this.#lock.run(conversation.id, async (found) => this.#send(conversation, found, ready));
        return { ...this.#view(conversation, record), changed, warnings: [...warnings] };
      });
    }, signal);
  }

  /** Removes it; none is fine. Throws `background_update_in_progress` and the provider's codes. */
  async remove(conversation: ConversationRecord): Promise<void> {
    const { provider } = this.#options;
    // Nothing can be there.
    if (!this.#canHave(conversation)) return;
    if (!provider.capabilities.background.remove) throw new BacklotError('provider_unsupported');
    await this.#lock.run(conversation.id, async (found) => {
      let before = found;
      // Whether there is one to be removed, and counted, is what nobody knows.
      if (before.isInDoubt && provider.capabilities.background.get) before = await this.#follow(conversation, before, await this.#ask(conversation));
      await this.#attempt(conversation, before, async (signal) => provider.removeBackground(chatOf(conversation), signal));
      await this.#record(conversation, before, { ...NO_BACKGROUND, version: before.version + (hasBackground(before) ? 1 : 0) });
    });
  }

  /** The background as the provider tells it now, which our record follows; or the record, where it can't tell. */
  async get(conversation: ConversationRecord): Promise<LiveConversationBackground> {
    const canTell = this.#canHave(conversation) && this.#options.provider.capabilities.background.get;
    const record = canTell ? await this.observe(conversation) : await this.#find(conversation);
    return {
      ...this.#view(conversation, record),
      changed: false,
      source: canTell ? 'provider' : 'recorded',
      checkedAt: record.checkedAt?.toISOString() ?? null,
    };
  }

  /** Asks the provider and takes over what it says. Throws `background_update_in_progress` and the provider's codes. */
  async observe(conversation: ConversationRecord): Promise<BackgroundRecord> {
    return this.#lock.run(conversation.id, async (before) => this.#follow(conversation, before, await this.#ask(conversation)));
  }

  /** What lists show, without asking the provider. */
  summarize(record: Pick<BackgroundRecord, 'sourceSha256' | 'isForeign'>): { hasBackground: boolean; imageUrl: string | null } {
    return { hasBackground: hasBackground(record), imageUrl: this.#urlOf(record.sourceSha256, THUMBNAIL) };
  }

  /** Under the lock: sends an image, once it is ready, unless the chat shows it already. */
  async #send(
    conversation: ConversationRecord,
    found: BackgroundRecord,
    ready: Promise<readonly [WantedImage, unknown]>,
  ): Promise<{ changed: boolean; record: BackgroundRecord; warnings: WantedImage['warnings'] }> {
    const { provider } = this.#options;
    const { background } = provider.capabilities;
    const [image] = await ready;
    const { warnings } = image;
    let before = found;
    if (!background.reportsChanged && background.get) {
      before = await this.#follow(conversation, before, await this.#ask(conversation));
      if (before.sourceSha256 === image.sha256) return { changed: false, record: before, warnings };
    }
    const call = async (signal: AbortSignal) => provider.setBackground(chatOf(conversation), image.sent, signal);
    const answer = await this.#attempt(conversation, before, call, SEND_TIMEOUT_MS);
    const isSame = before.sourceSha256 === image.sha256;
    const changed = answer.changed ?? !isSame;
    const live = !background.reportsChanged && background.get ? await this.#ask(conversation).catch(() => answer) : answer;
    const record = await this.#record(conversation, before, {
      // Unchanged, but not what we had on record: somebody else had set the very same.
      version: before.version + (changed || !isSame ? 1 : 0),
      backgroundId: isSame && before.backgroundId !== null ? before.backgroundId : image.backgroundId,
      sourceSha256: image.sha256,
      providerBackgroundId: live.backgroundId,
      providerVersion: live.version,
      isForeign: false,
      image: image.facts,
      warnings,
    });
    return { changed, record, warnings };
  }

  /** Our record after what the provider has just told. */
  async #follow(conversation: ConversationRecord, before: BackgroundRecord, live: ProviderBackground): Promise<BackgroundRecord> {
    const isOurs =
      before.sourceSha256 !== null &&
      live.hasBackground &&
      !(before.isInDoubt && live.backgroundId === null) &&
      live.backgroundId === before.providerBackgroundId &&
      (live.version === null || before.providerVersion === null || live.version === before.providerVersion);
    const isSameForeign =
      before.isForeign && live.hasBackground && before.providerBackgroundId === live.backgroundId && before.providerVersion === live.version;
    if (isOurs || isSameForeign || (!live.hasBackground && !hasBackground(before))) {
      const { isInDoubt: _doubt, checkedAt: _checked, ...same } = before;
      return this.#record(conversation, before, same);
    }
    const version = before.version + 1;
    if (!live.hasBackground) return this.#record(conversation, before, { ...NO_BACKGROUND, version });
    return this.#record(conversation, before, {
      ...NO_BACKGROUND,
      version,
      backgroundId: live.backgroundId,
      providerBackgroundId: live.backgroundId,
      providerVersion: live.version,
      isForeign: true,
    });
  }

  /** Writes what is known now; a new version is told to everybody. */
  async #record(conversation: ConversationRecord, before: BackgroundRecord, known: KnownBackground): Promise<BackgroundRecord> {
    const { database, feed, onPublished, now } = this.#options;
    const { id: conversationId, organizationId } = conversation;
    const at = now();
    const isNews = known.version !== before.version;
    const facts = { hasBackground: hasBackground(known), backgroundVersion: versionOf(known) };
    const isAwaited = await database.transaction(async (transaction) => {
      await recordBackground(transaction, conversationId, known, at);
      if (!isNews) return false;
      const data = { conversationId, backgroundId: known.backgroundId, isForeign: known.isForeign, ...facts };
      return publishEvent(transaction, { organizationId, type: 'conversation.background.updated', data }, at);
    });
    if (isAwaited) onPublished();
    if (isNews) feed.publish(organizationId, { event: 'background', data: { conversationId, ...facts } });
    return { ...known, isInDoubt: false, checkedAt: at };
  }

  /** Calls the provider to change something: until its answer is kept, the record is in doubt. */
  async #attempt(
    conversation: ConversationRecord,
    { isInDoubt }: BackgroundRecord,
    call: (signal: AbortSignal) => Promise<ProviderBackground>,
    timeoutMs = ASK_TIMEOUT_MS,
  ): Promise<ProviderBackground> {
    const { executor } = this.#options.database;
    await markInDoubt(executor, conversation.id, true);
    try {
      return await call(AbortSignal.timeout(timeoutMs));
    } catch (error) {
      // An earlier change may still be in doubt.
      if (!(error instanceof OutcomeUnknownError)) await markInDoubt(executor, conversation.id, isInDoubt);
      throw error;
    }
  }

  async #ask(conversation: ConversationRecord): Promise<ProviderBackground> {
    return this.#options.provider.getBackground(chatOf(conversation), AbortSignal.timeout(ASK_TIMEOUT_MS));
  }

  async #find({ id }: ConversationRecord): Promise<BackgroundRecord> {
    return findBackground(this.#options.database.executor, id);
  }

  #canHave({ channel, isGroup }: ConversationRecord): boolean {
    return channel === 'imessage' && (!isGroup || this.#options.provider.capabilities.background.groups);
  }

  #view(conversation: ConversationRecord, record: BackgroundRecord): Omit<ConversationBackground, 'changed'> {
    return {
      conversationId: conversation.id,
      channel: channelName(conversation.channel),
      hasBackground: hasBackground(record),
      backgroundId: record.backgroundId,
      backgroundVersion: versionOf(record),
      image: record.image,
      imageUrl: this.#urlOf(record.sourceSha256, PICTURE),
      warnings: [...record.warnings],
    };
  }

  #urlOf(sourceSha256: string | null, box: typeof PICTURE | typeof THUMBNAIL): string | null {
    return sourceSha256 === null ? null : this.#options.library.signedRenditionUrl(sourceSha256, box);
  }
}

const versionOf = ({ version }: Pick<BackgroundRecord, 'version'>): number | null => (version === 0 ? null : version);

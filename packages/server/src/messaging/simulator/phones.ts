import { createHash, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { seedState } from './seed.js';
import { type Protocol, StateFolder, type StoredChat, type StoredMessage, type StoredState, type StoredWallpaper, type StoredWebhook } from './state-folder.js';
import { WebhookSender } from './webhook-sender.js';

/** Older messages of a chat are forgotten. */
const MAX_MESSAGES = 1_000;
const MAX_CHATS = 1_000;
/** The dots go by themselves when nothing follows. */
const TYPING_MS = 60_000;

/** A chat as it is now. */
export type PhoneChat = StoredChat & { readonly typingUntilMs: number | null };

export interface SimulatedPhonesOptions {
  readonly folder: string;
  readonly log: Logger;
  /** Default: the clock. */
  readonly now?: () => Date;
  /** Waits before each further try of a webhook, in milliseconds. */
  readonly webhookRetriesMs?: readonly number[];
}

const randomId = (prefix: string): string => `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 20)}`;

/**
 * Phones that don't exist: chats, messages, wallpapers and typing dots, as everybody in a chat would see them. Behind
 * the simulator's wire and behind the console's phone; every change is kept before it is answered.
 */
export class SimulatedPhones implements AsyncDisposable {
  readonly #state: StoredState;
  readonly #folder: StateFolder;
  readonly #sender: WebhookSender;
  readonly #now: () => Date;
  readonly #typingUntilMs = new Map<string, number>();
  readonly #listeners = new Set<(chatId: string) => void>();

  private constructor(state: StoredState, folder: StateFolder, options: SimulatedPhonesOptions) {
    this.#state = state;
    this.#folder = folder;
    this.#now = options.now ?? (() => new Date());
    this.#sender = new WebhookSender(options.log, options.webhookRetriesMs);
  }

  /** Opens the folder; a fresh one gets a conversation to begin with. */
  static async open(options: SimulatedPhonesOptions): Promise<SimulatedPhones> {
    const folder = new StateFolder(options.folder);
    const kept = await folder.load();
    const state = kept ?? seedState(options.now?.() ?? new Date());
    if (kept === null) await folder.save(state);
    await folder.sweep(new Set(state.chats.flatMap(({ wallpaper }) => (wallpaper === null ? [] : [wallpaper.wallpaperId]))));
    return new SimulatedPhones(state, folder, options);
  }

  /** Our own number. */
  get phoneNumber(): string {
    return this.#state.phoneNumber;
  }

  /** Chats, the one with the newest message first. */
  chats(): readonly PhoneChat[] {
    return this.#state.chats.map((chat) => this.#view(chat)).sort((left, right) => (right.messages.at(-1)?.sentMs ?? 0) - (left.messages.at(-1)?.sentMs ?? 0));
  }

  /** Null when there is none. */
  chat(chatId: string): PhoneChat | null {
    const chat = this.#find(chatId);
    return chat === null ? null : this.#view(chat);
  }

  /** Calls back with a chat's id after each change of it. Returns how to stop. */
  follow(listener: (chatId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Somebody begins a chat with us. Null when there is no room, or it exists. */
  async begin(chat: {
    readonly people: readonly { readonly identifier: string; readonly name: string | null }[];
    readonly groupName: string | null;
    readonly protocol: Protocol;
  }): Promise<PhoneChat | null> {
    const [first, ...others] = chat.people;
    if (first === undefined || this.#state.chats.length >= MAX_CHATS) return null;
    const isGroup = others.length > 0;
    const chatId = isGroup ? randomId('grp').replace(/_(.{16}).*/, '_$1') : first.identifier;
    if (this.#find(chatId) !== null) return null;
    const begun: StoredChat = {
      chatId,
      isGroup,
      groupName: isGroup ? chat.groupName : null,
      protocol: chat.protocol,
      people: [...chat.people],
      wallpaper: null,
      wallpaperVersion: 0,
      messages: [],
    };
    this.#state.chats.push(begun);
    await this.#changed(begun);
    return this.#view(begun);
  }

  /** The other person writes, or we do. `sender` null: us. Null when there is no such chat. */
  async write(chatId: string, text: string, sender: string | null): Promise<StoredMessage | null> {
    const chat = this.#find(chatId);
    if (chat === null) return null;
    // A later message is a later one, also within a millisecond.
    const sentMs = Math.max(this.#now().getTime(), (chat.messages.at(-1)?.sentMs ?? 0) + 1);
    const message: StoredMessage = { messageId: randomId('sim'), direction: sender === null ? 'outbound' : 'inbound', text, sender, sentMs };
    chat.messages.push(message);
    chat.messages.splice(0, chat.messages.length - MAX_MESSAGES);
    if (sender === null) this.#typingUntilMs.delete(chatId);
    await this.#changed(chat);
    this.#deliver(chat, message);
    return message;
  }

  /** Shows or hides our typing dots to the other person. False when there is no such chat. */
  setTyping(chatId: string, isTyping: boolean): boolean {
    const chat = this.#find(chatId);
    if (chat === null) return false;
    if (isTyping && chat.protocol === 'imessage') this.#typingUntilMs.set(chatId, this.#now().getTime() + TYPING_MS);
    else this.#typingUntilMs.delete(chatId);
    this.#tell(chatId);
    return true;
  }

  /** Sets the wallpaper for everybody in the chat. The same picture from the same hand changes nothing. Null when there is no such chat. */
  async setWallpaper(
    chatId: string,
    picture: { readonly bytes: Uint8Array; readonly mediaType: string },
    setBy: StoredWallpaper['setBy'],
  ): Promise<{ readonly chat: PhoneChat; readonly isChanged: boolean } | null> {
    const chat = this.#find(chatId);
    if (chat === null) return null;
    const sha256 = createHash('sha256').update(picture.bytes).digest('hex');
    if (chat.wallpaper?.sha256 === sha256 && chat.wallpaper.setBy === setBy) return { chat: this.#view(chat), isChanged: false };
    const wallpaperId = randomId('obj');
    await this.#folder.putWallpaper(wallpaperId, picture.bytes);
    await this.#replaceWallpaper(chat, {
      wallpaperId,
      sha256,
      sizeBytes: picture.bytes.byteLength,
      mediaType: picture.mediaType,
      setBy,
      setMs: this.#now().getTime(),
    });
    return { chat: this.#view(chat), isChanged: true };
  }

  /** Removing none changes nothing. Null when there is no such chat. */
  async removeWallpaper(chatId: string): Promise<{ readonly chat: PhoneChat; readonly isChanged: boolean } | null> {
    const chat = this.#find(chatId);
    if (chat === null) return null;
    if (chat.wallpaper === null) return { chat: this.#view(chat), isChanged: false };
    await this.#replaceWallpaper(chat, null);
    return { chat: this.#view(chat), isChanged: true };
  }

  /** The bytes of a chat's wallpaper as they were sent; null when it has none, or another since it was asked. */
  async readWallpaper(chatId: string): Promise<{ readonly bytes: Buffer<ArrayBuffer>; readonly wallpaper: StoredWallpaper } | null> {
    const wallpaper = this.#find(chatId)?.wallpaper ?? null;
    if (wallpaper === null) return null;
    const bytes = await this.#folder.readWallpaper(wallpaper.wallpaperId);
    return bytes === null ? null : { bytes, wallpaper };
  }

  /** Null when there is no such group. */
  async renameGroup(chatId: string, name: string | null): Promise<PhoneChat | null> {
    const chat = this.#find(chatId);
    if (chat === null || !chat.isGroup) return null;
    chat.groupName = name;
    await this.#changed(chat);
    return this.#view(chat);
  }

  /** Where messages are delivered. Serves one Backlot: a new address replaces that of an earlier start. */
  async addWebhook(url: string, type: StoredWebhook['type']): Promise<{ readonly webhook: StoredWebhook; readonly isNew: boolean }> {
    const known = this.#state.webhooks.find((webhook) => webhook.url === url);
    if (known !== undefined) return { webhook: known, isNew: false };
    const webhook: StoredWebhook = { webhookId: randomId('wh'), url, type, secret: randomId('whsec') };
    this.#state.webhooks = [webhook];
    await this.#folder.save(this.#state);
    return { webhook, isNew: true };
  }

  /** A new secret at once instead of the old one. Null when there is no such webhook. */
  async rotateWebhookSecret(webhookId: string): Promise<string | null> {
    const webhook = this.#state.webhooks.find((candidate) => candidate.webhookId === webhookId);
    if (webhook === undefined) return null;
    webhook.secret = randomId('whsec');
    await this.#folder.save(this.#state);
    return webhook.secret;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sender[Symbol.asyncDispose]();
    this.#listeners.clear();
  }

  #find(chatId: string): StoredChat | null {
    return this.#state.chats.find((chat) => chat.chatId === chatId) ?? null;
  }

  #view(chat: StoredChat): PhoneChat {
    const untilMs = this.#typingUntilMs.get(chat.chatId) ?? 0;
    return { ...chat, typingUntilMs: untilMs > this.#now().getTime() ? untilMs : null };
  }

  #tell(chatId: string): void {
    for (const listener of this.#listeners) listener(chatId);
  }

  async #changed({ chatId }: StoredChat): Promise<void> {
    await this.#folder.save(this.#state);
    this.#tell(chatId);
  }

  async #replaceWallpaper(chat: StoredChat, wallpaper: StoredWallpaper | null): Promise<void> {
    const before = chat.wallpaper;
    chat.wallpaper = wallpaper;
    chat.wallpaperVersion++;
    await this.#changed(chat);
    if (before !== null) await this.#folder.removeWallpaper(before.wallpaperId);
  }

  #deliver(chat: StoredChat, message: StoredMessage): void {
    const isInbound = message.direction === 'inbound';
    for (const webhook of this.#state.webhooks) {
      if (webhook.type !== 'all' && (webhook.type === 'message') !== isInbound) continue;
      this.#sender.send(webhook, {
        event: isInbound ? 'message.received' : 'message.sent',
        message_id: message.messageId,
        external_id: chat.chatId,
        internal_id: this.phoneNumber,
        protocol: chat.protocol,
        text: message.text,
        attachments: [],
        is_group: chat.isGroup,
        group_id: chat.isGroup ? chat.chatId : null,
        group_name: chat.groupName,
        participants: chat.people,
        sender: message.sender,
        status: isInbound ? 'received' : 'sent',
        timestamp: message.sentMs,
        ...(isInbound ? { received_at: message.sentMs } : { sent_at: message.sentMs }),
      });
    }
  }
}

import type { MessageChannel } from '@backlot/contract';
import { BacklotError, type BacklotErrorOptions } from '../errors.js';

/** What a messaging provider can do. */
export interface MessagingCapabilities {
  readonly background: {
    readonly set: boolean;
    readonly get: boolean;
    readonly remove: boolean;
    /** Whether groups can have one. */
    readonly groups: boolean;
    /** Whether the answer to a set says itself if something changed. */
    readonly reportsChanged: boolean;
    /** Largest image that it takes, in bytes. */
    readonly maxBytes: number;
  };
  readonly typing: boolean;
  readonly renameGroup: boolean;
  /** Whether messages can be read back, so that polling finds those whose webhook got lost. */
  readonly history: boolean;
}

/** Which chat, in the provider's own words. */
export interface ChatReference {
  readonly chatId: string;
  readonly isGroup: boolean;
}

/** A chat as a provider tells it. */
export interface ProviderChat extends ChatReference {
  readonly channel: MessageChannel;
  /** Our own number in it. */
  readonly phoneNumber: string;
  /** Everybody else. */
  readonly participants: readonly { readonly identifier: string; readonly name: string | null }[];
  readonly groupName: string | null;
}

/** A reaction to a message. */
export interface ProviderReaction {
  readonly id: string;
  readonly reactionType: string;
  readonly fromNumber: string;
  readonly direction: 'inbound' | 'outbound';
  readonly createdAt: Date;
}

/** A message as a provider tells it, with the chat that it belongs to. */
export interface ProviderMessage {
  /** Unique at the provider. */
  readonly messageId: string;
  readonly chat: ProviderChat;
  readonly direction: 'inbound' | 'outbound';
  readonly text: string;
  /** Address of whoever wrote it; null where unknown. */
  readonly sender: string | null;
  readonly mediaUrls: readonly string[];
  readonly reactions: readonly ProviderReaction[];
  /** The provider's id of the message that this one answers. */
  readonly replyTo: string | null;
  readonly sentAt: Date;
}

/** The background of a chat as a provider tells it. */
export interface ProviderBackground {
  readonly hasBackground: boolean;
  /** The provider's own id and version; null where it has none. */
  readonly backgroundId: string | null;
  readonly version: string | null;
  /** Whether the call changed something; null where the provider doesn't say. */
  readonly changed: boolean | null;
}

/** An image on its way to a provider. */
export interface ProviderImage {
  readonly bytes: Uint8Array;
  readonly mediaType: 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp' | 'image/heic';
  /** Such as `background.jpg`. */
  readonly fileName: string;
}

/** Something that a provider told us. */
export type InboundEvent =
  | { readonly kind: 'message'; readonly message: ProviderMessage }
  /** The chat's background is no longer what it was: ask for it. */
  | { readonly kind: 'background'; readonly chatId: string };

/** A webhook delivery as it came. */
export interface InboundDelivery {
  readonly headers: Headers;
  readonly rawBody: Uint8Array;
  /** Whether the address held the secret that only the provider was told. */
  readonly hasSecretPath: boolean;
}

/** Who hears of what happens at a provider. Must not throw; resolves when the event is kept. */
export type InboundListener = (event: InboundEvent) => Promise<void>;

/** What a provider must remember over restarts; sealed in the database. */
export interface ProviderMemory {
  read(): Promise<Readonly<Record<string, string>>>;
  write(values: Readonly<Record<string, string>>): Promise<void>;
}

/** The change may have taken effect: it was sent, and no answer came, or one that doesn't tell. Ask the provider before believing either. */
export class OutcomeUnknownError extends BacklotError {
  override readonly name = 'OutcomeUnknownError';

  /** `code`: `provider_unavailable` where no answer came, `provider_error` where it can't be read or failed half-way. */
  constructor(options: BacklotErrorOptions = {}, code: 'provider_unavailable' | 'provider_error' = 'provider_unavailable') {
    super(code, options);
  }
}

/**
 * Connects conversations to iMessage. Every adapter guarantees, and `port.contract.ts` proves:
 * - calls end at the signal or at the adapter's own time-out (30 s for an upload, 10 s for the rest);
 * - errors are `provider_error` (its 5xx, unreadable answers, our key refused), `provider_unavailable` (can't connect,
 *   time-out, 429 and 503, with `Retry-After`), `provider_not_ready`, `provider_rejected_image`,
 *   `provider_unsupported` (without any call outside);
 * - a change that was sent and may have happened (no answer, an unreadable one, 500, 502, 504) ends as
 *   `OutcomeUnknownError`, whichever of the two codes it has;
 * - secrets and addresses that hold them reach neither logs nor messages.
 */
export interface MessagingProvider extends AsyncDisposable {
  readonly name: 'simulator' | 'blooio' | 'photon' | 'bluebubbles';
  readonly capabilities: MessagingCapabilities;
  /** Begins to listen and, given the address that the provider can reach, sees to its webhook. `webhookUrl` ends with a secret. */
  start(options: { readonly listener: InboundListener; readonly memory: ProviderMemory; readonly webhookUrl: string | null }): Promise<void>;
  /** Verifies and reads a webhook delivery. Unknown events are none. Throws `webhook_refused`, `invalid_request`. */
  receive(delivery: InboundDelivery, now: Date): Promise<readonly InboundEvent[]>;
  setBackground(chat: ChatReference, image: ProviderImage, signal: AbortSignal): Promise<ProviderBackground>;
  getBackground(chat: ChatReference, signal: AbortSignal): Promise<ProviderBackground>;
  /** Removing none is no error. */
  removeBackground(chat: ChatReference, signal: AbortSignal): Promise<ProviderBackground>;
  /** Shows the typing indicator. `warning`: why nothing may be seen. */
  startTyping(chat: ChatReference, signal: AbortSignal): Promise<{ readonly isSent: boolean; readonly warning: string | null }>;
  renameGroup(chat: ChatReference, name: string, signal: AbortSignal): Promise<void>;
  /** Chats with somebody in them, newest first, at most `limit`. */
  listChats(limit: number, signal: AbortSignal): Promise<readonly ProviderChat[]>;
  /** Messages since a moment, oldest first, at most `limit`. */
  listMessages(since: Date, limit: number, signal: AbortSignal): Promise<readonly ProviderMessage[]>;
}

import { type AvatarVendor, type Avatar, ERROR_CODES } from '@backlot/contract';
import type { Logger } from 'pino';
import { BacklotError, toError } from '../errors.js';
import type { AvatarProvider, AvatarStart, LivekitInvitation, RunningAvatar } from './port.js';
import { VendorClient, VendorError } from './vendor-client.js';

/** What every adapter of a vendor is made with. */
export interface VendorAvatarsOptions {
  /** An organization's API key at the vendor; null: none is stored. */
  readonly findApiKey: (organizationId: string, vendor: AvatarVendor) => Promise<string | null>;
  readonly log: Logger;
  /** Default: the vendor's own. */
  readonly baseUrl?: string;
  /** How long the vendor may take to answer. Default 10 s. */
  readonly timeoutMs?: number;
  /** Longest wait before a second try. Default 500 ms. */
  readonly firstWaitMs?: number;
}

/** One organization's account at a vendor. */
export interface VendorAccount {
  readonly client: VendorClient;
  readonly apiKey: string;
  readonly log: Logger;
}

/** A vendor's session that publishes into the session's room. */
export interface VendorSession {
  /** Ends it at the vendor. May throw; is called once. */
  end(signal: AbortSignal): Promise<unknown>;
  /** Stops what runs here for it, and nothing at the vendor. */
  release?(): void;
}

/** What an adapter of a vendor knows of it. */
export interface Vendor<Kind extends AvatarVendor> {
  readonly provider: Kind;
  readonly title: string;
  readonly baseUrl: string;
  /** What the list of avatars shows: ids that people replace. */
  readonly example: Extract<Avatar, { readonly provider: Kind }>;
  readonly needs: readonly string[];
  /**
   * Starts the vendor's session, or goes on with the one that `start.reference` names. Whoever throws leaves none
   * behind; `remember` is called before anything runs that a killed process would leave behind.
   */
  open(account: VendorAccount, avatar: Extract<Avatar, { readonly provider: Kind }>, start: VendorStart): Promise<VendorSession>;
}

/** A start whose room is certain. */
export type VendorStart = AvatarStart & { readonly livekit: LivekitInvitation };

/** Ending a vendor's session is worth a while, whatever else goes on: it costs money as long as it runs. */
const END_TIMEOUT_MS = 30_000;

const isOf = <Kind extends AvatarVendor>(avatar: Avatar, kind: Kind): avatar is Extract<Avatar, { readonly provider: Kind }> => avatar.provider === kind;

/** Ends a vendor's session whatever comes of it; what is over already, or can't be reached, is only logged. */
export const endQuietly = async (title: string, log: Logger, end: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
  try {
    await end(AbortSignal.timeout(END_TIMEOUT_MS));
  } catch (thrown) {
    // Refused: it is over there already.
    if (thrown instanceof VendorError && thrown.code === 'avatar_vendor_refused') log.info({ vendor: title }, "the vendor's session was over");
    else log.error({ vendor: title, err: toError(thrown) }, "the vendor's session was not ended and may go on there");
  }
};

/** The avatars of a vendor that joins the session's LiveKit room. */
export const createVendorAvatars = <Kind extends AvatarVendor>(vendor: Vendor<Kind>, options: VendorAvatarsOptions): AvatarProvider => {
  const { provider, title, example, needs } = vendor;
  const { findApiKey, log, baseUrl = vendor.baseUrl } = options;
  const client = new VendorClient({
    title,
    baseUrl,
    log,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.firstWaitMs === undefined ? {} : { firstWaitMs: options.firstWaitMs }),
  });

  const openAccount = async (organizationId: string): Promise<VendorAccount> => {
    const apiKey = await findApiKey(organizationId, provider);
    if (apiKey === null) throw new BacklotError('avatar_credentials_missing', { message: `${title} needs an API key, and none is stored.` });
    return { client, apiKey, log };
  };

  const start = async (started: AvatarStart): Promise<RunningAvatar> => {
    const { avatar, livekit, organizationId, signal } = started;
    if (!isOf(avatar, provider)) throw new TypeError(`This provider has the avatar ${provider}, not ${avatar.provider}.`);
    if (livekit === null) throw new BacklotError('livekit_not_used', { details: [{ field: 'avatar.provider', message: 'needs LiveKit' }] });
    signal.throwIfAborted();
    const session = await vendor.open(await openAccount(organizationId), avatar, { ...started, livekit });
    let isOver = false;
    const leave = async (): Promise<void> => {
      if (isOver) return;
      isOver = true;
      session.release?.();
    };
    const end = async (): Promise<void> => {
      if (isOver) return;
      await leave();
      await endQuietly(title, log, async (within) => session.end(within));
    };
    if (signal.aborted) {
      await end();
      signal.throwIfAborted();
    }
    return {
      speak: async () => {
        throw new BacklotError('speech_unsupported');
      },
      leave,
      [Symbol.asyncDispose]: end,
    };
  };

  return {
    provider,
    publishedByUser: false,
    speaks: false,
    needsLivekit: true,
    options: async (organizationId) => {
      const available = (await findApiKey(organizationId, provider)) !== null;
      const { message, remedy } = ERROR_CODES.avatar_credentials_missing;
      return [
        { avatar: example, needs: [...needs], title, speaks: false, available, unavailable_reason: available ? null : `${message} ${remedy}`, voices: [] },
      ];
    },
    check: async (_avatar, voiceId, organizationId) => {
      if (voiceId !== undefined) throw new BacklotError('invalid_request', { details: [{ field: 'voice_id', message: "the vendor's avatar has its own" }] });
      await openAccount(organizationId);
    },
    start,
  };
};

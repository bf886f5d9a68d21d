import type { Avatar, AvatarOption, Canvas } from '@backlot/contract';
import { BacklotError } from '../errors.js';
import type { Composition } from './composition.js';

/** What a running avatar tells its session. Callbacks are synchronous and must not throw. */
export interface AvatarObserver {
  speechStarted(speech: { readonly speechId: string; readonly text: string; readonly durationMs: number; readonly audible: boolean }): void;
  speechEnded(speechId: string): void;
  /** The avatar has died and will not come back; the session fails with this sentence, which users see. */
  failed(code: 'avatar_failed' | 'clip_unreadable', message: string): void;
}

/** A LiveKit room that an avatar may join. */
export interface LivekitInvitation {
  /** Address of the LiveKit server, `wss://…`, as the avatar's vendor reaches it. */
  readonly url: string;
  readonly room: string;
  /** Identity that the avatar joins with, so that viewers and compositors find it. */
  readonly identity: string;
  /** A token for that identity: it may publish, subscribe and send data. */
  readonly token: string;
}

/** The image that a session starts with. */
export interface StartBackground {
  /** Of the uploaded image: the same one has the same, whatever it is called. */
  readonly sha256: string;
  /** The image as JPEG of exactly this size, cropped and enlarged as it needs. Throws when no quality makes it small enough. */
  read(size: Canvas, maxBytes: number): Promise<Uint8Array>;
}

/** What an avatar is started with. */
export interface AvatarStart {
  readonly sessionId: string;
  readonly avatar: Avatar;
  readonly canvas: Canvas;
  readonly voiceId: string | undefined;
  /** Where the avatar is published: video before its screen, or composed, and audio (WHIP), with the Bearer token for it. */
  readonly publish: { readonly url: string; readonly token: string };
  /** The session's LiveKit room; null on a stage that is none. */
  readonly livekit: LivekitInvitation | null;
  /** Its picture is composed by our own media children before it is published. Null: whoever watches keys it, or the stage has compositors. */
  readonly composition: Composition | null;
  readonly organizationId: string;
  /** Null when the session starts with a colour or with nothing. */
  readonly background: StartBackground | null;
  /**
   * What an earlier process remembered of this session's avatar; null when nothing. An adapter whose avatar lives at a
   * vendor then goes on with that one instead of starting another, and ends it when it is disposed.
   */
  readonly reference: string | null;
  /** Keeps what finds the avatar's session at its vendor again after a restart; no secret. */
  remember(reference: string): Promise<void>;
  readonly observer: AvatarObserver;
  readonly signal: AbortSignal;
}

/** An avatar on air. Disposing it ends it, and whatever process or vendor session it holds. */
export interface RunningAvatar extends AsyncDisposable {
  /** Queues a text. Throws `BacklotError` `speech_unsupported` or `speech_busy`. */
  speak(speechId: string, text: string): Promise<{ readonly audible: boolean }>;
  /**
   * The server stops and the session stays on air: what runs here ends, an avatar at a vendor goes on, and is found
   * again by its reference.
   */
  leave(): Promise<void>;
}

/**
 * Who appears, and who publishes it.
 *
 * Every adapter guarantees: `check` throws a coded `BacklotError` for whatever can be known to fail before a session
 * is made; `start` resolves once the avatar is on its way, not when it is live (the stage tells that); a failure
 * after that is reported once, to the observer.
 */
export interface AvatarProvider {
  readonly provider: Avatar['provider'];
  /** Whether people publish into the session themselves, with a token of their own. */
  readonly publishedByUser: boolean;
  readonly speaks: boolean;
  /** Whether it can only appear in a LiveKit room. */
  readonly needsLivekit: boolean;
  /** The avatars that a session can be started with. */
  options(organizationId: string): Promise<readonly AvatarOption[]>;
  check(avatar: Avatar, voiceId: string | undefined, organizationId: string): Promise<void>;
  start(start: AvatarStart): Promise<RunningAvatar>;
}

/** The provider of an avatar. Throws `livekit_not_used` for one that is wired on LiveKit only. */
export const findProvider = (avatars: readonly AvatarProvider[], avatar: Avatar): AvatarProvider => {
  const provider = avatars.find((candidate) => candidate.provider === avatar.provider);
  if (provider === undefined) {
    throw new BacklotError('livekit_not_used', { details: [{ field: 'avatar.provider', message: 'needs LiveKit' }] });
  }
  return provider;
};

import {
  type Avatar,
  type AvatarOption,
  type BackgroundChange,
  type Canvas,
  type CreateSession,
  DEFAULT_TRANSITION_MS,
  type EndReason,
  type RenditionFit,
  type Session,
  type SessionEvent,
  type SetBackground,
  type Speech,
} from '@backlot/contract';
import type { Logger } from 'pino';
import { type AvatarProvider, findProvider, type StartBackground } from '../avatars/port.js';
import type { Database, Executor } from '../database/database.js';
import { BacklotError, toError } from '../errors.js';
import { createId } from '../ids.js';
import type { ImageFetcher } from '../http/safe-fetch/safe-fetcher.js';
import type { Stage } from '../stage/port.js';
import { changeBackground, createSurface, hasBackground, type SurfaceBackground, type WantedBackground } from '../surfaces/background.js';
import { publishEvent } from '../webhooks/outbox.js';
import { LiveSession, type PublisherPatience } from './live-session.js';
import {
  countSessions,
  endOrphans,
  findSession,
  findSessionByToken,
  insertSession,
  listSessions,
  markEnded,
  markLive,
  type SessionFacts,
  type SessionFilter,
  type SessionPosition,
  type SessionRecord,
  storeAvatarReference,
} from './repository.js';
import { settleSession } from './settle.js';
import type { TemplateRecord } from './template-repository.js';

/** What sessions need of the library. */
export interface BackgroundLibrary {
  /**
   * What a surface keeps of an image. In a transaction the image can't be deleted before that ends.
   * Throws `background_image_not_found`.
   */
  resolve(organizationId: string, id: string, transaction?: Executor): Promise<{ readonly id: string; readonly sourceSha256: string }>;
  /** Makes sure that the picture for a canvas is there, so that no viewer waits for it. */
  ensureRendition(sourceSha256: string, box: Canvas & { readonly fit: RenditionFit }): Promise<void>;
  /** A JPEG of exactly this size, cropped and enlarged as it needs. */
  exactPicture(sourceSha256: string, size: Canvas, maxBytes: number): Promise<Uint8Array>;
  /** A signed address that works without a key, and after the library's entry was deleted. */
  signedRenditionUrl(sourceSha256: string, box: Canvas & { readonly fit: RenditionFit }): string;
  /**
   * Takes an image for one surface alone. `use` makes the surface refer to it, in a transaction that also records the
   * image's picture. Throws what an upload throws.
   */
  ingest<Result>(
    bytes: Uint8Array,
    box: Canvas & { readonly fit: RenditionFit },
    signal: AbortSignal,
    use: (image: { readonly sourceSha256: string; record(transaction: Executor): Promise<void> }) => Promise<Result>,
  ): Promise<Result>;
}

/** What sessions need of templates. */
export interface SavedTemplates {
  /** Throws `template_not_found`. */
  find(organizationId: string, id: string): Promise<TemplateRecord>;
}

/** Tokens for one session: viewers watch, publishers publish. */
export interface SessionTokenIssuer {
  issue(claims: { readonly sessionId: string; readonly role: 'viewer' | 'publisher' }): string;
}

export interface SessionServiceOptions {
  readonly database: Database;
  readonly stage: Stage;
  readonly avatars: readonly AvatarProvider[];
  readonly library: BackgroundLibrary;
  readonly templates: SavedTemplates;
  readonly fetcher: ImageFetcher;
  readonly tokens: SessionTokenIssuer;
  /** Base address that viewers use, without a slash at the end. */
  readonly publicUrl: string;
  /** Base address that our own media children use. */
  readonly localUrl: string;
  readonly maxSessions: number;
  /** Called when webhook events have been written. */
  readonly onPublished?: () => void;
  readonly log: Logger;
  readonly now?: () => Date;
}

/** Settles what a surface shall show, in the transaction that changes it. */
type Want = (transaction: Executor) => Promise<WantedBackground>;

export type SessionListener = (event: SessionEvent) => void;

interface OnAir {
  readonly record: SessionRecord;
  readonly live: LiveSession;
  readonly listeners: Set<SessionListener>;
  /** Changes of the background, one after the other, so that followers see versions in order. */
  changes: Promise<unknown>;
}

/** Avatars that we start ourselves are quick or broken; people take their time. */
const OWN_PATIENCE: PublisherPatience = { firstMs: 20_000, returnMs: 25_000, outcome: 'failed' };
const USER_PATIENCE: PublisherPatience = { firstMs: 30 * 60_000, returnMs: 60_000, outcome: 'ended' };

/** Sessions: who is on air, over which background. */
export class SessionService implements AsyncDisposable {
  readonly #options: SessionServiceOptions;
  readonly #onAir = new Map<string, OnAir>();
  readonly #now: () => Date;
  /** Sessions that are being made: they count against the limit before their row exists. */
  #starting = 0;
  #closing = false;

  constructor(options: SessionServiceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
  }

  /** Ends what an earlier process left on air: a session lives in the process that made it. */
  async recover(): Promise<number> {
    const now = this.#now();
    const reason = { code: 'server_restarted', message: 'The server was restarted while the session was on air.' } as const;
    const orphans = await this.#options.database.transaction(async (transaction) => {
      const ended = await endOrphans(transaction, reason, now);
      for (const facts of ended) await this.#publish(transaction, 'session.ended', facts, now);
      return ended;
    });
    this.#options.onPublished?.();
    return orphans.length;
  }

  /** Avatars that a session can be started with. */
  async avatarOptions(organizationId: string): Promise<AvatarOption[]> {
    const options = await Promise.all(this.#options.avatars.map((provider) => provider.options(organizationId)));
    return options.flat();
  }

  /** Puts an avatar on air. Throws `BacklotError` for everything that can be known to fail before it starts. */
  async create(organizationId: string, input: CreateSession): Promise<Session> {
    const { database, maxSessions, templates } = this.#options;
    if (this.#closing) throw new BacklotError('shutting_down');
    if (this.#onAir.size + this.#starting >= maxSessions) throw new BacklotError('sessions_full', { retryAfterSeconds: 5 });
    this.#starting++;
    try {
      const template = input.template_id === undefined ? null : await templates.find(organizationId, input.template_id);
      const { avatar, voiceId, backgroundImageId, canvas, fit, framing, keying, render } = settleSession(input, template);
      const provider = this.#provider(avatar);
      await provider.check(avatar, voiceId ?? undefined, organizationId);
      if (input.text !== undefined && !provider.speaks)
        throw new BacklotError('speech_unsupported', { details: [{ field: 'text', message: 'this avatar does not speak' }] });
      const want = await this.#prepare(organizationId, { image: backgroundImageId ?? undefined }, { canvas, fit });
      const now = this.#now();
      const id = createId('sess');
      const facts = {
        id,
        organizationId,
        avatar,
        canvas,
        fit,
        framing,
        keying,
        render,
        livekitRoom: null,
        livekitIdentity: null,
        voiceId,
        openingText: input.text ?? null,
        metadata: input.metadata,
        createdAt: now,
      };
      const background = await database.transaction(async (transaction) => {
        const wanted = await want(transaction);
        await insertSession(transaction, facts);
        return createSurface(transaction, { surfaceId: id, organizationId, now }, wanted);
      });
      const record: SessionRecord = {
        ...facts,
        status: 'starting',
        reason: null,
        background,
        avatarIdentity: null,
        avatarReference: null,
        openingSaidAt: null,
        liveAt: null,
        endedAt: null,
      };
      if (this.#closing) {
        await this.#store(record, 'ended', { code: 'server_stopped', message: 'The server was stopped.' });
        throw new BacklotError('shutting_down');
      }
      this.#goOnAir(record, provider);
      return this.#view(record);
    } finally {
      this.#starting--;
    }
  }

  async list(
    organizationId: string,
    filter: Omit<SessionFilter, 'organizationId'> & { readonly after?: SessionPosition | undefined; readonly limit: number },
  ): Promise<{ record: SessionRecord; view: Session }[]> {
    const records = await listSessions(this.#options.database.executor, { organizationId, ...filter });
    return records.map((record) => ({ record, view: this.#view(record) }));
  }

  /** How many sessions `list` has on all pages. */
  async count(organizationId: string, filter: Omit<SessionFilter, 'organizationId'>): Promise<number> {
    return countSessions(this.#options.database.executor, { organizationId, ...filter });
  }

  /** Throws `session_not_found`. */
  async get(organizationId: string, id: string): Promise<Session> {
    return this.#view(await this.#find(organizationId, id));
  }

  /** Ends a session; one that has ended stays as it is. */
  async end(organizationId: string, id: string): Promise<void> {
    const record = await this.#find(organizationId, id);
    await this.#end(record.id, 'ended', { code: 'requested', message: 'The session was ended by a request.' });
  }

  /** Sets the background for every viewer. Once `signal` aborts, an image is fetched no further. */
  async setBackground(organizationId: string, id: string, input: SetBackground, signal: AbortSignal): Promise<BackgroundChange> {
    const { fetcher, library } = this.#options;
    const record = await this.#find(organizationId, id);
    this.#assertOnAir(record.id);
    if (input.image_url !== undefined) {
      const { bytes } = await fetcher.fetchImage(input.image_url, { organizationId, signal });
      return library.ingest(bytes, { ...record.canvas, fit: record.fit }, signal, async ({ sourceSha256, record: recordPicture }) => {
        const want: Want = async (transaction) => {
          await recordPicture(transaction);
          return { kind: 'image', backgroundId: null, sourceSha256 };
        };
        return this.#change(record, want, input.transition_ms);
      });
    }
    const want = await this.#prepare(organizationId, { image: input.background_image, color: input.color }, record);
    return this.#change(record, want, input.transition_ms);
  }

  async removeBackground(organizationId: string, id: string): Promise<BackgroundChange> {
    return this.#change(await this.#find(organizationId, id), async () => ({ kind: 'none' }), DEFAULT_TRANSITION_MS);
  }

  async speak(organizationId: string, id: string, text: string): Promise<Speech> {
    const record = await this.#find(organizationId, id);
    const { live } = this.#assertOnAir(record.id);
    if (!this.#provider(record.avatar).speaks) throw new BacklotError('speech_unsupported');
    const speechId = createId('say');
    const { audible } = await live.speak(speechId, text);
    return { session_id: record.id, speech_id: speechId, text, audible };
  }

  /**
   * Follows a session: the listener gets the state as it is, then every event, and `session` with an end state last.
   * Returns how to stop following. Throws `session_not_found`.
   */
  async follow(id: string, listener: SessionListener): Promise<() => void> {
    const known = this.#onAir.get(id);
    if (known === undefined) {
      const record = await findSessionByToken(this.#options.database.executor, id);
      if (record === null) throw new BacklotError('session_not_found');
      // It may have gone on air or off it meanwhile; what the map says now is the newest.
      if (!this.#onAir.has(id)) {
        listener(this.#sessionEvent(record));
        listener(this.#backgroundEvent(record, record.background, 0));
        return () => undefined;
      }
    }
    const onAir = this.#onAir.get(id);
    if (onAir === undefined) return this.follow(id, listener);
    listener(this.#sessionEvent(onAir.record));
    listener(this.#backgroundEvent(onAir.record, onAir.live.background, 0));
    listener({ event: 'viewers', data: { viewers: onAir.live.viewers } });
    if (onAir.live.speech !== null) listener(onAir.live.speech);
    onAir.listeners.add(listener);
    return () => {
      onAir.listeners.delete(listener);
    };
  }

  /** What signalling must know of a session before it lets anybody in; null when there is none. */
  async admission(id: string): Promise<{ readonly organizationId: string; readonly onAir: boolean; readonly publishedByUser: boolean } | null> {
    const record = this.#onAir.get(id)?.record ?? (await findSessionByToken(this.#options.database.executor, id));
    if (record === null) return null;
    return { organizationId: record.organizationId, onAir: this.#onAir.has(id), publishedByUser: this.#provider(record.avatar).publishedByUser };
  }

  /** Takes every session off the air; the server stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#onAir.keys()].map((id) => this.#end(id, 'ended', { code: 'server_stopped', message: 'The server was stopped.' })));
  }

  /** Makes a background's picture ready, outside of any transaction; the result settles what to show inside of one. */
  async #prepare(
    organizationId: string,
    wanted: { readonly image?: string | undefined; readonly color?: string | undefined },
    box: { readonly canvas: Canvas; readonly fit: RenditionFit },
  ): Promise<Want> {
    const { library } = this.#options;
    const { image, color } = wanted;
    if (image !== undefined) {
      const { sourceSha256 } = await library.resolve(organizationId, image);
      await library.ensureRendition(sourceSha256, { ...box.canvas, fit: box.fit });
      return async (transaction) => {
        const found = await library.resolve(organizationId, image, transaction);
        return { kind: 'image', backgroundId: found.id, sourceSha256: found.sourceSha256 };
      };
    }
    return async () => (color === undefined ? { kind: 'none' } : { kind: 'color', color });
  }

  #goOnAir(record: SessionRecord, provider: AvatarProvider): void {
    const { stage, tokens, localUrl } = this.#options;
    const { id } = record;
    const log = this.#options.log.child({ sessionId: id });
    const listeners = new Set<SessionListener>();
    const publish = (event: SessionEvent): void => {
      for (const listener of listeners) listener(event);
    };
    const live = new LiveSession({
      background: record.background,
      patience: provider.publishedByUser ? USER_PATIENCE : OWN_PATIENCE,
      opening: record.openingText === null ? null : { speechId: createId('say'), text: record.openingText },
      openRoom: (observer) => stage.openRoom(id, observer),
      startAvatar: async (observer, signal) =>
        provider.start({
          sessionId: id,
          avatar: record.avatar,
          canvas: record.canvas,
          voiceId: record.voiceId ?? undefined,
          livekit: null,
          organizationId: record.organizationId,
          background: this.#startBackground(record),
          reference: record.avatarReference,
          remember: async (reference) => storeAvatarReference(this.#options.database.executor, id, reference),
          publish: { url: `${localUrl}/v1/sessions/${id}/whip`, token: tokens.issue({ sessionId: id, role: 'publisher' }) },
          observer,
          signal,
        }),
      onLive: () => {
        this.#storeLive(id).catch((thrown: unknown) => log.error({ err: toError(thrown) }, 'live state was not stored'));
      },
      onOver: (status, reason) => {
        this.#end(id, status, reason).catch((thrown: unknown) => log.error({ err: toError(thrown) }, 'end was not stored'));
      },
      onEvent: publish,
      describe: () => this.#sessionEvent(record),
      log,
    });
    this.#onAir.set(id, { record, live, listeners, changes: Promise.resolve() });
    live.startAvatar();
  }

  async #end(id: string, status: 'ended' | 'failed', reason: EndReason): Promise<void> {
    const onAir = this.#onAir.get(id);
    if (onAir === undefined) return;
    this.#onAir.delete(id);
    const { record, live, listeners } = onAir;
    this.#options.log.info({ sessionId: id, status, reason: reason.code }, 'session over');
    try {
      await this.#store(record, status, reason);
    } finally {
      // Followers learn why before their video stops.
      for (const listener of listeners) listener(this.#sessionEvent({ ...record, status, reason }));
      listeners.clear();
      await live.end(status);
    }
  }

  async #store(record: SessionRecord, status: 'ended' | 'failed', reason: EndReason): Promise<void> {
    const now = this.#now();
    await this.#options.database.transaction(async (transaction) => {
      const facts = await markEnded(transaction, record.id, { status, reason, at: now });
      if (facts !== null) await this.#publish(transaction, `session.${status}`, facts, now);
    });
    this.#options.onPublished?.();
  }

  async #storeLive(id: string): Promise<void> {
    const now = this.#now();
    await this.#options.database.transaction(async (transaction) => {
      const facts = await markLive(transaction, id, now);
      if (facts !== null) await this.#publish(transaction, 'session.started', facts, now);
    });
    this.#options.onPublished?.();
  }

  async #publish(transaction: Executor, type: 'session.started' | 'session.ended' | 'session.failed', facts: SessionFacts, now: Date): Promise<void> {
    const data = {
      session_id: facts.id,
      status: facts.status,
      reason: facts.reason,
      avatar: facts.avatar,
      metadata: { ...facts.metadata },
      created_at: facts.createdAt.toISOString(),
      live_at: facts.liveAt?.toISOString() ?? null,
      ended_at: facts.endedAt?.toISOString() ?? null,
    };
    await publishEvent(transaction, { organizationId: facts.organizationId, type, data }, now);
  }

  #change(record: SessionRecord, want: Want, transitionMs: number): Promise<BackgroundChange> {
    const onAir = this.#assertOnAir(record.id);
    const change = async (): Promise<BackgroundChange> => {
      this.#assertOnAir(record.id);
      const { changed, background } = await this.#options.database.transaction(async (transaction) => {
        const now = this.#now();
        const result = await changeBackground(transaction, record.id, await want(transaction), now);
        if (!result.changed) return result;
        const { version, backgroundId, color } = result.background;
        const data = {
          session_id: record.id,
          has_background: hasBackground(result.background),
          background_id: backgroundId,
          background_version: version,
          color,
        };
        await publishEvent(transaction, { organizationId: record.organizationId, type: 'session.background.updated', data }, now);
        return result;
      });
      if (changed) {
        this.#options.onPublished?.();
        onAir.live.background = background;
        const event = this.#backgroundEvent(record, background, transitionMs);
        for (const listener of onAir.listeners) listener(event);
      }
      return {
        session_id: record.id,
        has_background: hasBackground(background),
        changed,
        background_id: background.backgroundId,
        background_version: background.version,
      };
    };
    const result = onAir.changes.then(change);
    onAir.changes = result.catch(() => undefined);
    return result;
  }

  async #find(organizationId: string, id: string): Promise<SessionRecord> {
    const record = await findSession(this.#options.database.executor, organizationId, id);
    if (record === null) throw new BacklotError('session_not_found');
    return record;
  }

  #assertOnAir(id: string): OnAir {
    const onAir = this.#onAir.get(id);
    if (onAir === undefined) throw new BacklotError('session_ended');
    return onAir;
  }

  #provider(avatar: Avatar): AvatarProvider {
    return findProvider(this.#options.avatars, avatar);
  }

  #startBackground({ background: { sourceSha256 } }: SessionRecord): StartBackground | null {
    if (sourceSha256 === null) return null;
    return { sha256: sourceSha256, read: async (size, maxBytes) => this.#options.library.exactPicture(sourceSha256, size, maxBytes) };
  }

  #imageUrl(record: SessionRecord, background: SurfaceBackground): string | null {
    return background.sourceSha256 === null ? null : this.#options.library.signedRenditionUrl(background.sourceSha256, { ...record.canvas, fit: record.fit });
  }

  #backgroundEvent(record: SessionRecord, background: SurfaceBackground, transitionMs: number): SessionEvent {
    return {
      event: 'background',
      data: {
        has_background: hasBackground(background),
        background_id: background.backgroundId,
        background_version: background.version,
        image_url: this.#imageUrl(record, background),
        color: background.color,
        fit: record.fit,
        transition_ms: transitionMs,
      },
    };
  }

  #sessionEvent(record: SessionRecord): Extract<SessionEvent, { event: 'session' }> {
    const live = this.#onAir.get(record.id)?.live;
    return {
      event: 'session',
      data: {
        session_id: record.id,
        status: live?.status ?? record.status,
        reason: record.reason,
        stage: this.#options.stage.kind,
        render: record.render,
        canvas: record.canvas,
        framing: record.framing,
        keying: record.keying,
        video_codec: live?.codec ?? null,
      },
    };
  }

  #view(record: SessionRecord): Session {
    const { publicUrl, tokens } = this.#options;
    const { id } = record;
    const live = this.#onAir.get(id)?.live;
    const provider = this.#provider(record.avatar);
    const background = live?.background ?? record.background;
    const accessToken = tokens.issue({ sessionId: id, role: 'viewer' });
    return {
      session_id: id,
      status: live?.status ?? record.status,
      reason: record.reason,
      avatar: record.avatar,
      canvas: record.canvas,
      fit: record.fit,
      framing: record.framing,
      keying: record.keying,
      render: record.render,
      stage: this.#options.stage.kind,
      livekit_room: record.livekitRoom,
      livekit_identity: record.livekitIdentity,
      background: {
        has_background: hasBackground(background),
        background_id: background.backgroundId,
        background_version: background.version,
        image_url: this.#imageUrl(record, background),
        color: background.color,
      },
      speaks: provider.speaks,
      video_codec: live?.codec ?? null,
      viewers: live?.viewers ?? 0,
      stream_url: `${publicUrl}/v1/sessions/${id}/whep`,
      access_token: accessToken,
      player_token: accessToken,
      opening: record.openingText === null ? null : { text: record.openingText, state: record.openingSaidAt === null ? 'waiting' : 'said' },
      player_url: `${publicUrl}/player/${id}#token=${accessToken}`,
      publish_url: provider.publishedByUser ? `${publicUrl}/v1/sessions/${id}/whip` : null,
      publish_token: provider.publishedByUser ? tokens.issue({ sessionId: id, role: 'publisher' }) : null,
      metadata: { ...record.metadata },
      created_at: record.createdAt.toISOString(),
      live_at: record.liveAt?.toISOString() ?? null,
      ended_at: record.endedAt?.toISOString() ?? null,
    };
  }
}

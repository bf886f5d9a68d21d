import {
  type Avatar,
  type AvatarOption,
  type BackgroundChange,
  type Canvas,
  type CreateSession,
  DEFAULT_TRANSITION_MS,
  type EndReason,
  type LivekitConnection,
  type RenditionFit,
  type Session,
  type SessionEvent,
  type SetBackground,
  type Speech,
} from '@backlot/contract';
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { type AvatarProvider, findProvider, type StartBackground } from '../avatars/port.js';
import type { Database, Executor } from '../database/database.js';
import { BacklotError, toError } from '../errors.js';
import { createId } from '../ids.js';
import type { ImageFetcher } from '../http/safe-fetch/safe-fetcher.js';
import type { Room, RoomObserver, RoomSpec, Stage, StageAccess } from '../stage/port.js';
import { changeBackground, createSurface, hasBackground, type WantedBackground } from '../surfaces/background.js';
import { publishEvent } from '../webhooks/outbox.js';
import type { BackgroundLibrary, SavedTemplates, SessionTokenIssuer } from './dependencies.js';
import { LiveSession, type PublisherPatience } from './live-session.js';
import {
  claimOpening,
  countSessions,
  endOrphans,
  findSession,
  findSessionByToken,
  insertSession,
  listLivekitEnded,
  listLivekitOnAir,
  listSessions,
  markEnded,
  markLive,
  removeSession,
  type SessionFacts,
  type SessionFilter,
  type SessionPosition,
  type SessionRecord,
  storeAvatarReference,
} from './repository.js';
import { ServerRender } from './server-render.js';
import { settleSession } from './settle.js';
import { placeOf, SessionViews } from './views.js';

export interface SessionServiceOptions {
  readonly database: Database;
  readonly stage: Stage;
  readonly access: StageAccess;
  readonly avatars: readonly AvatarProvider[];
  readonly library: BackgroundLibrary;
  readonly templates: SavedTemplates;
  readonly fetcher: ImageFetcher;
  readonly tokens: SessionTokenIssuer;
  /** Base address that viewers use, without a slash at the end. */
  readonly publicUrl: string;
  readonly maxSessions: number;
  /** How long sessions wait for their avatars, where it is not as usual. */
  readonly patience?: PublisherPatience;
  /** How often rooms that keep the state for late viewers are told it anew. Default: every 6 hours. */
  readonly refreshMs?: number;
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
  /** Composes the picture here; null: viewers or the stage's compositors do. */
  readonly serverRender: ServerRender | null;
  /** Changes of the background, one after the other, so that followers see versions in order. */
  changes: Promise<unknown>;
  /** Cross-fade of the background's last change. */
  transitionMs: number;
}

/** How a session may be started otherwise than by `POST /v1/sessions`. */
export interface CreateLeniently {
  /** Text and voice for an avatar that does not speak are kept, and not refused. */
  readonly keepsUnspeakable: boolean;
}

/** Avatars that we start ourselves are quick or broken; people take their time. */
const OWN_PATIENCE: PublisherPatience = { firstMs: 20_000, returnMs: 25_000, outcome: 'failed' };
const VENDOR_PATIENCE: PublisherPatience = { firstMs: 60_000, returnMs: 60_000, outcome: 'failed' };
const USER_PATIENCE: PublisherPatience = { firstMs: 30 * 60_000, returnMs: 60_000, outcome: 'ended' };

/** Addresses of images are valid for a day. */
const REFRESH_MS = 6 * 3600_000;
/** What was left on a stage for longer is gone by itself. */
const CLEARED_AFTER_MS = 24 * 3600_000;

/** Sessions: who is on air, over which background. */
export class SessionService implements AsyncDisposable {
  readonly #options: SessionServiceOptions;
  readonly #onAir = new Map<string, OnAir>();
  readonly #views: SessionViews;
  readonly #now: () => Date;
  readonly #refreshing: NodeJS.Timeout;
  /** Sessions that are being made: they count against the limit before their row exists. */
  #starting = 0;
  #closing = false;

  constructor(options: SessionServiceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
    this.#views = new SessionViews({ ...options, stageKind: options.stage.kind });
    const refresh = (): void => {
      for (const id of this.#onAir.keys()) this.#announce(id);
    };
    this.#refreshing = setInterval(refresh, options.refreshMs ?? REFRESH_MS).unref();
  }

  /**
   * Picks up what an earlier process left on air where the stage has carried it on, and ends the rest. Resolves to how
   * many were ended.
   */
  async recover(): Promise<number> {
    const { database, stage } = this.#options;
    const now = this.#now();
    const reason = { code: 'server_restarted', message: 'The server was restarted while the session was on air.' } as const;
    const orphans = await database.transaction(async (transaction) => {
      const ended = await endOrphans(transaction, stage.outlivesBacklot, reason, now);
      for (const facts of ended) await this.#publish(transaction, 'session.ended', facts, now);
      return ended;
    });
    this.#options.onPublished?.();
    if (stage.outlivesBacklot) {
      const records = await listLivekitOnAir(database.executor);
      // The room is there at once, whether LiveKit answers or not.
      for (const record of records) await this.#goOnAir(record, this.#provider(record.avatar), (spec, observer) => stage.resumeRoom(spec, observer));
      // A process that was killed, or stopped while LiveKit was away, has cleared nothing.
      const ended = await listLivekitEnded(database.executor, new Date(now.getTime() - CLEARED_AFTER_MS));
      stage.clearRooms(ended.map((record) => this.#roomSpec(record)));
    }
    return orphans.length;
  }

  /** Avatars that a session can be started with. */
  async avatarOptions(organizationId: string): Promise<AvatarOption[]> {
    const options = await Promise.all(this.#options.avatars.map((provider) => provider.options(organizationId)));
    return options.flat();
  }

  /** Puts an avatar on air. Throws `BacklotError` for everything that can be known to fail before it starts. */
  async create(organizationId: string, input: CreateSession, { keepsUnspeakable }: CreateLeniently = { keepsUnspeakable: false }): Promise<Session> {
    const { access, database, maxSessions, stage, templates } = this.#options;
    if (this.#closing) throw new BacklotError('shutting_down');
    if (this.#onAir.size + this.#starting >= maxSessions) throw new BacklotError('sessions_full', { retryAfterSeconds: 5 });
    this.#starting++;
    try {
      const template = input.template_id === undefined ? null : await templates.find(organizationId, input.template_id);
      const { avatar, voiceId, backgroundImageId, canvas, fit, framing, keying, render } = settleSession(input, template);
      const provider = this.#provider(avatar);
      const isUnspeakable = keepsUnspeakable && !provider.speaks;
      await provider.check(avatar, isUnspeakable ? undefined : (voiceId ?? undefined), organizationId);
      if (input.text !== undefined && !provider.speaks && !keepsUnspeakable)
        throw new BacklotError('speech_unsupported', { details: [{ field: 'text', message: 'this avatar does not speak' }] });
      const id = createId('sess');
      const place = access.place(id, { room: input.livekit_room, viewerIdentity: input.livekit_identity });
      if (avatar.provider === 'livekit' && avatar.identity !== undefined && avatar.identity === place.viewerIdentity)
        throw new BacklotError('invalid_request', {
          details: [{ field: 'livekit_identity', message: "is the avatar's: LiveKit would disconnect one of them" }],
        });
      const want = await this.#prepare(organizationId, { image: backgroundImageId ?? undefined }, { canvas, fit });
      const now = this.#now();
      const facts = {
        id,
        organizationId,
        avatar,
        canvas,
        fit,
        framing,
        keying,
        render,
        livekitRoom: place.room,
        livekitIdentity: place.viewerIdentity,
        voiceId,
        openingText: input.text ?? null,
        metadata: input.metadata,
        createdAt: now,
      };
      const background = await database.transaction(async (transaction) => {
        const wanted = await want(transaction);
        if (!(await insertSession(transaction, facts)))
          throw new BacklotError('livekit_room_taken', { details: [{ field: 'livekit_room', message: 'another session is on air in it' }] });
        return createSurface(transaction, { surfaceId: id, organizationId, now }, wanted);
      });
      const record: SessionRecord = {
        ...facts,
        status: 'starting',
        reason: null,
        background,
        avatarReference: null,
        openingSaidAt: null,
        liveAt: null,
        endedAt: null,
      };
      if (this.#closing) {
        await this.#store(record, 'ended', { code: 'server_stopped', message: 'The server was stopped.' });
        throw new BacklotError('shutting_down');
      }
      try {
        await this.#goOnAir(record, provider, (spec, observer) => stage.openRoom(spec, observer));
      } catch (error) {
        await database.transaction(async (transaction) => removeSession(transaction, id));
        throw error;
      }
      return await this.#view(record);
    } finally {
      this.#starting--;
    }
  }

  async list(
    organizationId: string,
    filter: Omit<SessionFilter, 'organizationId'> & { readonly after?: SessionPosition | undefined; readonly limit: number },
  ): Promise<{ record: SessionRecord; view: Session }[]> {
    const records = await listSessions(this.#options.database.executor, { organizationId, ...filter });
    return Promise.all(records.map(async (record) => ({ record, view: await this.#view(record) })));
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
        listener(this.#views.sessionEvent(record, null));
        listener(this.#views.backgroundEvent(record, record.background, 0));
        return () => undefined;
      }
    }
    const onAir = this.#onAir.get(id);
    if (onAir === undefined) return this.follow(id, listener);
    listener(this.#views.sessionEvent(onAir.record, onAir.live));
    listener(this.#views.backgroundEvent(onAir.record, onAir.live.background, 0));
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
    const provider = this.#options.avatars.find((candidate) => candidate.provider === record.avatar.provider);
    return { organizationId: record.organizationId, onAir: this.#onAir.has(id), publishedByUser: provider?.publishedByUser ?? false };
  }

  /** Another viewer of a session that is on air on LiveKit. Throws `session_ended` and `livekit_not_used`. */
  async joinLivekit(id: string): Promise<LivekitConnection> {
    const { record } = this.#assertOnAir(id);
    const place = placeOf(record);
    if (place.room === null) throw new BacklotError('livekit_not_used');
    const identity = `viewer-${randomUUID()}`;
    return { ...(await this.#options.access.viewer(place, identity)), room: place.room, identity };
  }

  /** The server stops: sessions that their stage carries on are let go of, the others are taken off the air. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    clearInterval(this.#refreshing);
    if (this.#options.stage.outlivesBacklot) {
      const onAir = [...this.#onAir.values()];
      this.#onAir.clear();
      await Promise.all(onAir.map(({ live }) => live.leave()));
      return;
    }
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

  async #goOnAir(record: SessionRecord, provider: AvatarProvider, openRoom: (spec: RoomSpec, observer: RoomObserver) => Room | Promise<Room>): Promise<void> {
    const { access, database, patience } = this.#options;
    const { id, render, openingText, status } = record;
    const place = placeOf(record);
    const log = this.#options.log.child({ sessionId: id });
    const listeners = new Set<SessionListener>();
    const serverRender = this.#createServerRender(record, log);
    const usualPatience = provider.publishedByUser ? USER_PATIENCE : provider.needsLivekit ? VENDOR_PATIENCE : OWN_PATIENCE;
    const live = await LiveSession.open({
      status: status === 'live' ? 'live' : 'starting',
      background: record.background,
      patience: patience ?? usualPatience,
      opening:
        openingText === null || !provider.speaks
          ? null
          : { speechId: createId('say'), text: openingText, claim: async () => claimOpening(database.executor, id, this.#now()) },
      openRoom: (observer) => openRoom(this.#roomSpec(record), observer),
      startAvatar: async (observer, signal) => {
        const [publish, livekit] = await Promise.all([access.publisher(place, render, 'inside'), access.invitation(place, render)]);
        return provider.start({
          sessionId: id,
          avatar: record.avatar,
          canvas: record.canvas,
          voiceId: provider.speaks ? (record.voiceId ?? undefined) : undefined,
          livekit,
          composition: serverRender,
          organizationId: record.organizationId,
          background: this.#startBackground(record),
          reference: record.avatarReference,
          remember: async (reference) => storeAvatarReference(database.executor, id, reference),
          publish,
          observer,
          signal,
        });
      },
      onLive: () => {
        this.#storeLive(id).catch((thrown: unknown) => log.error({ err: toError(thrown) }, 'live state was not stored'));
      },
      onOver: (over, reason) => {
        this.#end(id, over, reason).catch((thrown: unknown) => log.error({ err: toError(thrown) }, 'end was not stored'));
      },
      onEvent: (event) => {
        if (event.event === 'session') this.#announce(id);
        for (const listener of listeners) listener(event);
      },
      describe: () => this.#views.sessionEvent(record, this.#onAir.get(id)?.live ?? null),
      log,
    });
    this.#onAir.set(id, { record, live, listeners, serverRender, changes: Promise.resolve(), transitionMs: 0 });
    live.startAvatar();
  }

  #roomSpec(record: SessionRecord): RoomSpec {
    const { avatar, background } = record;
    return {
      place: placeOf(record),
      avatar: avatar.provider === 'livekit' ? { identity: avatar.identity ?? null } : 'invited',
      state: this.#views.announced(record, null, background, 0),
    };
  }

  #createServerRender(record: SessionRecord, log: Logger): ServerRender | null {
    const { access, library, stage } = this.#options;
    const { sources } = stage;
    if (record.render === 'client' || sources === null) return null;
    const { canvas, framing, keying, fit, background } = record;
    const place = placeOf(record);
    return new ServerRender({
      canvas,
      framing,
      keying,
      fit,
      background,
      readPicture: async (sourceSha256) => library.readPicture(sourceSha256, { ...canvas, fit }),
      openEntrance: (observer) => {
        const room = sources.open(place, {
          publisherLive: () => observer.publisherLive(),
          publisherPaused: () => undefined,
          publisherLeft: () => observer.publisherLeft(),
          viewersChanged: () => undefined,
          over: () => undefined,
        });
        return { watch: access.source(place), [Symbol.asyncDispose]: async () => room[Symbol.asyncDispose]() };
      },
      log,
    });
  }

  /** Makes known in a session's room how it is now. */
  #announce(id: string): void {
    const onAir = this.#onAir.get(id);
    if (onAir === undefined) return;
    const { record, live, transitionMs } = onAir;
    live.announce(this.#views.announced(record, live, live.background, transitionMs));
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
      const over = { ...record, status, reason };
      live.announce(this.#views.announced(over, null, live.background, onAir.transitionMs));
      for (const listener of listeners) listener(this.#views.sessionEvent(over, null));
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
        onAir.transitionMs = transitionMs;
        onAir.serverRender?.change(background, transitionMs);
        this.#announce(record.id);
        const event = this.#views.backgroundEvent(record, background, transitionMs);
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

  #view(record: SessionRecord): Promise<Session> {
    return this.#views.session(record, this.#onAir.get(record.id)?.live ?? null);
  }
}

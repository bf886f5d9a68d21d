import { LIVEKIT_TOPIC, type LivekitRoomMessage, type LivekitRoomState } from '@backlot/contract';
import type { Logger } from 'pino';
import { toError } from '../../errors.js';
import type { AnnouncedState, Room, RoomObserver, RoomSpec, VideoCodec } from '../port.js';
import type { LivekitApi } from './api.js';
import { CompositorDispatch } from './compositor-dispatch.js';
import { readRoomState, writeRoomState } from './metadata.js';
import { type People, readPeople } from './people.js';

/** How often the room is looked at: while something is awaited, and else. */
const LOOK_SOON_MS = 250;
const LOOK_MS = 1000;
/** For how long after a change something is awaited. */
const SOON_FOR_MS = 15_000;
/** A LiveKit that was away for so long has lost its publisher. */
const UNREACHABLE_MS = 30_000;
/** A room that we have made outlasts people who take their time, and a restart of Backlot. */
const EMPTY_SECONDS = 45 * 60;

export interface LivekitRoomOptions {
  readonly spec: RoomSpec;
  readonly observer: RoomObserver;
  readonly api: LivekitApi;
  /** Name of the room that tells whether LiveKit has forgotten everything. */
  readonly landmark: string;
  /** How long the avatar may be without the compositor that it needs. */
  readonly compositorPatienceMs: number;
  readonly log: Logger;
  /** Called once, when the room is disposed or left. */
  readonly onClosed: () => void;
  /** Clears what the session has left on LiveKit, now or when it can be reached. */
  readonly clear: (spec: RoomSpec) => Promise<void>;
}

/** The landmark stays while nobody ever is in it. */
const LANDMARK_SECONDS = 7 * 24 * 3600;

const NOBODY: People = { avatarIdentity: null, codec: null, programIdentity: null, viewers: 0 };

/**
 * One session's room on LiveKit, seen from the server: looked at by LiveKit's API, and told by metadata (for who comes
 * later) and data messages (at once). LiveKit may go away and come back empty: the room is then made again. It need
 * not be ours alone: others' metadata and participants are left as they are.
 */
export class LivekitRoom implements Room {
  readonly #options: LivekitRoomOptions;
  /** The room's name on LiveKit. */
  readonly name: string;
  readonly #abort = new AbortController();
  readonly #dispatch: CompositorDispatch | null;
  #state: AnnouncedState;
  #revision = 0;
  /** Whether the room is ours, and goes with the session. */
  #made = false;
  #sid: string | null = null;
  #landmarkSid: string | null = null;
  #people: People = NOBODY;
  /** Whether anybody was in the room at the last look. */
  #occupied = false;
  #publisher: 'absent' | 'paused' | 'live' = 'absent';
  #isOver = false;
  #unreachableSinceMs: number | null = null;
  #soonUntilMs = performance.now() + SOON_FOR_MS;
  #wake: (() => void) | null = null;
  #watching: Promise<void> = Promise.resolve();
  #writing: Promise<void> = Promise.resolve();
  #writes = 0;

  constructor(options: LivekitRoomOptions) {
    this.#options = options;
    const { place, state } = options.spec;
    if (place.room === null) throw new TypeError(`The session ${place.sessionId} has no LiveKit room.`);
    this.name = place.room;
    this.#state = state;
    const { api, compositorPatienceMs: patienceMs, log } = options;
    this.#dispatch = state.render === 'server' ? new CompositorDispatch({ api, room: this.name, sessionId: place.sessionId, patienceMs, log }) : null;
  }

  get codec(): VideoCodec | null {
    return this.#people.codec;
  }

  get viewers(): number {
    return this.#people.viewers;
  }

  /** Makes or joins the room. Throws `LivekitRequestError`; then what was made is removed. */
  async open(): Promise<void> {
    const { api } = this.#options;
    try {
      const [room] = await api.listRooms([this.name]);
      this.#made = room === undefined;
      if (this.#made) await api.createRoom({ name: this.name, emptySeconds: EMPTY_SECONDS, metadata: '' });
      this.#revision = Date.now();
      await this.#write();
    } catch (error) {
      this.#abort.abort();
      this.#options.onClosed();
      if (this.#made) await api.deleteRoom(this.name).catch(() => undefined);
      throw error;
    }
  }

  /** Begins to look after the room. */
  watch(): void {
    this.#watching = this.#watch();
  }

  /** Looks at the room at once. */
  poke(): void {
    this.#wake?.();
  }

  announce(state: AnnouncedState): void {
    this.#state = state;
    this.#tell();
  }

  announceSpeech(speech: Extract<LivekitRoomMessage, { type: 'speech' }>['speech']): void {
    this.#send({ type: 'speech', speech });
  }

  async leave(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.#wake?.();
    this.#options.onClosed();
    await this.#watching;
    await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#abort.signal.aborted) return;
    await this.leave();
    await this.#options.clear({ ...this.#options.spec, state: this.#state });
  }

  async #watch(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted && !this.#isOver) {
      try {
        await this.#look();
        if (this.#unreachableSinceMs !== null) this.#options.log.info('LiveKit is back');
        this.#unreachableSinceMs = null;
      } catch (error) {
        this.#handleUnreachable(toError(error));
      }
      if (!signal.aborted) await this.#pause(performance.now() < this.#soonUntilMs ? LOOK_SOON_MS : LOOK_MS);
    }
  }

  #pause(timeMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), timeMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }

  #handleUnreachable(error: Error): void {
    if (this.#abort.signal.aborted) return;
    const nowMs = performance.now();
    if (this.#unreachableSinceMs === null) this.#options.log.warn({ err: error }, 'LiveKit does not answer');
    this.#unreachableSinceMs ??= nowMs;
    this.#soonUntilMs = nowMs + SOON_FOR_MS;
    if (nowMs - this.#unreachableSinceMs < UNREACHABLE_MS) return;
    this.#people = NOBODY;
    this.#handlePublisher('absent', 'lost');
  }

  /** Sees what is, makes what is missing, and tells what has changed. Throws `LivekitRequestError`. */
  async #look(): Promise<void> {
    const { api, spec, landmark } = this.#options;
    const [rooms, participants] = await Promise.all([api.listRooms([this.name, landmark]), api.listParticipants(this.name)]);
    if (this.#abort.signal.aborted) return;
    const room = rooms.find(({ name }) => name === this.name);
    const landmarkSid = rooms.find(({ name }) => name === landmark)?.sid ?? null;
    const isAnother = this.#sid !== null && room?.sid !== this.#sid;
    if (isAnother && this.#occupied && landmarkSid !== null && landmarkSid === this.#landmarkSid) {
      // LiveKit remembers the landmark, so somebody has closed this room, and people were in it.
      this.#finish('room_closed', 'The LiveKit room was closed.');
      return;
    }
    if (isAnother) this.#dispatch?.reset();
    this.#landmarkSid = landmarkSid ?? (await api.createRoom({ name: landmark, emptySeconds: LANDMARK_SECONDS, metadata: '' })).sid;
    this.#seeRoom(room ?? (await api.createRoom({ name: this.name, emptySeconds: EMPTY_SECONDS, metadata: '' })));
    this.#occupied = participants.length > 0;
    if (this.#abort.signal.aborted) return;
    this.#seePeople(readPeople(participants, spec.avatar, this.#people.avatarIdentity));
    await this.#superviseCompositor();
  }

  #seeRoom({ sid, metadata }: { readonly sid: string; readonly metadata: string }): void {
    const { sessionId } = this.#options.spec.place;
    const state = readRoomState(metadata);
    const known = state?.session_id === sessionId ? state : null;
    // After a restart of Backlot the room tells; one that is gone with what it knew was ours if its name says so.
    if (this.#sid === null && !this.#made) this.#made = known?.room_made ?? this.name === sessionId;
    this.#sid = sid;
    if (known?.revision === this.#revision) return;
    this.#revision = Math.max(this.#revision, known?.revision ?? 0);
    this.#tell();
  }

  #seePeople(people: People): void {
    const { observer } = this.#options;
    const before = this.#people;
    this.#people = people;
    if (people.avatarIdentity !== before.avatarIdentity || people.programIdentity !== before.programIdentity) this.#tell();
    if (people.viewers !== before.viewers) observer.viewersChanged(people.viewers);
    this.#handlePublisher(people.codec !== null ? 'live' : people.avatarIdentity !== null ? 'paused' : 'absent', 'closed');
  }

  #handlePublisher(publisher: 'absent' | 'paused' | 'live', how: 'closed' | 'lost'): void {
    if (publisher === this.#publisher) return;
    this.#publisher = publisher;
    this.#soonUntilMs = performance.now() + SOON_FOR_MS;
    const { observer } = this.#options;
    const { codec } = this.#people;
    if (publisher === 'live' && codec !== null) observer.publisherLive(codec);
    if (publisher === 'paused') observer.publisherPaused();
    if (publisher === 'absent') observer.publisherLeft(how);
  }

  async #superviseCompositor(): Promise<void> {
    if (this.#dispatch === null || this.#abort.signal.aborted) return;
    const isThere = this.#people.programIdentity !== null;
    if (!isThere && this.#publisher === 'live') this.#soonUntilMs = performance.now() + SOON_FOR_MS;
    const absent = await this.#dispatch.supervise(isThere, this.#publisher === 'live');
    if (absent && !this.#abort.signal.aborted) {
      this.#finish('compositor_absent', 'No compositor took the session: run `backlot compositor`, or use "render": "client".');
    }
  }

  #finish(code: 'room_closed' | 'compositor_absent', message: string): void {
    this.#isOver = true;
    this.#options.observer.over(code, message);
  }

  /** Tells the state as it is now: at once to who is there, and by metadata. */
  #tell(): void {
    this.#revision = Math.max(this.#revision + 1, Date.now());
    this.#send({ type: 'state', state: this.#roomState() });
    this.#writes += 1;
    const write = this.#writes;
    this.#writing = this.#writing.then(async () => {
      // A newer one waits behind this one.
      if (write !== this.#writes) return;
      await this.#write().catch((thrown: unknown) => {
        // The next look sees that the metadata is stale.
        this.#options.log.warn({ err: toError(thrown) }, 'state was not written to the LiveKit room');
      });
    });
  }

  #roomState(): LivekitRoomState {
    const { avatarIdentity, programIdentity } = this.#people;
    return {
      revision: this.#revision,
      session_id: this.#options.spec.place.sessionId,
      ...this.#state,
      avatar_identity: avatarIdentity,
      program_identity: programIdentity,
      room_made: this.#made,
    };
  }

  /** Only our part of the metadata is changed: the rest is read right before. */
  async #write(): Promise<void> {
    const { api } = this.#options;
    const [room] = await api.listRooms([this.name]);
    if (room === undefined) return;
    const state = this.#roomState();
    const metadata = writeRoomState(room.metadata, state);
    if (metadata !== room.metadata) await api.updateRoomMetadata(this.name, metadata);
  }

  #send(message: LivekitRoomMessage): void {
    // To a room that is not there it would wait for its time-out, and nobody would hear it.
    if (!this.#occupied) return;
    this.#options.api.sendData(this.name, LIVEKIT_TOPIC, message).catch((thrown: unknown) => {
      this.#options.log.debug({ err: toError(thrown) }, 'data message was not sent');
    });
  }
}

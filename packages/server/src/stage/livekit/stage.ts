import type { Logger } from 'pino';
import { BacklotError, toError } from '../../errors.js';
import type { RoomObserver, RoomSpec, Stage } from '../port.js';
import type { LivekitAccessOptions } from './access.js';
import { LivekitApi, LivekitRequestError } from './api.js';
import { clearRoom } from './clear-room.js';
import { Leftovers } from './leftovers.js';
import { LivekitRoom } from './room.js';

export interface LivekitStageOptions extends LivekitAccessOptions {
  /** Tells this installation from others on the same LiveKit. */
  readonly installationId: string;
  /**
   * How long an avatar may be without a compositor that its session needs.
   *
   * @default 30_000
   */
  readonly compositorPatienceMs?: number;
  readonly log: Logger;
}

/** The stage that a LiveKit server carries. Its rooms go on without Backlot. */
export class LivekitStage implements Stage {
  readonly kind = 'livekit';
  readonly outlivesBacklot = true;
  readonly sources = null;
  readonly #api: LivekitApi;
  readonly #landmark: string;
  readonly #compositorPatienceMs: number;
  readonly #log: Logger;
  readonly #rooms = new Map<string, LivekitRoom>();
  readonly #leftovers: Leftovers;

  constructor({ installationId, compositorPatienceMs = 30_000, log, ...access }: LivekitStageOptions) {
    this.#api = new LivekitApi(access);
    this.#landmark = `backlot-${installationId}`;
    this.#compositorPatienceMs = compositorPatienceMs;
    this.#log = log;
    this.#leftovers = new Leftovers({ clear: async (spec) => this.#clear(spec), log });
  }

  async openRoom(spec: RoomSpec, observer: RoomObserver): Promise<LivekitRoom> {
    const room = this.#add(spec, observer);
    try {
      await room.open();
    } catch (cause) {
      if (!(cause instanceof LivekitRequestError)) throw cause;
      throw new BacklotError('livekit_unavailable', { retryAfterSeconds: 5, cause });
    }
    room.watch();
    return room;
  }

  resumeRoom(spec: RoomSpec, observer: RoomObserver): LivekitRoom {
    const room = this.#add(spec, observer);
    room.watch();
    return room;
  }

  clearRooms(specs: readonly RoomSpec[]): void {
    this.#leftovers.add(specs);
  }

  /** Whether LiveKit answers and takes the key. Throws `LivekitRequestError`. */
  async check(): Promise<void> {
    await this.#api.listRooms([this.#landmark]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leftovers[Symbol.dispose]();
    await Promise.all([...this.#rooms.values()].map((room) => room.leave()));
  }

  async #clear(spec: RoomSpec): Promise<void> {
    const { room } = spec.place;
    await clearRoom(this.#api, spec, () => [...this.#rooms.values()].some(({ name }) => name === room));
  }

  #add(spec: RoomSpec, observer: RoomObserver): LivekitRoom {
    const { sessionId } = spec.place;
    if (this.#rooms.has(sessionId)) throw new TypeError(`The room of ${sessionId} is open already; a session has one.`);
    const room = new LivekitRoom({
      spec,
      observer,
      api: this.#api,
      landmark: this.#landmark,
      compositorPatienceMs: this.#compositorPatienceMs,
      log: this.#log.child({ sessionId }),
      onClosed: () => this.#rooms.delete(sessionId),
      clear: async (left) => {
        try {
          await this.#clear(left);
        } catch (error) {
          this.#log.warn({ sessionId, err: toError(error) }, 'LiveKit room is not cleared yet');
          this.clearRooms([left]);
        }
      },
    });
    this.#rooms.set(sessionId, room);
    return room;
  }
}

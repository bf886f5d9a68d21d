import { AgentDispatchClient, RoomServiceClient } from 'livekit-server-sdk';
import type { LivekitConfig } from '../config.js';
import { COMPOSITOR_AGENT, COMPOSITOR_IDENTITY } from '../stage/livekit/identities.js';
import { readRoomState } from './room-state.js';

/** Attribute of a compositor's participant: the job that it is. */
export const JOB_ATTRIBUTE = 'backlot.job';

const REQUEST_TIMEOUT_SECONDS = 5;
/** Jobs of one room that are replaced within `WINDOW_MS`; one that dies again and again is left to Backlot's own patience. */
const MAX_SUCCESSORS = 4;
const WINDOW_MS = 60_000;

/**
 * Calls a successor for a job that has ended without its session. LiveKit's own server does not (its restart policy
 * is its cloud's). The successor joins under the same identity, which pushes out what is left of the one before.
 */
export class Succession {
  readonly #rooms: RoomServiceClient;
  readonly #dispatches: AgentDispatchClient;
  readonly #called = new Map<string, readonly number[]>();

  constructor({ url, apiKey, apiSecret }: LivekitConfig) {
    const options = { requestTimeout: REQUEST_TIMEOUT_SECONDS, failover: false };
    this.#rooms = new RoomServiceClient(url, apiKey, apiSecret, options);
    this.#dispatches = new AgentDispatchClient(url, apiKey, apiSecret, options);
  }

  /** Resolves to whether it called one: not when the session is over, or has another compositor already. Throws what LiveKit's API throws. */
  async replace(room: string, jobId: string): Promise<boolean> {
    if (!(await this.#isWanted(room, jobId)) || !this.#mayCall(room)) return false;
    await this.#dispatches.createDispatch(room, COMPOSITOR_AGENT);
    return true;
  }

  async #isWanted(room: string, jobId: string): Promise<boolean> {
    const [found] = await this.#rooms.listRooms([room]);
    const state = readRoomState(found?.metadata);
    if (state === null || state.render !== 'server' || state.status === 'ended' || state.status === 'failed') return false;
    const compositor = (await this.#rooms.listParticipants(room)).find(({ identity }) => identity === COMPOSITOR_IDENTITY);
    return compositor === undefined || compositor.attributes[JOB_ATTRIBUTE] === jobId;
  }

  #mayCall(room: string): boolean {
    const nowMs = performance.now();
    for (const [name, times] of this.#called) {
      const recent = times.filter((timeMs) => nowMs - timeMs < WINDOW_MS);
      if (recent.length === 0) this.#called.delete(name);
      else this.#called.set(name, recent);
    }
    const times = this.#called.get(room) ?? [];
    if (times.length >= MAX_SUCCESSORS) return false;
    this.#called.set(room, [...times, nowMs]);
    return true;
  }
}

import type { Logger } from 'pino';
import type { LivekitApi } from './api.js';
import { COMPOSITOR_AGENT } from './identities.js';

/** `JobStatus`, which the SDK does not export: anything after it is over. */
const JOB_RUNNING = 1;
/** A compositor that was called appears within seconds; after that another one is called. */
const CALL_AGAIN_MS = 5000;
/** How long the avatar's video may be without a compositor. */
const PATIENCE_MS = 30_000;

export interface CompositorDispatchOptions {
  readonly api: LivekitApi;
  readonly room: string;
  readonly sessionId: string;
  readonly log: Logger;
}

/**
 * Calls a compositor into a room by explicit dispatch, and another one when it is gone. LiveKit does not tell whether
 * there is a compositor at all: that shows in none coming.
 */
export class CompositorDispatch {
  readonly #options: CompositorDispatchOptions;
  #dispatchId: string | null = null;
  #calledAtMs = -Infinity;
  #absentSinceMs: number | null = null;

  constructor(options: CompositorDispatchOptions) {
    this.#options = options;
  }

  /** The room was lost, and what was dispatched to it. */
  reset(): void {
    this.#dispatchId = null;
    this.#calledAtMs = -Infinity;
    this.#absentSinceMs = null;
  }

  /** Called at each look at the room. Resolves to whether a compositor was missing for too long. Throws `LivekitRequestError`. */
  async supervise(isThere: boolean, isNeeded: boolean): Promise<boolean> {
    const nowMs = performance.now();
    if (isThere) {
      this.#absentSinceMs = null;
      return false;
    }
    await this.#call(nowMs);
    if (!isNeeded) {
      this.#absentSinceMs = null;
      return false;
    }
    this.#absentSinceMs ??= nowMs;
    return nowMs - this.#absentSinceMs >= PATIENCE_MS;
  }

  async withdraw(): Promise<void> {
    const { api, room } = this.#options;
    if (this.#dispatchId !== null) await api.deleteDispatch(room, this.#dispatchId);
  }

  async #call(nowMs: number): Promise<void> {
    const { api, room, sessionId, log } = this.#options;
    const dispatches = (await api.listDispatches(room)).filter(({ agentName }) => agentName === COMPOSITOR_AGENT);
    const jobs = dispatches.flatMap(({ state }) => state?.jobs ?? []);
    const isUnderWay = jobs.some(({ state }) => state === undefined || state.status <= JOB_RUNNING);
    // One that was called a moment ago may not have been given to anybody yet, or fails at once, again and again.
    const isNew = nowMs - this.#calledAtMs < CALL_AGAIN_MS;
    if (dispatches.length > 0 && (isUnderWay || isNew)) return;
    for (const { id } of dispatches) await api.deleteDispatch(room, id);
    this.#calledAtMs = nowMs;
    this.#dispatchId = (await api.createDispatch(room, COMPOSITOR_AGENT, { session_id: sessionId })).id;
    log.info('compositor called');
  }
}

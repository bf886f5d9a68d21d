import type { Logger } from 'pino';
import type { LivekitApi } from './api.js';
import { COMPOSITOR_AGENT } from './identities.js';

/** `JobStatus`, which the SDK does not export: anything after it is over. */
const JOB_RUNNING = 1;
/** When nobody has taken the call, or who did is done, it is repeated after so long. */
const CALL_AGAIN_MS = 5000;
/** Who has taken it but shows nothing for so long is replaced: LiveKit lists the job of a machine that is gone as running. */
const REPLACE_AFTER_MS = 10_000;

export interface CompositorDispatchOptions {
  readonly api: LivekitApi;
  readonly room: string;
  readonly sessionId: string;
  /** How long the avatar's video may be without a compositor. */
  readonly patienceMs: number;
  readonly log: Logger;
}

/**
 * Calls a compositor into a room by explicit dispatch, and another one when it is gone. LiveKit does not tell whether
 * there is a compositor at all: that shows in none coming.
 */
export class CompositorDispatch {
  readonly #options: CompositorDispatchOptions;
  #calledAtMs = -Infinity;
  #absentSinceMs: number | null = null;

  constructor(options: CompositorDispatchOptions) {
    this.#options = options;
  }

  /** The room was lost, and what was dispatched to it. */
  reset(): void {
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
    this.#absentSinceMs = isNeeded ? (this.#absentSinceMs ?? nowMs) : null;
    const absentMs = this.#absentSinceMs === null ? 0 : nowMs - this.#absentSinceMs;
    await this.#call(nowMs, absentMs);
    return absentMs >= this.#options.patienceMs;
  }

  async #call(nowMs: number, absentMs: number): Promise<void> {
    const { api, room, sessionId, log } = this.#options;
    const dispatches = (await api.listDispatches(room)).filter(({ agentName }) => agentName === COMPOSITOR_AGENT);
    const jobs = dispatches.flatMap(({ state }) => state?.jobs ?? []);
    const isUnderWay = jobs.some(({ state }) => state === undefined || state.status <= JOB_RUNNING);
    const calledMs = nowMs - this.#calledAtMs;
    // One that fails at once would be called again and again.
    const isHopeless = isUnderWay ? Math.min(absentMs, calledMs) >= REPLACE_AFTER_MS : calledMs >= CALL_AGAIN_MS;
    if (dispatches.length > 0 && !isHopeless) return;
    for (const { id } of dispatches) await api.deleteDispatch(room, id);
    this.#calledAtMs = nowMs;
    await api.createDispatch(room, COMPOSITOR_AGENT, { session_id: sessionId });
    log.info('compositor called');
  }
}

import { Backoff, pause } from './backoff.js';
import { errorCode } from './refusals.js';

/** Longest wait for an answer to a signalling request. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Longest time from the answer to a connection. */
const CONNECT_TIMEOUT_MS = 10_000;
/** How long a connection may be interrupted or bring nothing before it is made anew. */
const STALL_MS = 5000;
const WATCH_EVERY_MS = 1000;

/** Where the connection stands. `waiting`: the avatar is not on air. */
export type WhepState = 'connecting' | 'waiting' | 'connected' | 'refused';

/** What a client reports. */
export interface WhepObserver {
  /** `code` is the server's error code, when it gave one. */
  stateChanged(state: WhepState, code: string | null): void;
  /** Tracks of a new connection; those of the one before are dead. */
  tracks(video: MediaStreamTrack, audio: MediaStreamTrack): void;
  /** Codec of the video, such as `VP8`, once it is known. */
  codecKnown(codec: string): void;
}

/**
 * Watches a session over WHEP (draft-ietf-wish-whep): offers to receive, and does so again whenever the connection
 * fails, stalls, or the avatar comes back. Offers carry no candidates; the server learns the viewer's address from its
 * connectivity checks.
 */
export class WhepClient {
  readonly #url: string;
  readonly #token: string;
  readonly #observer: WhepObserver;
  readonly #closing = new AbortController();
  #wake: (() => void) | null = null;
  #cut: (() => void) | null = null;

  constructor(sessionUrl: string, token: string, observer: WhepObserver) {
    this.#url = `${sessionUrl}/whep`;
    this.#token = token;
    this.#observer = observer;
  }

  /** Watches until closed or refused for good. Never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#closing;
    const backoff = new Backoff();
    while (!signal.aborted) {
      let waitMs: number | null = null;
      try {
        waitMs = await this.#watch(signal, backoff);
        if (waitMs === Number.POSITIVE_INFINITY) return;
      } catch {
        // No network, no answer, a refused description: retry.
        if (!signal.aborted) this.#observer.stateChanged('connecting', null);
      }
      await this.#rest(waitMs ?? backoff.next(), signal);
    }
  }

  /** The avatar is on air (again): a client that waits tries at once. */
  wake(): void {
    this.#wake?.();
  }

  /** Makes the connection anew, because it can't carry what comes: the avatar came back with another codec. */
  reconnect(): void {
    this.#wake?.();
    this.#cut?.();
  }

  /** Ends the connection, on the server too. */
  close(): void {
    this.#closing.abort();
  }

  async #rest(durationMs: number, signal: AbortSignal): Promise<void> {
    const early = new AbortController();
    const wake = () => early.abort();
    this.#wake = wake;
    signal.addEventListener('abort', wake);
    await pause(durationMs, early.signal);
    signal.removeEventListener('abort', wake);
    this.#wake = null;
  }

  /** One connection, from offer to end. Returns how long to wait before the next; infinite when there is no point. */
  async #watch(signal: AbortSignal, backoff: Backoff): Promise<number | null> {
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    let resource: string | null = null;
    try {
      const video = connection.addTransceiver('video', { direction: 'recvonly' });
      const audio = connection.addTransceiver('audio', { direction: 'recvonly' });
      await connection.setLocalDescription();
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/sdp', Authorization: `Bearer ${this.#token}` },
        body: connection.localDescription?.sdp ?? '',
        credentials: 'omit',
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      });
      if (response.status !== 201) return await this.#declined(response);
      const location = response.headers.get('Location');
      resource = location === null ? null : new URL(location, this.#url).href;
      await connection.setRemoteDescription({ type: 'answer', sdp: await response.text() });
      this.#observer.tracks(video.receiver.track, audio.receiver.track);
      await this.#endOf(connection, video.receiver, signal, backoff);
      if (!signal.aborted) this.#observer.stateChanged('connecting', null);
      return null;
    } finally {
      connection.close();
      if (resource !== null)
        void fetch(resource, { method: 'DELETE', headers: { Authorization: `Bearer ${this.#token}` }, credentials: 'omit', keepalive: true }).catch(
          () => undefined,
        );
    }
  }

  async #declined(response: Response): Promise<number | null> {
    const code = await errorCode(response);
    if (response.status >= 500 || response.status === 429) {
      this.#observer.stateChanged('waiting', code);
      const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
      return Number.isFinite(seconds) ? Math.min(30, Math.max(0.2, seconds)) * 1000 : null;
    }
    this.#observer.stateChanged('refused', code);
    return Number.POSITIVE_INFINITY;
  }

  /** Resolves when the connection has failed, or brings nothing any more. */
  #endOf(connection: RTCPeerConnection, receiver: RTCRtpReceiver, signal: AbortSignal, backoff: Backoff): Promise<void> {
    return new Promise((resolve) => {
      let packets = 0;
      let wasAliveAtMs = performance.now();
      let isConnected = false;
      let codecId = '';
      const finish = () => {
        clearInterval(watch);
        this.#cut = null;
        signal.removeEventListener('abort', finish);
        connection.onconnectionstatechange = null;
        resolve();
      };
      const look = async () => {
        const stats = await receiver.getStats();
        let codec: string | undefined;
        stats.forEach((report: { type: string; kind?: string; packetsReceived?: number; codecId?: string; mimeType?: string; id: string }) => {
          if (report.type === 'inbound-rtp' && (report.packetsReceived ?? 0) > packets) {
            packets = report.packetsReceived ?? 0;
            wasAliveAtMs = performance.now();
          }
          if (report.type === 'codec') codec = report.mimeType;
        });
        if (codec !== undefined && codec !== codecId) this.#observer.codecKnown((codecId = codec).replace('video/', ''));
        if (performance.now() - wasAliveAtMs > (isConnected ? STALL_MS : CONNECT_TIMEOUT_MS)) finish();
      };
      const watch = setInterval(() => void look().catch(finish), WATCH_EVERY_MS);
      const follow = () => {
        const state = connection.connectionState;
        if (state === 'failed' || state === 'closed') finish();
        if (state !== 'connected') return;
        isConnected = true;
        wasAliveAtMs = performance.now();
        backoff.reset();
        this.#observer.stateChanged('connected', null);
      };
      this.#cut = finish;
      connection.onconnectionstatechange = follow;
      // A server that says goodbye closes DTLS; browsers tell that only here.
      const { transport } = receiver;
      if (transport !== null) transport.onstatechange = () => (transport.state === 'closed' || transport.state === 'failed') && finish();
      signal.addEventListener('abort', finish);
      if (signal.aborted) finish();
      else follow();
    });
  }
}

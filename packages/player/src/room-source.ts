import type { LivekitConnection } from './livekit/livekit-source.js';
import { loadLivekit } from './load-livekit.js';
import type { Source, SourceObserver } from './source.js';

/** A session by its LiveKit room alone: Backlot is not asked. */
export class RoomSource implements Source {
  readonly #connection: LivekitConnection;
  readonly #filesUrl: URL | null;
  readonly #observer: SourceObserver;
  readonly #closing = new AbortController();

  /** `filesUrl`: where the part for LiveKit is. */
  constructor(connection: LivekitConnection, filesUrl: URL | null, observer: SourceObserver) {
    this.#connection = connection;
    this.#filesUrl = filesUrl;
    this.#observer = observer;
  }

  start(): void {
    void this.#run();
  }

  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    if (this.#filesUrl === null) return this.#observer.over('failed', 'The player’s part for LiveKit is missing: BacklotPlayer.filesUrl says where it is.');
    const part = await loadLivekit(this.#filesUrl, signal);
    if (part === null || signal.aborted) return;
    const connect = () => Promise.resolve(this.#connection);
    const source = new part.LivekitSource({ connect, isOwnIdentity: false, stateKnown: () => undefined }, this.#observer);
    signal.addEventListener('abort', () => source.close());
    source.start();
  }
}

import { Backoff, pause } from './backoff.js';
import type * as Part from './livekit/bundle.js';
import type { Source } from './source.js';

/** The part for LiveKit, which only its viewers load. */
export type LivekitPart = typeof Part;

/** Loads `livekit.js`, until it is there or nobody wants it any more. */
const load = async (filesUrl: URL, signal: AbortSignal): Promise<LivekitPart | null> => {
  const backoff = new Backoff();
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      // Some browsers remember that a module could not be loaded: another address is another module.
      return (await import(/* @vite-ignore */ new URL(`livekit.js${attempt === 0 ? '' : `?${attempt}`}`, filesUrl).href)) as LivekitPart;
    } catch {
      await pause(backoff.next(), signal);
    }
  }
  return null;
};

/** A source of the part for LiveKit, as soon as that is there. */
export class LivekitPartSource implements Source {
  readonly #filesUrl: URL;
  readonly #create: (part: LivekitPart) => Source;
  readonly #closing = new AbortController();

  /** `filesUrl`: address of the folder of the player's files. */
  constructor(filesUrl: URL, create: (part: LivekitPart) => Source) {
    this.#filesUrl = filesUrl;
    this.#create = create;
  }

  start(): void {
    const { signal } = this.#closing;
    void load(this.#filesUrl, signal).then((part) => {
      if (part === null || signal.aborted) return;
      const source = this.#create(part);
      signal.addEventListener('abort', () => source.close());
      source.start();
    });
  }

  close(): void {
    this.#closing.abort();
  }
}

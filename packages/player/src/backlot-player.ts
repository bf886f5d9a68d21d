import { LivekitPartSource } from './livekit-part.js';
import { IDLE_STATS, Player, type PlayerEvents, type PlayerOptions, type PlayerStats, type PlayerStatus } from './player.js';
import { PlayerView } from './player-view.js';
import { SessionSource } from './session-source.js';

/**
 * `<backlot-player session="https://host/v1/sessions/sess_…" token="…" [muted] [captions]>`: a session's live video over
 * its background; `token` is its `player_token`. Or `<backlot-player url="wss://…" token="…">`: a session in a LiveKit
 * room, by LiveKit's own address and token, without Backlot. It plays while it is in a document and has either pair of
 * attributes. Fires the events of `PlayerEvents` (`CustomEvent`s; they bubble and leave shadow roots).
 */
export class BacklotPlayer extends HTMLElement {
  static readonly observedAttributes = ['session', 'url', 'token', 'muted', 'captions'];
  /** Address of the folder of the player's files, for players without a session's server: the script's own, or the page's where it is bundled. */
  static filesUrl: URL | null = null;
  readonly #view = new PlayerView(this.attachShadow({ mode: 'open' }));
  #player: Player | null = null;
  #isScheduled = false;

  /** Figures of what is playing. */
  get stats(): PlayerStats {
    return this.#player?.stats ?? IDLE_STATS;
  }

  /** Where the player stands. */
  get status(): PlayerStatus {
    return this.#player?.status ?? 'idle';
  }

  /** Stops playing and lets go of everything. Setting `session`, `url` or `token` again starts anew. */
  disconnect(): void {
    if (this.#player === null) return;
    this.#player.close();
    this.#player = null;
    this.#view.showNotice(null);
    this.#emit('backlotstatus', { status: 'idle', reason: null });
  }

  /** @internal */
  connectedCallback(): void {
    window.addEventListener('pagehide', this.#leave);
    window.addEventListener('pageshow', this.#return);
    this.#schedule();
  }

  /** @internal */
  disconnectedCallback(): void {
    // Moving an element within a page disconnects and connects it at once: that is no reason to start over.
    queueMicrotask(() => {
      if (this.isConnected) return;
      window.removeEventListener('pagehide', this.#leave);
      window.removeEventListener('pageshow', this.#return);
      this.disconnect();
    });
  }

  /** @internal */
  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now) return;
    if (name === 'muted') {
      this.#player?.setMuted(now !== null);
      return;
    }
    if (this.#player !== null) this.disconnect();
    this.#schedule();
  }

  /** The page goes away: tell the server at once, it would notice only after seconds. */
  readonly #leave = (): void => this.disconnect();

  /** The page is back from the browser's history cache. */
  readonly #return = (event: PageTransitionEvent): void => {
    if (event.persisted) this.#schedule();
  };

  /** Starts once all attributes of this turn are set. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#start();
    });
  }

  #start(): void {
    const origin = this.#origin();
    if (this.#player !== null || !this.isConnected || origin === null) return;
    this.#player = new Player({
      ...origin,
      view: this.#view,
      muted: this.hasAttribute('muted'),
      captions: this.hasAttribute('captions'),
      emit: (name, detail) => this.#emit(name, detail),
      canvasKnown: (width, height) => this.style.setProperty('--backlot-aspect-ratio', `${width} / ${height}`),
    });
  }

  /** Where what it plays comes from; null while that is not told. */
  #origin(): Pick<PlayerOptions, 'createSource' | 'baseUrl' | 'filesUrl'> | null {
    const [session, url, token] = ['session', 'url', 'token'].map((name) => this.getAttribute(name));
    if (token == null) return null;
    if (session != null) {
      const baseUrl = new URL(session, document.baseURI).href.replace(/\/$/, '');
      const filesUrl = new URL('../../player/', baseUrl);
      return { baseUrl, filesUrl, createSource: (observer) => new SessionSource(baseUrl, token, filesUrl, observer) };
    }
    if (url == null) return null;
    const baseUrl = document.baseURI;
    const filesUrl = BacklotPlayer.filesUrl ?? new URL('.', baseUrl);
    return { baseUrl, filesUrl, createSource: (observer) => new LivekitPartSource(filesUrl, (part) => part.joinRoom({ url, token }, observer)) };
  }

  #emit<Name extends keyof PlayerEvents>(name: Name, detail: PlayerEvents[Name]): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

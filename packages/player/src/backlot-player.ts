import { Player, type PlayerEvents, type PlayerStats, type PlayerStatus } from './player.js';
import { PlayerView } from './player-view.js';

/** Figures of an element that plays nothing. */
const IDLE: PlayerStats = Object.freeze({ framesDrawn: 0, framesDropped: 0, rateFps: 0, codec: null, width: 0, height: 0, keying: null });

/**
 * `<backlot-player session="https://host/v1/sessions/sess_…" token="…" [muted] [captions]>`: a session's live video over
 * its background. It plays while it is in a document and has both attributes. Fires the events of `PlayerEvents`
 * (`CustomEvent`s; they bubble and leave shadow roots).
 */
export class BacklotPlayer extends HTMLElement {
  static readonly observedAttributes = ['session', 'token', 'muted', 'captions'];
  readonly #view = new PlayerView(this.attachShadow({ mode: 'open' }));
  #player: Player | null = null;
  #isScheduled = false;

  /** Figures of what is playing. */
  get stats(): PlayerStats {
    return this.#player?.stats ?? IDLE;
  }

  /** Where the player stands. */
  get status(): PlayerStatus {
    return this.#player?.status ?? 'idle';
  }

  /** Stops playing and lets go of everything. Setting `session` or `token` again starts anew. */
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
    const session = this.getAttribute('session');
    const token = this.getAttribute('token');
    if (this.#player !== null || !this.isConnected || session === null || token === null) return;
    this.#player = new Player({
      sessionUrl: new URL(session, document.baseURI).href.replace(/\/$/, ''),
      token,
      view: this.#view,
      muted: this.hasAttribute('muted'),
      captions: this.hasAttribute('captions'),
      emit: (name, detail) => this.#emit(name, detail),
      canvasKnown: (width, height) => this.style.setProperty('--backlot-aspect-ratio', `${width} / ${height}`),
    });
  }

  #emit<Name extends keyof PlayerEvents>(name: Name, detail: PlayerEvents[Name]): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

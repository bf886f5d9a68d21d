import type { Canvas, Framing, Keying } from '@backlot/contract';
import type { MediaBackground } from '../media/port.js';

/** Where people publish an avatar that is composed here, apart from those who watch it. Disposing it sends the publisher away. */
export interface AvatarEntrance extends AsyncDisposable {
  /** Where the compositor watches the publisher (WHEP), with its Bearer token. */
  readonly watch: { readonly url: string; readonly token: string };
}

/** Who comes in. Callbacks are synchronous and must not throw. */
export interface EntranceObserver {
  publisherLive(): void;
  publisherLeft(): void;
}

/** An avatar that is composed by our own media children, before it is published. */
export interface Composition {
  readonly canvas: Canvas;
  readonly framing: Framing;
  readonly keying: Keying;
  /** What stands behind the avatar now. */
  background(): Promise<MediaBackground>;
  /** The listener hears every change from now on, the newest last. Returns how to stop. */
  follow(listener: (background: MediaBackground, transitionMs: number) => void): () => void;
  /** Lets people publish; for avatars that they publish themselves. */
  openEntrance(observer: EntranceObserver): AvatarEntrance;
}

import type { Fit } from './framing.js';

/** What is behind the avatar. `image` is taken over: it is closed when another background replaces it. */
export type Background =
  | { readonly kind: 'none' }
  /** `#rrggbb`. */
  | { readonly kind: 'color'; readonly color: string }
  | { readonly kind: 'image'; readonly image: ImageBitmap; readonly fit: Fit };

/** The first frame of a fade already shows some of the new background: as if it had begun this long before, in ms. */
export const FADE_HEAD_START_MS = 17;

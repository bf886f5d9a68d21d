import type { Clip } from './clip.js';
import type { Keyed } from './metrics.js';

/** Something that keys clips: one of our builds, or a peer with a setting. */
export interface Keyer {
  readonly name: string;
  readonly isPeer: boolean;
  /** Keys the frames of a clip that are scored. */
  key(clip: Clip): readonly Keyed[] | Promise<readonly Keyed[]>;
}

import type { Clip } from '../clip.js';
import type { Keyed } from '../metrics.js';

/** Values of a peer's parameters, in the order of its documentation. */
export type Setting = readonly number[];

/** A keyer that others made, with the settings it is tried with. */
export interface Peer {
  readonly name: string;
  /** As documented, or as its own sample uses it. */
  readonly defaults: Setting;
  /** What is tried on the tuning half, beside the defaults. */
  readonly grid: readonly Setting[];
  /** Keys the frames of a clip that are scored. */
  key(clip: Clip, setting: Setting): readonly Keyed[];
}

/** All combinations of values. */
export const combine = (...axes: readonly (readonly number[])[]): readonly Setting[] =>
  axes.reduce<readonly Setting[]>((settings, axis) => settings.flatMap((setting) => axis.map((value) => [...setting, value])), [[]]);

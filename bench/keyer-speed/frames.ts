import type { Frame } from '../keyer-quality/planes.js';

/** Frames of one size that are keyed in turns, again and again. */
export interface Footage {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly frames: readonly Frame[];
}

/** An element of a list that is read in turns. Throws for an empty list. */
export const inTurn = <T>(list: readonly T[], index: number): T => {
  const item = list[index % list.length];
  if (item === undefined) throw new RangeError('There are no frames.');
  return item;
};

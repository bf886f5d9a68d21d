import * as lanes from './lanes.testing.js';

// Bound here, as the test runner looks imports up at every call.
const { average, lerp, subtract } = lanes;

/** A plane of i16, row-major. */
export interface Grid {
  readonly width: number;
  readonly height: number;
  readonly values: Int16Array;
}

/** A plane with a value computed for each place. */
export const createGrid = (width: number, height: number, valueAt: (i: number, j: number) => number): Grid => {
  const values = new Int16Array(width * height);
  for (let j = 0; j < height; j++) for (let i = 0; i < width; i++) values[j * width + i] = valueAt(i, j);
  return { width, height, values };
};

const inside = (index: number, count: number) => (index < 0 ? 0 : index < count ? index : count - 1);

/** The value at a place; outside, that of the nearest place at the border. */
export const at = ({ width, height, values }: Grid, i: number, j: number): number => values[inside(j, height) * width + inside(i, width)] ?? 0;

/** The row of sites, other than its own, that a luma row lies next to. */
const farRow = (y: number) => (y >> 1) + ((y & 1) === 0 ? -1 : 1);

/** `up` of the model (§2.1): sites at the luma samples of a width × height picture; first across, then down. */
export const upsample = (sites: Grid, width: number, height: number, isLeft: boolean): Grid => {
  const wide = createGrid(width, sites.height, (x, j) => {
    const here = at(sites, x >> 1, j);
    if (!isLeft) return lerp(here, at(sites, (x >> 1) + ((x & 1) === 0 ? -1 : 1), j));
    return (x & 1) === 0 ? here : here + (subtract(at(sites, (x >> 1) + 1, j), here) >> 1);
  });
  return createGrid(width, height, (x, y) => lerp(at(wide, x, y >> 1), at(wide, x, farRow(y))));
};

/** The same without rounding: the result has four fraction bits more. */
export const upsampleExactly = (sites: Grid, width: number, height: number, isLeft: boolean): Grid => {
  const wide = createGrid(width, sites.height, (x, j) => {
    const here = at(sites, x >> 1, j);
    if (!isLeft) return 3 * here + at(sites, (x >> 1) + ((x & 1) === 0 ? -1 : 1), j);
    return (x & 1) === 0 ? 4 * here : 2 * (here + at(sites, (x >> 1) + 1, j));
  });
  return createGrid(width, height, (x, y) => 3 * at(wide, x, y >> 1) + at(wide, x, farRow(y)));
};

/** `sub` of the model (§2.1), by averages that are rounded up. */
export const subsample = (fine: Grid, w: number, h: number, isLeft: boolean): Grid => {
  // Below a picture of odd height, `at` repeats the last row.
  const columnAt = (x: number, j: number) => average(at(fine, x, 2 * j), at(fine, x, 2 * j + 1));
  return createGrid(w, h, (i, j) =>
    isLeft ? average(average(columnAt(2 * i - 1, j), columnAt(2 * i + 1, j)), columnAt(2 * i, j)) : average(columnAt(2 * i, j), columnAt(2 * i + 1, j)),
  );
};

/** `sub` of the model without rounding: the result has three fraction bits. */
export const subsampleExactly = (fine: Grid, w: number, h: number, isLeft: boolean): Grid => {
  const columnAt = (x: number, j: number) => at(fine, x, 2 * j) + at(fine, x, 2 * j + 1);
  return createGrid(w, h, (i, j) =>
    isLeft ? columnAt(2 * i - 1, j) + 2 * columnAt(2 * i, j) + columnAt(2 * i + 1, j) : 2 * (columnAt(2 * i, j) + columnAt(2 * i + 1, j)),
  );
};

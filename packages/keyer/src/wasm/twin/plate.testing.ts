import { gridSizeOf, SAMPLING_GRID } from '../../sampling-grid.js';
import type { ScreenModel } from '../../screen-model.js';
import { createGrid, type Grid } from './grid.testing.js';
import { clamp, nearest, scale, subtract } from './lanes.testing.js';

const f32 = Math.fround;

/** A measured screen in the codes of the frames. */
interface Cell {
  readonly y: number;
  readonly u: number;
  readonly v: number;
  readonly steepness: number;
}

/** The screen at the sites of a frame, as assembly/plate.ts mixes it. */
export interface Plate {
  /** Fraction bits of projections. */
  readonly fraction: number;
  readonly steepShift: number;
  /** The ceiling, `fraction` bits. */
  readonly highest: number;
  /** The screen's chroma by its length squared, `fraction + 7` bits. */
  readonly axisU: Grid;
  readonly axisV: Grid;
  /** Centred chroma, 8 fraction bits. */
  readonly keyU: Grid;
  readonly keyV: Grid;
  /** Luma above black, 7 fraction bits. */
  readonly keyY: Grid;
  /** Of the matte, Q15 once what is missing to the ceiling is shifted left by `steepShift`. */
  readonly steepness: Grid;
}

/** The model's cells as `PlaneKeyer.setScreen` writes them. */
const readCells = ({ plate, steepness: all }: ScreenModel, isFullRange: boolean): readonly Cell[] =>
  Array.from(all, (steepness, i) => {
    const [y = 0, u = 0, v = 0] = plate.cells.subarray(3 * i, 3 * i + 3);
    if (!isFullRange) return { y, u, v, steepness };
    return { y: f32((y - 16) * (255 / 219)), u: f32(u * (255 / 224)), v: f32(v * (255 / 224)), steepness };
  });

/** A position among cells: the one before it, and the share of the one after. */
const locate = (site: number, sites: number, span: number): { readonly before: number; readonly share: number } => {
  const position = f32(f32(f32(f32(site + 0.5) / f32(sites)) * f32(span)) - 0.5);
  const before = Math.floor(position);
  return { before, share: f32(position - before) };
};

const mix = (a: number, b: number, share: number) => f32(a + f32(f32(b - a) * share));

const lengthSquared = ({ u, v }: Cell) => Math.max(1, f32(f32(u * u) + f32(v * v)));

/** Spreads a measured screen over the sites of a width × height frame. */
export const spreadPlate = (screen: ScreenModel, width: number, height: number, isFullRange: boolean, ceiling: number): Plate => {
  const { width: across, height: down } = screen.plate;
  const w = Math.ceil(width / 2);
  const h = Math.ceil(height / 2);
  const sampled = gridSizeOf(width, height);
  const cells = readCells(screen, isFullRange);

  let fraction = 13;
  for (const cell of cells) {
    const steepest = f32(Math.max(Math.abs(cell.u), Math.abs(cell.v), 1) / lengthSquared(cell));
    while (fraction > 11 && f32(steepest * 2 ** (fraction + 7)) > 32_767) fraction--;
  }
  let steepShift = 13 - fraction;
  while (Math.max(...cells.map(({ steepness }) => steepness)) * 2 ** (28 - fraction - steepShift) > 32_767) steepShift++;

  const cellAt = (i: number, j: number): Cell => cells[j * across + clamp(i, 0, across - 1)] ?? { y: 0, u: 0, v: 0, steepness: 0 };
  const spread = (quantityOf: (cell: Cell) => number, toFixed: (value: number) => number): Grid => {
    const rows = createGrid(w, down, (i, j) => {
      const { before, share } = locate(i, w, sampled.width / SAMPLING_GRID.cellSize);
      return clamp(nearest(toFixed(mix(quantityOf(cellAt(before, j)), quantityOf(cellAt(before + 1, j)), share))), -32_767, 32_767);
    });
    return createGrid(w, h, (i, j) => {
      const { before, share } = locate(j, h, sampled.height / SAMPLING_GRID.cellSize);
      const top = clamp(before, 0, down - 1);
      const upper = rows.values[top * w + i] ?? 0;
      const lower = rows.values[Math.min(down - 1, top + 1) * w + i] ?? 0;
      return upper + scale(subtract(lower, upper), before < 0 ? 0 : Math.min(32_767, Math.trunc(f32(share * 32_768))));
    });
  };
  const times = (factor: number) => (value: number) => f32(value * factor);
  return {
    fraction,
    steepShift,
    highest: nearest(f32(f32(ceiling) * 2 ** fraction)),
    axisU: spread((cell) => f32(cell.u / lengthSquared(cell)), times(2 ** (fraction + 7))),
    axisV: spread((cell) => f32(cell.v / lengthSquared(cell)), times(2 ** (fraction + 7))),
    keyU: spread(({ u }) => u, times(256)),
    keyV: spread(({ v }) => v, times(256)),
    keyY: spread(
      ({ y }) => y,
      (y) => f32(f32(y - (isFullRange ? 0 : 16)) * 128),
    ),
    steepness: spread(({ steepness }) => steepness, times(2 ** (28 - fraction - steepShift))),
  };
};

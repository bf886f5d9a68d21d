import type { Picture } from '../pictures.testing.js';
import type { Grid } from './grid.testing.js';
import * as grid from './grid.testing.js';
import * as lanes from './lanes.testing.js';
import type { Model } from './model.testing.js';
import type { Plate } from './plate.testing.js';

// Bound here, as the test runner looks imports up at every call.
const { at, createGrid, subsample, subsampleExactly, upsample, upsampleExactly } = grid;
const { add, clamp, nearest, ONE, saturate, scale, subtract } = lanes;

const f32 = Math.fround;

/** What is computed of a frame before it is composed. Shares of one have 13 fraction bits. */
export interface Matte {
  /** 1 / gain − 1 of a faded frame, Q15. */
  readonly dimming: number;
  /** M, at luma samples. */
  readonly fine: Grid;
  /** sub(M), at sites. */
  readonly coarse: Grid;
  /** What there is of the screen beyond the matte, at sites. */
  readonly excess: Grid;
  /** Chroma without the screen's, 6 fraction bits, at sites. */
  readonly restU: Grid;
  readonly restV: Grid;
}

/** A frame's planes: luma codes, and chroma centred. */
interface Frame {
  readonly luma: Grid;
  readonly u: Grid;
  readonly v: Grid;
}

const readFrame = ({ width, height, y, u, v, lumaStride, chromaStride }: Picture): Frame => {
  const chromaOf = (plane: Uint8Array) => createGrid(Math.ceil(width / 2), Math.ceil(height / 2), (i, j) => (plane[j * chromaStride + i] ?? 0) - 128);
  return { luma: createGrid(width, height, (i, j) => y[j * lumaStride + i] ?? 0), u: chromaOf(u), v: chromaOf(v) };
};

/** assembly/gain.ts: the screen's strength in the frame, as what is missing of it. */
const measureDimming = ({ u, v }: Frame, { fraction, axisU, axisV }: Plate): number => {
  const meanNear = (centre: number, reach: number) => {
    let count = 0;
    let sum = 0;
    for (let j = 0; j < 18; j++) {
      const row = Math.floor(((2 * j + 1) * u.height) / 36);
      for (let i = 0; i < 32; i++) {
        const site = Math.floor(((2 * i + 1) * u.width) / 64);
        const along = f32((at(u, site, row) * at(axisU, site, row) + at(v, site, row) * at(axisV, site, row)) / 2 ** (fraction + 7));
        if (Math.abs(f32(along - centre)) > f32(reach)) continue;
        count++;
        sum = f32(sum + along);
      }
    }
    return count < 8 ? 1 : f32(sum / count);
  };
  const gain = meanNear(meanNear(1, 0.15), 0.04);
  return gain >= f32(0.998) ? 0 : nearest(f32(f32(f32(1 / gain) - 1) * 32_768));
};

/** Keying model §2.4: m, and the projection as spill is guarded. */
const projectFrame = ({ u, v }: Frame, plate: Plate, model: Model, dimming: number): { readonly m: Grid; readonly projection: Grid } => {
  const shift = 13 - plate.fraction;
  const shiftUp = (value: number) => clamp(value, -32_768 >> shift, 32_767 >> shift) << shift;
  const brighten = (value: number) => add(value, scale(value, dimming));
  const projectSite = (i: number, j: number, spreading: number) => {
    const high = { u: at(u, i, j) << 8, v: at(v, i, j) << 8 };
    const axis = { u: at(plate.axisU, i, j), v: at(plate.axisV, i, j) };
    const along = brighten(add(scale(high.u, axis.u), scale(high.v, axis.v)));
    const across = brighten(saturate(Math.abs(subtract(scale(high.u, axis.v), scale(high.v, axis.u)))));
    const forgiven = scale(Math.max(subtract(ONE >> shift, along), 0), spreading);
    const over = Math.max(subtract(subtract(across, model.tolerance >> shift), forgiven), 0);
    return subtract(along, scale(add(over, over), model.guard));
  };
  return {
    m: createGrid(u.width, u.height, (i, j) => {
      const missing = clamp(subtract(plate.highest, projectSite(i, j, model.spreading)), 0, 32_767 >> plate.steepShift);
      return Math.max(0, subtract(ONE, scale(missing << plate.steepShift, at(plate.steepness, i, j))));
    }),
    projection: createGrid(u.width, u.height, (i, j) => shiftUp(projectSite(i, j, model.spillSpreading))),
  };
};

/** 1e-6 of the model in the units of `slopeAt`. */
const LEAST = 1_761_205;

/** Keying model §2.5: the slope of the matte on luma over 3 × 3 sites, where luma explains the matte; 18 fraction bits. */
const slopeAt = (mean: Grid, m: Grid, i: number, j: number, { detail, noise }: Model): number => {
  let [sy, sm, syy, smm, sym] = [0, 0, 0, 0, 0];
  for (let dj = -1; dj <= 1; dj++) {
    for (let di = -1; di <= 1; di++) {
      const y = at(mean, i + di, j + dj);
      const share = at(m, i + di, j + dj) >> 2;
      sy += y;
      sm += share;
      syy += y * y;
      smm += share * share;
      sym += y * share;
    }
  }
  const vy = f32(9 * syy - sy * sy);
  const c = f32(9 * sym - sy * sm);
  const both = Math.max(f32(vy * f32(9 * smm - sm * sm)), LEAST);
  const ramp = f32(both * f32(0.3));
  const gate = clamp(f32(f32(c * c) - f32(both * f32(0.6))), 0, ramp);
  const under = f32(ramp * f32(vy + f32(noise * 5184)));
  return saturate(nearest(f32(f32(f32(c * f32(detail * 1024)) * gate) / under)));
};

/** M at luma samples. */
const refine = (luma: Grid, mean: Grid, m: Grid, model: Model): Grid => {
  const { width, height } = luma;
  const slope = createGrid(m.width, m.height, (i, j) => slopeAt(mean, m, i, j, model));
  const up = { m: upsample(m, width, height, model.isLeft), slope: upsample(slope, width, height, model.isLeft) };
  const smooth = upsampleExactly(mean, width, height, model.isLeft);
  return createGrid(width, height, (x, y) => {
    const residual = (at(luma, x, y) << 7) - at(smooth, x, y);
    return clamp(at(up.m, x, y) + 8 * clamp(scale(at(up.slope, x, y), residual), -1024, 1024), 0, ONE);
  });
};

/** Up to here the subject is left with the screen's colour. */
const CALM = 98;
// Chroma codes per luma code that blue and red can be away from grey, Q15.
const BLUE_REACH = 18_907;
const RED_REACH = 23_921;

/** Keying model §2.4 to §2.6, up to what depends on the background. */
export const computeMatte = (picture: Picture, plate: Plate, model: Model): Matte => {
  const frame = readFrame(picture);
  const { width: w, height: h } = frame.u;
  const dimming = measureDimming(frame, plate);
  const { m, projection } = projectFrame(frame, plate, model, dimming);
  const mean = subsampleExactly(frame.luma, w, h, model.isLeft);
  const fine = refine(frame.luma, mean, m, model);
  const coarse = subsample(fine, w, h, model.isLeft);
  const excess = createGrid(w, h, (i, j) => scale(Math.max(subtract(at(projection, i, j), Math.max(at(coarse, i, j), CALM)), 0), model.spill));
  // Red and blue of the subject lie between 0 and its share of the picture.
  const restOf = (chroma: Grid, key: Grid, reach: number) =>
    createGrid(w, h, (i, j) => {
      const c = at(coarse, i, j);
      const e = at(excess, i, j);
      const rest = subtract(at(chroma, i, j) << 6, scale(add(c, e), at(key, i, j)));
      const white = scale(saturate((ONE - c) << 2), (model.white - model.black) << 6);
      const removed = scale(add(c, scale(e, model.spillLuma)), at(plate.keyY, i, j));
      const light = clamp(subtract((at(mean, i, j) << 3) - (model.black << 6), add(removed, removed)), 0, white);
      const limited = clamp(rest, -scale(light, reach), scale(white - light, reach));
      return rest + scale(subtract(limited, rest), Math.min(c, 1023) << 5);
    });
  return { dimming, fine, coarse, excess, restU: restOf(frame.u, plate.keyU, BLUE_REACH), restV: restOf(frame.v, plate.keyV, RED_REACH) };
};

// The screen's strength in a frame (src/gain.ts): a trimmed mean over a few sites.

import { chromaStride, chromaU, chromaV, siteStride, sitesAcross, sitesDown } from './memory';
import { aim, AXIS_U, AXIS_V, fraction, plateAtSite } from './plate';

const GRID_WIDTH: i32 = 32;
const GRID_HEIGHT: i32 = 18;
const LEAST_SITES: i32 = 8;
const NEARLY_ONE: f32 = 0.998;

/** 1 / gain − 1, Q15. */
export let dimming: i32 = 0;

/** Measures the frame in memory. */
export function measureGain(): void {
  const gain = meanNear(meanNear(1, 0.15), 0.04);
  dimming = gain >= NEARLY_ONE ? 0 : <i32>nearest<f32>((1 / gain - 1) * 32768);
}

/** Mean of the projections within `reach` of `centre`; 1 when there are next to none. */
function meanNear(centre: f32, reach: f32): f32 {
  const unit: f32 = 1 / <f32>(1 << (fraction + 7));
  let count = 0;
  let sum: f32 = 0;
  for (let j = 0; j < GRID_HEIGHT; j++) {
    const row = ((2 * j + 1) * sitesDown) / (2 * GRID_HEIGHT);
    aim(row);
    for (let i = 0; i < GRID_WIDTH; i++) {
      const site = ((2 * i + 1) * sitesAcross) / (2 * GRID_WIDTH);
      const at = row * chromaStride + site;
      const u = <i32>load<u8>(chromaU + at) - 128, v = <i32>load<u8>(chromaV + at) - 128;
      const along = <f32>(u * plateAtSite(AXIS_U * siteStride + 2 * site) + v * plateAtSite(AXIS_V * siteStride + 2 * site)) * unit;
      if (abs<f32>(along - centre) > reach) continue;
      count++;
      sum += along;
    }
  }
  return count < LEAST_SITES ? 1 : sum / <f32>count;
}

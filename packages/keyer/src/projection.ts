import type { KeyingParameters } from './parameters.js';

/** Share of the way from neutral (0) to the screen (1) along the key's axis, hue guard applied (keying model §2.4). */
export const project = (u: number, v: number, ku: number, kv: number, parameters: Pick<KeyingParameters, 'hueGuard' | 'hueTolerance'>): number => {
  const n = Math.max(ku * ku + kv * kv, 1);
  const along = (u * ku + v * kv) / n;
  const across = Math.abs(u * kv - v * ku) / n;
  return along - parameters.hueGuard * Math.max(0, across - parameters.hueTolerance);
};

import type { KeyingParameters } from './parameters.js';

/**
 * What the subject may have of the screen's colour without being cleaned of it: a code or two of noise about neutral, of
 * which only one side would be taken away.
 */
export const CALM = 0.012;

/** How the hue guard is set. */
export type HueGuard = Pick<KeyingParameters, 'hueGuard' | 'hueTolerance' | 'hueSpread'>;

/**
 * The guard of spill: it forgives half as much again. Skin that the screen shines on lies farther off the axis than a mixture,
 * and to clean it costs nothing of the matte.
 */
export const spillGuardOf = ({ hueGuard, hueTolerance, hueSpread }: HueGuard): HueGuard => ({
  hueGuard,
  hueTolerance,
  hueSpread: Math.min(1, 1.5 * hueSpread),
});

/**
 * Share of the way from neutral (0) to the screen (1) along the key's axis, hue guard applied (keying model §2.4).
 * What lies farther off the axis than any mixture of the screen with a usual colour is pushed out: yellow and cyan cloth.
 * A mixture may lie the farther off the more of the subject is in it, hence the term with `hueSpread`: without it, blurred
 * hands and hair would lose their edges. `gain` is the screen's strength in this frame as a share of the plate's.
 */
export const project = (u: number, v: number, ku: number, kv: number, { hueGuard, hueTolerance, hueSpread }: HueGuard, gain = 1): number => {
  const n = gain * Math.max(ku * ku + kv * kv, 1);
  const along = (u * ku + v * kv) / n;
  const across = Math.abs(u * kv - v * ku) / n;
  return along - hueGuard * Math.max(0, across - hueTolerance - hueSpread * Math.max(0, 1 - along));
};

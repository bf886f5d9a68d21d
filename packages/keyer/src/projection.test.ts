import { describe, expect, it } from 'vitest';
import { codesOf } from './color.js';
import { resolveParameters } from './parameters.js';
import { project } from './projection.js';

const GREEN = [0, 255, 0] as const;
type Color = readonly [number, number, number];

/** The projection of a colour of which some of the screen shines through. */
const projectMix = (color: Color, screenShare: number, gain = 1) => {
  const mix = (k: 0 | 1 | 2) => gain * (screenShare * GREEN[k] + (1 - screenShare) * color[k]);
  const { u, v } = codesOf(mix(0), mix(1), mix(2));
  const key = codesOf(...GREEN);
  return project(u, v, key.u, key.v, resolveParameters(), gain);
};

describe('project', () => {
  it.each([
    ['grey', [120, 120, 120]],
    ['skin', [224, 172, 140]],
    ['brick', [140, 70, 60]],
    ['navy', [30, 40, 110]],
  ] as const)('tells how much of the screen shines through: %s', (_, color) => {
    const bare = projectMix(color, 0);
    expect(bare).toBeLessThan(0.02);
    // Straight from the bare colour to the screen: the guard takes nothing away.
    for (const share of [0.25, 0.5, 0.75, 1])
      expect(projectMix(color, share)).toBeGreaterThan(share * (1 - Math.max(-0.15, bare)) + Math.max(-0.15, bare) - 0.02);
  });

  // What is left is for the floor, which is measured on the subject's inside.
  it.each([
    ['yellow', [240, 220, 40]],
    ['cyan', [30, 200, 220]],
  ] as const)('keeps cloth beside the screen’s hue: %s', (_, color) => {
    expect(projectMix(color, 0)).toBeLessThan(0.12);
  });

  it('is 1 on a screen that has faded, given the gain', () => {
    expect(projectMix([0, 0, 0], 1, 0.9)).toBeCloseTo(1, 5);
  });
});

import { describe, expect, it } from 'vitest';
import { codesOf, codesOfHex, hexOf } from './color.js';
import { judgeEstimate, KeyTracker } from './key-tracker.js';
import { type ChromaImage, createChromaImage } from './planes.js';

const WIDTH = 160;
const HEIGHT = 90;

/** A screen of one colour; `cover` of the top rows' width, from the left, is skin. */
const screen = (hex: string, cover = 0): ChromaImage => {
  const image = createChromaImage(WIDTH, HEIGHT);
  const key = codesOfHex(hex);
  const skin = codesOf(210, 160, 130);
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    const { y, u, v } = i % WIDTH < cover * WIDTH ? skin : key;
    // ±1 code of noise, as a codec leaves it.
    const noise = ((i * 7919) % 3) - 1;
    image.y[i] = y + noise;
    image.u[i] = u + noise;
    image.v[i] = v - noise;
  }
  return image;
};

describe('KeyTracker', () => {
  it.each(['#00ff00', '#65d841', '#03ff9c', '#008000', '#40ac4a', '#0047bb', '#2864dc', '#0000ff'])('finds %s on the border', (hex) => {
    const tracker = new KeyTracker();
    expect(tracker.update(screen(hex))).toBe(true);
    const { u, v } = codesOfHex(hex);
    expect(Math.hypot((tracker.key?.u ?? 0) - u, (tracker.key?.v ?? 0) - v)).toBeLessThan(1);
  });

  it('finds the screen past a head that covers half of the border', () => {
    const tracker = new KeyTracker();
    tracker.update(screen('#00ff00', 0.45));
    expect(tracker.key).not.toBeNull();
    expect(hexOf(tracker.key ?? { y: 0, u: 0, v: 0 })).toMatch(/^#0[0-3]f[c-f]0[0-3]$/);
  });

  it.each([
    ['#808080', 'screen_too_pale'],
    ['#7aa7dd', 'screen_too_pale'],
    ['#2784c7', 'screen_too_pale'],
    ['#c08070', 'screen_not_green_or_blue'],
    ['#ff4030', 'screen_not_green_or_blue'],
  ] as const)('refuses %s: %s', (hex, reason) => {
    const tracker = new KeyTracker();
    expect(tracker.update(screen(hex))).toBe(false);
    expect(tracker.reason).toBe(reason);
  });

  it('refuses a border without a main colour', () => {
    expect(judgeEstimate({ ...codesOfHex('#00ff00'), share: 0.2 })).toBe('no_screen');
  });

  it('holds its key while the border is covered', () => {
    const tracker = new KeyTracker();
    tracker.update(screen('#00ff00'));
    const before = { ...tracker.key };
    for (let i = 0; i < 5; i++) expect(tracker.update(screen('#00ff00', 1))).toBe(false);
    expect(tracker.key).toEqual(before);
  });

  it('follows drift slowly', () => {
    const tracker = new KeyTracker();
    tracker.update(screen('#40ac4a'));
    const { u = 0 } = tracker.key ?? {};
    const target = codesOfHex('#42ac4b').u;
    tracker.update(screen('#42ac4b'));
    const step = ((tracker.key?.u ?? 0) - u) / (target - u);
    expect(step).toBeGreaterThan(0.05);
    expect(step).toBeLessThan(0.3);
  });

  it('takes a scene cut at once', () => {
    const tracker = new KeyTracker();
    tracker.update(screen('#00ff00'));
    expect(tracker.update(screen('#0047bb'))).toBe(true);
    expect(tracker.key?.u).toBeGreaterThan(30);
  });

  it('takes a new colour that leaves some of the old one after three looks', () => {
    const tracker = new KeyTracker();
    tracker.update(screen('#00ff00'));
    const mixed = screen('#40ac4a');
    const old = screen('#00ff00');
    for (let i = 0; i < WIDTH * HEIGHT; i++) {
      if (i % WIDTH < 0.2 * WIDTH) {
        mixed.u[i] = old.u[i] ?? 0;
        mixed.v[i] = old.v[i] ?? 0;
      }
    }
    expect([tracker.update(mixed), tracker.update(mixed), tracker.update(mixed)]).toEqual([false, false, true]);
  });
});

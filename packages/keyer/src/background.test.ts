import { expect, it } from 'vitest';
import { type Background, checkBackground } from './background.js';

it.each<[string, unknown, unknown, typeof TypeError | typeof RangeError]>([
  ['background', null, 0, TypeError],
  ['background.kind', { kind: 'video' }, 0, TypeError],
  ['background.color', { kind: 'color', color: 'red' }, 0, TypeError],
  ['background.color', { kind: 'color' }, 0, TypeError],
  ['background.image', { kind: 'image', image: null, fit: 'cover' }, 0, TypeError],
  ['transitionMs', { kind: 'none' }, -1, RangeError],
  ['transitionMs', { kind: 'none' }, Number.NaN, RangeError],
  ['transitionMs', { kind: 'none' }, '400', TypeError],
])('refuses a wrong %s: %o for %s ms', (name, background, transitionMs, kind) => {
  const check = () => checkBackground(background as Background, transitionMs as number);
  expect(check).toThrow(kind);
  expect(check).toThrow(new RegExp(`^${name} `));
});

it('takes what can be shown', () => {
  expect(() => checkBackground({ kind: 'color', color: '#a0B1c2' }, 400)).not.toThrow();
  expect(() => checkBackground({ kind: 'none' }, 0)).not.toThrow();
});

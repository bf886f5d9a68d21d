import { describe, expect, it } from 'vitest';
import { DEFAULT_PARAMETERS, resolveParameters } from './parameters.js';

/** Arguments as they come from code that no compiler checked. */
const resolve = (given: unknown) => resolveParameters(given as Parameters<typeof resolveParameters>[0]);

describe('resolveParameters', () => {
  it('completes with the defaults, also what is undefined', () => {
    expect(resolveParameters()).toEqual(DEFAULT_PARAMETERS);
    expect(resolve({ floor: undefined, spill: 0.5 })).toEqual({ ...DEFAULT_PARAMETERS, spill: 0.5 });
  });

  it('takes both ends of every range', () => {
    const least = { key: '#00FF00', floor: 0, ceiling: 0.6, hueGuard: 0, hueTolerance: 0, detail: 0, spill: 0, spillLuma: 0, plate: false, siting: 'left' };
    const most = { key: 'auto', floor: 0.5, ceiling: 1, hueGuard: 2, hueTolerance: 1, detail: 1, spill: 1, spillLuma: 1, plate: true, siting: 'centre' };
    expect(resolve(least)).toMatchObject(least);
    expect(resolve(most)).toMatchObject(most);
  });

  it.each(['floor', 'ceiling', 'hueGuard', 'hueTolerance', 'detail', 'spill', 'spillLuma'])('names the number that is out of its range: %s', (name) => {
    for (const value of [Number.NaN, Infinity, -Infinity, -0.001, 2.001]) {
      expect(() => resolve({ [name]: value })).toThrow(RangeError);
      expect(() => resolve({ [name]: value })).toThrow(new RegExp(`^${name} .*${value}`));
    }
    for (const value of ['0.1', null, true, {}, [], 1n]) {
      expect(() => resolve({ [name]: value })).toThrow(TypeError);
      expect(() => resolve({ [name]: value })).toThrow(new RegExp(`^${name} `));
    }
  });

  it.each([
    ['key', ['#0f0', '00ff00', '#00ff0g', 'green', 65_280, null, ' auto']],
    ['plate', [1, 'true', null]],
    ['siting', ['top', '', true, null]],
  ])('names what is none of the choices: %s', (name, values) => {
    for (const value of values) {
      expect(() => resolve({ [name]: value })).toThrow(TypeError);
      expect(() => resolve({ [name]: value })).toThrow(new RegExp(`^${name} `));
    }
  });

  it('names a parameter that there is none of', () => {
    expect(() => resolve({ tolerence: 0.1 })).toThrow(TypeError);
    expect(() => resolve({ tolerence: 0.1 })).toThrow(/tolerence/);
    expect(() => resolve({ toString: undefined })).toThrow(TypeError);
  });

  it.each([null, 3, 'auto'])('refuses what is no object: %s', (given) => {
    expect(() => resolve(given)).toThrow(TypeError);
    expect(() => resolve(given)).toThrow(/^parameters /);
  });
});

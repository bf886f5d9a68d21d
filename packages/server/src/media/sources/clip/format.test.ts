import { describe, expect, test } from 'vitest';
import { formatOf } from './format.js';

const stream = { width: 1280, height: 720, rate: '25/1', pixelAspect: '1:1', rotationDeg: 0 };

describe('how a clip is played', () => {
  test.each([
    ['as it is', {}, { width: 1280, height: 720, resize: 'none' }],
    ['odd sides lose their last row and column', { width: 361, height: 641 }, { width: 360, height: 640, resize: 'crop' }],
    ['4K is scaled down', { width: 3840, height: 2160 }, { width: 1920, height: 1080, resize: 'scale' }],
    ['a long upright clip too', { width: 1440, height: 3200 }, { width: 864, height: 1920, resize: 'scale' }],
    ['small ones stay small', { width: 100, height: 100 }, { width: 100, height: 100, resize: 'none' }],
    ["a phone's clip stands upright", { rotationDeg: -90 }, { width: 720, height: 1280, resize: 'none' }],
    ['wide pixels become square ones', { width: 720, height: 576, pixelAspect: '16:15' }, { width: 768, height: 576, resize: 'scale' }],
    ['an unknown pixel shape is square', { pixelAspect: '0:1' }, { width: 1280, height: 720, resize: 'none' }],
  ] as const)('%s', (_name, changes, expected) => {
    expect(formatOf({ ...stream, ...changes }, false)).toMatchObject(expected);
  });

  test.each([
    ['25/1', 25],
    ['30000/1001', 30_000 / 1001],
    ['4170000/138461', 30.117],
    ['50/1', 25],
    ['60/1', 30],
    ['60000/1001', 30_000 / 1001],
    ['120/1', 30],
    ['0/0', 25],
    ['', 25],
    ['1/10', 25],
  ])('a rate of %s plays at %d frames a second', (rate, fps) => {
    const { numerator, denominator } = formatOf({ ...stream, rate }, true).rate;
    expect(numerator / denominator).toBeCloseTo(fps, 2);
  });
});

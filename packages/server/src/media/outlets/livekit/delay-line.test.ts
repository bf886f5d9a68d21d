import { describe, expect, test } from 'vitest';
import { DelayLine } from './delay-line.js';

const pushAll = (line: DelayLine<number>, from: number, count: number): (number | undefined)[] =>
  Array.from({ length: count }, (_, index) => line.push(from + index));

describe('a delay line', () => {
  test('hands on at once without a delay', () => {
    expect(pushAll(new DelayLine<number>(4), 1, 3)).toEqual([1, 2, 3]);
  });

  test('hands every chunk on, so many later', () => {
    const line = new DelayLine<number>(4);
    line.delay = 2;
    expect(pushAll(line, 1, 12)).toEqual([undefined, undefined, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('holds chunks back when the delay grows, and leaves the oldest out when it shrinks', () => {
    const line = new DelayLine<number>(4);
    expect(pushAll(line, 1, 2)).toEqual([1, 2]);
    line.delay = 3;
    expect(pushAll(line, 3, 4)).toEqual([undefined, undefined, undefined, 3]);
    line.delay = 1;
    expect(pushAll(line, 7, 2)).toEqual([6, 7]);
  });

  test('delays by its capacity at most', () => {
    const line = new DelayLine<number>(2);
    line.delay = 50;
    expect(line.delay).toBe(2);
    line.delay = -1;
    expect(line.delay).toBe(0);
  });
});

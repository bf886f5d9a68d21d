import { describe, expect, test } from 'vitest';
import { SoundQueue } from './sound-queue.js';

const CHUNK = 480;
const chunk = (first: number, channels = 1): Int16Array => Int16Array.from({ length: CHUNK * channels }, (_, index) => first + Math.floor(index / channels));
const read = (queue: SoundQueue): Int16Array => {
  const into = new Int16Array(CHUNK).fill(-1);
  queue.read(into);
  return into;
};
const silence = new Int16Array(CHUNK);

describe('received sound', () => {
  test('begins with a little in hand, and then goes on without a gap', () => {
    const queue = new SoundQueue();
    expect(read(queue)).toEqual(silence);
    queue.write(chunk(1), 1);
    queue.write(chunk(1 + CHUNK), 1);
    expect(read(queue)).toEqual(silence);
    queue.write(chunk(1 + 2 * CHUNK), 1);
    for (let index = 0; index < 200; index++) {
      expect(read(queue)).toEqual(chunk((index * CHUNK + 1) % 20_000));
      queue.write(chunk(((index + 3) * CHUNK + 1) % 20_000), 1);
    }
  });

  test('that ran out waits until there is enough again', () => {
    const queue = new SoundQueue();
    for (let index = 0; index < 3; index++) queue.write(chunk(1), 1);
    for (let index = 0; index < 3; index++) expect(read(queue)).toEqual(chunk(1));
    expect(read(queue)).toEqual(silence);
    queue.write(chunk(5), 1);
    expect(read(queue)).toEqual(silence);
  });

  test('that comes faster than it is taken never gets late: the oldest is dropped', () => {
    const queue = new SoundQueue();
    for (let index = 0; index < 100; index++) queue.write(chunk(index), 1);
    expect(queue.length).toBeLessThanOrEqual(10 * CHUNK);
    expect(read(queue)[0]).toBeGreaterThan(88);
  });

  test('of two channels is mixed to one', () => {
    const queue = new SoundQueue();
    for (let index = 0; index < 3; index++)
      queue.write(
        Int16Array.from({ length: 2 * CHUNK }, (_, sample) => (sample % 2 === 0 ? 100 : 300)),
        2,
      );
    expect(read(queue)).toEqual(new Int16Array(CHUNK).fill(200));
  });
});

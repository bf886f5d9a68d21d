import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameQueue } from './frame-queue.js';
import { SampleQueue } from './sample-queue.js';

/** Cuts bytes into pieces of the given lengths, over and over. */
const pieces = (bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] => {
  const cut: Uint8Array[] = [];
  for (let offset = 0, index = 0; offset < bytes.length; index++) {
    const length = lengths[index % lengths.length] ?? 1;
    cut.push(bytes.subarray(offset, offset + length));
    offset += length;
  }
  return cut;
};

const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });

describe('frames between ffmpeg and the clock', () => {
  test('come out whole and in order, however the bytes come in', () => {
    fc.assert(
      fc.property(lengths, (cuts) => {
        const queue = new FrameQueue(6);
        const into = new Uint8Array(6);
        const read: number[] = [];
        let index = 0;
        for (const piece of pieces(
          Uint8Array.from({ length: 60 }, (_, at) => Math.floor(at / 6)),
          cuts,
        )) {
          queue.write(piece);
          while (queue.length > 0) {
            expect(queue.read(index++, into)).toBe(true);
            expect(new Set(into).size).toBe(1);
            read.push(into[0] ?? -1);
          }
        }
        expect(read).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      }),
    );
  });

  test('those before the wanted one are dropped; one that is late gives way to the newest that came', () => {
    const queue = new FrameQueue(1);
    const into = new Uint8Array(1);
    queue.write(Uint8Array.of(0, 1, 2, 3));
    expect([queue.read(2, into), into[0], queue.length]).toEqual([true, 2, 1]);
    expect([queue.read(9, into), into[0], queue.length]).toEqual([true, 3, 0]);
    expect([queue.read(10, into), into[0]]).toEqual([false, 3]);
    // Frames 4 to 10 come late: the one that was due last is shown, and step is kept from there.
    queue.write(Uint8Array.of(4, 5, 6, 7, 8, 9, 10, 11));
    expect([queue.read(11, into), into[0]]).toEqual([true, 11]);
  });
});

describe('samples between ffmpeg and the clock', () => {
  test('come out in order, however the bytes come in and over many turns of the ring', () => {
    fc.assert(
      fc.property(lengths, (cuts) => {
        const queue = new SampleQueue();
        const samples = Int16Array.from({ length: 100_000 }, (_, index) => (index % 60_000) - 30_000);
        const into = new Int16Array(480);
        const read: number[] = [];
        for (const piece of pieces(
          new Uint8Array(samples.buffer),
          cuts.map((length) => length * 101),
        )) {
          queue.write(piece);
          while (queue.length >= into.length) {
            queue.read(into);
            read.push(...into);
          }
        }
        expect(read).toEqual([...samples.subarray(0, read.length)]);
        expect(samples.length - read.length).toBeLessThan(480);
      }),
      { numRuns: 10 },
    );
  });

  test('what is late is silence, and is dropped when it comes, so that sound stays in step', () => {
    const queue = new SampleQueue();
    const into = new Int16Array(4);
    const write = (...samples: number[]): void => queue.write(new Uint8Array(Int16Array.from(samples).buffer));
    write(1, 2);
    queue.read(into);
    expect([...into]).toEqual([1, 2, 0, 0]);
    write(3, 4, 5, 6, 7, 8);
    queue.read(into);
    expect([...into]).toEqual([5, 6, 7, 8]);
  });

  test('the ring grows to what it must hold', () => {
    const queue = new SampleQueue();
    const samples = Int16Array.from({ length: 200_000 }, (_, index) => index % 1000);
    queue.write(new Uint8Array(samples.buffer));
    expect(queue.length).toBe(200_000);
    const into = new Int16Array(200_000);
    queue.read(into);
    expect(into).toEqual(samples);
  });
});

import { describe, expect, test } from 'vitest';
import { drain } from './drain.js';

describe('draining a stream', () => {
  test('takes whatever comes, until the stream ends', async () => {
    const taken: number[] = [];
    let last: () => void = () => undefined;
    const all = new Promise<void>((resolve) => {
      last = resolve;
    });
    const stream = new ReadableStream<number>({
      start: (controller) => {
        for (let value = 1; value <= 200; value++) controller.enqueue(value);
        controller.close();
      },
    });
    drain(stream.getReader(), (value) => {
      taken.push(value);
      if (value === 200) last();
    });
    await all;
    expect(taken).toHaveLength(200);
  });

  test('cancels the stream when it is stopped, once, and takes nothing more', async () => {
    const taken: number[] = [];
    let cancellations = 0;
    let push: (value: number) => void = () => undefined;
    const cancelled = new Promise<void>((resolve) => {
      const stream = new ReadableStream<number>({
        start: (controller) => {
          push = (value) => controller.enqueue(value);
        },
        cancel: () => {
          cancellations++;
          resolve();
        },
      });
      const stop = drain(stream.getReader(), (value) => taken.push(value));
      push(1);
      stop();
      stop();
    });
    await cancelled;
    expect(taken).toEqual([]);
    expect(cancellations).toBe(1);
  });
});

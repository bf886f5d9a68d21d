import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLog } from '../logging.js';
import { Repeater } from './repeater.js';

const BACKOFF = { firstMs: 100, lastMs: 350 };

const open = (task: (signal: AbortSignal) => Promise<void>, everyMs: number | null) => {
  const logged: string[] = [];
  const log = createLog('debug', { write: (line: string) => void logged.push(line) });
  return { repeater: new Repeater({ name: 'trying', task, everyMs, backoff: BACKOFF, log }), logged };
};

describe('a repeater', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('waits longer after each failure, up to a limit, warning of the first, and begins anew after a success', async () => {
    const ranAtMs: number[] = [];
    const startMs = Date.now();
    const outcomes = ['fails', 'fails', 'fails', 'fails', 'works', 'fails', 'works'];
    const { repeater, logged } = open(async () => {
      ranAtMs.push(Date.now() - startMs);
      if (outcomes.shift() === 'fails') throw new Error('not yet');
    }, 1000);
    await repeater.start();
    await vi.advanceTimersByTimeAsync(4000);
    expect(ranAtMs).toEqual([0, 100, 300, 650, 1000, 2000, 2100, 3100]);
    expect(logged[0]).toContain('not yet');
    const levels = logged.map((line) => pino.levels.labels[(JSON.parse(line) as { level: number }).level]);
    expect(levels).toEqual(['warn', 'debug', 'debug', 'debug', 'info', 'warn', 'info']);
    await repeater[Symbol.asyncDispose]();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('once is enough where nothing else was asked for', async () => {
    const task = vi.fn<() => Promise<void>>(async () => undefined);
    const { repeater } = open(task, null);
    await repeater.start();
    expect(vi.getTimerCount()).toBe(0);
    expect(task).toHaveBeenCalledTimes(1);
    await repeater[Symbol.asyncDispose]();
  });

  test('disposing it ends what runs, waits for that, and leaves no word and no timer', async () => {
    const { repeater, logged } = open(
      async (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('given up')));
        }),
      1000,
    );
    const started = repeater.start();
    await repeater[Symbol.asyncDispose]();
    await started;
    expect(logged).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('disposed between two runs, it does not run again', async () => {
    const task = vi.fn<() => Promise<void>>(async () => undefined);
    const { repeater } = open(task, 1000);
    await repeater.start();
    await repeater[Symbol.asyncDispose]();
    await vi.advanceTimersByTimeAsync(5000);
    expect(task).toHaveBeenCalledTimes(1);
  });
});

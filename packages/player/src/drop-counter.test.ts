import { describe, expect, it } from 'vitest';
import { DropCounter } from './drop-counter.js';

describe('DropCounter', () => {
  it('counts the gaps between frames, from the first one on', () => {
    const drops = new DropCounter();
    for (const presented of [40, 41, 42, 45, 46]) drops.take(presented);
    expect(drops.count).toBe(2);
  });

  it('leaves out a pause', () => {
    const drops = new DropCounter();
    drops.take(1);
    drops.take(3);
    drops.pause();
    drops.take(400);
    drops.take(402);
    expect(drops.count).toBe(2);
  });

  it('begins anew with another stream, and counts nothing where the browser doesn’t', () => {
    const drops = new DropCounter();
    for (const presented of [100, 1, 2, null, 9, 10]) drops.take(presented);
    expect(drops.count).toBe(0);
  });
});

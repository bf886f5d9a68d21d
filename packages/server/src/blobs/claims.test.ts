import { describe, expect, it } from 'vitest';
import { BlobClaims } from './claims.js';

describe('blob claims', () => {
  it('keeps what is claimed until every claim is released', async () => {
    const claims = new BlobClaims();
    const [first, second] = [await claims.claim('a'), await claims.claim('a')];
    let deleted = 0;
    const reap = () => claims.whileUnclaimed('a', () => Promise.resolve(void deleted++));
    expect(await reap()).toBe(false);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(await reap()).toBe(false);
    second[Symbol.dispose]();
    expect(await reap()).toBe(true);
    expect(deleted).toBe(1);
  });

  it('makes a claim wait for a deletion under way, also one that fails', async () => {
    const claims = new BlobClaims();
    const order: string[] = [];
    let fail = (_error: Error): void => undefined;
    const deleting = claims.whileUnclaimed('a', () => new Promise<void>((_resolve, reject) => (fail = reject)));
    const claiming = claims.claim('a').then(() => order.push('claimed'));
    await Promise.resolve();
    order.push('deleted');
    fail(new Error('disk'));
    await expect(deleting).rejects.toThrow('disk');
    await claiming;
    expect(order).toEqual(['deleted', 'claimed']);
    expect(await claims.whileUnclaimed('a', () => Promise.resolve())).toBe(false);
  });
});

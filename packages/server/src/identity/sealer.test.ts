import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSealer } from './sealer.js';

describe('Sealer', () => {
  const sealer = createSealer(randomBytes(32));

  it('opens what it sealed, and never seals alike', () => {
    const sealed = sealer.seal('webhook', 'whsec_ü');
    expect(sealer.open('webhook', sealed)).toBe('whsec_ü');
    expect(sealer.seal('webhook', 'whsec_ü')).not.toEqual(sealed);
    expect(Buffer.from(sealed).includes('whsec')).toBe(false);
  });

  it('opens nothing of another purpose, another installation, or that was touched', () => {
    const sealed = sealer.seal('webhook', 'secret');
    expect(() => sealer.open('provider', sealed)).toThrow(Error);
    expect(() => createSealer(randomBytes(32)).open('webhook', sealed)).toThrow(Error);
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
    expect(() => sealer.open('webhook', sealed)).toThrow(Error);
    expect(() => sealer.open('webhook', new Uint8Array(3))).toThrow(Error);
  });
});

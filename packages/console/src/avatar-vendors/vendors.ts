import type { AvatarVendor } from '@backlot/client';

/** A vendor in words. */
export interface VendorWords {
  readonly vendor: AvatarVendor;
  readonly title: string;
  /** How its avatars get their backgrounds. */
  readonly note: string;
}

/** The vendors that sessions can start avatars at. */
export const VENDORS: readonly VendorWords[] = [
  { vendor: 'liveavatar', title: 'LiveAvatar', note: 'Avatars that stand before green are keyed; others are told as not keyable.' },
  { vendor: 'tavus', title: 'Tavus', note: 'Every conversation is put on Tavus’s green screen and keyed.' },
  { vendor: 'simli', title: 'Simli', note: 'Trinity-2 faces, keyed from a plain screen or with Simli’s own background.' },
];

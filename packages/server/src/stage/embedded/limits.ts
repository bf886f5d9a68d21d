/** What an embedded stage takes on, and how patient it is. Every value has a default. */
export interface StageLimits {
  /** Viewers of one session, those who wait for its publisher included. */
  readonly maxViewers: number;
  /** What a publisher is told it may send, video and audio together, in bits per second. */
  readonly publisherBitrateBps: number;
  /** From an offer until media must flow, in milliseconds. */
  readonly connectMs: number;
  /** A publisher that is silent for so long may be replaced by another one. */
  readonly stalledAfterMs: number;
  /** A publisher that is silent for so long is given up. */
  readonly lostAfterMs: number;
  /** A viewer that reports nothing for so long, while media flows, is given up. */
  readonly viewerSilentMs: number;
  /** How long a viewer's offer is held while there is no publisher. */
  readonly holdOfferMs: number;
  /** Shortest time between two key-frame requests of a session. */
  readonly keyFrameEveryMs: number;
}

/** Limits unless options say otherwise. */
export const DEFAULT_LIMITS: StageLimits = {
  maxViewers: 100,
  publisherBitrateBps: 4_000_000,
  connectMs: 10_000,
  stalledAfterMs: 2000,
  lostAfterMs: 5000,
  viewerSilentMs: 6000,
  holdOfferMs: 3000,
  keyFrameEveryMs: 250,
};

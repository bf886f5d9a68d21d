import type { Clip } from '../clip.js';
import { scoreRoughly, type Truth } from '../metrics.js';
import type { Peer, Setting } from './peer.js';

/** A clip to tune on, with what should become of its frames. */
export interface Exercise {
  readonly clip: Clip;
  readonly truths: readonly Truth[];
}

/** The settings that suit a peer best on one screen: for the eye, by the edge band, and for the matte, by MAD. */
export interface Tuned {
  readonly peer: Peer;
  readonly edge: Setting;
  readonly mad: Setting;
}

/** Tries each peer's grid. */
export const tunePeers = (peers: readonly Peer[], exercises: readonly Exercise[]): readonly Tuned[] =>
  peers.map((peer) => {
    const tried = [peer.defaults, ...peer.grid].map((setting) => {
      let mad = 0;
      let edge = 0;
      for (const { clip, truths } of exercises) {
        for (const [i, keyed] of peer.key(clip, setting).entries()) {
          const truth = truths[i];
          if (truth === undefined) throw new RangeError(`${peer.name} keyed more frames than there are.`);
          const scores = scoreRoughly(truth, keyed);
          mad += scores.mad;
          edge += scores.edge;
        }
      }
      return { setting, mad, edge };
    });
    const best = (better: (one: (typeof tried)[number], other: (typeof tried)[number]) => boolean) =>
      tried.reduce((one, other) => (better(other, one) ? other : one)).setting;
    return { peer, edge: best((one, other) => one.edge > other.edge), mad: best((one, other) => one.mad < other.mad) };
  });

import type { Keyer } from '../keyer.js';
import type { Peer, Setting } from './peer.js';
import type { Tuned } from './tune.js';

const keyerOf = (peer: Peer, setting: Setting, role: string): Keyer => ({
  name: `${peer.name} ${setting.join('/')} (${role})`,
  isPeer: true,
  key: (clip) => peer.key(clip, setting),
});

/** Peers as they come. */
export const defaultKeyers = (peers: readonly Peer[]): readonly Keyer[] => peers.map((peer) => keyerOf(peer, peer.defaults, 'default'));

/** Peers at the setting with which the edge band is best. */
export const edgeKeyers = (tuned: readonly Tuned[]): readonly Keyer[] => tuned.map(({ peer, edge }) => keyerOf(peer, edge, 'best edge'));

/** Peers as they come and at both of their best settings, each setting once. */
export const allKeyers = (tuned: readonly Tuned[]): readonly Keyer[] =>
  tuned.flatMap(({ peer, edge, mad }) => {
    const roles = new Map<string, { readonly setting: Setting; readonly names: string[] }>();
    for (const [name, setting] of [
      ['default', peer.defaults],
      ['best edge', edge],
      ['best MAD', mad],
    ] as const) {
      const known = roles.get(setting.join('/')) ?? { setting, names: [] };
      known.names.push(name);
      roles.set(setting.join('/'), known);
    }
    return [...roles.values()].map(({ setting, names }) => keyerOf(peer, setting, names.join(', ')));
  });

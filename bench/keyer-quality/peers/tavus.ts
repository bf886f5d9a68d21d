import { combine } from './peer.js';
import { createRgbPeer } from './rgb-peer.js';

/**
 * Tavus's sample shader, from its formula (keying model §4): opaque from a distance to the key on, else nothing.
 * Parameter: that distance, with channels 0 to 1.
 */
export const tavus = createRgbPeer({
  name: 'Tavus sample',
  defaults: [0.3],
  grid: combine([0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6]),
  create([distance = 0.3], key) {
    const { r, g, b } = key;
    return (pixel) => {
      pixel.a = Math.hypot(pixel.r - r, pixel.g - g, pixel.b - b) >= distance ? 1 : 0;
    };
  },
});

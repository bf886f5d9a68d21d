import { combine } from './peer.js';
import { createRgbPeer } from './rgb-peer.js';

/**
 * HeyGen's and LiveAvatar's canvas sample, from its formula (keying model §4): a hue window, then a ramp on the excess
 * of green. Parameters: lowest and highest hue in degrees, slope of the ramp.
 */
export const heygen = createRgbPeer({
  name: 'HeyGen sample',
  defaults: [60, 180, 4],
  grid: combine([40, 60, 80], [140, 180], [2, 4]),
  create([lowest = 60, highest = 180, slope = 4]) {
    return (pixel) => {
      const { r, g, b } = pixel;
      const most = Math.max(r, g, b);
      const range = most - Math.min(r, g, b);
      if (g <= r || g <= b || most <= 0.15 || range <= 0.1 * most) return;
      // Green is the largest channel, so the hue lies in the sector around 120°.
      const hue = 120 + (60 * (b - r)) / range;
      if (hue < lowest || hue > highest) return;
      const alpha = Math.max(0, 1 - slope * (g - Math.max(r, b)));
      pixel.a = alpha < 0.2 ? 0 : alpha;
    };
  },
});

import { combine } from './peer.js';
import { createRgbPeer } from './rgb-peer.js';

/**
 * Azure's avatar sample, from its formula (keying model §4): a fixed threshold, and a shift towards grey where green
 * leads. Parameters: the threshold, 0 to 255, and the slope of alpha.
 */
export const azure = createRgbPeer({
  name: 'Azure sample',
  defaults: [150, 4],
  grid: combine([20, 50, 80, 150], [2, 4, 6]),
  create([threshold = 150, slope = 4]) {
    return (pixel) => {
      const { r, g, b } = pixel;
      if (255 * g - threshold > 255 * (r + b)) {
        pixel.a = 0;
        return;
      }
      if (2 * g <= r + b) return;
      const shift = (g - (r + b) / 2) / 3;
      pixel.r = r + shift;
      pixel.b = b + shift;
      pixel.g = g - 2 * shift;
      pixel.a = Math.max(0, 1 - slope * shift);
    };
  },
});

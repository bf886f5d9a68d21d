import { combine } from './peer.js';
import { createRgbPeer, type Pixel } from './rgb-peer.js';

const luma = ({ r, g, b }: Readonly<Pixel>) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

/**
 * gl-chromakey 2, from its formula (keying model §4): a ramp on the distance in BT.709 chroma for alpha, another for
 * saturation. Parameters: tolerance, smoothness, spill.
 */
export const glChromakey = createRgbPeer({
  name: 'gl-chromakey 2',
  defaults: [0.1, 0.1, 0.1],
  grid: combine([0.05, 0.2, 0.4], [0.1, 0.5, 1], [0.1, 0.3]),
  create([tolerance = 0.1, smoothness = 0.1, spill = 0.1], key) {
    const keyLuma = luma(key);
    const keyU = (key.b - keyLuma) / 1.8556;
    const keyV = (key.r - keyLuma) / 1.5748;
    return (pixel) => {
      const y = luma(pixel);
      const beyond = Math.max(0, Math.hypot((pixel.b - y) / 1.8556 - keyU, (pixel.r - y) / 1.5748 - keyV) - 0.2 * tolerance);
      const saturation = Math.min(1, beyond / (0.5 * spill + 0.01)) ** 1.5;
      pixel.a = Math.min(1, beyond / (0.2 * smoothness + 0.01)) ** 1.5;
      pixel.r = y + saturation * (pixel.r - y);
      pixel.g = y + saturation * (pixel.g - y);
      pixel.b = y + saturation * (pixel.b - y);
    };
  },
});

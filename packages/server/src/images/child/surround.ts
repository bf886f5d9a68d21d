import sharp, { type Sharp } from 'sharp';
import type { Margins } from '../messages.js';

/** The surroundings are made this much smaller: their blur hides it, and a large blur costs nothing there. */
const SHRINK = 8;
/** Of the small surroundings, in pixels: strong enough that the mirror image is not taken for a second picture. */
const BLUR_SIGMA = 12;

/** Puts a picture on a larger canvas. The margins continue it as its blurred mirror image, so that no edge shows where they meet. */
export const surround = async (picture: Sharp, margins: Margins): Promise<Sharp> => {
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  const width = margins.left + info.width + margins.right;
  const height = margins.top + info.height + margins.bottom;
  const shrunk = (length: number): number => Math.ceil(length / SHRINK);
  const small = await sharp(data, { raw })
    .resize(shrunk(info.width), shrunk(info.height), { fit: 'fill' })
    .extend({ left: shrunk(margins.left), top: shrunk(margins.top), right: shrunk(margins.right), bottom: shrunk(margins.bottom), extendWith: 'mirror' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  // sharp resizes before it blurs, whatever the order of the calls: hence one after the other.
  const blurred = await sharp(small.data, { raw: { width: small.info.width, height: small.info.height, channels: small.info.channels } })
    .blur(BLUR_SIGMA)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const surroundings = await sharp(blurred.data, { raw: { width: blurred.info.width, height: blurred.info.height, channels: blurred.info.channels } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  for (let row = 0; row < info.height; row++) {
    const start = row * info.width * info.channels;
    surroundings.data.set(data.subarray(start, start + info.width * info.channels), ((margins.top + row) * width + margins.left) * info.channels);
  }
  return sharp(surroundings.data, { raw: { width, height, channels: surroundings.info.channels } });
};

import { sharedData } from '@backlot/testing';
import sharp from 'sharp';

/** Room for the bytes that make each upload a new file. */
const MAX_BYTES = 10 * 1024 * 1024 - 64;

/** A 24-megapixel photo just below 10 MB: a real one with a camera's noise, at the highest quality that fits. */
export const makeLargePhoto = async (): Promise<Buffer> => {
  const photo = sharp(sharedData('backgrounds/photos/office-unsplash-6016x4016.jpg'));
  const { width, height } = await photo.metadata();
  const noise = await sharp({ create: { width, height, channels: 3, background: '#808080', noise: { type: 'gaussian', mean: 128, sigma: 9 } } })
    .png({ compressionLevel: 1 })
    .toBuffer();
  const noisy = await photo
    .composite([{ input: noise, blend: 'soft-light' }])
    .png({ compressionLevel: 1 })
    .toBuffer();
  let best = await sharp(noisy).jpeg({ quality: 50 }).toBuffer();
  for (let low = 50, high = 100; high - low > 1;) {
    const quality = Math.floor((low + high) / 2);
    const bytes = await sharp(noisy).jpeg({ quality }).toBuffer();
    if (bytes.byteLength <= MAX_BYTES) {
      best = bytes;
      low = quality;
    } else high = quality;
  }
  return best;
};

import sharp, { type OutputInfo, type Sharp } from 'sharp';
import { pictureSize, type Size } from '../geometry.js';
import type { MadeOutput, PrepareOutput } from '../messages.js';
import type { Pixels } from './decode.js';
import { Refusal } from './refusal.js';
import { surround } from './surround.js';

/** Qualities of JPEG, tried until a picture is small enough. */
const JPEG_QUALITIES = [88, 75, 60, 40] as const;

const fromPixels = ({ data, info }: Pixels): Sharp => sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } });

const encode = (image: Sharp, format: MadeOutput['format'], quality: number): Sharp => {
  switch (format) {
    case 'jpeg':
      return image.jpeg({ quality });
    case 'webp':
      return image.webp({ quality: 86, alphaQuality: 100, effort: 2 });
    case 'png':
      return image.png({ compressionLevel: 6 });
  }
};

/** Whether any pixel lets something through. */
export const isTransparent = ({ data, info }: Pixels): boolean => {
  if (info.channels !== 4) return false;
  for (let index = 3; index < data.length; index += 4) if (data[index] !== 255) return true;
  return false;
};

const toJpeg = async (image: Sharp, maxBytes: number, path: string): Promise<OutputInfo> => {
  for (const quality of JPEG_QUALITIES) {
    const made = await encode(image.clone(), 'jpeg', quality).toFile(path);
    if (made.size <= maxBytes) return made;
  }
  throw new Refusal('image_service_failed', `a picture that no quality brings under ${maxBytes} bytes`);
};

/** Makes a picture of decoded pixels and writes it to a file. `size` is the whole image's, of which the pixels may be a smaller copy. */
export const writePicture = async (pixels: Pixels, size: Size, output: PrepareOutput, transparent: boolean, path: string): Promise<MadeOutput> => {
  const format = output.format === 'auto' ? (transparent ? 'webp' : 'jpeg') : output.format;
  const { width, height } = pictureSize(size, output);
  const image = fromPixels(pixels);
  if (pixels.info.width !== width || pixels.info.height !== height) image.resize(width, height, { fit: output.fit === 'contain' ? 'fill' : 'cover' });
  // JPEG has no transparency: what lies behind the image is black, as on a canvas without background.
  if (format === 'jpeg' && transparent) image.flatten({ background: '#000' });
  else if (!transparent && pixels.info.channels === 4) image.removeAlpha();
  const made =
    output.fit === 'surround'
      ? await toJpeg(await surround(image, output.margins), output.maxBytes, path)
      : await encode(image, format, JPEG_QUALITIES[0]).toFile(path);
  return { width: made.width, height: made.height, format };
};

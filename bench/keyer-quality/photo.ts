import sharp from 'sharp';
import { createRgb, type RgbPicture } from './planes.js';

/** A photo that fills a frame, as R'G'B'. */
export const loadPhoto = async (path: string, width: number, height: number): Promise<RgbPicture> => {
  const bytes = await sharp(path).resize(width, height, { fit: 'cover' }).removeAlpha().raw().toBuffer();
  const photo = createRgb(width, height);
  for (let i = 0; i < width * height; i++) {
    photo.r[i] = bytes[3 * i] ?? 0;
    photo.g[i] = bytes[3 * i + 1] ?? 0;
    photo.b[i] = bytes[3 * i + 2] ?? 0;
  }
  return photo;
};

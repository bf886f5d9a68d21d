import type { Page } from 'playwright-core';
import sharp from 'sharp';

/** A picture as a viewer sees it: RGB, 8 bits each. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Screenshot of an element. */
export const takePicture = async (page: Page, selector = 'backlot-player'): Promise<Picture> => {
  const png = await page.locator(selector).first().screenshot();
  return decodePicture(png);
};

/** Decodes an encoded image, optionally scaled to cover a box. */
export const decodePicture = async (bytes: Uint8Array | string, box?: { readonly width: number; readonly height: number }): Promise<Picture> => {
  const image = sharp(bytes).rotate().removeAlpha().toColourspace('srgb');
  const { data, info } = await (box === undefined ? image : image.resize(box.width, box.height, { fit: 'cover' })).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
};

/** A part of a picture, in fractions of its sides. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const eachPixel = (picture: Picture, region: Region, visit: (offset: number) => void): void => {
  const { width, height } = picture;
  for (let y = Math.floor(region.top * height); y < Math.floor(region.bottom * height); y++) {
    for (let x = Math.floor(region.left * width); x < Math.floor(region.right * width); x++) visit((y * width + x) * 3);
  }
};

const at = (data: Uint8Array, offset: number): number => data[offset] ?? 0;

export const WHOLE: Region = { left: 0, top: 0, right: 1, bottom: 1 };

/** Share of pixels that are visibly green: G − max(R, B) > 15 (keying.md §5). */
export const greenShare = (picture: Picture, region: Region = WHOLE): number => {
  let green = 0;
  let total = 0;
  eachPixel(picture, region, (offset) => {
    const { data } = picture;
    total++;
    if (at(data, offset + 1) - Math.max(at(data, offset), at(data, offset + 2)) > 15) green++;
  });
  return green / total;
};

/** Mean absolute difference a channel, in codes of 255. Both pictures must have one size. */
export const meanDifference = (left: Picture, right: Picture, region: Region = WHOLE): number => {
  if (left.width !== right.width || left.height !== right.height)
    throw new Error(`pictures differ in size: ${left.width}×${left.height}, ${right.width}×${right.height}`);
  let sum = 0;
  let total = 0;
  eachPixel(left, region, (offset) => {
    for (let channel = 0; channel < 3; channel++) sum += Math.abs(at(left.data, offset + channel) - at(right.data, offset + channel));
    total += 3;
  });
  return sum / total;
};

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A box to fill or to stay inside. A side that is null follows from the other and the image's shape. */
export interface Box {
  readonly width: number | null;
  readonly height: number | null;
  readonly fit: 'cover' | 'contain';
}

const atLeastOne = (value: number): number => Math.max(1, Math.round(value));

/**
 * Size of the picture that an image gives in a box. `cover` keeps the box's shape, `contain` the image's; neither
 * enlarges: a box that is too large shrinks with its shape.
 */
export const fitSize = (image: Size, box: Box): Size => {
  const scaleX = box.width === null ? null : box.width / image.width;
  const scaleY = box.height === null ? null : box.height / image.height;
  if (box.fit === 'cover' && box.width !== null && box.height !== null) {
    const shrink = Math.max(1, box.width / image.width, box.height / image.height);
    return { width: atLeastOne(box.width / shrink), height: atLeastOne(box.height / shrink) };
  }
  const scale = Math.min(1, scaleX ?? 1, scaleY ?? 1);
  return { width: atLeastOne(image.width * scale), height: atLeastOne(image.height * scale) };
};

/** How much an image must at least be scaled to give a picture of this size, 0 to 1. */
export const scaleFor = (image: Size, picture: Size): number => Math.min(1, Math.max(picture.width / image.width, picture.height / image.height));

/** Size of the picture itself for an output: one with surroundings fills its place in them exactly, so it may be enlarged. */
export const pictureSize = (image: Size, output: Box | (Size & { readonly fit: 'surround' })): Size =>
  output.fit === 'surround' ? { width: output.width, height: output.height } : fitSize(image, output);

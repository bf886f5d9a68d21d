/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A canvas's shape with the size that looks sharp on it. */
export interface CanvasShape extends Size {
  readonly name: '16:9' | '9:16';
}

export const LANDSCAPE: CanvasShape = { name: '16:9', width: 1920, height: 1080 };
export const PORTRAIT: CanvasShape = { name: '9:16', width: 1080, height: 1920 };

/** The part of an image that a canvas shows, in the image's pixels, and its share of the image's area. */
export interface Crop extends Size {
  readonly x: number;
  readonly y: number;
  /** 0 to 1. */
  readonly kept: number;
}

/** Where a canvas of this shape crops an image that is scaled to fill it: at the centre. */
export const computeCrop = (image: Size, shape: Size): Crop => {
  const ratio = shape.width / shape.height;
  const width = Math.min(image.width, image.height * ratio);
  const height = Math.min(image.height, image.width / ratio);
  return { x: (image.width - width) / 2, y: (image.height - height) / 2, width, height, kept: (width * height) / (image.width * image.height) };
};

/** Crops up to this share are not worth a word. */
const NEAR = 0.05;

/** What will happen to an image of this size: advice before the upload; the server's own comes with the image. */
export const adviseOnSize = (image: Size): readonly string[] => {
  const [landscape, portrait] = [computeCrop(image, LANDSCAPE), computeCrop(image, PORTRAIT)];
  const [nearest, crop] = landscape.kept >= portrait.kept ? [LANDSCAPE, landscape] : [PORTRAIT, portrait];
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const advice: string[] = [];
  if (1 - crop.kept > NEAR) {
    advice.push(`Scaled to fill and cropped at the centre: a 16:9 canvas shows ${percent(landscape.kept)} of it, a 9:16 canvas ${percent(portrait.kept)}.`);
  }
  const enlarged = Math.max(nearest.width / image.width, nearest.height / image.height);
  if (Math.max(image.width, image.height) < 1920 || Math.min(image.width, image.height) < 1080) {
    advice.push(
      `Small: it is enlarged ${enlarged < 1.1 ? 'slightly' : `${enlarged.toFixed(1)} times`} to fill ${nearest.width} × ${nearest.height}, so it looks softer than the avatar.`,
    );
  }
  return advice;
};

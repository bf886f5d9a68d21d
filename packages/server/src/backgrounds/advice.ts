import type { Advice } from '@backlot/contract';

/** What is known of an image that advice is given on. */
export interface AdvisedImage {
  /** Upright size in pixels. */
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly transparent: boolean;
}

const LANDSCAPE = { name: '16:9', width: 1920, height: 1080 };
const PORTRAIT = { name: '9:16', width: 1080, height: 1920 };
type Canvas = typeof LANDSCAPE;

/** Crops up to this share of a side are not worth a word. */
const NEAR = 0.05;

const crop = (image: AdvisedImage, canvas: Canvas): { readonly share: number; readonly side: 'width' | 'height' } => {
  const ratio = image.width / image.height / (canvas.width / canvas.height);
  return ratio > 1 ? { share: 1 - 1 / ratio, side: 'width' } : { share: 1 - ratio, side: 'height' };
};

const cropSentence = (image: AdvisedImage, canvas: Canvas): string => {
  const { share, side } = crop(image, canvas);
  return `${Math.round(share * 100)} % of its ${side} on a ${canvas.name} canvas`;
};

/** What will happen to an image that doesn't fit the canvases exactly: advice for people, never a refusal. */
export const adviseOn = (image: AdvisedImage): Advice[] => {
  const advice: Advice[] = [];
  const nearest = crop(image, LANDSCAPE).share <= crop(image, PORTRAIT).share ? LANDSCAPE : PORTRAIT;
  if (crop(image, nearest).share > NEAR) {
    advice.push({
      code: 'off_ratio',
      message: `Scaled to fill and cropped at the centre: it loses ${cropSentence(image, LANDSCAPE)} and ${cropSentence(image, PORTRAIT)}.`,
    });
  }
  const enlarged = Math.max(nearest.width / image.width, nearest.height / image.height);
  if (Math.max(image.width, image.height) < 1920 || Math.min(image.width, image.height) < 1080) {
    advice.push({
      code: 'low_resolution',
      message: `Enlarged ${enlarged < 1.1 ? 'slightly' : `${enlarged.toFixed(1)} times`} to fill a ${nearest.width} × ${nearest.height} canvas, so it looks softer than the avatar.`,
    });
  }
  if (image.frames > 1) advice.push({ code: 'animated', message: `Only the first of its ${image.frames} frames is shown.` });
  if (image.transparent)
    advice.push({ code: 'transparent', message: 'Its transparent parts are not filled: viewers see black there, or what lies behind the player.' });
  return advice;
};

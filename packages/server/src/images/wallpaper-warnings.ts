import type { BackgroundWarning } from '@backlot/contract';
import { PHONE_SCREEN } from './phone.js';
import type { WallpaperFacts } from './wallpapers.js';

/** Where a wallpaper will be seen, and how it was made to fit. */
export interface WallpaperContext {
  readonly isGroup: boolean;
  /** `original`: the file as it is. `phone`: the rendition for phones. */
  readonly fit: 'original' | 'phone';
}

type WarnedImage = Pick<WallpaperFacts, 'width' | 'height' | 'frames' | 'animated' | 'transparent' | 'orientation'>;

const percent = (share: number): string => `${Math.round(share * 100)} %`;

const onShape = ({ width, height }: WarnedImage): BackgroundWarning[] => {
  if (width < height) return [];
  const lost = 1 - PHONE_SCREEN.width / PHONE_SCREEN.height / (width / height);
  return [{ code: 'image_not_portrait', message: `Phones are upright: the recipient sees a narrow part of it, ${percent(lost)} of its width is cut off.` }];
};

const onSize = ({ width, height }: WarnedImage): BackgroundWarning[] => {
  const enlarged = Math.max(PHONE_SCREEN.width / width, PHONE_SCREEN.height / height);
  if (enlarged <= 1) return [];
  const times = enlarged < 1.1 ? 'slightly' : `${enlarged.toFixed(1)} times`;
  return [
    {
      code: 'image_smaller_than_screen',
      message: `It has ${width} × ${height} pixels and a phone's screen ${PHONE_SCREEN.width} × ${PHONE_SCREEN.height}: it is enlarged ${times} and looks soft.`,
    },
  ];
};

const onZoom = (fit: WallpaperContext['fit']): BackgroundWarning => ({
  code: 'image_zoomed',
  message:
    fit === 'phone'
      ? 'It is made for phones that zoom twofold into backgrounds set by a program, as iOS 26 was seen to do. A phone that does not zoom shows it small, amid its blurred continuation.'
      : 'iPhones were seen to zoom twofold into backgrounds set by a program: the recipient may see only the lower middle of it. `"fit": "phone"` prepares it for that.',
});

const onFile = (image: WarnedImage, fit: WallpaperContext['fit']): BackgroundWarning[] => {
  const warnings: BackgroundWarning[] = [];
  if (image.animated) {
    const message = fit === 'phone' ? `Only the first of its ${image.frames} frames is shown.` : 'It is animated: the recipient may see only its first frame.';
    warnings.push({ code: 'image_animated', message });
  }
  if (image.transparent) {
    const message = fit === 'phone' ? 'Its transparent parts are black.' : 'What the recipient sees in its transparent parts depends on the phone.';
    warnings.push({ code: 'image_transparent', message });
  }
  // The rendition for phones is turned already.
  if (image.orientation !== 1 && fit === 'original') {
    warnings.push({ code: 'image_rotated', message: 'Only its EXIF tag makes it upright: where that is ignored, the recipient sees it turned or mirrored.' });
  }
  return warnings;
};

/**
 * What the recipient of a wallpaper will see otherwise than the sender may expect, in words for people: advice, never
 * a refusal. `image` is the image as it was given, also where its rendition is sent.
 */
export const warningsFor = (image: WarnedImage, { isGroup, fit }: WallpaperContext): BackgroundWarning[] => [
  ...onShape(image),
  ...onSize(image),
  onZoom(fit),
  ...onFile(image, fit),
  ...(isGroup ? [{ code: 'group_chat' as const, message: 'Everybody in the group sees it, and everybody can replace or remove it.' }] : []),
  {
    code: 'older_systems_show_default',
    message: 'It shows on iOS 26, iPadOS 26 and macOS 26 or later; older systems show their default background.',
  },
];

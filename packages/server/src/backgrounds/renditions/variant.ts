import type { RenditionFormat } from '@backlot/contract';
import type { Box } from '../../images/geometry.js';

/** A picture of an image: its box, and its format when that was asked for. Without format: JPEG, or WebP when transparent. */
export interface Variant extends Box {
  readonly format: RenditionFormat | null;
}

/** What callers ask for; `canonicalVariant` makes a variant of it. */
export interface RenditionRequest {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly fit: 'cover' | 'contain';
  readonly format?: RenditionFormat | undefined;
}

/** Longer sides that pictures are made in, in pixels. */
const SIDES = [160, 320, 480, 640, 960, 1280, 1600, 1920, 2560, 3840] as const;
const LARGEST = 3840;

const raise = (side: number): number => SIDES.find((made) => made >= side) ?? LARGEST;

/**
 * The picture that is made for a request: the longer side raised to the next of a fixed list, the other with it, so
 * that the box keeps its shape and shows exactly what was asked for. Without box: the whole image, 3840 × 3840 at most.
 */
export const canonicalVariant = (request: RenditionRequest): Variant => {
  const format = request.format ?? null;
  const { width, height, fit } = request;
  if (width === undefined && height === undefined) return { width: LARGEST, height: LARGEST, fit: 'contain', format };
  if (width === undefined || height === undefined) {
    // With one side there is nothing to crop.
    return { width: width === undefined ? null : raise(width), height: height === undefined ? null : raise(height), fit: 'contain', format };
  }
  const longer = Math.max(width, height);
  const scale = raise(longer) / longer;
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)), fit, format };
};

/** Canonical name of a variant, such as `1280x720-cover` or `1920x-contain.webp`: the key of the stored picture. */
export const variantName = ({ width, height, fit, format }: Variant): string => `${width ?? ''}x${height ?? ''}-${fit}${format === null ? '' : `.${format}`}`;

const isFormat = (text: string | undefined): text is RenditionFormat => text === 'jpeg' || text === 'webp' || text === 'png';
const isFit = (text: string | undefined): text is 'cover' | 'contain' => text === 'cover' || text === 'contain';

/** Reads a canonical name; null for every other text, so that one picture has one name. */
export const parseVariant = (name: string): Variant | null => {
  const match = /^([1-9]\d{0,3})?x([1-9]\d{0,3})?-([a-z]+)(?:\.([a-z]+))?$/.exec(name);
  if (match === null || !isFit(match[3]) || (match[4] !== undefined && !isFormat(match[4]))) return null;
  const side = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  const variant = canonicalVariant({ width: side(match[1]), height: side(match[2]), fit: match[3], format: isFormat(match[4]) ? match[4] : undefined });
  return variantName(variant) === name ? variant : null;
};

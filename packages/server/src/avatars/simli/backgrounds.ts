import type { Canvas } from '@backlot/contract';
import { z } from 'zod';
import { encodeFileForm } from '../../http/outgoing.js';
import type { StartBackground } from '../port.js';
import type { VendorAccount } from '../vendor-avatars.js';

/** Pictures that Simli streams, by shape; backgrounds must have exactly one of these. */
const SHAPES = [
  { name: '16x9', width: 1280, height: 720 },
  { name: '9x16', width: 720, height: 1280 },
  { name: '1x1', width: 1080, height: 1080 },
] as const;
/** It takes less than 5 MB. */
const MAX_IMAGE_BYTES = 4_900_000;
/** Uploads are looked through for unsafe content before they are answered. */
const UPLOAD_TIMEOUT_MS = 30_000;

const background = z.object({ id: z.string().min(1) });
const backgroundList = z.array(background.extend({ name: z.string().nullish() }));

/** One of the shapes. */
export type SimliShape = (typeof SHAPES)[number];

/** The shape that is nearest to a canvas's. */
export const shapeOf = ({ width, height }: Canvas): SimliShape => {
  const distance = (shape: SimliShape): number => Math.abs(Math.log((width / height) * (shape.height / shape.width)));
  return SHAPES.reduce((nearest: SimliShape, shape) => (distance(shape) < distance(nearest) ? shape : nearest));
};

interface Picture {
  /** Tells what it shows: a picture of this name is never uploaded twice. */
  readonly fileName: string;
  readonly mediaType: 'image/jpeg' | 'image/png';
  readonly read: () => Promise<Uint8Array>;
}

/** A session's image, as Simli takes it. */
export const imagePicture = ({ sha256, read }: StartBackground, shape: SimliShape): Picture => ({
  fileName: `backlot-${sha256.slice(0, 32)}-${shape.name}.jpg`,
  mediaType: 'image/jpeg',
  read: async () => read(shape, MAX_IMAGE_BYTES),
});

/** A plain screen in the key colour. */
export const screenPicture = (shape: SimliShape): Picture => ({
  fileName: `backlot-screen-00ff00-${shape.name}.png`,
  mediaType: 'image/png',
  read: async () => {
    // Only here, so that a server without Simli doesn't load it.
    const { default: sharp } = await import('sharp');
    const { width, height } = shape;
    return sharp({ create: { width, height, channels: 3, background: '#00ff00' } })
      .png()
      .toBuffer();
  },
});

/**
 * The id of a picture among the account's backgrounds; uploaded unless it is there. Simli shows a session whose
 * background was deleted on the avatar's own without a word, so its list is asked every time.
 */
export const backgroundIdOf = async ({ client, apiKey }: VendorAccount, picture: Picture, signal: AbortSignal): Promise<string> => {
  const headers = { 'x-simli-api-key': apiKey };
  const call = { path: '/assets/backgrounds', headers, signal } as const;
  const known = await client.call({ ...call, operation: 'list backgrounds', method: 'GET', answer: backgroundList, isRepeatable: true });
  const found = known.find(({ name }) => name === picture.fileName);
  if (found !== undefined) return found.id;
  const { fileName, mediaType } = picture;
  const body = encodeFileForm('image', { fileName, mediaType, bytes: await picture.read() });
  const upload = { ...call, operation: 'upload background', method: 'POST', body, timeoutMs: UPLOAD_TIMEOUT_MS } as const;
  return (await client.call({ ...upload, answer: background, isRepeatable: false })).id;
};

import { z } from 'zod';

const size = z.number().int().positive();

/** A picture to make: fill a box, or keep the shape inside it. A missing side follows from the other. */
const output = z.strictObject({
  width: size.nullable(),
  height: size.nullable(),
  fit: z.enum(['cover', 'contain']),
  /** `auto`: JPEG, or WebP when the image is transparent. */
  format: z.enum(['auto', 'jpeg', 'webp', 'png']),
});

/** What the parent asks of an image child: one image, decoded once. */
export const prepareCommand = z.strictObject({
  type: z.literal('prepare'),
  job: z.number().int(),
  /** The file to decode. */
  path: z.string(),
  /** Folder for the outputs; they are named by their index. */
  outputFolder: z.string(),
  outputs: z.array(output).min(1).max(8),
  /** Largest width × height that is decoded. */
  maxPixels: size,
  timeoutSeconds: size,
});

/** What an image child says. */
export const childReply = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({
    type: z.literal('prepared'),
    job: z.number().int(),
    image: z.strictObject({
      mediaType: z.enum(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif']),
      /** Upright size in pixels. */
      width: size,
      height: size,
      frames: size,
      transparent: z.boolean(),
    }),
    outputs: z.array(z.strictObject({ width: size, height: size, format: z.enum(['jpeg', 'webp', 'png']) })),
    rssBytes: z.number(),
  }),
  z.strictObject({
    type: z.literal('refused'),
    job: z.number().int(),
    code: z.enum(['image_unsupported_type', 'image_too_many_pixels', 'image_undecodable', 'image_service_failed']),
    /** What the decoder said: for the log, never for callers. */
    reason: z.string().max(2000),
    rssBytes: z.number(),
  }),
]);

export type PrepareCommand = z.infer<typeof prepareCommand>;
export type PrepareOutput = z.infer<typeof output>;
export type ChildReply = z.infer<typeof childReply>;
/** The facts of an uploaded image. */
export type ImageFacts = Extract<ChildReply, { type: 'prepared' }>['image'];
/** A picture that was made. */
export type MadeOutput = Extract<ChildReply, { type: 'prepared' }>['outputs'][number];

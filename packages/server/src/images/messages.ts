import { z } from 'zod';

const size = z.number().int().positive();

/** A picture to make: fill a box, or keep the shape inside it. A missing side follows from the other. */
const fitted = z.strictObject({
  fit: z.enum(['cover', 'contain']),
  width: size.nullable(),
  height: size.nullable(),
  /** `auto`: JPEG, or WebP when the image is transparent. */
  format: z.enum(['auto', 'jpeg', 'webp', 'png']),
});

const margin = z.number().int().nonnegative().max(8192);

/** A picture of exactly this size, with margins that continue it as its blurred mirror image. */
const surrounded = z.strictObject({
  fit: z.literal('surround'),
  width: size.max(8192),
  height: size.max(8192),
  margins: z.strictObject({ left: margin, top: margin, right: margin, bottom: margin }),
  format: z.literal('jpeg'),
  /** Largest file; quality gives way. */
  maxBytes: size,
});

const output = z.discriminatedUnion('fit', [fitted, surrounded]);

/** What the parent asks of an image child: one image, decoded once. */
export const prepareCommand = z.strictObject({
  type: z.literal('prepare'),
  job: z.number().int(),
  /** The file to decode: its path, or how many bytes of it come on standard input. */
  file: z.union([z.string(), size]),
  /** Folder for the outputs; they are named by their index. */
  outputFolder: z.string(),
  /** Without any the image is only decoded, whole. */
  outputs: z.array(output).max(8),
  /** `all`: the file will be passed on, so every frame is decoded, within the limit on pixels. Pictures show the first all the same. */
  frames: z.enum(['first', 'all']),
  /** Largest width × height that is decoded. */
  maxPixels: size,
  timeoutSeconds: size,
});

/** How a child is after a job. */
const afterwards = {
  rssBytes: z.number(),
  /** It holds memory that it can't give back, and should be replaced. */
  spent: z.boolean(),
};

/** What an image child says. */
export const childReply = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({
    type: z.literal('prepared'),
    job: z.number().int(),
    image: z.strictObject({
      mediaType: z.enum(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif', 'image/heic']),
      /** Upright size in pixels. */
      width: size,
      height: size,
      frames: size,
      transparent: z.boolean(),
      /** What EXIF told of the file's orientation, 1 to 8; 1 is upright. */
      orientation: z.number().int().min(1).max(8),
    }),
    outputs: z.array(z.strictObject({ width: size, height: size, format: z.enum(['jpeg', 'webp', 'png']) })),
    ...afterwards,
  }),
  z.strictObject({
    type: z.literal('refused'),
    job: z.number().int(),
    code: z.enum(['image_unsupported_type', 'image_too_many_pixels', 'image_undecodable', 'image_service_failed']),
    /** What the decoder said: for the log, never for callers. */
    reason: z.string().max(2000),
    ...afterwards,
  }),
]);

export type PrepareCommand = z.infer<typeof prepareCommand>;
export type PrepareOutput = z.infer<typeof output>;
/** Space around a picture, in pixels. */
export type Margins = z.infer<typeof surrounded>['margins'];
export type ChildReply = z.infer<typeof childReply>;
/** The facts of an uploaded image. */
export type ImageFacts = Extract<ChildReply, { type: 'prepared' }>['image'];
/** A picture that was made. */
export type MadeOutput = Extract<ChildReply, { type: 'prepared' }>['outputs'][number];

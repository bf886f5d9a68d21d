import { createRoute, z } from '@hono/zod-openapi';
import { backgroundImageId, idReference, imageUrl, includeTotal, pageOf, pageQuery, time, total } from './common.js';
import { errors, idempotent, IMAGE_URL_ERRORS, json, secured } from './route.js';

/** Largest image that is taken, in bytes. */
export const MAX_IMAGE_BYTES = 10 * 1024 * 1024;
/** Largest width × height × frames that is decoded. */
export const MAX_IMAGE_PIXELS = 50_000_000;
/** Longest title, in characters. */
export const MAX_TITLE_LENGTH = 200;

/** An image's title: 1 to `MAX_TITLE_LENGTH` characters, without space at its ends. */
export const title = z.string().trim().min(1, 'must not be empty').max(MAX_TITLE_LENGTH).openapi({ example: 'Quiet office' });

/** What will happen to an image that does not fit the canvases exactly: advice, never a refusal. */
export const advice = z
  .object({
    code: z.enum(['off_ratio', 'low_resolution', 'animated', 'transparent']),
    message: z.string().openapi({ example: 'Scaled to fill a 16:9 canvas; 21 % of its height is cropped.' }),
  })
  .openapi('Advice');

/** An image of the library, as the API shows it. */
export const backgroundImage = z
  .object({
    id: backgroundImageId,
    title: z.string(),
    width: z.number().int().openapi({ description: 'Upright width in pixels.' }),
    height: z.number().int().openapi({ description: 'Upright height in pixels.' }),
    size_bytes: z.number().int().openapi({ description: 'Size of the uploaded file.' }),
    media_type: z.string().openapi({ example: 'image/jpeg' }),
    sha256: z.string().openapi({ description: 'Hash of the uploaded file, hex.' }),
    image_url: z.string().openapi({ description: 'The image at a size for a canvas; signed, valid for at least a day.' }),
    thumbnail_url: z.string().openapi({ description: '320 × 180, cropped as a 16:9 canvas would; signed, valid for at least a day.' }),
    advice: z.array(advice),
    created_at: time,
    updated_at: time,
  })
  .openapi('BackgroundImage');

/** A page of the library. */
export const backgroundImagePage = pageOf(backgroundImage).extend({ total }).openapi('BackgroundImagePage');

/** Orders of the library: by time of upload or by title in any case, `-` descending. */
export const backgroundImageSort = z.enum(['-created_at', 'created_at', 'title', '-title']);

/** Body that takes an image into the library from an address. */
export const createBackgroundImageFromUrl = z
  .strictObject({
    title: title.optional().openapi({ description: "Default: the file's name in the address." }),
    image_url: imageUrl,
  })
  .openapi('CreateBackgroundImageFromUrl');

/** How a rendition fills its box: `cover` crops, `contain` stays inside and keeps its whole shape. */
export const renditionFit = z.enum(['cover', 'contain']);
/** File formats that renditions are made in. */
export const renditionFormat = z.enum(['jpeg', 'webp', 'png']);

/** Which rendition: a box in pixels, how the image fills it, and its format. */
export const renditionQuery = z.strictObject({
  width: z.coerce.number().int().min(1).max(3840).optional().openapi({ description: 'Box width in pixels, raised to the next size that is made.' }),
  height: z.coerce.number().int().min(1).max(3840).optional().openapi({ description: 'Box height in pixels, raised to the next size that is made.' }),
  fit: renditionFit.default('cover'),
  format: renditionFormat.optional().openapi({ description: 'Default: JPEG, or WebP when the image is transparent.' }),
});

const tag = { tags: ['Background images'], ...secured };
const params = z.strictObject({ id: idReference('bg_7kq2mx9cvt4wz8hn3pdr') });

/** Routes of the library of background images. */
export const backgroundImageRoutes = {
  create: createRoute({
    ...tag,
    method: 'post',
    path: '/v1/background-images',
    operationId: 'createBackgroundImage',
    summary: 'Upload a background image, or have it fetched',
    description:
      'JPEG, PNG, WebP, AVIF, GIF (first frame) or HEIC, at most 10 MB and 50 million pixels. The content counts, not the name. Orientation is applied, colours are converted to sRGB, metadata is dropped. By `image_url` the server fetches it: over https, from a public address, in 10 seconds; AVIF is not taken that way.',
    request: {
      headers: idempotent,
      body: {
        required: true,
        content: {
          'multipart/form-data': {
            schema: z.object({
              title: title.optional().openapi({ description: "Default: the file's name." }),
              image: z.any().openapi({ type: 'string', format: 'binary' }),
            }),
          },
          'application/json': { schema: createBackgroundImageFromUrl },
        },
      },
    },
    responses: {
      201: json(backgroundImage, 'The image is in the library.'),
      ...errors(
        'unauthenticated',
        'invalid_json',
        'invalid_request',
        'image_missing',
        'image_too_large',
        'image_unsupported_type',
        'image_undecodable',
        'image_too_many_pixels',
        'image_service_busy',
        'image_service_failed',
        'storage_full',
        ...IMAGE_URL_ERRORS,
      ),
    },
  }),
  list: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/background-images',
    operationId: 'listBackgroundImages',
    summary: 'List background images',
    request: {
      query: pageQuery.extend({
        search: z.string().trim().max(MAX_TITLE_LENGTH).optional().openapi({ description: 'Part of the title, in any case.' }),
        sort: backgroundImageSort.default('-created_at').openapi({ description: 'Order; `-`: descending. By default the newest come first.' }),
        include_total: includeTotal,
      }),
    },
    responses: { 200: json(backgroundImagePage, 'A page of the library.'), ...errors('unauthenticated', 'invalid_request') },
  }),
  get: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/background-images/{id}',
    operationId: 'getBackgroundImage',
    summary: 'View a background image',
    request: { params },
    responses: { 200: json(backgroundImage, 'The image.'), ...errors('unauthenticated', 'background_image_not_found') },
  }),
  rename: createRoute({
    ...tag,
    method: 'patch',
    path: '/v1/background-images/{id}',
    operationId: 'renameBackgroundImage',
    summary: 'Rename a background image',
    request: { params, body: { required: true, content: { 'application/json': { schema: z.strictObject({ title }) } } } },
    responses: { 200: json(backgroundImage, 'The image with its new title.'), ...errors('unauthenticated', 'background_image_not_found', 'invalid_request') },
  }),
  remove: createRoute({
    ...tag,
    method: 'delete',
    path: '/v1/background-images/{id}',
    operationId: 'deleteBackgroundImage',
    summary: 'Delete a background image',
    description: "Sessions that already use the image keep it; new sessions and swaps can't take it.",
    request: { params },
    responses: { 204: { description: 'Deleted.' }, ...errors('unauthenticated', 'background_image_not_found') },
  }),
  rendition: createRoute({
    ...tag,
    method: 'get',
    path: '/v1/background-images/{id}/image',
    operationId: 'getBackgroundImageRendition',
    summary: 'Get a background image at a size',
    description: 'Immutable. Sizes are raised to the next of a fixed set; an image is never enlarged beyond its own size, its shape is kept.',
    request: { params, query: renditionQuery },
    responses: {
      200: { description: 'The picture.', content: { 'image/*': { schema: z.any().openapi({ type: 'string', format: 'binary' }) } } },
      ...errors('unauthenticated', 'background_image_not_found'),
    },
  }),
};

export type BackgroundImage = z.infer<typeof backgroundImage>;
export type Advice = z.infer<typeof advice>;
export type BackgroundImageSort = z.infer<typeof backgroundImageSort>;
export type RenditionFit = z.infer<typeof renditionFit>;
export type RenditionFormat = z.infer<typeof renditionFormat>;

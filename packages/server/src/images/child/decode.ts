import { readFile } from 'node:fs/promises';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type OutputInfo, type Sharp, type SharpOptions } from 'sharp';
import { pictureSize, scaleFor, type Size } from '../geometry.js';
import type { ImageFacts, PrepareCommand } from '../messages.js';
import { gifScreen, isGifCutOff } from './gif.js';
import { decodeHeic, isHeicCutOff } from './heic.js';
import { Refusal, toRefusal } from './refusal.js';

/** A command whose file is at hand: its path or its bytes. */
export interface DecodeJob extends Omit<PrepareCommand, 'file'> {
  readonly input: string | Buffer;
}

/** What a file says of its picture. */
export interface Header {
  readonly mediaType: ImageFacts['mediaType'];
  /** Upright. */
  readonly size: Size;
  readonly frames: number;
  readonly hasAlpha: boolean;
  /** EXIF's orientation, 1 to 8; 1 when there is none or it doesn't count. */
  readonly orientation: number;
  /** Colour profile of a HEIC, which its decoder drops. */
  readonly profile: Uint8Array | null;
}

/** A picture in memory, upright and in sRGB, 8 bits a channel. */
export interface Pixels {
  readonly data: Buffer;
  readonly info: OutputInfo;
}

type FailOn = NonNullable<SharpOptions['failOn']>;

const MEDIA_TYPES: Readonly<Record<string, ImageFacts['mediaType'] | undefined>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
};
/** `mif1` files may hold either: the codec counts, not the brand. */
const HEIF_MEDIA_TYPES: Readonly<Record<string, ImageFacts['mediaType'] | undefined>> = { av1: 'image/avif', hevc: 'image/heic' };

/** Frames that are decoded at most when all are wanted. */
const MAX_FRAMES = 200;
/** How small a picture is made that only has to be seen whole: libjpeg's smallest step, which reads every coefficient. */
const SMALLEST_SCALE = 1 / 8;

const bytesOf = async ({ input }: DecodeJob): Promise<Buffer> => (typeof input === 'string' ? readFile(input) : input);

/** Reads a file's header. Throws `image_unsupported_type`, `image_too_many_pixels`. */
export const readHeader = async ({ input, maxPixels, frames: wanted }: DecodeJob): Promise<Header> => {
  const metadata = await sharp(input, { limitInputPixels: maxPixels }).metadata();
  const { format, compression, hasAlpha, orientation = 1, autoOrient: size, icc } = metadata;
  const mediaType = format === 'heif' ? HEIF_MEDIA_TYPES[compression ?? ''] : MEDIA_TYPES[format];
  if (mediaType === undefined) throw new Refusal('image_unsupported_type', `format ${format}, compression ${compression ?? 'none'}`);
  // Further images of a HEIC are thumbnails, depth maps and bursts, not an animation.
  if (mediaType === 'image/heic') return { mediaType, size, frames: 1, hasAlpha, orientation: 1, profile: icc ?? null };
  const frames = Math.max(1, metadata.pages ?? 1);
  if (wanted === 'all' && (frames > MAX_FRAMES || size.width * size.height * frames > maxPixels)) {
    throw new Refusal('image_too_many_pixels', `${size.width} × ${size.height} × ${frames} frames`);
  }
  return { mediaType, size, frames, hasAlpha, orientation, profile: null };
};

/** Scales to what the largest output needs and converts to sRGB. */
const toPixels = async (image: Sharp, size: Size, { outputs, timeoutSeconds }: DecodeJob): Promise<Pixels> => {
  const scale = Math.max(SMALLEST_SCALE, ...outputs.map((box) => scaleFor(size, pictureSize(size, box))));
  // Rounded up, so that a crop never lacks its last row.
  if (scale < 1) image.resize(Math.ceil(size.width * scale), Math.ceil(size.height * scale), { fit: 'fill' });
  return image.timeout({ seconds: timeoutSeconds }).toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
};

/** Some cameras write files with harmless oddities: those are tolerated, a truncated file is not. */
const tolerantly = async <Result>(attempt: (failOn: FailOn) => Promise<Result>): Promise<Result> =>
  attempt('warning').catch((error: unknown) => {
    const { code, message } = toRefusal(error);
    // A JPEG that ends too early, with an end marker: libjpeg's word for it is a warning.
    if (code !== 'image_undecodable' || message.includes('premature end of data')) throw error;
    return attempt('error');
  });

/** Puts an `iCCP` chunk (ISO 15948 §11.3.3.3) behind the header of a PNG: sharp has no way to give raw pixels a profile. */
const withProfile = (png: Buffer, profile: Uint8Array): Buffer => {
  const HEADER_END = 8 + 25;
  const chunk = Buffer.concat([Buffer.from('iCCPicc\0\0', 'latin1'), deflateSync(profile, { level: 1 })]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(chunk.byteLength - 4);
  checksum.writeUInt32BE(crc32(chunk));
  return Buffer.concat([png.subarray(0, HEADER_END), length, chunk, checksum, png.subarray(HEADER_END)]);
};

const decodeHeicPixels = async (job: DecodeJob, header: Header): Promise<Pixels> => {
  const bytes = await bytesOf(job);
  if (isHeicCutOff(bytes)) throw new Refusal('image_undecodable', 'the file ends inside a box');
  using picture = decodeHeic(bytes, job.maxPixels);
  const { data, width, height, strideBytes } = picture;
  const image = sharp(data, { raw: { width: strideBytes / 4, height, channels: 4 } }).extract({ left: 0, top: 0, width, height });
  if (!header.hasAlpha) image.removeAlpha();
  const pixels = await toPixels(image, { width, height }, job);
  if (header.profile === null) return pixels;
  const { info } = pixels;
  const png = await sharp(pixels.data, { raw: { width: info.width, height: info.height, channels: info.channels } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  // A profile that can't be read counts as sRGB.
  return await sharp(withProfile(png, header.profile), { failOn: 'none' }).toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
};

/** What matters to those who get the file itself: the frames behind the first, and what its header claims. */
const checkWhole = async (job: DecodeJob, { mediaType, frames }: Header): Promise<void> => {
  const { input, maxPixels, timeoutSeconds } = job;
  if (mediaType === 'image/gif') {
    const gif = await bytesOf(job);
    if (isGifCutOff(gif)) throw new Refusal('image_undecodable', 'the file ends inside a block');
    const { width, height } = gifScreen(gif);
    if (width * height * frames > maxPixels) throw new Refusal('image_too_many_pixels', `a screen of ${width} × ${height}, ${frames} frames`);
  }
  if (frames === 1) return;
  await tolerantly((failOn) =>
    // One channel: it is only looked at.
    sharp(input, { failOn, limitInputPixels: maxPixels, animated: true }).timeout({ seconds: timeoutSeconds }).extractChannel(0).raw().toBuffer(),
  );
};

/**
 * Decodes the first frame once, upright and in sRGB, as small as the largest output allows (JPEG and WebP shrink while
 * they load), and every other frame too where the command asks for it. Throws `image_undecodable`,
 * `image_too_many_pixels`, `image_service_failed`.
 */
export const decode = async (job: DecodeJob, header: Header): Promise<Pixels> => {
  if (header.mediaType === 'image/heic') return decodeHeicPixels(job, header);
  if (job.frames === 'all') await checkWhole(job, header);
  return tolerantly((failOn) => toPixels(sharp(job.input, { failOn, limitInputPixels: job.maxPixels }).autoOrient(), header.size, job));
};

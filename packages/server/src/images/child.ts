// Entry of an image child: decodes one image at a time and writes pictures of it. Started by `ImageChild` under
// limits; knows nothing of the server but the messages.
import { join } from 'node:path';
import sharp, { type OutputInfo, type Sharp, type SharpOptions } from 'sharp';
import { fitSize, scaleFor, type Size } from './geometry.js';
import { type ChildReply, type ImageFacts, type MadeOutput, type PrepareCommand, type PrepareOutput, prepareCommand } from './messages.js';

// Everything that libvips could open is closed, then the five formats are opened again. Raw pixels always work.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp', 'VipsForeignLoadHeif', 'VipsForeignLoadNsgif'] });
// One image after the other, each once: a cache of operations would only hold memory.
sharp.cache(false);

class Refusal extends Error {
  readonly code: Extract<ChildReply, { type: 'refused' }>['code'];
  constructor(code: Refusal['code'], reason: string, cause?: unknown) {
    super(reason, { cause });
    this.code = code;
  }
}

const MEDIA_TYPES: Readonly<Record<string, ImageFacts['mediaType'] | undefined>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
};

interface Header {
  readonly mediaType: ImageFacts['mediaType'];
  /** Upright. */
  readonly size: Size;
  readonly frames: number;
  readonly hasAlpha: boolean;
}

interface Pixels {
  readonly data: Buffer;
  readonly info: OutputInfo;
}

const readHeader = async ({ path, maxPixels }: PrepareCommand): Promise<Header> => {
  const metadata = await sharp(path, { limitInputPixels: maxPixels }).metadata();
  const mediaType = metadata.format === 'heif' && metadata.compression === 'av1' ? 'image/avif' : MEDIA_TYPES[metadata.format];
  // The header of an HEVC picture reads well; only decoding it fails.
  if (mediaType === undefined) throw new Refusal('image_unsupported_type', `format ${metadata.format}, compression ${metadata.compression ?? 'none'}`);
  return { mediaType, size: metadata.autoOrient, frames: Math.max(1, metadata.pages ?? 1), hasAlpha: metadata.hasAlpha };
};

/** Decodes once, upright and in sRGB, as small as the largest output allows (JPEG and WebP shrink while they load). */
const decode = async (command: PrepareCommand, header: Header, failOn: NonNullable<SharpOptions['failOn']>): Promise<Pixels> => {
  const scale = Math.max(...command.outputs.map((box) => scaleFor(header.size, fitSize(header.size, box))));
  const image = sharp(command.path, { failOn, limitInputPixels: command.maxPixels }).timeout({ seconds: command.timeoutSeconds }).autoOrient();
  if (scale < 1) {
    // Rounded up, so that a crop never lacks its last row.
    image.resize(Math.ceil(header.size.width * scale), Math.ceil(header.size.height * scale), { fit: 'fill' });
  }
  return image.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
};

const isTransparent = ({ data, info }: Pixels): boolean => {
  if (info.channels !== 4) return false;
  for (let index = 3; index < data.length; index += 4) if (data[index] !== 255) return true;
  return false;
};

const encode = (image: Sharp, format: MadeOutput['format'], transparent: boolean): Sharp => {
  switch (format) {
    case 'jpeg':
      // JPEG has no transparency: what lies behind the image is black, as on a canvas without background.
      return (transparent ? image.flatten({ background: '#000' }) : image).jpeg({ quality: 88 });
    case 'webp':
      return image.webp({ quality: 86, alphaQuality: 100, effort: 2 });
    case 'png':
      return image.png({ compressionLevel: 6 });
  }
};

const write = async (pixels: Pixels, header: Header, output: PrepareOutput, transparent: boolean, path: string): Promise<MadeOutput> => {
  const { width, height } = fitSize(header.size, output);
  const format = output.format === 'auto' ? (transparent ? 'webp' : 'jpeg') : output.format;
  const { info } = pixels;
  const image = sharp(pixels.data, { raw: { width: info.width, height: info.height, channels: info.channels } });
  if (info.width !== width || info.height !== height) image.resize(width, height, { fit: output.fit === 'cover' ? 'cover' : 'fill' });
  if (!transparent && info.channels === 4) image.removeAlpha();
  const made = await encode(image, format, transparent).toFile(path);
  return { width: made.width, height: made.height, format };
};

const toRefusal = (error: unknown): Refusal => {
  if (error instanceof Refusal) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (reason.startsWith('timeout:')) return new Refusal('image_service_failed', reason, error);
  if (reason.includes('exceeds pixel limit')) return new Refusal('image_too_many_pixels', reason, error);
  if (reason.includes('unsupported image format')) return new Refusal('image_unsupported_type', reason, error);
  return new Refusal('image_undecodable', reason, error);
};

const prepare = async (command: PrepareCommand): Promise<ChildReply> => {
  const header = await readHeader(command);
  // Some cameras write files with harmless oddities: those are tolerated, a truncated file is not.
  const pixels = await decode(command, header, 'warning').catch((error: unknown) => {
    if (toRefusal(error).code !== 'image_undecodable') throw error;
    return decode(command, header, 'error');
  });
  const transparent = header.hasAlpha && isTransparent(pixels);
  const outputs = await Promise.all(
    command.outputs.map((output, index) => write(pixels, header, output, transparent, join(command.outputFolder, String(index)))),
  );
  return {
    type: 'prepared',
    job: command.job,
    image: { mediaType: header.mediaType, ...header.size, frames: header.frames, transparent },
    outputs,
    rssBytes: process.memoryUsage.rss(),
  };
};

const reply = (message: ChildReply): void => {
  process.send?.(message);
};

process.on('message', (message) => {
  const command = prepareCommand.parse(message);
  prepare(command)
    .catch((error: unknown): ChildReply => {
      const refusal = toRefusal(error);
      return { type: 'refused', job: command.job, code: refusal.code, reason: refusal.message.slice(0, 2000), rssBytes: process.memoryUsage.rss() };
    })
    .then(reply, () => process.exit(1));
});
// A parent that is gone, however it went, leaves no children.
process.on('disconnect', () => process.exit(0));
reply({ type: 'ready' });

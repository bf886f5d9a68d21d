import { createRequire } from 'node:module';
import { Refusal } from './refusal.js';

/** A decoded picture in WebAssembly memory. Dispose of it when `data` is no longer read. */
export interface HeicPicture extends Disposable {
  /** RGBA, 8 bits a channel, rows of `strideBytes`; upright, as its `irot`, `imir` and `clap` properties say. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly strideBytes: number;
}

/** Errors that say: not for this build of the decoder. */
const UNSUPPORTED = ['heif_error_Unsupported_filetype', 'heif_error_Unsupported_feature', 'heif_error_Plugin_loading_error'] as const;

/** The few of libheif's functions that are used, as Emscripten's embind exports them. Handles are opaque. */
interface Libheif {
  readonly heif_error_code: Readonly<Record<'heif_error_Ok' | (typeof UNSUPPORTED)[number], object>>;
  readonly heif_colorspace: { readonly heif_colorspace_RGB: object };
  readonly heif_chroma: { readonly heif_chroma_interleaved_RGBA: object };
  heif_context_alloc(): object;
  heif_context_free(context: object): void;
  heif_context_read_from_memory(context: object, bytes: Uint8Array): HeifError;
  heif_js_context_get_primary_image_handle(context: object): HeifHandle | HeifError;
  heif_image_handle_release(handle: HeifHandle): void;
  heif_image_handle_get_width(handle: HeifHandle): number;
  heif_image_handle_get_height(handle: HeifHandle): number;
  heif_js_decode_image2(handle: HeifHandle, colorspace: object, chroma: object): HeifImage | HeifError;
  heif_image_release(image: object): void;
}

interface HeifError {
  readonly code: object;
  readonly message: string;
}

type HeifHandle = Readonly<Record<never, never>>;

interface HeifImage {
  readonly image: object;
  readonly channels: readonly { readonly data: Uint8Array; readonly width: number; readonly height: number; readonly stride: number }[];
}

const isError = (result: object): result is HeifError => 'code' in result && 'message' in result;

const require = createRequire(import.meta.url);
const MODULE = 'libheif-js/wasm-bundle';

/** Its 2 MB are compiled when the first HEIC comes: most children never see one. */
const load = (): Libheif => require(MODULE) as Libheif;

/** Whether this process has decoded a HEIC. */
export const isHeicLoaded = (): boolean => require.cache[require.resolve(MODULE)] !== undefined;

/** Boxes at the top of a HEIC (ISO 23008-12 §6, ISO 14496-12 §8). */
const BOXES: ReadonlySet<string> = new Set(['ftyp', 'meta', 'moov', 'moof', 'mdat', 'free', 'skip', 'uuid']);

/** The picture that is shown may lie in the part of a HEIC that is there, and its boxes tell all the same that more was to come. */
export const isHeicCutOff = (bytes: Uint8Array): boolean => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  // What cameras append behind the boxes that matter is theirs.
  while (offset + 8 <= bytes.byteLength && BOXES.has(Buffer.from(bytes.subarray(offset + 4, offset + 8)).toString('latin1'))) {
    // ISO 14496-12 §4.2.2: 0 reaches to the end of the file, 1 announces 64 bits.
    const size32 = view.getUint32(offset);
    if (size32 === 0) return false;
    const size = size32 === 1 && offset + 16 <= bytes.byteLength ? Number(view.getBigUint64(offset + 8)) : size32;
    // Too small for its own header: the decoder's to judge.
    if (size < 8) return false;
    offset += size;
  }
  return offset > bytes.byteLength;
};

/**
 * Decodes the primary image of a HEIC file. libheif itself refuses a coded picture that is larger than the file's
 * header says. Throws `image_too_many_pixels`, by the header and before anything is decoded,
 * `image_unsupported_type` for a codec other than HEVC, and `image_undecodable`.
 */
export const decodeHeic = (bytes: Uint8Array, maxPixels: number): HeicPicture => {
  const libheif = load();
  const { heif_error_Ok, ...unsupported } = libheif.heif_error_code;
  const refusal = ({ code, message }: HeifError): Refusal =>
    new Refusal(UNSUPPORTED.some((name) => unsupported[name] === code) ? 'image_unsupported_type' : 'image_undecodable', message);

  const context = libheif.heif_context_alloc();
  try {
    const read = libheif.heif_context_read_from_memory(context, bytes);
    if (read.code !== heif_error_Ok) throw refusal(read);
    const handle = libheif.heif_js_context_get_primary_image_handle(context);
    if (isError(handle)) throw refusal(handle);
    try {
      const [width, height] = [libheif.heif_image_handle_get_width(handle), libheif.heif_image_handle_get_height(handle)];
      if (width * height > maxPixels) throw new Refusal('image_too_many_pixels', `${width} × ${height}`);
      const decoded = libheif.heif_js_decode_image2(handle, libheif.heif_colorspace.heif_colorspace_RGB, libheif.heif_chroma.heif_chroma_interleaved_RGBA);
      if (isError(decoded)) throw refusal(decoded);
      const { image, channels } = decoded;
      const [channel] = channels;
      if (channel === undefined) throw new Refusal('image_undecodable', 'a picture without channels');
      return {
        data: channel.data,
        width: channel.width,
        height: channel.height,
        strideBytes: channel.stride,
        [Symbol.dispose]: () => libheif.heif_image_release(image),
      };
    } finally {
      libheif.heif_image_handle_release(handle);
    }
  } finally {
    libheif.heif_context_free(context);
  }
};

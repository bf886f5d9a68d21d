/** Formats that are decoded. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'avif' | 'heic';

/** Bytes of a file's beginning that `sniffImage` looks at. */
export const SNIFF_BYTES = 64;

const text = (bytes: Uint8Array, start: number, end: number): string => Buffer.from(bytes.subarray(start, end)).toString('latin1');
const startsWith = (bytes: Uint8Array, ...magic: readonly number[]): boolean => magic.every((byte, index) => bytes[index] === byte);

/** Brands that name the codec. `mif1`, `msf1` and `miaf` leave it open and don't count (ISO 23008-12 annex B.4, AV1-AVIF §4). */
const CODEC_OF_BRAND: ReadonlyMap<string, ImageFormat> = new Map([
  ...['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx'].map((brand) => [brand, 'heic'] as const),
  ...['avif', 'avis'].map((brand) => [brand, 'avif'] as const),
]);

/** The codec by the `ftyp` box: the major brand before the compatible ones. */
const sniffHeif = (head: Uint8Array): ImageFormat | null => {
  const boxBytes = Math.min(new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(0), head.byteLength);
  for (let offset = 8; offset + 4 <= boxBytes; offset += 4) {
    // Offset 12 holds the minor version, not a brand.
    const format = offset === 12 ? undefined : CODEC_OF_BRAND.get(text(head, offset, offset + 4));
    if (format !== undefined) return format;
  }
  return null;
};

/**
 * What a file is by its first bytes; null for everything that is not decoded. Names and declared types don't count.
 * Signatures: JPEG (ITU T.81 B.1.1.3), PNG (ISO 15948 §5.2), GIF89a §17, RFC 9649 §2.3, ISO 14496-12 §4.3.
 */
export const sniffImage = (head: Uint8Array): ImageFormat | null => {
  if (startsWith(head, 0xff, 0xd8, 0xff)) return 'jpeg';
  if (startsWith(head, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'png';
  if (text(head, 0, 6) === 'GIF87a' || text(head, 0, 6) === 'GIF89a') return 'gif';
  if (text(head, 0, 4) === 'RIFF' && text(head, 8, 12) === 'WEBP') return 'webp';
  return text(head, 4, 8) === 'ftyp' ? sniffHeif(head) : null;
};

/** Formats that are decoded. `heif` may hold AVIF or HEVC: only the coded image tells. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'heif';

/** Bytes of a file's beginning that `sniffImage` looks at. */
export const SNIFF_BYTES = 64;

const text = (bytes: Uint8Array, start: number, end: number): string => Buffer.from(bytes.subarray(start, end)).toString('latin1');
const startsWith = (bytes: Uint8Array, ...magic: readonly number[]): boolean => magic.every((byte, index) => bytes[index] === byte);

const HEIF_BRANDS = new Set(['avif', 'avis', 'mif1', 'msf1', 'miaf', 'heic', 'heix', 'heim', 'heis', 'hevc', 'hevx']);

/**
 * What a file is by its first bytes; null for everything that is not decoded. Names and declared types don't count.
 * Signatures: JPEG (ITU T.81 B.1.1.3), PNG (ISO 15948 §5.2), GIF89a §17, RFC 9649 §2.3, ISO 14496-12 §4.3.
 */
export const sniffImage = (head: Uint8Array): ImageFormat | null => {
  if (startsWith(head, 0xff, 0xd8, 0xff)) return 'jpeg';
  if (startsWith(head, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'png';
  if (text(head, 0, 6) === 'GIF87a' || text(head, 0, 6) === 'GIF89a') return 'gif';
  if (text(head, 0, 4) === 'RIFF' && text(head, 8, 12) === 'WEBP') return 'webp';
  if (text(head, 4, 8) !== 'ftyp') return null;
  const boxBytes = Math.min(new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(0), head.byteLength);
  for (let offset = 8; offset + 4 <= boxBytes; offset += 4) {
    // Offset 12 holds the minor version, not a brand.
    if (offset !== 12 && HEIF_BRANDS.has(text(head, offset, offset + 4))) return 'heif';
  }
  return null;
};

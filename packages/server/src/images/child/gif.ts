import type { Size } from '../geometry.js';

/** The screen that a GIF's header claims (GIF89a §18). libvips goes by the frames where it finds that unlikely; who gets the file may not. */
export const gifScreen = (bytes: Uint8Array): Size => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
};

/** Decoders stop where a GIF stops and count the frames they got, so a download that broke off would pass for a shorter animation. */
export const isGifCutOff = (bytes: Uint8Array): boolean => {
  const byteAt = (offset: number): number => bytes[offset] ?? 0;
  const colourTableBytes = (flags: number): number => ((flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1));
  const pastSubBlocks = (start: number): number => {
    let offset = start;
    while (byteAt(offset) !== 0) offset += byteAt(offset) + 1;
    return offset + 1;
  };
  // GIF89a §17 to §27: header, screen descriptor and colour table, then blocks up to the trailer.
  let offset = 13 + colourTableBytes(byteAt(10));
  while (offset < bytes.byteLength) {
    const introducer = byteAt(offset);
    if (introducer === 0x3b) return false;
    if (introducer === 0x21) offset = pastSubBlocks(offset + 2);
    else if (introducer === 0x2c) offset = pastSubBlocks(offset + 11 + colourTableBytes(byteAt(offset + 9)));
    // Garbage between blocks is the decoder's to judge.
    else return false;
  }
  // A file that ends between two blocks has lost its trailer, or what came after: nobody can tell, and viewers show it.
  return offset > bytes.byteLength;
};

import { describe, expect, it } from 'vitest';
import { sniffImage } from './sniff.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const ftyp = (major: string, ...compatible: string[]) => {
  const box = bytes(`\0\0\0\0ftyp${major}\0\0\0\0${compatible.join('')}`);
  box.writeUInt32BE(box.byteLength);
  return box;
};

describe('sniff', () => {
  it.each([
    ['jpeg', bytes('\xff\xd8\xff\xe0')],
    ['png', bytes('\x89PNG\r\n\x1a\n')],
    ['gif', bytes('GIF87a')],
    ['gif', bytes('GIF89a;alert(1)')],
    ['webp', bytes('RIFF\x10\0\0\0WEBPVP8 ')],
    ['heic', ftyp('heic')],
    ['heic', ftyp('heix')],
    ['heic', ftyp('heim')],
    ['heic', ftyp('heis')],
    ['heic', ftyp('hevc')],
    ['heic', ftyp('hevx')],
    ['heic', ftyp('mif1', 'mif1', 'heic')],
    ['heic', ftyp('heic', 'mif1', 'avif')],
    ['avif', ftyp('avif', 'mif1', 'miaf')],
    ['avif', ftyp('avis')],
    ['avif', ftyp('xxxx', 'mif1', 'avif')],
    [null, ftyp('mif1', 'mif1', 'miaf')],
    [null, ftyp('msf1')],
    [null, ftyp('isom', 'mp42')],
    [null, ftyp('mp42')],
    [null, bytes('RIFF\x10\0\0\0WAVE')],
    [null, bytes('<svg/>')],
    [null, bytes('%PDF-1.7')],
    [null, bytes('BM')],
    [null, bytes('II*\0')],
    [null, bytes('')],
    [null, bytes('\xff')],
    [null, bytes('\0\0\0')],
    [null, bytes('\xff\xff\xff\xffftyp')],
  ])('knows %s', (format, head) => {
    expect(sniffImage(head)).toBe(format);
  });

  it("takes no brand from the minor version, nor from beyond the box's end", () => {
    expect(sniffImage(bytes('\0\0\0\x14ftypmif1heicmif1'))).toBeNull();
    expect(sniffImage(bytes('\0\0\0\x14ftypmif1\0\0\0\0mif1heic'))).toBeNull();
  });
});

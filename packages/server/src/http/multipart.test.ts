import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { multipartBoundary, MultipartError, parseMultipart } from './multipart.js';

const parse = (text: string, boundary = 'b') =>
  parseMultipart(Buffer.from(text, 'latin1'), boundary).map((part) => ({ ...part, bytes: Buffer.from(part.bytes).toString('latin1') }));
const field = (name: string, value: string, filename?: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n\r\n${value}\r\n`;

describe('boundary', () => {
  it.each([
    ['multipart/form-data; boundary=----WebKitFormBoundaryX1', '----WebKitFormBoundaryX1'],
    ['Multipart/Form-Data;boundary="a b"', 'a b'],
    ['multipart/form-data; charset=utf-8; boundary=x', 'x'],
    ['multipart/form-data', null],
    ['multipart/mixed; boundary=x', null],
    ['application/json', null],
    [null, null],
  ])('of %j is %j', (header, boundary) => {
    expect(multipartBoundary(header)).toBe(boundary);
  });
});

describe('multipart form', () => {
  it('reads fields and files, with what browsers and curl write into names', () => {
    expect(parse(`${field('title', 'Two\r\nlines')}${field('image', '\x00\xff--b', 'a %22b%22.jpg')}${field('other', '', 'c \\"d\\".png')}--b--\r\n`)).toEqual([
      { name: 'title', filename: null, contentType: null, bytes: 'Two\r\nlines' },
      { name: 'image', filename: 'a "b".jpg', contentType: null, bytes: '\x00\xff--b' },
      { name: 'other', filename: 'c "d".png', contentType: null, bytes: '' },
    ]);
  });

  it('skips a preamble and spaces after a boundary, and takes headers as they come', () => {
    expect(parse(`preamble\r\n--b  \r\ncontent-disposition:form-data; filename=x; name=image\r\ncontent-type:image/png\r\n\r\nabc\r\n--b--`)).toEqual([
      { name: 'image', filename: 'x', contentType: 'image/png', bytes: 'abc' },
    ]);
  });

  it.each([
    ['', 'the boundary is missing'],
    ['--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nabc', 'the closing boundary is missing'],
    ['--b\r\nContent-Type: x\r\n\r\nabc\r\n--b--', 'a part has no name'],
    ['--b\r\nno end of headers\r\n--b--', 'a part has no end'],
    ['--bb\r\n', 'a boundary does not end its line'],
    [`${field('a', '').repeat(17)}--b--`, 'too many fields'],
  ])('refuses %j', (body, message) => {
    expect(() => parse(body)).toThrow(MultipartError);
    expect(() => parse(body)).toThrow(message);
  });

  it('reads back every file that it is given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (first, second) => {
        const boundary = 'BoundaryThatIsNotInTheBytes';
        const head = (name: string) => Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="f"\r\n\r\n`);
        const body = Buffer.concat([head('one'), first, Buffer.from('\r\n'), head('two'), second, Buffer.from(`\r\n--${boundary}--\r\n`)]);
        const parts = parseMultipart(body, boundary);
        expect(parts.map((part) => [...part.bytes])).toEqual([[...first], [...second]]);
      }),
    );
  });

  it('ends with parts or a MultipartError, whatever comes', () => {
    const piece = fc.constantFrom('--b', '\r\n', '--', 'Content-Disposition: form-data; name="a"', '; filename="x"', 'abc', '\r\n\r\n', '"', ' ');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        let outcome: unknown;
        try {
          outcome = parse(pieces.join(''));
        } catch (error) {
          outcome = error;
        }
        expect(Array.isArray(outcome) || outcome instanceof MultipartError).toBe(true);
      }),
    );
  });
});

/** One coded picture, as it stands in a HEIC file. */
export interface CodedPicture {
  /** The whole `hvcC` box: the decoder's configuration. */
  readonly configuration: Buffer;
  /** The coded picture, length-prefixed NAL units. */
  readonly data: Buffer;
}

/** What a written HEIC says of its picture. */
export interface HeicOptions {
  readonly width: number;
  readonly height: number;
  /** Quarter turns counter-clockwise. */
  readonly rotation?: 0 | 1 | 2 | 3;
  /** 0 exchanges top and bottom, 1 left and right (ISO 23008-12:2022 §6.5.12). */
  readonly mirror?: 0 | 1;
  /** ICC profile. */
  readonly profile?: Uint8Array;
  /** Tiles across and down, all of them the same picture; `width` and `height` are a tile's. */
  readonly grid?: { readonly columns: number; readonly rows: number };
}

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const u32 = (value: number): Buffer => Buffer.concat([u16(Math.floor(value / 0x1_0000)), u16(value % 0x1_0000)]);
const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);
const box = (type: string, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(body.byteLength + 8), Buffer.from(type, 'latin1'), body]);
};
const fullBox = (type: string, version: number, ...parts: readonly Uint8Array[]): Buffer => box(type, bytes(version, 0, 0, 0), ...parts);
const boxAt = (file: Buffer, type: string): Buffer => {
  const start = file.indexOf(type, 0, 'latin1') - 4;
  return file.subarray(start, start + file.readUInt32BE(start));
};

/** Takes the picture out of a HEIC file that holds exactly one. */
export const readCodedPicture = (file: Buffer): CodedPicture => ({ configuration: boxAt(file, 'hvcC'), data: boxAt(file, 'mdat').subarray(8) });

/** Writes a HEIC file (ISO 23008-12) round a coded picture: its properties say what the options say, true or not. */
export const writeHeic = ({ configuration, data }: CodedPicture, options: HeicOptions): Buffer => {
  const { width, height, rotation, mirror, profile, grid } = options;
  const { columns, rows } = grid ?? { columns: 1, rows: 1 };
  const tiles = grid === undefined ? 0 : columns * rows;
  const sizeOf = (w: number, h: number): Buffer => fullBox('ispe', 0, u32(w), u32(h));
  // Properties 1 and 2 are a tile's, or the picture's; the others are the primary item's.
  const properties = [configuration, sizeOf(width, height), sizeOf(width * columns, height * rows)];
  if (profile !== undefined) properties.push(box('colr', Buffer.from('prof'), profile));
  if (rotation !== undefined) properties.push(box('irot', bytes(rotation)));
  if (mirror !== undefined) properties.push(box('imir', bytes(mirror)));
  const primary = tiles + 1;
  const own = (grid === undefined ? [1] : []).concat(properties.slice(2).map((_, index) => index + 3));
  const associate = (item: number, list: readonly number[]): Buffer => Buffer.concat([u16(item), bytes(list.length, ...list)]);
  const ids = Array.from({ length: tiles }, (_, index) => index + 1);

  const layout = Buffer.concat([bytes(0, 0, rows - 1, columns - 1), u16(width * columns), u16(height * rows)]);
  const ftyp = box('ftyp', Buffer.from('heic'), u32(0), Buffer.from('mif1heic'));
  const metaFor = (offset: number): Buffer => {
    const extent = (item: number, from: number, length: number): Buffer => Buffer.concat([u16(item), u16(0), u16(1), u32(from), u32(length)]);
    const entry = (item: number, type: string): Buffer => fullBox('infe', 2, u16(item), u16(0), Buffer.from(type), bytes(0));
    const layoutAt = offset + data.byteLength;
    return fullBox(
      'meta',
      0,
      fullBox('hdlr', 0, u32(0), Buffer.from('pict'), Buffer.alloc(13)),
      fullBox('pitm', 0, u16(primary)),
      fullBox(
        'iloc',
        0,
        bytes(0x44, 0),
        u16(primary),
        ...ids.map((id) => extent(id, offset, data.byteLength)),
        grid === undefined ? extent(primary, offset, data.byteLength) : extent(primary, layoutAt, layout.byteLength),
      ),
      fullBox('iinf', 0, u16(primary), ...ids.map((id) => entry(id, 'hvc1')), entry(primary, grid === undefined ? 'hvc1' : 'grid')),
      ...(grid === undefined ? [] : [fullBox('iref', 0, box('dimg', u16(primary), u16(tiles), ...ids.map(u16)))]),
      box('iprp', box('ipco', ...properties), fullBox('ipma', 0, u32(primary), ...ids.map((id) => associate(id, [1, 2])), associate(primary, own))),
    );
  };
  const offset = ftyp.byteLength + metaFor(0).byteLength + 8;
  return Buffer.concat([ftyp, metaFor(offset), box('mdat', data, grid === undefined ? Buffer.alloc(0) : layout)]);
};

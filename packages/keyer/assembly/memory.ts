// Where everything lies. One memory serves one frame size; it is laid out once and nothing moves later.
//
// "Site": a chroma sample. "Block": 16 sites of one row, or the 32 × 2 luma samples that they belong to. Rows in work are
// kept in rings of eight: row j lies at `ring + (j & 7) * stride`. They are padded, so that neighbours outside the picture can
// be read; so are planes whose blocks would not be whole.

/** Rows of the plate for a row of cells: six quantities, and what has to be added to come to the next row of cells. */
export const ROWS: i32 = 12;

/** Sites in a block. */
export const BLOCK: i32 = 16;

/** Of the frame, in luma samples. */
export let width: i32 = 0;
export let height: i32 = 0;
/** The same in sites, and blocks in a row. */
export let sitesAcross: i32 = 0;
export let sitesDown: i32 = 0;
export let blocks: i32 = 0;

// The frame. Bytes; a row's first sample lies at the address plus a multiple of the stride.
export let luma: usize = 0;
export let lumaStride: i32 = 0;
export let chromaU: usize = 0;
export let chromaV: usize = 0;
export let chromaStride: i32 = 0;
/** NV12's chroma, two bytes a site, twice the stride. */
export let interleaved: usize = 0;

/** Some rows of a frame as it was given: two of RGBA at least, which may be 65536 bytes apart. */
export let given: usize = 0;
export const GIVEN_BYTES: i32 = 131072;

// The picture behind it, and the result: as RGBA, and as planes with the frame's strides.
export let behind: usize = 0;
export let rgba: usize = 0;
export let behindLuma: usize = 0;
export let behindU: usize = 0;
export let behindV: usize = 0;
export let keyedLuma: usize = 0;
export let keyedU: usize = 0;
export let keyedV: usize = 0;
/** What the last result shows of the picture behind: a byte a block, set where the block is nothing but that. */
export let shown: usize = 0;

/** The screen as it is measured: y, u, v and the matte's steepness of each cell, f32. */
export let cells: usize = 0;
/** The same, spread over the sites of a row: `ROWS` rows for each row of cells, see plate.ts. */
export let spread: usize = 0;

/** Bytes of a row of i16 at sites, and at luma samples. */
export let siteStride: i32 = 0;
export let lineStride: i32 = 0;

// Rings of rows at sites. Shares of one are i16 with 13 fraction bits.
/** Pe, as spill is guarded. */
export let projection: usize = 0;
/** m. */
export let matte: usize = 0;
/** Luma at the sites, 3 fraction bits. */
export let mean: usize = 0;
/** a, 18 fraction bits. */
export let slope: usize = 0;
/** sub(M). */
export let coarse: usize = 0;
/** What there is of the screen beyond the matte: spill. */
export let excess: usize = 0;
/** Chroma without the screen's, 6 fraction bits. */
export let restU: usize = 0;
export let restV: usize = 0;

// Rings of rows at sites' rows and luma columns.
export let wideMatte: usize = 0;
export let wideMean: usize = 0;
export let wideSlope: usize = 0;
export let wideExcess: usize = 0;
export let wideU: usize = 0;
export let wideV: usize = 0;
/** M: two luma rows for each row of sites. */
export let fine: usize = 0;

/** Bytes of a row of blocks. */
export let blockStride: i32 = 0;
/** Rings of rows of blocks, a byte each: see blocks.ts. */
export let flags: usize = 0;
export let kinds: usize = 0;
export let tall: usize = 0;
export let wide: usize = 0;
/** Sums of columns for the slope, and a block of the result that hangs over the frame's edge. */
export let scratch: usize = 0;

/** Sites across and down a cell of light; see light-wrap.ts. */
export const CELL: i32 = 8;
export let cellsAcross: i32 = 0;
export let cellsDown: i32 = 0;
/** Four f32 a cell: the background, what falls on the frame, and that in a row of sites. */
export let light: usize = 0;
export let glow: usize = 0;
export let glowRow: usize = 0;
/** Two lines of four f32, as long as the frame. */
export let line: usize = 0;

/** Projections of blocks that tell screen and subject at a glance, for each row of cells: see bounds.ts. */
export let bounds: usize = 0;
/** Ring of rows of blocks, a byte each: 1 where `projection` was not needed for the matte and isn't there. */
export let bare: usize = 0;

// A canvas of another size, see canvas.ts: what is behind, and the result, both I420 without padding.
export let canvasWidth: i32 = 0;
export let canvasHeight: i32 = 0;
export let backdrop: usize = 0;
export let canvas: usize = 0;
/** For each column: the byte of the frame's row where it takes its pixels, and the weights of two of them, four i16 each. */
export let columns: usize = 0;
export let weights: usize = 0;
/** A row between two of the frame's, and two of the canvas. RGBA, premultiplied. */
export let blend: usize = 0;
export let lines: usize = 0;
export let lineBytes: i32 = 0;

let end: usize = 0;

function take(bytes: i32): usize {
  const at = end;
  end = (end + bytes + 127) & ~127;
  return at;
}

/** Lays out memory for frames of a size, with room for a plate and a canvas (0 × 0: none), and returns how many bytes it takes. */
export function layOut(frameWidth: i32, frameHeight: i32, plateAcross: i32, plateDown: i32, canvasAcross: i32, canvasDown: i32): usize {
  width = frameWidth;
  height = frameHeight;
  sitesAcross = (width + 1) >> 1;
  sitesDown = (height + 1) >> 1;
  blocks = (sitesAcross + BLOCK - 1) / BLOCK;
  end = 128;

  // Rows of whole blocks lie close together, as decoders' do: such planes are copied in one go.
  const isWhole = width % (2 * BLOCK) == 0;
  lumaStride = isWhole ? width : 2 * BLOCK * blocks + 64;
  chromaStride = isWhole ? sitesAcross : BLOCK * blocks + 32;
  luma = take(lumaStride * height + 64) + 32;
  chromaU = take(chromaStride * sitesDown + 32);
  chromaV = take(chromaStride * sitesDown + 32);
  interleaved = take(2 * chromaStride * sitesDown + 32);
  behind = take(4 * width * height + 256);
  rgba = take(4 * width * height + 256);
  behindLuma = take(lumaStride * height + 32);
  behindU = take(chromaStride * sitesDown);
  behindV = take(chromaStride * sitesDown);
  keyedLuma = take(lumaStride * height + 32);
  keyedU = take(chromaStride * sitesDown);
  keyedV = take(chromaStride * sitesDown);
  shown = take(blocks * sitesDown);

  siteStride = 2 * BLOCK * blocks + 64;
  lineStride = 4 * BLOCK * blocks + 64;
  cells = take(16 * plateAcross * plateDown);
  spread = take(ROWS * siteStride * plateDown) + 32;
  projection = takeSites();
  matte = takeSites();
  mean = takeSites();
  slope = takeSites();
  coarse = takeSites();
  excess = takeSites();
  restU = takeSites();
  restV = takeSites();
  wideMatte = takeLines();
  wideMean = takeLines();
  wideSlope = takeLines();
  wideExcess = takeLines();
  wideU = takeLines();
  wideV = takeLines();
  fine = take(16 * lineStride) + 32;

  blockStride = ((blocks + 15) & ~15) + 32;
  flags = take(8 * blockStride) + 16;
  kinds = take(8 * blockStride) + 16;
  tall = take(8 * blockStride) + 16;
  wide = take(8 * blockStride) + 16;
  bare = take(8 * blockStride) + 16;
  bounds = take(16 * blocks * plateDown);
  scratch = take(1024);
  cellsAcross = (sitesAcross + CELL - 1) / CELL;
  cellsDown = (sitesDown + CELL - 1) / CELL;
  light = take(16 * cellsAcross * cellsDown);
  glow = take(16 * cellsAcross * cellsDown);
  glowRow = take(16 * (cellsAcross + 4));
  line = take(32 * max(width, height));
  given = take(GIVEN_BYTES + 128) + 32;
  canvasWidth = canvasAcross;
  canvasHeight = canvasDown;
  backdrop = take((3 * canvasWidth * canvasHeight) >> 1);
  canvas = take(((3 * canvasWidth * canvasHeight) >> 1) + 16);
  columns = take(4 * canvasWidth + 16);
  weights = take(16 * canvasWidth + 64);
  blend = take(canvasWidth == 0 ? 0 : 4 * width + 32);
  lineBytes = 4 * canvasWidth + 64;
  lines = take(2 * lineBytes);
  return end;
}

function takeSites(): usize {
  return take(8 * siteStride) + 32;
}

function takeLines(): usize {
  return take(8 * lineStride) + 32;
}

// @ts-ignore: decorator
@inline
export function siteRow(ring: usize, j: i32): usize {
  return ring + (j & 7) * siteStride;
}

// @ts-ignore: decorator
@inline
export function lineRow(ring: usize, j: i32): usize {
  return ring + (j & 7) * lineStride;
}

// @ts-ignore: decorator
@inline
export function blockRow(ring: usize, j: i32): usize {
  return ring + (j & 7) * blockStride;
}

/** The nearest row of sites that the picture has. */
// @ts-ignore: decorator
@inline
export function clampRow(j: i32): i32 {
  return max(0, min(sitesDown - 1, j));
}

/** Repeats a row's outermost sites outside the picture. */
// @ts-ignore: decorator
@inline
export function padSites(row: usize): void {
  store<u32>(row - 4, 0x10001 * <u32>load<u16>(row));
  const beyond = row + 2 * sitesAcross;
  v128.store(beyond, i16x8.splat(load<i16>(beyond - 2)));
}

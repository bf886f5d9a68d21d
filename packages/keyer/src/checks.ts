import type { ChromaImage } from './planes.js';

// Refusals of bad arguments. They name the argument; callers check all before they change anything.

/** The longest side of a frame, in pixels. */
const MOST_SIDE = 8192;
/** The longest row of a plane or of RGBA, padding included, in bytes. */
const MOST_STRIDE_BYTES = 65_536;

const shown = (value: unknown): string => (typeof value === 'object' && value !== null ? 'an object' : String(value));

/**
 * Refuses what is no number, or no whole number, from `least` to `most`.
 * @throws TypeError for another type, RangeError for NaN and what lies outside.
 */
export const checkNumber = (name: string, value: unknown, least: number, most: number, isWhole = false): void => {
  if (typeof value === 'number' && value >= least && value <= most && !(isWhole && value % 1 !== 0)) return;
  const Refusal = typeof value === 'number' ? RangeError : TypeError;
  throw new Refusal(`${name} must be a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}, not ${shown(value)}.`);
};

/**
 * Refuses what is none of `choices`.
 * @throws TypeError
 */
export const checkChoice = (name: string, value: unknown, choices: readonly unknown[]): void => {
  if (!choices.includes(value)) throw new TypeError(`${name} must be ${choices.join(' or ')}, not ${shown(value)}.`);
};

/**
 * Refuses what is no object.
 * @throws TypeError
 */
export const checkObject = (name: string, value: unknown): void => {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${name} must be an object, not ${shown(value)}.`);
};

/**
 * Refuses what are not at least `leastBytes` in memory.
 * @throws TypeError for no or detached bytes, RangeError for too few.
 */
export const checkBytes = (name: string, bytes: unknown, leastBytes: number): void => {
  if (!(bytes instanceof Uint8Array || bytes instanceof Uint8ClampedArray)) throw new TypeError(`${name} must be a Uint8Array, not ${shown(bytes)}.`);
  if (bytes.buffer.byteLength === 0) throw new TypeError(`${name} has no memory: its buffer is empty or detached.`);
  if (bytes.length < leastBytes) throw new RangeError(`${name} must have at least ${leastBytes} bytes, not ${bytes.length}.`);
};

/**
 * Refuses what can't hold a plane: `height` rows of `widthBytes`, the first bytes of rows `strideBytes` apart, 65536 at most.
 * @throws TypeError for no or detached bytes, RangeError for a stride out of its range or a length that is too small.
 */
export const checkPlane = (name: string, bytes: unknown, strideName: string, strideBytes: number, widthBytes: number, height: number): void => {
  checkNumber(strideName, strideBytes, widthBytes, MOST_STRIDE_BYTES, true);
  checkBytes(name, bytes, (height - 1) * strideBytes + widthBytes);
};

const hasSamples = (samples: unknown, count: number): boolean => samples instanceof Float32Array && samples.length === count;

/**
 * Refuses samples of another number than `count`.
 * @throws TypeError for no samples, RangeError for another number.
 */
export const checkSamples = (name: string, samples: unknown, count: number): void => {
  if (!(samples instanceof Float32Array)) throw new TypeError(`${name} must be a Float32Array, not ${shown(samples)}.`);
  if (samples.length !== count) throw new RangeError(`${name} must have ${count} samples, not ${samples.length}.`);
};

/**
 * Refuses a size that no frame can have: sides are whole numbers from `least` to 8192 pixels.
 * @throws TypeError, RangeError
 */
export const checkSize = (width: unknown, height: unknown, least: number): void => {
  checkNumber('width', width, least, MOST_SIDE, true);
  checkNumber('height', height, least, MOST_SIDE, true);
};

/**
 * Refuses an image of another size than `width` × `height`, or whose planes have another.
 * @throws TypeError, RangeError
 */
export const checkImage = (name: string, image: ChromaImage, width: number, height: number): void => {
  checkObject(name, image);
  // Every measurement checks its image: no names are made for one that fits.
  const count = width * height;
  if (image.width === width && image.height === height && hasSamples(image.y, count) && hasSamples(image.u, count) && hasSamples(image.v, count)) return;
  checkNumber(`${name}.width`, image.width, width, width);
  checkNumber(`${name}.height`, image.height, height, height);
  for (const plane of ['y', 'u', 'v'] as const) checkSamples(`${name}.${plane}`, image[plane], width * height);
};

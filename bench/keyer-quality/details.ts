import { createStandIn } from '@backlot/server/dist/media/sources/stand-in/index.js';
import { sharedData } from '@backlot/testing';
import sharp, { type Region } from 'sharp';
import { type Cutout, cutoutOf } from './cutout.js';

const RATE_FPS = 25;
/** A frame in which both hands are on their way, blurred. */
const GESTURE_FRAME = 80;
const GESTURE = 'Hello, let me show you what this can do. There are two ways, and both of them are easy to follow.';

/** A part of a subject that is hard to key. */
export interface Detail {
  readonly name: string;
  readonly cutout: Cutout;
  /** Where it is in a frame of 1280 × 720. */
  readonly crop: Region;
}

/** The stand-in on nothing, in the middle of a gesture. */
const loadStandIn = async (width: number, height: number): Promise<Cutout> => {
  const observer = { speechStarted: () => undefined, speechEnded: () => undefined };
  await using standIn = await createStandIn({ width, height, rateFps: RATE_FPS, espeakPath: null, observer });
  const rgba = new Uint8Array(4 * width * height);
  await standIn.speak('gesture', GESTURE);
  // Gestures follow from speech as it goes on: it has to be gone through.
  for (let frame = 0; frame <= GESTURE_FRAME; frame += 8) standIn.renderAlpha(frame, rgba);
  return cutoutOf('stand-in', 9, rgba, width, height);
};

/** The lemur of the shared data: its estimated foreground with its true alpha. */
const loadLemur = async (height: number): Promise<Cutout> => {
  const load = (name: string) =>
    sharp(sharedData(`cutouts/lemur/${name}.png`))
      .resize({ height })
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
  const [front, alpha] = await Promise.all([load('lemur_foreground'), load('lemur_alpha')]);
  const { width, channels } = alpha.info;
  const rgba = new Uint8Array(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    for (let k = 0; k < 3; k++) rgba[4 * i + k] = front.data[3 * i + k] ?? 0;
    rgba[4 * i + 3] = alpha.data[channels * i] ?? 0;
  }
  return cutoutOf('lemur', 10, rgba, width, height);
};

/** Hair, hands and fur. Nobody is recognisable. */
export const loadDetails = async (width: number, height: number): Promise<readonly Detail[]> => {
  const standIn = await loadStandIn(width, height);
  return [
    { name: 'hair', cutout: standIn, crop: { left: 670, top: 300, width: 160, height: 120 } },
    { name: 'hand', cutout: standIn, crop: { left: 80, top: 580, width: 160, height: 120 } },
    { name: 'fur', cutout: await loadLemur(height), crop: { left: 400, top: 130, width: 160, height: 120 } },
  ];
};

import type { Layout } from './conditions.js';
import { type Frame, type RgbPicture, toRgb } from './planes.js';
import type { Scene } from './scene.js';
import type { Screen } from './screens.js';

/** What a keyer gets: coded frames of one screen, and what to compose over. */
export interface Clip {
  readonly screen: Screen;
  readonly layout: Layout;
  /** All frames, in order. */
  readonly frames: readonly Frame[];
  /** Index of the first frame that is scored; those after it are too. */
  readonly first: number;
  /** The frames that are scored, as R'G'B'. */
  readonly pictures: readonly RgbPicture[];
  /** The screen's true colour, which peers are told: Y, and U and V centred on 0. */
  readonly key: readonly [number, number, number];
  readonly behind: RgbPicture;
  /** The same background in the frames' layout. */
  readonly behindFrame: Frame;
}

/** Makes a clip of coded frames. */
export const createClip = (given: Omit<Clip, 'pictures'>): Clip => {
  let pictures: readonly RgbPicture[] | undefined;
  return {
    ...given,
    get pictures() {
      pictures ??= given.frames.slice(given.first).map((frame) => toRgb(frame, given.layout));
      return pictures;
    },
  };
};

/** The screen's colour as it arrived: medians over the chroma sites where nothing of the subject is. */
export const sampleKey = (frame: Frame, { alpha, width, height }: Scene): readonly [number, number, number] => {
  const samples: [number[], number[], number[]] = [[], [], []];
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      if ((alpha[y * width + x] ?? 0) > 0) continue;
      const site = (y / 2) * frame.chromaStride + x / 2;
      samples[0].push(frame.y[y * width + x] ?? 0);
      samples[1].push((frame.u[site] ?? 0) - 128);
      samples[2].push((frame.v[site] ?? 0) - 128);
    }
  }
  const median = (values: number[]) => values.sort((left, right) => left - right)[values.length >> 1] ?? 0;
  return [median(samples[0]), median(samples[1]), median(samples[2])];
};

import { createClip, sampleKey } from './clip.js';
import { BASELINE } from './conditions.js';
import { loadCutout } from './cutout.js';
import { code } from './encode.js';
import { createTruth } from './metrics.js';
import type { Exercise } from './peers/tune.js';
import { type RgbPicture, toFrame } from './planes.js';
import { createScene, shoot } from './scene.js';
import type { Screen } from './screens.js';

/** One frame of each given cut-out on each given screen, in the main condition, for peers to be tuned on. */
export const loadExercises = async (
  names: readonly string[],
  screens: readonly Screen[],
  behind: RgbPicture,
): Promise<ReadonlyMap<Screen, readonly Exercise[]>> => {
  const { width, height } = behind;
  const { layout } = BASELINE;
  const behindFrame = toFrame(behind, layout);
  const cutouts = await Promise.all(names.map((name) => loadCutout(name, width, height)));
  const subjects = cutouts.map((cutout) => {
    const scene = createScene(cutout, 0, width, height);
    return { scene, truth: createTruth(scene, behind, layout) };
  });
  return new Map(
    screens.map((screen) => [
      screen,
      subjects.flatMap(({ scene, truth }) =>
        code([toFrame(shoot(scene, screen), layout)], BASELINE).map((frame) => ({
          clip: createClip({ screen, layout, frames: [frame], first: 0, key: sampleKey(frame, scene), behind, behindFrame }),
          truths: [truth],
        })),
      ),
    ]),
  );
};

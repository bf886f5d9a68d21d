import { BASELINE } from '../keyer-quality/conditions.js';
import { loadCutout } from '../keyer-quality/cutout.js';
import { code } from '../keyer-quality/encode.js';
import { toFrame } from '../keyer-quality/planes.js';
import { createScene, shoot } from '../keyer-quality/scene.js';
import { SCREENS } from '../keyer-quality/screens.js';
import type { Footage } from './frames.js';

const FRAMES = 6;

/** The keying model's protocol (§5): a cut-out moving before a screen, coded by x264 at CRF 23. */
export const shootScenes = async (cutoutName: string, screenNames: readonly string[], width: number, height: number): Promise<readonly Footage[]> => {
  const cutout = await loadCutout(cutoutName, width, height);
  const scenes = Array.from({ length: FRAMES }, (_, frame) => createScene(cutout, frame, width, height));
  return SCREENS.filter(({ name }) => screenNames.includes(name)).map((screen) => ({
    name: `${cutoutName} before ${screen.name}`,
    width,
    height,
    frames: code(
      scenes.map((scene) => toFrame(shoot(scene, screen), BASELINE.layout)),
      BASELINE,
    ),
  }));
};

import type { Board } from './board.js';
import { createClip, sampleKey } from './clip.js';
import { BASELINE, type Condition, type Layout, SCENES, scenesFor } from './conditions.js';
import { loadCutout } from './cutout.js';
import { code } from './encode.js';
import type { Keyer } from './keyer.js';
import { createTruth, score, type Truth, withLayout } from './metrics.js';
import { type RgbPicture, toFrame } from './planes.js';
import { placeOf } from './rows.js';
import { createScene, shoot } from './scene.js';
import type { Screen } from './screens.js';

/** What a run is made of. */
export interface Run {
  /** The cut-outs. */
  readonly names: readonly string[];
  readonly behind: RgbPicture;
  readonly board: Board;
  readonly screens: readonly Screen[];
  readonly conditions: readonly Condition[];
  /** Two frames a clip in every condition, not three in the main one. */
  readonly isQuick: boolean;
  /** Who keys a screen in a condition. */
  readonly keyersFor: (screen: Screen, condition: Condition) => readonly Keyer[];
}

/** Values by layout, made when first asked for. */
const byLayout = <T>(make: (layout: Layout) => T): ((layout: Layout) => T) => {
  const made = new Map<string, T>();
  return (layout) => {
    const key = `${layout.matrix} ${layout.siting}`;
    const value = made.get(key) ?? make(layout);
    made.set(key, value);
    return value;
  };
};

/** Composes, codes, keys and scores everything; the scores go to the board. */
export const runProtocol = async ({ names, behind, board, screens, conditions, isQuick, keyersFor }: Run): Promise<void> => {
  const { width, height } = behind;
  const framesOf = (condition: Condition) => (!isQuick && condition === BASELINE ? 3 : 2);
  const behindOf = byLayout((layout) => toFrame(behind, layout));
  for (const name of names) {
    const cutout = await loadCutout(name, width, height);
    const scenes = Array.from({ length: SCENES }, (_, frame) => createScene(cutout, frame, width, height));
    const truths = scenes.map((scene) => {
      let plain: Truth | undefined;
      return byLayout((layout) => {
        plain ??= createTruth(scene, behind, layout);
        return withLayout(plain, scene, behind, layout);
      });
    });
    for (const screen of screens) {
      process.stderr.write(`${name} before ${screen.name}\n`);
      const shots = scenes.map((scene) => shoot(scene, screen));
      const framesIn = byLayout((layout) => shots.map((shot) => toFrame(shot, layout)));
      for (const condition of conditions) {
        const { layout } = condition;
        const order = scenesFor(condition, framesOf(condition));
        const first = order.length - framesOf(condition);
        const [scored = 0] = order.slice(first);
        const frames = code(
          order.flatMap((scene) => framesIn(layout)[scene] ?? []),
          condition,
        );
        const [start] = frames.slice(first);
        const scene = scenes[scored];
        if (start === undefined || scene === undefined) throw new RangeError('A clip has no frames.');
        const clip = createClip({ screen, layout, frames, first, key: sampleKey(start, scene), behind, behindFrame: behindOf(layout) });
        for (const keyer of keyersFor(screen, condition)) {
          const keyed = await keyer.key(clip);
          let before: Parameters<typeof score>[3];
          for (const [index, picture] of keyed.entries()) {
            const truth = truths[order[first + index] ?? Number.NaN]?.(layout);
            if (truth === undefined) throw new RangeError(`${keyer.name} keyed more frames than there are.`);
            board.add(placeOf(screen.name, condition.name), keyer.name, keyer.isPeer, score(truth, picture, screen.isBlue, before));
            before = { truth, keyed: picture };
          }
        }
      }
    }
  }
};

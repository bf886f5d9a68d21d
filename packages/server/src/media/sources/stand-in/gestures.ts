import { ease, hash, mix, quantize } from './curves.js';

/** An arm in design units and radians; x counts outwards from the presenter's middle, on either side. */
export interface ArmPose {
  elbowX: number;
  elbowY: number;
  wristX: number;
  wristY: number;
  /** Where the fingers point: 0 up, positive outwards. */
  angle: number;
  /** 0 stretched .. 1 fist. */
  curl: number;
  /** 0 fingers together .. 1 fanned out. */
  spread: number;
  /** 1: palm to the viewer; −1: back of the hand. */
  facing: number;
  /** 0..1: all fingers but the index one curl. */
  point: number;
}

/** An arm to be filled by {@link gestureAt}. */
export const createArmPose = (): ArmPose => ({ ...REST });

interface Gesture {
  readonly left: ArmPose | null;
  readonly right: ArmPose | null;
  /** Beats a second and their size, for hands that keep moving. */
  readonly beatHz: number;
  readonly beatAngle: number;
  readonly beatY: number;
}

const REST: ArmPose = { elbowX: 190, elbowY: 622, wristX: 176, wristY: 822, angle: Math.PI - 0.06, curl: 0.45, spread: 0.1, facing: -1, point: 0 };
const OPEN: ArmPose = { elbowX: 199, elbowY: 610, wristX: 276, wristY: 506, angle: 0.72, curl: 0.12, spread: 0.5, facing: 1, point: 0 };
const LOW_OPEN: ArmPose = { elbowX: 204, elbowY: 614, wristX: 262, wristY: 572, angle: 1.0, curl: 0.16, spread: 0.4, facing: 1, point: 0 };
const WAVE: ArmPose = { elbowX: 252, elbowY: 574, wristX: 262, wristY: 400, angle: 0.08, curl: 0.02, spread: 0.85, facing: 1, point: 0 };
const WIDE: ArmPose = { elbowX: 352, elbowY: 528, wristX: 540, wristY: 448, angle: 1.12, curl: 0.08, spread: 0.6, facing: 1, point: 0 };
const CHEST: ArmPose = { elbowX: 212, elbowY: 604, wristX: 98, wristY: 520, angle: -1.12, curl: 0.16, spread: 0.2, facing: -1, point: 0 };
const POINT: ArmPose = { elbowX: 206, elbowY: 612, wristX: 246, wristY: 470, angle: 0.06, curl: 0.1, spread: 0.2, facing: 1, point: 1 };
const HANDS_LOW: ArmPose = { elbowX: 206, elbowY: 616, wristX: 92, wristY: 640, angle: -1.2, curl: 0.3, spread: 0.1, facing: -1, point: 0 };

const steady = { beatHz: 0.9, beatAngle: 0.05, beatY: 5 };
const TALKING: readonly Gesture[] = [
  { left: null, right: OPEN, ...steady },
  { left: LOW_OPEN, right: LOW_OPEN, ...steady },
  { left: OPEN, right: null, ...steady },
  { left: null, right: WIDE, beatHz: 0.5, beatAngle: 0.06, beatY: 4 },
  { left: CHEST, right: null, ...steady },
  { left: OPEN, right: OPEN, ...steady },
  { left: null, right: POINT, beatHz: 1.4, beatAngle: 0.1, beatY: 7 },
  { left: WIDE, right: LOW_OPEN, beatHz: 0.5, beatAngle: 0.06, beatY: 4 },
];
const WAVING: Gesture = { left: null, right: WAVE, beatHz: 2.1, beatAngle: 0.34, beatY: 2 };
const RESTING: Gesture = { left: HANDS_LOW, right: null, beatHz: 0, beatAngle: 0, beatY: 0 };

/** Seconds from one gesture's start to the next. */
const SLOT_SECONDS = 2.7;
/** A silent presenter waves or folds the arm in one of so many slots. */
const IDLE_EVERY = 6;

/**
 * Fills `into` with the arm of one side (−1 the viewer's left, 1 the right) at a time. `activity` 0..1 is how much the
 * presenter is talking, `lift` how far breath has lifted the shoulders, `reach` how far hands go out: 1 all
 * the way, less in a narrow picture. Allocates nothing.
 */
export const gestureAt = (timeSeconds: number, activity: number, side: -1 | 1, lift: number, reach: number, into: ArmPose): void => {
  const slot = Math.floor(timeSeconds / SLOT_SECONDS);
  const since = timeSeconds - slot * SLOT_SECONDS;
  const weight = ease(0.02, 0.86, since) * (1 - ease(1.84, 2.68, since));
  Object.assign(into, REST);
  into.elbowY -= lift * 0.5;
  into.wristY -= lift * 0.5;

  const idle = slot % IDLE_EVERY === 1 ? WAVING : slot % IDLE_EVERY === 4 ? RESTING : null;
  if (idle !== null) blend(into, side < 0 ? idle.left : idle.right, idle, since, weight * (1 - activity), reach);
  // Two gestures in a row are never the same: each slot takes its own half of the list.
  const half = TALKING.length / 2;
  const talking = TALKING[Math.floor(hash(slot, 21) * half) * 2 + (slot & 1)];
  if (talking !== undefined && hash(slot, 22) < 0.86) blend(into, side < 0 ? talking.left : talking.right, talking, since, weight * activity, reach);

  into.elbowX = quantize(into.elbowX, 0.25);
  into.elbowY = quantize(into.elbowY, 0.25);
  into.wristX = quantize(into.wristX, 0.25);
  into.wristY = quantize(into.wristY, 0.25);
  into.angle = quantize(into.angle, 0.004);
};

/** Takes what lies further out than `from` closer to it. */
const nearer = (x: number, from: number, reach: number): number => (x > from ? from + (x - from) * reach : x);

const blend = (into: ArmPose, target: ArmPose | null, gesture: Gesture, since: number, weight: number, reach: number): void => {
  if (target === null || weight === 0) return;
  const beat = Math.sin(since * gesture.beatHz * 2 * Math.PI);
  into.elbowX = mix(into.elbowX, nearer(target.elbowX, REST.elbowX, reach), weight);
  into.elbowY = mix(into.elbowY, target.elbowY, weight);
  // The hand swings out on its way, as a forearm that turns about the elbow does.
  const arc = weight * (1 - weight) * 4;
  into.wristX = mix(into.wristX, nearer(target.wristX, REST.wristX, reach) + beat * gesture.beatAngle * 40, weight) + arc * 26 * reach;
  into.wristY = mix(into.wristY, target.wristY + beat * gesture.beatY, weight);
  into.angle = mix(into.angle, nearer(target.angle, 0, 0.4 + 0.6 * reach) + beat * gesture.beatAngle, weight);
  into.curl = mix(into.curl, target.curl, weight);
  into.spread = mix(into.spread, target.spread, weight);
  into.facing = mix(into.facing, target.facing, weight);
  into.point = mix(into.point, target.point, weight);
};

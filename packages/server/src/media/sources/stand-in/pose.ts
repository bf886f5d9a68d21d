import { clamp01, drift, ease, hash, mix, quantize } from './curves.js';
import { gestureAt, type ArmPose, createArmPose } from './gestures.js';

/**
 * Everything that moves, in design units (the head is 214 units high, x = 0 is the presenter's middle, y grows
 * downwards) and radians. Values are rounded to what one can see, so that equal poses are equal pictures.
 */
export interface Pose {
  /** How far the chest is lifted. */
  breath: number;
  headX: number;
  headY: number;
  headRoll: number;
  /** −1..1: the face turns to the viewer's right. */
  yaw: number;
  /** −1..1: the face looks down. */
  pitch: number;
  /** Sideways swing of the hair's ends. */
  hair: number;
  browLift: number;
  /** 0 open .. 1 closed. */
  blink: number;
  gazeX: number;
  gazeY: number;
  /** 0 closed .. 1 wide open. */
  mouthOpen: number;
  /** −1 rounded .. 1 spread. */
  mouthWide: number;
  /** 0..1: lip and teeth meet (f, v, s). */
  mouthTeeth: number;
  /** 0..1: the tongue shows (l, th, n). */
  mouthTongue: number;
  smile: number;
  /** Arm on the viewer's left. */
  readonly left: ArmPose;
  /** Arm on the viewer's right. */
  readonly right: ArmPose;
}

/** What is being said at a moment; all of the pose that does not follow from the time alone. */
export interface Talk {
  /** 0..1: how much the presenter is in the middle of talking, for the gestures. */
  activity: number;
  open: number;
  wide: number;
  teeth: number;
  tongue: number;
  /** Slow loudness in 0..1, for the brows and the nods. */
  stress: number;
}

/** A pose to be filled by {@link computePose}. */
export const createPose = (): Pose => ({
  breath: 0,
  headX: 0,
  headY: 0,
  headRoll: 0,
  yaw: 0,
  pitch: 0,
  hair: 0,
  browLift: 0,
  blink: 0,
  gazeX: 0,
  gazeY: 0,
  mouthOpen: 0,
  mouthWide: 0,
  mouthTeeth: 0,
  mouthTongue: 0,
  smile: 0,
  left: createArmPose(),
  right: createArmPose(),
});

/** A talk in which nothing is said. */
export const createSilence = (): Talk => ({ activity: 0, open: 0, wide: 0, teeth: 0, tongue: 0, stress: 0 });

const HEAD_STEP_SECONDS = 0.08;
const BLINK_PERIOD_SECONDS = 3.4;
const BLINK_SECONDS = 0.24;

const blinkAt = (timeSeconds: number): number => {
  const cell = Math.floor(timeSeconds / BLINK_PERIOD_SECONDS);
  const start = cell * BLINK_PERIOD_SECONDS + hash(cell, 11) * (BLINK_PERIOD_SECONDS - 2 * BLINK_SECONDS - 0.3);
  const once = blinkCurve(timeSeconds - start);
  // Now and then people blink twice.
  return hash(cell, 12) > 0.8 ? Math.max(once, blinkCurve(timeSeconds - start - BLINK_SECONDS - 0.06)) : once;
};

const blinkCurve = (since: number): number => ease(0, 0.08, since) * (1 - ease(0.11, BLINK_SECONDS, since));

/** Chest lift at a time, in design units: a breath takes 4.2 s, in faster than out. */
const breathAt = (timeSeconds: number): number => {
  const phase = (timeSeconds / 4.2) % 1;
  return 2.8 * ease(0, 0.42, phase) * (1 - ease(0.5, 1, phase));
};

/** Fills `pose` for a time and what is said then; `reach` (0..1) is how far hands go out. Allocates nothing. */
export const computePose = (timeSeconds: number, talk: Talk, reach: number, pose: Pose): void => {
  const lively = 0.55 + 0.45 * talk.activity;
  pose.breath = quantize(breathAt(timeSeconds), 0.5);
  const nod = talk.stress * talk.activity;
  // The head drifts slowly enough to be drawn in every second frame; lips, lids and hands are not.
  const headSeconds = Math.floor(timeSeconds / HEAD_STEP_SECONDS + 1e-6) * HEAD_STEP_SECONDS;
  const turn = drift(headSeconds, 2.3, 1) * lively;
  pose.headX = quantize(drift(headSeconds, 3.1, 2) * 3.4 * lively + turn * 1.5, 0.5);
  pose.headY = quantize(drift(headSeconds, 2.2, 3) * 1.6 * lively - breathAt(headSeconds) * 0.8, 0.5) + quantize(nod * 3.2, 0.8);
  pose.headRoll = quantize(drift(headSeconds, 2.9, 4) * 0.026 * lively, 0.003);
  pose.yaw = quantize(turn * 0.85, 0.08);
  pose.pitch = quantize(drift(headSeconds, 2.6, 5) * 0.4 * lively, 0.12) + quantize(nod * 0.5, 0.125);
  // The ends of the hair follow the head a little later.
  pose.hair = quantize((drift(headSeconds - 0.28, 3.1, 2) * 4.5 + drift(headSeconds - 0.22, 2.3, 1) * 3.5) * lively + Math.sin(headSeconds * 1.9) * 0.9, 0.8);
  pose.browLift = quantize(clamp01(0.35 + drift(timeSeconds, 2.1, 6) * 0.35 + talk.stress * 0.5 * talk.activity), 0.06);
  pose.blink = quantize(blinkAt(timeSeconds), 0.05);
  const glance = ease(0.55, 0.8, drift(timeSeconds, 1.7, 7));
  pose.gazeX = quantize(drift(timeSeconds, 1.4, 8) * 2.2 * glance - pose.yaw * 0.6, 0.25);
  pose.gazeY = quantize(drift(timeSeconds, 1.9, 9) * 0.8 * glance, 0.25);
  pose.mouthOpen = quantize(talk.open, 0.02);
  pose.mouthWide = quantize(talk.wide, 0.04);
  pose.mouthTeeth = quantize(talk.teeth, 0.1);
  pose.mouthTongue = quantize(talk.tongue, 0.1);
  pose.smile = quantize(mix(0.85 + 0.15 * drift(timeSeconds, 3.7, 10), 0.6, talk.activity), 0.05);
  computeArms(timeSeconds, talk.activity, reach, pose);
};

/** Fills only the arms of `pose`: called for the moments within one exposure. Allocates nothing. */
export const computeArms = (timeSeconds: number, activity: number, reach: number, pose: Pose): void => {
  const lift = quantize(breathAt(timeSeconds), 0.5);
  gestureAt(timeSeconds, activity, -1, lift, reach, pose.left);
  gestureAt(timeSeconds, activity, 1, lift, reach, pose.right);
};

import { Path2D } from '@napi-rs/canvas';
import type { ArmPose } from '../gestures.js';
import { PALETTE } from '../palette.js';
import { type Brush, linear } from './brush.js';
import { drawHand } from './hand.js';

/** Where the arm leaves the shoulder, and the sleeve's half widths, in design units. */
export const SHOULDER = { x: 146, y: 430 } as const;
/** The widest half width of a sleeve. */
export const SLEEVE_RADIUS = 41;
const ELBOW_RADIUS = 36;
const CUFF_RADIUS = 27;
/** Light and shade run across both halves of the sleeve alike, so that a straight arm shows no seam. */
const SHADE_RADIUS = 38;
/** The sleeve ends so far before the wrist. */
const CUFF = 12;

/** The outline of two circles and their outer tangents, along +y from the origin. */
const limb = (length: number, from: number, to: number): Path2D => {
  const path = new Path2D();
  const lean = Math.asin(Math.max(-1, Math.min(1, (from - to) / Math.max(length, 1))));
  path.arc(0, 0, from, lean, Math.PI - lean, true);
  path.arc(0, length, to, Math.PI - lean, lean, true);
  path.closePath();
  return path;
};

/**
 * A sleeve from (x0, y0) to (x1, y1), lit from the viewer's upper left; `mirror` is −1 when the brush is mirrored.
 * Light and shade fade where the sleeve points into the light, so that they never jump.
 */
const drawSleeve = (brush: Brush, x0: number, y0: number, from: number, x1: number, y1: number, to: number, mirror: number): void => {
  const along = Math.atan2(y1 - y0, x1 - x0);
  const path = limb(Math.hypot(x1 - x0, y1 - y0), from, to);
  const towards = -0.72 * mirror * Math.sin(along) + 0.69 * Math.cos(along);
  const light = Math.sign(towards) * SHADE_RADIUS;
  brush.save();
  brush.translate(x0, y0);
  brush.rotate(along - Math.PI / 2);
  brush.fillStyle = PALETTE.jacket;
  brush.fill(path);
  brush.globalAlpha = Math.abs(towards);
  brush.fillStyle = linear(brush, light, 0, -light, 0, [
    [0, 'rgba(122,114,204,0.55)'],
    [0.22, 'rgba(122,114,204,0.75)'],
    [0.5, 'rgba(75,69,144,0)'],
    [0.8, 'rgba(38,34,83,0.6)'],
    [1, 'rgba(38,34,83,0.75)'],
  ]);
  brush.fill(path);
  brush.restore();
};

/** The upper arm, which leaves from behind the jacket's shoulder. Drawn for the viewer's right. */
export const drawUpperArm = (brush: Brush, arm: ArmPose, shoulderLift: number, mirror: number): void => {
  drawSleeve(brush, SHOULDER.x, SHOULDER.y - shoulderLift, SLEEVE_RADIUS, arm.elbowX, arm.elbowY, ELBOW_RADIUS, mirror);
};

/** Forearm and hand. Drawn for the viewer's right. */
export const drawForearm = (brush: Brush, arm: ArmPose, mirror: number): void => {
  const along = Math.atan2(arm.wristY - arm.elbowY, arm.wristX - arm.elbowX);
  brush.save();
  brush.translate(arm.wristX, arm.wristY);
  drawHand(brush, arm, mirror > 0);
  brush.restore();
  const cuffX = arm.wristX - Math.cos(along) * (CUFF + CUFF_RADIUS * 0.6);
  const cuffY = arm.wristY - Math.sin(along) * (CUFF + CUFF_RADIUS * 0.6);
  drawSleeve(brush, arm.elbowX, arm.elbowY, ELBOW_RADIUS, cuffX, cuffY, CUFF_RADIUS, mirror);
};

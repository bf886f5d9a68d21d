import { Path2D } from '@napi-rs/canvas';
import type { ArmPose } from '../gestures.js';
import { PALETTE } from '../palette.js';
import { type Brush, linear, softStroke } from './brush.js';
import { drawHand } from './hand.js';

/** Where the arm leaves the shoulder, and the sleeve's half widths, in design units. */
export const SHOULDER = { x: 154, y: 422, radius: 44 } as const;
const ELBOW_RADIUS = 37;
const CUFF_RADIUS = 29;

const limb = (path: Path2D, ax: number, ay: number, ar: number, bx: number, by: number, br: number): void => {
  const length = Math.hypot(bx - ax, by - ay);
  if (length < 1) return;
  // The outer tangents of the two circles.
  const along = Math.atan2(by - ay, bx - ax);
  const lean = Math.acos(Math.max(-1, Math.min(1, (ar - br) / length)));
  path.moveTo(ax + ar * Math.cos(along + lean), ay + ar * Math.sin(along + lean));
  path.arc(ax, ay, ar, along + lean, along - lean + 2 * Math.PI, false);
  path.lineTo(bx + br * Math.cos(along - lean), by + br * Math.sin(along - lean));
  path.arc(bx, by, br, along - lean, along + lean, false);
  path.closePath();
};

/** One arm, shoulder to finger tips, drawn for the viewer's right; mirror the brush for the left. */
export const drawArm = (brush: Brush, arm: ArmPose, shoulderLift: number, lit: boolean): void => {
  const sx = SHOULDER.x;
  const sy = SHOULDER.y - shoulderLift;
  const forearm = Math.atan2(arm.wristY - arm.elbowY, arm.wristX - arm.elbowX);

  brush.save();
  brush.translate(arm.wristX, arm.wristY);
  drawHand(brush, arm, lit);
  brush.restore();

  const sleeve = new Path2D();
  limb(sleeve, sx, sy, SHOULDER.radius, arm.elbowX, arm.elbowY, ELBOW_RADIUS);
  limb(sleeve, arm.elbowX, arm.elbowY, ELBOW_RADIUS, arm.wristX - Math.cos(forearm) * 18, arm.wristY - Math.sin(forearm) * 18, CUFF_RADIUS);
  const light = lit ? -1 : 1;
  brush.fillStyle = linear(brush, sx + light * 60, sy - 40, sx - light * 60, sy + 300, lit
    ? [[0, '#5d56a8'], [0.4, PALETTE.jacket], [1, PALETTE.jacketDark]]
    : [[0, PALETTE.jacketLight], [0.4, '#544da0'], [1, PALETTE.jacket]]);
  brush.fill(sleeve);
  brush.save();
  brush.clip(sleeve);
  const spine = new Path2D();
  spine.moveTo(sx, sy);
  spine.lineTo(arm.elbowX, arm.elbowY);
  spine.lineTo(arm.wristX, arm.wristY);
  brush.translate(light * -22, 20);
  softStroke(brush, spine, PALETTE.jacketDeep, 46, 0.5);
  brush.translate(light * 36, -32);
  softStroke(brush, spine, '#8f88dc', 30, 0.35);
  brush.restore();
};

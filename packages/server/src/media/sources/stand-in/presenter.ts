import { drawForearm, drawUpperArm } from './parts/arm.js';
import type { Brush } from './parts/brush.js';
import { drawFace, drawMouth } from './parts/face.js';
import { drawBackHair, drawFrontHair } from './parts/hair.js';
import type { Pose } from './pose.js';

/** A part of an arm: behind the torso or before it. */
export type ArmPiece = 'upper' | 'fore';

/** Moves the brush into the head's frame, about the top of the neck. */
const enterHead = (brush: Brush, pose: Pose): void => {
  brush.translate(pose.headX, pose.headY + 300);
  brush.rotate(pose.headRoll);
  brush.translate(0, -300);
};

/** A layer of the head, in design units, over whatever is there. */
export const drawHead = (brush: Brush, pose: Pose, layer: 'back' | 'face' | 'mouth' | 'front'): void => {
  brush.save();
  enterHead(brush, pose);
  if (layer === 'back') drawBackHair(brush, pose);
  else if (layer === 'face') drawFace(brush, pose);
  else if (layer === 'mouth') drawMouth(brush, pose);
  else drawFrontHair(brush, pose);
  brush.restore();
};

/** A piece of the arm on the viewer's left (−1) or right (1). */
export const drawArmPiece = (brush: Brush, pose: Pose, side: -1 | 1, piece: ArmPiece): void => {
  const arm = side < 0 ? pose.left : pose.right;
  brush.save();
  brush.scale(side, 1);
  if (piece === 'upper') drawUpperArm(brush, arm, pose.breath * 0.8, side);
  else drawForearm(brush, arm, side);
  brush.restore();
};

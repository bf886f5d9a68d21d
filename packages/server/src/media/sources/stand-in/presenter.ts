import { drawArm } from './parts/arm.js';
import type { Brush } from './parts/brush.js';
import { drawFace } from './parts/face.js';
import { drawBackHair, drawFrontHair } from './parts/hair.js';
import { drawTorso } from './parts/torso.js';
import type { Pose } from './pose.js';

/** Moves the brush into the head's frame, about the top of the neck. */
const enterHead = (brush: Brush, pose: Pose): void => {
  brush.translate(pose.headX, pose.headY + 300);
  brush.rotate(pose.headRoll);
  brush.translate(0, -300);
};

/** Head, hair and torso: what is behind the arms. In design units, over whatever is there. */
export const drawBody = (brush: Brush, pose: Pose): void => {
  brush.save();
  enterHead(brush, pose);
  drawBackHair(brush, pose);
  brush.restore();
  drawTorso(brush, pose);
  brush.save();
  enterHead(brush, pose);
  drawFace(brush, pose);
  drawFrontHair(brush, pose);
  brush.restore();
};

/** The arm on the viewer's left (−1) or right (1). */
export const drawSide = (brush: Brush, pose: Pose, side: -1 | 1): void => {
  brush.save();
  brush.scale(side, 1);
  drawArm(brush, side < 0 ? pose.left : pose.right, pose.breath * 0.8, side > 0);
  brush.restore();
};

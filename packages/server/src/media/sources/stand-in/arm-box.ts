import type { ArmPose } from './gestures.js';
import { SHOULDER, SLEEVE_RADIUS } from './parts/arm.js';
import type { ArmPiece } from './presenter.js';

/** A rectangle that grows; empty while `left` > `right`. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** An empty box. */
export const createBox = (): Box => ({ left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity });

/** Empties a box. */
export const clearBox = (box: Box): void => {
  box.left = box.top = Infinity;
  box.right = box.bottom = -Infinity;
};

const HAND_RADIUS = 84;
const HAND_MIDDLE = 56;

const includeCircle = (box: Box, x: number, y: number, radius: number): void => {
  box.left = Math.min(box.left, x - radius);
  box.top = Math.min(box.top, y - radius);
  box.right = Math.max(box.right, x + radius);
  box.bottom = Math.max(box.bottom, y + radius);
};

/** Grows `box` (design units) around a piece of an arm, the shoulder's lift included. */
export const includeArm = (box: Box, arm: ArmPose, side: -1 | 1, piece: ArmPiece): void => {
  includeCircle(box, side * arm.elbowX, arm.elbowY, SLEEVE_RADIUS);
  if (piece === 'upper') {
    includeCircle(box, side * SHOULDER.x, SHOULDER.y - 1, SLEEVE_RADIUS + 4);
    return;
  }
  includeCircle(box, side * arm.wristX, arm.wristY, 34);
  includeCircle(box, side * (arm.wristX + Math.sin(arm.angle) * HAND_MIDDLE), arm.wristY - Math.cos(arm.angle) * HAND_MIDDLE, HAND_RADIUS);
};

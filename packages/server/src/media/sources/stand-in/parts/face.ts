import { Path2D } from '@napi-rs/canvas';
import { mix } from '../curves.js';
import { PALETTE } from '../palette.js';
import type { Pose } from '../pose.js';
import { type Brush, linear, radial, softStroke } from './brush.js';

const SKULL = new Path2D('M-77 178 C-79 232 -64 272 -32 293 C-12 305 12 305 32 293 C64 272 79 232 77 178 C79 112 50 86 0 86 C-50 86 -79 112 -77 178 Z');
const NOSE = new Path2D('M-8 244 C-7 250 -3 250 0 251.5 C4 250 8 250 9 244');
const NOSE_SIDE = new Path2D('M5 208 C8 222 12 232 12 242');

/** The head without hair, and its features but the mouth, in the head's own frame. */
export const drawFace = (brush: Brush, pose: Pose): void => {
  brush.fillStyle = linear(brush, -60, 110, 60, 300, [
    [0, PALETTE.skinLight],
    [0.5, '#f0b995'],
    [1, PALETTE.skin],
  ]);
  brush.fill(SKULL);
  brush.fillStyle = radial(brush, -24, 186, 132, [
    [0, 'rgba(207,134,100,0)'],
    [0.6, 'rgba(207,134,100,0)'],
    [1, 'rgba(196,116,82,0.75)'],
  ]);
  brush.fill(SKULL);
  // The fringe's shadow on the forehead; its corners lie under the fringe.
  brush.fillStyle = linear(brush, 0, 100, 0, 168, [
    [0, 'rgba(170,92,66,0.55)'],
    [1, 'rgba(170,92,66,0)'],
  ]);
  brush.fillRect(-70, 92, 140, 78);

  const shiftX = pose.yaw * 5;
  const shiftY = pose.pitch * 3;
  brush.save();
  brush.translate(shiftX, shiftY);
  for (const side of [-1, 1]) {
    brush.fillStyle = radial(brush, side * 47, 246, 25, [
      [0, PALETTE.blush],
      [0.5, 'rgba(228,104,92,0.2)'],
      [1, 'rgba(228,104,92,0)'],
    ]);
    brush.fillRect(side * 47 - 26, 220, 52, 52);
    drawEye(brush, pose, side);
    drawBrow(brush, pose, side);
  }
  brush.translate(shiftX * 0.35, 0);
  softStroke(brush, NOSE_SIDE, PALETTE.skinShade, 10, 0.32);
  brush.strokeStyle = PALETTE.skinDeep;
  brush.globalAlpha = 0.6;
  brush.lineWidth = 2.4;
  brush.lineCap = 'round';
  brush.stroke(NOSE);
  brush.globalAlpha = 1;
  brush.fillStyle = radial(brush, -1, 236, 9, [
    [0, 'rgba(255,236,220,0.4)'],
    [1, 'rgba(255,236,220,0)'],
  ]);
  brush.fillRect(-10, 226, 18, 18);
  brush.restore();
};

/** The mouth, over the face, in the head's own frame. */
export const drawMouth = (brush: Brush, pose: Pose): void => {
  brush.save();
  brush.translate(pose.yaw * 5.75, pose.pitch * 3);
  drawLips(brush, pose);
  brush.restore();
};

const drawEye = (brush: Brush, pose: Pose, side: number): void => {
  brush.save();
  brush.translate(side * 34, 205);
  brush.scale(side * 1.16, 1.16);
  const open = 1 - pose.blink;
  // Both lids meet a little under the middle; a smile lifts the lower one.
  const upper = mix(9, -13.5, open);
  const lower = mix(9, 9.5 - pose.smile * 1.6, open);
  brush.beginPath();
  brush.moveTo(-15, 3);
  brush.bezierCurveTo(-9, upper, 8, upper - 1, 16, 0);
  brush.bezierCurveTo(9, lower, -8, lower + 1, -15, 3);
  brush.closePath();
  if (open > 0.12) {
    brush.save();
    brush.clip();
    brush.fillStyle = PALETTE.eyeWhite;
    brush.fillRect(-18, -16, 36, 32);
    const x = pose.gazeX * side - 0.5;
    const y = -0.6 + pose.gazeY;
    brush.fillStyle = radial(brush, x, y + 2, 10.5, [
      [0, '#8a5a3e'],
      [0.65, PALETTE.iris],
      [1, '#3a2118'],
    ]);
    brush.beginPath();
    brush.arc(x, y, 9.6, 0, 2 * Math.PI);
    brush.fill();
    brush.fillStyle = PALETTE.pupil;
    brush.beginPath();
    brush.arc(x, y, 4.9, 0, 2 * Math.PI);
    brush.fill();
    // The lid's shadow on the eyeball.
    brush.fillStyle = linear(brush, 0, -11, 0, -1, [
      [0, 'rgba(60,26,22,0.5)'],
      [1, 'rgba(60,26,22,0)'],
    ]);
    brush.fillRect(-18, -14, 36, 14);
    brush.fillStyle = '#ffffff';
    brush.beginPath();
    brush.arc(x - 3.2 * side, y - 3.4, 2.7, 0, 2 * Math.PI);
    brush.arc(x + 3.4 * side, y + 3.6, 1.2, 0, 2 * Math.PI);
    brush.fill();
    brush.restore();
  }
  // Upper lash line, thicker outwards, with a small wing.
  brush.fillStyle = PALETTE.lash;
  brush.beginPath();
  brush.moveTo(-16, 3.5);
  brush.bezierCurveTo(-9, upper - 1, 9, upper - 2.6, 20.5, mix(-1.5, -3.5, open));
  brush.quadraticCurveTo(19, 0, 16, 1.6);
  brush.bezierCurveTo(9, upper + 2.4, -8, upper + 2.2, -16, 3.5);
  brush.closePath();
  brush.fill();
  brush.strokeStyle = PALETTE.skinDeep;
  brush.lineCap = 'round';
  brush.lineWidth = 1.5;
  brush.globalAlpha = 0.55;
  brush.beginPath();
  brush.moveTo(-11, mix(-3, -11.75, open));
  brush.quadraticCurveTo(2, mix(-1, -19, open), 15, mix(-5, -9.2, open));
  brush.stroke();
  brush.restore();
};

const drawBrow = (brush: Brush, pose: Pose, side: number): void => {
  brush.save();
  brush.translate(side * 36, 179 - pose.browLift * 6);
  brush.scale(side, 1);
  brush.fillStyle = PALETTE.brow;
  brush.globalAlpha = 0.92;
  brush.beginPath();
  brush.moveTo(-18, 0.5);
  brush.bezierCurveTo(-8, -5, 8, -7.5, 22, 2.5);
  brush.bezierCurveTo(8, -2.5, -6, -0.5, -16.5, 5.5);
  brush.quadraticCurveTo(-20.5, 4.5, -18, 0.5);
  brush.closePath();
  brush.fill();
  brush.restore();
};

const drawLips = (brush: Brush, pose: Pose): void => {
  const open = pose.mouthOpen;
  const half = 23 + pose.mouthWide * (pose.mouthWide > 0 ? 4.5 : 9) + pose.smile * 2.5 - open * 3;
  const corner = -pose.smile * 4.2 * (1 - open * 0.5);
  const gap = open * 23;
  const top = -gap * 0.22;
  const bottom = gap * 0.78;
  brush.save();
  brush.translate(0, 267);

  // The lips as one shape, the inside drawn over it.
  brush.fillStyle = linear(brush, 0, -8, 0, 12 + bottom, [
    [0, PALETTE.lip],
    [0.5, PALETTE.lip],
    [1, PALETTE.lipLight],
  ]);
  brush.beginPath();
  brush.moveTo(-half - 1, corner);
  brush.bezierCurveTo(-half * 0.6, top - 4.5, -half * 0.25, top - 7, 0, top - 4.2);
  brush.bezierCurveTo(half * 0.25, top - 7, half * 0.6, top - 4.5, half + 1, corner);
  brush.bezierCurveTo(half * 0.7, bottom + 7, half * 0.35, bottom + 9.4, 0, bottom + 9.4);
  brush.bezierCurveTo(-half * 0.35, bottom + 9.4, -half * 0.7, bottom + 7, -half - 1, corner);
  brush.closePath();
  brush.fill();

  if (gap > 0.9) {
    brush.beginPath();
    brush.moveTo(-half + 1.5, corner + 0.6);
    brush.bezierCurveTo(-half * 0.5, top + 0.5, half * 0.5, top + 0.5, half - 1.5, corner + 0.6);
    brush.bezierCurveTo(half * 0.6, bottom + 3.4, half * 0.3, bottom + 4, 0, bottom + 4);
    brush.bezierCurveTo(-half * 0.3, bottom + 4, -half * 0.6, bottom + 3.4, -half + 1.5, corner + 0.6);
    brush.closePath();
    brush.save();
    brush.clip();
    brush.fillStyle = PALETTE.mouth;
    brush.fillRect(-40, -20, 80, 60);
    brush.fillStyle = PALETTE.tongue;
    brush.beginPath();
    brush.ellipse(0, bottom + 7 - pose.mouthTongue * 5, half * 0.62, 7 + open * 3, 0, 0, 2 * Math.PI);
    brush.fill();
    brush.fillStyle = PALETTE.teeth;
    brush.beginPath();
    brush.roundRect(-half * 0.72, top - 8, half * 1.44, 8.5 + 4.2 + Math.min(open, 0.4) * 5, 4);
    brush.fill();
    if (pose.mouthTeeth > 0.3) {
      brush.beginPath();
      brush.roundRect(-half * 0.58, bottom + 1.5 - pose.mouthTeeth * 2, half * 1.16, 10, 3);
      brush.fill();
    }
    brush.restore();
  } else {
    brush.strokeStyle = '#8f3a3c';
    brush.lineWidth = 2.2;
    brush.lineCap = 'round';
    brush.beginPath();
    brush.moveTo(-half - 1, corner);
    brush.bezierCurveTo(-half * 0.5, 1.6, -half * 0.2, 1.8, 0, 1.2);
    brush.bezierCurveTo(half * 0.2, 1.8, half * 0.5, 1.6, half + 1, corner);
    brush.stroke();
  }
  // Corners of a smile, and the light on the lower lip.
  brush.strokeStyle = PALETTE.skinDeep;
  brush.globalAlpha = 0.6 * pose.smile;
  brush.lineWidth = 2;
  brush.lineCap = 'round';
  brush.beginPath();
  brush.moveTo(-half - 3.5, corner - 3.5);
  brush.quadraticCurveTo(-half - 4.5, corner, -half - 2, corner + 2.5);
  brush.moveTo(half + 3.5, corner - 3.5);
  brush.quadraticCurveTo(half + 4.5, corner, half + 2, corner + 2.5);
  brush.stroke();
  brush.globalAlpha = 0.4;
  brush.strokeStyle = '#ffd9cf';
  brush.lineWidth = 2.2;
  brush.beginPath();
  brush.moveTo(-6, bottom + 6);
  brush.quadraticCurveTo(0, bottom + 7, 6, bottom + 6);
  brush.stroke();
  brush.restore();
};

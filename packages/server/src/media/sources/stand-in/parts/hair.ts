import { PALETTE } from '../palette.js';
import { hash } from '../curves.js';
import type { Pose } from '../pose.js';
import { type Brush, linear } from './brush.js';

/** The hair behind the neck, in the head's frame. */
export const drawBackHair = (brush: Brush, pose: Pose): void => {
  const s = pose.hair;
  brush.fillStyle = linear(brush, 0, 70, 0, 400, [[0, PALETTE.hair], [0.6, PALETTE.hairDark], [1, '#3d2220']]);
  brush.beginPath();
  brush.moveTo(-4, 62);
  brush.bezierCurveTo(-78, 58, -114, 116, -108, 196);
  brush.bezierCurveTo(-106, 262, -132 + s * 0.5, 310, -118 + s, 372);
  brush.bezierCurveTo(-108 + s, 404, -66 + s, 408, -44 + s * 0.8, 386);
  brush.lineTo(44 + s * 0.8, 386);
  brush.bezierCurveTo(66 + s, 408, 108 + s, 404, 118 + s, 372);
  brush.bezierCurveTo(132 + s * 0.5, 310, 106, 262, 108, 196);
  brush.bezierCurveTo(114, 116, 78, 58, -4, 62);
  brush.closePath();
  brush.fill();
  drawStrands(brush, s);
};

const drawStrands = (brush: Brush, swing: number): void => {
  brush.strokeStyle = PALETTE.hair;
  brush.lineCap = 'round';
  for (let index = 0; index < 14; index += 1) {
    const side = index % 2 === 0 ? -1 : 1;
    const out = 3 + hash(index, 31) * 15;
    const end = 350 + hash(index, 32) * 62;
    const start = 110 + hash(index, 33) * 150;
    const lag = swing * (1 + hash(index, 34) * 0.7);
    brush.lineWidth = 1.1 + hash(index, 35) * 1.3;
    brush.beginPath();
    brush.moveTo(side * 104, start);
    brush.bezierCurveTo(side * (111 + out * 0.5), start + 60, side * (113 + out) + lag * 0.6, end - 60, side * (108 + out * (index % 3 === 0 ? 1.3 : 0.2)) + lag, end);
    brush.stroke();
  }
  // Flyaways at the crown.
  brush.lineWidth = 1.1;
  for (let index = 0; index < 7; index += 1) {
    const at = -70 + index * 22 + hash(index, 36) * 10;
    const lean = (hash(index, 37) - 0.5) * 36 + swing;
    const foot = 66 + (at * at) / 190;
    brush.beginPath();
    brush.moveTo(at, foot + 5);
    brush.quadraticCurveTo(at + lean * 0.3, foot - 6, at + lean, foot - 5 - hash(index, 38) * 6);
    brush.stroke();
  }
};

/** The hair over the forehead and beside the face, in the head's frame. */
export const drawFrontHair = (brush: Brush, pose: Pose): void => {
  const s = pose.hair;
  brush.fillStyle = linear(brush, -110, 80, 60, 330, [[0, PALETTE.hairLight], [0.28, '#5c352d'], [0.65, PALETTE.hair], [1, PALETTE.hairDark]]);
  // Away from the parting to the viewer's left.
  brush.beginPath();
  brush.moveTo(-24, 66);
  brush.bezierCurveTo(-72, 62, -112, 112, -107, 192);
  brush.bezierCurveTo(-104, 256, -128 + s * 0.4, 304, -116 + s, 368);
  brush.bezierCurveTo(-112 + s, 384, -92 + s, 392, -82 + s, 380);
  brush.bezierCurveTo(-66 + s, 356, -86 + s * 0.4, 300, -80, 246);
  brush.bezierCurveTo(-76, 196, -66, 148, -24, 100);
  brush.closePath();
  brush.fill();
  // The long side, swept across the forehead.
  brush.fillStyle = linear(brush, -30, 60, 110, 330, [[0, '#6d4034'], [0.35, PALETTE.hair], [1, PALETTE.hairDark]]);
  brush.beginPath();
  brush.moveTo(-28, 66);
  brush.bezierCurveTo(40, 46, 114, 96, 107, 194);
  brush.bezierCurveTo(104, 256, 128 + s * 0.4, 304, 117 + s, 368);
  brush.bezierCurveTo(113 + s, 386, 92 + s, 392, 82 + s, 380);
  brush.bezierCurveTo(66 + s, 356, 86 + s * 0.4, 300, 80, 244);
  brush.bezierCurveTo(74, 178, 34, 142, -28, 103);
  brush.quadraticCurveTo(-36, 84, -28, 66);
  brush.closePath();
  brush.fill();

  brush.lineCap = 'round';
  brush.lineWidth = 2;
  brush.strokeStyle = PALETTE.hairLight;
  brush.globalAlpha = 0.55;
  for (let index = 0; index < 6; index += 1) {
    const u = index / 5;
    brush.beginPath();
    brush.moveTo(-26 + u * 4, 76 + u * 20);
    brush.bezierCurveTo(24 + u * 6, 76 + u * 30, 98 - u * 14, 116 + u * 20, 100 - u * 14, 196 + u * 18);
    brush.stroke();
    brush.beginPath();
    brush.moveTo(-30, 76 + u * 20);
    brush.bezierCurveTo(-66 + u * 10, 84 + u * 16, -102 + u * 16, 120 + u * 14, -101 + u * 14, 200 + u * 10);
    brush.stroke();
  }
  brush.globalAlpha = 0.4;
  for (let index = 0; index < 4; index += 1) {
    const inset = index * 7;
    for (const side of [-1, 1]) {
      brush.beginPath();
      brush.moveTo(side * (101 - inset), 214);
      brush.bezierCurveTo(side * (98 - inset), 262, side * (118 - inset) + s * 0.4, 306, side * (108 - inset * 0.9) + s, 366);
      brush.stroke();
    }
  }
  brush.globalAlpha = 1;
};

import { hash } from '../curves.js';
import { PALETTE } from '../palette.js';
import type { Pose } from '../pose.js';
import { type Brush, linear } from './brush.js';

/** The hair behind the neck and the loose strands at its outline, in the head's frame. */
export const drawBackHair = (brush: Brush, pose: Pose): void => {
  const s = pose.hair;
  brush.fillStyle = linear(brush, 0, 180, 0, 410, [
    [0, PALETTE.hairDark],
    [0.5, '#2a1516'],
    [1, '#3a2020'],
  ]);
  brush.beginPath();
  brush.moveTo(0, 70);
  brush.bezierCurveTo(-70, 68, -106, 122, -104, 196);
  brush.bezierCurveTo(-104, 262, -136 + s * 0.5, 318, -112 + s, 376);
  brush.bezierCurveTo(-98 + s, 404, -70 + s, 404, -44 + s * 0.8, 378);
  brush.lineTo(44 + s * 0.8, 378);
  brush.bezierCurveTo(70 + s, 404, 98 + s, 404, 112 + s, 376);
  brush.bezierCurveTo(136 + s * 0.5, 318, 104, 262, 104, 196);
  brush.bezierCurveTo(106, 122, 70, 68, 0, 70);
  brush.closePath();
  brush.fill();
  drawStrands(brush, s);
};

const drawStrands = (brush: Brush, swing: number): void => {
  brush.strokeStyle = PALETTE.hair;
  brush.lineCap = 'round';
  for (let index = 0; index < 12; index += 1) {
    const side = index % 2 === 0 ? -1 : 1;
    // Every strand leaves from inside the hair and lifts off towards its end.
    const start = 214 + hash(index, 33) * 70;
    const end = 356 + hash(index, 32) * 54;
    const out = 112 + hash(index, 31) * 17;
    const lag = swing * (1.1 + hash(index, 34) * 0.7);
    brush.lineWidth = 1 + hash(index, 35) * 1.2;
    brush.beginPath();
    brush.moveTo(side * 98, start);
    brush.bezierCurveTo(side * 108, start + 44, side * (out + 9) + lag * 0.5, end - 62, side * (out - 9 + hash(index, 39) * 16) + lag, end);
    brush.stroke();
  }
  // Flyaways at the crown.
  brush.lineWidth = 1;
  for (let index = 0; index < 5; index += 1) {
    const at = -62 + index * 30 + hash(index, 36) * 12;
    const lean = 8 + hash(index, 37) * 9;
    const foot = 65 + (at * at) / 150;
    brush.beginPath();
    brush.moveTo(at, foot + 4);
    brush.quadraticCurveTo(at + lean * 0.5, foot - 6, at + lean + swing * 0.5, foot - 2 + Math.abs(at + lean) * 0.12);
    brush.stroke();
  }
};

/** The hair over the forehead and beside the face, in the head's frame. */
export const drawFrontHair = (brush: Brush, pose: Pose): void => {
  const s = pose.hair;
  // Away from the parting to the viewer's left.
  brush.fillStyle = linear(brush, -112, 90, -40, 390, [
    [0, '#77473a'],
    [0.3, '#5c352d'],
    [0.62, PALETTE.hair],
    [1, '#5a332b'],
  ]);
  brush.beginPath();
  brush.moveTo(-26, 65);
  brush.bezierCurveTo(-76, 62, -114, 114, -108, 194);
  brush.bezierCurveTo(-104, 252, -136 + s * 0.4, 306, -118 + s, 366);
  brush.bezierCurveTo(-112 + s, 388, -92 + s, 400, -70 + s, 398);
  brush.bezierCurveTo(-86 + s, 372, -66 + s * 0.5, 316, -77, 250);
  brush.bezierCurveTo(-82, 190, -62, 140, -26, 96);
  brush.closePath();
  brush.fill();
  // The long side, swept across the forehead.
  brush.fillStyle = linear(brush, -30, 60, 106, 390, [
    [0, '#7d4b3d'],
    [0.22, '#5f372e'],
    [0.55, PALETTE.hair],
    [0.8, '#3c2220'],
    [1, '#54302a'],
  ]);
  brush.beginPath();
  brush.moveTo(-30, 66);
  brush.bezierCurveTo(38, 44, 116, 96, 108, 194);
  brush.bezierCurveTo(104, 252, 136 + s * 0.4, 306, 118 + s, 366);
  brush.bezierCurveTo(112 + s, 390, 92 + s, 402, 68 + s, 398);
  brush.bezierCurveTo(86 + s, 372, 66 + s * 0.5, 316, 78, 248);
  brush.bezierCurveTo(78, 188, 40, 140, -26, 97);
  brush.quadraticCurveTo(-36, 80, -30, 66);
  brush.closePath();
  brush.fill();

  // A sheen across the crown, and a few locks parted by light and shade.
  brush.fillStyle = 'rgba(190,122,94,0.20)';
  brush.beginPath();
  brush.moveTo(-8, 82);
  brush.bezierCurveTo(36, 78, 84, 104, 94, 158);
  brush.bezierCurveTo(78, 120, 40, 98, -8, 82);
  brush.moveTo(-40, 84);
  brush.bezierCurveTo(-70, 92, -94, 126, -97, 168);
  brush.bezierCurveTo(-84, 128, -66, 104, -40, 84);
  brush.fill();
  brush.lineCap = 'round';
  brush.lineWidth = 2.4;
  brush.strokeStyle = 'rgba(38,18,18,0.32)';
  brush.beginPath();
  brush.moveTo(-24, 74);
  brush.bezierCurveTo(50, 76, 98, 130, 95, 204);
  brush.bezierCurveTo(93, 262, 116 + s * 0.4, 312, 100 + s, 378);
  brush.moveTo(-32, 76);
  brush.bezierCurveTo(-74, 92, -98, 134, -95, 204);
  brush.bezierCurveTo(-93, 262, -116 + s * 0.4, 312, -100 + s, 378);
  brush.stroke();
  brush.lineWidth = 1.6;
  brush.strokeStyle = 'rgba(176,112,86,0.42)';
  brush.beginPath();
  brush.moveTo(4, 80);
  brush.bezierCurveTo(66, 88, 104, 132, 101, 206);
  brush.bezierCurveTo(99, 262, 124 + s * 0.4, 310, 110 + s, 368);
  brush.moveTo(-10, 88);
  brush.bezierCurveTo(48, 102, 84, 146, 87, 204);
  brush.moveTo(-42, 80);
  brush.bezierCurveTo(-82, 98, -104, 140, -101, 206);
  brush.bezierCurveTo(-99, 262, -124 + s * 0.4, 310, -110 + s, 368);
  brush.stroke();
};

import { mix } from '../curves.js';
import type { ArmPose } from '../gestures.js';
import { PALETTE } from '../palette.js';
import { type Brush, linear } from './brush.js';

interface Finger {
  /** Knuckle, from the wrist's middle; the thumb's side is −x. */
  readonly x: number;
  readonly y: number;
  readonly length: number;
  readonly width: number;
  /** Direction when the hand is fanned out, in radians. */
  readonly fan: number;
}

const FINGERS: readonly Finger[] = [
  { x: 19, y: -46, length: 37, width: 13.5, fan: 0.42 },
  { x: 8.5, y: -53, length: 48, width: 15, fan: 0.17 },
  { x: -4.5, y: -55, length: 52, width: 15.5, fan: -0.04 },
  { x: -17, y: -51, length: 47, width: 15, fan: -0.24 },
];
const INDEX = 3;

/** A hand with its wrist at the origin, inside the arm's sleeve; `arm.angle` turns it. */
export const drawHand = (brush: Brush, arm: ArmPose, lit: boolean): void => {
  brush.save();
  brush.rotate(arm.angle);
  // Turning the hand over is narrowing it and widening it mirrored.
  const facing = arm.facing >= 0 ? Math.max(arm.facing, 0.4) : Math.min(arm.facing, -0.4);
  brush.scale(facing * 1.14, 1.14);
  const skin = linear(
    brush,
    -30,
    -100,
    34,
    10,
    lit
      ? [
          [0, PALETTE.skinLight],
          [0.6, PALETTE.skin],
          [1, PALETTE.skinShade],
        ]
      : [
          [0, PALETTE.skinLight],
          [0.7, '#eeb792'],
          [1, PALETTE.skinShade],
        ],
  );
  brush.lineCap = 'round';
  brush.lineJoin = 'round';

  // The blouse's cuff, the wrist and the palm.
  brush.fillStyle = PALETTE.blouse;
  brush.beginPath();
  brush.roundRect(-21, -8, 42, 26, 6);
  brush.fill();
  for (let index = 0; index < FINGERS.length; index += 1) {
    const finger = FINGERS[index];
    if (finger !== undefined) drawFinger(brush, finger, skin, mix(arm.curl, index === INDEX ? 0 : 1, arm.point), arm.spread);
  }
  brush.fillStyle = skin;
  brush.beginPath();
  brush.moveTo(-16, -6);
  brush.bezierCurveTo(-19, -20, -27, -34, -24.5, -50);
  brush.bezierCurveTo(-22, -60, 20, -64, 25.5, -48);
  brush.bezierCurveTo(28, -34, 20, -18, 16, -6);
  brush.closePath();
  brush.fill();
  drawThumb(brush, arm, skin);
  brush.restore();
};

const drawFinger = (brush: Brush, finger: Finger, skin: Brush['fillStyle'], curl: number, spread: number): void => {
  const direction = finger.fan * (0.25 + 0.75 * spread);
  const reach = finger.length * (1 - 0.62 * curl);
  const bend = direction - curl * 0.5 * Math.sign(finger.x + 4.5) * 0.4;
  const midX = finger.x + Math.sin(direction) * reach * 0.5;
  const midY = finger.y - Math.cos(direction) * reach * 0.5;
  const tipX = midX + Math.sin(bend) * reach * 0.5;
  const tipY = midY - Math.cos(bend) * reach * 0.5;
  brush.beginPath();
  brush.moveTo(finger.x * 0.9, finger.y + 14);
  brush.lineTo(finger.x, finger.y);
  brush.quadraticCurveTo(midX, midY, tipX, tipY);
  // A darker rim parts it from its neighbour.
  brush.strokeStyle = PALETTE.skinShade;
  brush.lineWidth = finger.width + 1.6;
  brush.stroke();
  brush.strokeStyle = skin;
  brush.lineWidth = finger.width - 0.6;
  brush.stroke();
};

const drawThumb = (brush: Brush, arm: ArmPose, skin: Brush['fillStyle']): void => {
  const out = 0.35 + 0.4 * arm.spread - 0.5 * arm.point;
  const tipX = -22 - Math.sin(out) * 38;
  const tipY = -26 - Math.cos(out) * 36;
  brush.beginPath();
  brush.moveTo(-7, -18);
  brush.quadraticCurveTo(-24, -24, tipX, tipY);
  brush.strokeStyle = skin;
  brush.lineWidth = 16;
  brush.stroke();
  // The crease of the thumb's ball.
  brush.strokeStyle = PALETTE.skinShade;
  brush.globalAlpha = 0.7;
  brush.lineWidth = 1.8;
  brush.beginPath();
  brush.moveTo(-17, -46);
  brush.quadraticCurveTo(-10, -34, -5, -14);
  brush.stroke();
  brush.globalAlpha = 1;
};

import { Path2D } from '@napi-rs/canvas';
import { PALETTE } from '../palette.js';
import type { Pose } from '../pose.js';
import { type Brush, linear, radial, softStroke } from './brush.js';

const JACKET = new Path2D(
  'M-44 330 C-74 352 -122 358 -156 376 C-182 390 -192 424 -178 462 C-164 496 -154 512 -150 540 C-146 590 -132 632 -132 690 C-134 760 -152 800 -160 880 L160 880 C152 800 134 760 132 690 C132 632 146 590 150 540 C154 512 164 496 178 462 C192 424 182 390 156 376 C122 358 74 352 44 330 Z',
);
const ARMHOLE = new Path2D('M162 386 C150 424 142 470 147 524');
const BLOUSE = new Path2D('M-44 338 C-46 420 -32 520 0 612 C32 520 46 420 44 338 Z');
const SKIN = new Path2D('M-35 262 C-34 300 -35 318 -46 331 C-46 372 -26 408 0 412 C26 408 46 372 46 331 C35 318 34 300 35 262 Z');
const CHIN_SHADOW = new Path2D('M-40 262 L-36 312 C-18 334 22 336 36 308 L40 262 Z');
const NECKLINE = new Path2D('M-42 366 C-34 392 -20 410 0 412 C20 410 34 392 42 366');
const NECKLACE = new Path2D('M-44 334 C-36 366 -18 385 0 389 C18 385 36 366 44 334');
const LAPEL = new Path2D('M-42 326 C-62 344 -82 372 -92 414 L-68 428 L-86 452 C-72 510 -38 572 2 628 C-18 560 -38 460 -43 372 Z');
const LAPEL_SHADOW = new Path2D('M-92 420 L-68 436 L-86 460 C-68 520 -36 582 6 640 L2 614 C-38 556 -70 506 -84 452 L-66 430 Z');
const CLOSING = new Path2D('M2 628 C10 690 14 780 14 880');

/** Neck, blouse and jacket. */
export const drawTorso = (brush: Brush, pose: Pose): void => {
  brush.save();
  brush.translate(0, -pose.breath);

  brush.fillStyle = linear(brush, -170, 330, 170, 700, [
    [0, PALETTE.jacketLight],
    [0.32, PALETTE.jacket],
    [0.78, PALETTE.jacketDark],
    [1, PALETTE.jacketDeep],
  ]);
  brush.fill(JACKET);
  // The chest turns away from the light at both sides.
  brush.fillStyle = linear(brush, -186, 480, 186, 480, [
    [0, 'rgba(38,34,83,0)'],
    [0.09, 'rgba(38,34,83,0.5)'],
    [0.24, 'rgba(38,34,83,0)'],
    [0.68, 'rgba(38,34,83,0)'],
    [0.9, 'rgba(38,34,83,0.6)'],
    [1, 'rgba(38,34,83,0.4)'],
  ]);
  brush.fill(JACKET);
  brush.save();
  brush.clip(JACKET);
  softStroke(brush, CLOSING, PALETTE.jacketDeep, 12, 0.8);
  for (const mirror of [1, -1]) {
    brush.save();
    brush.scale(mirror, 1);
    softStroke(brush, ARMHOLE, PALETTE.jacketDeep, mirror > 0 ? 18 : 10, 0.5);
    brush.restore();
  }
  // The hair's and the chin's shade on the shoulders.
  brush.fillStyle = radial(brush, 0, 350, 130, [
    [0, 'rgba(30,24,70,0.6)'],
    [0.7, 'rgba(30,24,70,0.35)'],
    [1, 'rgba(30,24,70,0)'],
  ]);
  brush.fillRect(-130, 320, 260, 120);
  brush.restore();

  brush.fillStyle = linear(brush, -50, 400, 40, 600, [
    [0, PALETTE.blouse],
    [0.5, PALETTE.blouse],
    [1, PALETTE.blouseShade],
  ]);
  brush.fill(BLOUSE);
  brush.fillStyle = linear(brush, 0, 280, 0, 410, [
    [0, PALETTE.skinShade],
    [0.45, PALETTE.skin],
    [1, PALETTE.skinLight],
  ]);
  brush.fill(SKIN);
  brush.save();
  brush.clip(SKIN);
  brush.fillStyle = linear(brush, 0, 285, 0, 340, [
    [0, 'rgba(168,88,62,0.75)'],
    [0.6, 'rgba(181,106,76,0.5)'],
    [1, 'rgba(181,106,76,0)'],
  ]);
  brush.fill(CHIN_SHADOW);
  brush.restore();
  brush.strokeStyle = PALETTE.blouseShade;
  brush.lineWidth = 2;
  brush.stroke(NECKLINE);
  brush.strokeStyle = PALETTE.gold;
  brush.lineWidth = 1.8;
  brush.stroke(NECKLACE);
  brush.fillStyle = PALETTE.gold;
  brush.beginPath();
  brush.arc(0, 392, 4.4, 0, 2 * Math.PI);
  brush.fill();

  for (const mirror of [1, -1]) {
    brush.save();
    brush.scale(mirror, 1);
    brush.fillStyle = 'rgba(38,34,83,0.5)';
    brush.fill(LAPEL_SHADOW);
    brush.fillStyle = linear(
      brush,
      -94,
      340,
      -10,
      600,
      mirror > 0
        ? [
            [0, '#7a73c8'],
            [0.6, PALETTE.jacketLight],
            [1, PALETTE.jacket],
          ]
        : [
            [0, '#5f58ab'],
            [0.6, '#544da0'],
            [1, PALETTE.jacketDark],
          ],
    );
    brush.fill(LAPEL);
    brush.restore();
  }
  brush.fillStyle = PALETTE.jacketDeep;
  for (const y of [664, 744]) {
    brush.beginPath();
    brush.arc(-4, y, 7, 0, 2 * Math.PI);
    brush.fill();
  }
  brush.restore();
};

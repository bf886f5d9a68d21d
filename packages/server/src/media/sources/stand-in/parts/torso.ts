import { Path2D } from '@napi-rs/canvas';
import { PALETTE } from '../palette.js';
import type { Pose } from '../pose.js';
import { type Brush, linear, softStroke } from './brush.js';

const JACKET = new Path2D('M-46 330 C-78 356 -128 360 -166 384 C-186 404 -158 478 -152 530 C-147 584 -132 632 -132 690 C-134 760 -152 800 -160 880 L160 880 C152 800 134 760 132 690 C132 632 147 584 152 530 C158 478 186 404 166 384 C128 360 78 356 46 330 Z');
const BLOUSE = new Path2D('M-56 330 C-52 420 -34 520 0 612 C34 520 52 420 56 330 Z');
const SKIN = new Path2D('M-35 262 C-34 300 -36 322 -54 338 C-50 372 -26 408 0 412 C26 408 50 372 54 338 C36 322 34 300 35 262 Z');
const CHIN_SHADOW = new Path2D('M-40 262 L-36 312 C-18 334 22 336 36 308 L40 262 Z');
const NECKLINE = new Path2D('M-55 338 C-48 376 -24 409 0 412 C24 409 48 376 55 338');
const NECKLACE = new Path2D('M-44 334 C-36 366 -18 385 0 389 C18 385 36 366 44 334');
const LAPEL = new Path2D('M-50 328 C-66 346 -84 372 -94 414 L-70 430 L-88 452 C-72 510 -38 572 2 628 C-18 560 -40 460 -46 372 Z');
const LAPEL_SHADOW = new Path2D('M-92 420 L-68 436 L-86 460 C-68 520 -36 582 6 640 L2 614 C-38 556 -70 506 -84 452 L-66 430 Z');
const FOLD_LEFT = new Path2D('M-146 470 C-132 560 -122 620 -126 700');
const FOLD_RIGHT = new Path2D('M146 470 C132 560 122 620 126 700');
const CLOSING = new Path2D('M2 628 C10 690 14 780 14 880');
const WAIST_LEFT = new Path2D('M-118 640 C-80 668 -44 664 -8 650');
const WAIST_RIGHT = new Path2D('M120 652 C90 674 54 668 20 652');

/** Neck, blouse and jacket. */
export const drawTorso = (brush: Brush, pose: Pose): void => {
  brush.save();
  brush.translate(0, -pose.breath);

  brush.fillStyle = linear(brush, -170, 330, 170, 700, [[0, PALETTE.jacketLight], [0.32, PALETTE.jacket], [0.78, PALETTE.jacketDark], [1, PALETTE.jacketDeep]]);
  brush.fill(JACKET);
  brush.save();
  brush.clip(JACKET);
  softStroke(brush, FOLD_LEFT, PALETTE.jacketDeep, 44, 0.4);
  softStroke(brush, FOLD_RIGHT, PALETTE.jacketDeep, 60, 0.55);
  softStroke(brush, WAIST_LEFT, PALETTE.jacketDeep, 14, 0.4);
  softStroke(brush, WAIST_RIGHT, PALETTE.jacketDeep, 14, 0.4);
  softStroke(brush, CLOSING, PALETTE.jacketDeep, 12, 0.8);
  brush.restore();

  brush.fillStyle = linear(brush, -50, 400, 40, 600, [[0, PALETTE.blouse], [0.5, PALETTE.blouse], [1, PALETTE.blouseShade]]);
  brush.fill(BLOUSE);
  brush.fillStyle = linear(brush, 0, 280, 0, 410, [[0, PALETTE.skinShade], [0.45, PALETTE.skin], [1, PALETTE.skinLight]]);
  brush.fill(SKIN);
  brush.save();
  brush.clip(SKIN);
  brush.fillStyle = linear(brush, 0, 285, 0, 340, [[0, 'rgba(168,88,62,0.75)'], [0.6, 'rgba(181,106,76,0.5)'], [1, 'rgba(181,106,76,0)']]);
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
    brush.fillStyle = linear(brush, -94, 340, -10, 600, mirror > 0
      ? [[0, '#7a73c8'], [0.6, PALETTE.jacketLight], [1, PALETTE.jacket]]
      : [[0, '#5f58ab'], [0.6, '#544da0'], [1, PALETTE.jacketDark]]);
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

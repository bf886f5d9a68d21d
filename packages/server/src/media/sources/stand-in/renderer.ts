import { type Canvas, createCanvas } from '@napi-rs/canvas';
import { type Box, clearBox, createBox, includeArm } from './arm-box.js';
import type { ArmPose } from './gestures.js';
import { rgbaToI420 } from './i420.js';
import { PALETTE } from './palette.js';
import type { Brush } from './parts/brush.js';
import { drawTorso } from './parts/torso.js';
import { computeArms, computePose, createPose, type Pose, type Talk } from './pose.js';
import { type ArmPiece, drawArmPiece, drawHead } from './presenter.js';
import { createRegions } from './regions.js';

/** Draws the presenter for a moment into I420, redrawing only what moved. */
export interface Renderer {
  readonly width: number;
  readonly height: number;
  /** Draws the moment; false when it looks like the one before. Read it with {@link Renderer.picture}. */
  draw(timeSeconds: number, talk: Talk): boolean;
  /** The whole picture drawn last: I420, BT.601 limited, tightly packed. Borrowed: valid until the next draw. */
  readonly picture: Uint8Array;
  /** Draws the moment on nothing: straight RGBA, width × height × 4 bytes. For ground truth; slow. */
  drawTransparent(timeSeconds: number, talk: Talk): Uint8ClampedArray;
}

// What a part may cover, wherever it sways, in design units.
const HEAD: Box = { left: -148, top: 52, right: 148, bottom: 420 };
const FACE: Box = { left: -96, top: 76, right: 96, bottom: 318 };
const EYES: Box = { left: -68, top: 156, right: 68, bottom: 230 };
const MOUTH: Box = { left: -42, top: 246, right: 42, bottom: 306 };
const TORSO: Box = { left: -192, top: 254, right: 192, bottom: 884 };
/** The part of the torso that the head doesn't cover. */
const CHEST: Box = { left: -192, top: 286, right: 192, bottom: 884 };

/** Movement during an exposure, in pixels, below which nothing is blurred. */
const BLUR_FROM_PIXELS = 3;
/** Moments of an exposure. 5 divides 255, so that equal shares of an opaque pixel add up to an opaque one. */
const BLUR_SAMPLES = 5;
/** The shutter is open for half of a frame. */
const SHUTTER = 0.5;
/** Side of the square in which a piece of an arm is blurred. */
const LAYER_UNITS = 470;

/** A piece of an arm: where it was drawn and, while it moves fast, its accumulated picture. */
interface PieceLayer {
  readonly side: -1 | 1;
  readonly piece: ArmPiece;
  readonly canvas: Canvas;
  readonly brush: Brush;
  /** Where it stands in the picture, design units. */
  readonly box: Box;
  /** Pixel at which the layer's corner lies. */
  left: number;
  top: number;
  /** Pixels in use. */
  across: number;
  down: number;
  blurred: boolean;
}

/** A renderer for pictures of `width` × `height` (even, in pixels) at `rateFps`. */
export const createRenderer = (width: number, height: number, rateFps: number): Renderer => {
  const landscape = width >= height;
  const scale = landscape ? height / 720 : width / 514;
  const originX = width / 2;
  const originY = landscape ? 14 * scale : height * 0.13;

  const canvas = createCanvas(width, height);
  const brush = canvas.getContext('2d');
  const picture = new Uint8Array((width * height * 3) / 2);
  const dirty = createRegions(width, height);
  const side = Math.ceil(LAYER_UNITS * scale);
  const scratch = createCanvas(side, side);
  const scratchBrush = scratch.getContext('2d');
  const createLayer = (of: -1 | 1, piece: ArmPiece): PieceLayer => {
    const layer = createCanvas(side, side);
    return { side: of, piece, canvas: layer, brush: layer.getContext('2d'), box: createBox(), left: 0, top: 0, across: 0, down: 0, blurred: false };
  };
  const uppers = [createLayer(-1, 'upper'), createLayer(1, 'upper')];
  const fores = [createLayer(-1, 'fore'), createLayer(1, 'fore')];
  /** The torso by the height of its breath: few, so that each is drawn once. */
  const torsos = new Map<number, Canvas>();
  const torsoLeft = Math.max(0, Math.floor(originX + TORSO.left * scale));
  const torsoTop = Math.max(0, Math.floor(originY + TORSO.top * scale));

  let pose = createPose();
  let before = createPose();
  const instant = createPose();
  let drawn = false;

  const addBox = (box: Box, dx = 0, dy = 0): void => {
    dirty.add(originX + (box.left + dx) * scale - 1, originY + (box.top + dy) * scale - 1, originX + (box.right + dx) * scale + 1, originY + (box.bottom + dy) * scale + 1);
  };

  const torso = (): Canvas => {
    const kept = torsos.get(pose.breath);
    if (kept !== undefined) return kept;
    const made = createCanvas(Math.min(width, Math.ceil((TORSO.right - TORSO.left) * scale) + 2), height - torsoTop);
    const on = made.getContext('2d');
    on.setTransform(scale, 0, 0, scale, originX - torsoLeft, originY - torsoTop);
    drawTorso(on, pose);
    torsos.set(pose.breath, made);
    return made;
  };

  /** Pixels that a piece's far end moves during the exposure. */
  const movement = (timeSeconds: number, activity: number, layer: PieceLayer): number => {
    const open = timeSeconds - SHUTTER / rateFps / 2;
    computeArms(open, activity, instant);
    const arm = layer.side < 0 ? instant.left : instant.right;
    const reach = layer.piece === 'fore' ? 90 : 0;
    const x = layer.piece === 'fore' ? arm.wristX + Math.sin(arm.angle) * reach : arm.elbowX;
    const y = layer.piece === 'fore' ? arm.wristY - Math.cos(arm.angle) * reach : arm.elbowY;
    computeArms(open + SHUTTER / rateFps, activity, instant);
    const endX = layer.piece === 'fore' ? arm.wristX + Math.sin(arm.angle) * reach : arm.elbowX;
    const endY = layer.piece === 'fore' ? arm.wristY - Math.cos(arm.angle) * reach : arm.elbowY;
    return Math.hypot(endX - x, endY - y) * scale;
  };

  /** Accumulates a piece over the exposure: each moment covers with an equal share of its alpha. */
  const accumulate = (timeSeconds: number, activity: number, layer: PieceLayer): void => {
    const open = timeSeconds - SHUTTER / rateFps / 2;
    const step = SHUTTER / rateFps / BLUR_SAMPLES;
    clearBox(layer.box);
    for (let sample = 0; sample < BLUR_SAMPLES; sample += 1) {
      computeArms(open + (sample + 0.5) * step, activity, instant);
      includeArm(layer.box, layer.side < 0 ? instant.left : instant.right, layer.side, layer.piece);
    }
    layer.left = Math.floor(originX + layer.box.left * scale) - 1;
    layer.top = Math.floor(originY + layer.box.top * scale) - 1;
    // What lies outside of the picture needs no pixels.
    layer.left = Math.max(layer.left, -1);
    layer.across = Math.max(0, Math.min(side, Math.min(width, Math.ceil(originX + layer.box.right * scale) + 1) - layer.left));
    layer.down = Math.max(0, Math.min(side, Math.min(height, Math.ceil(originY + layer.box.bottom * scale) + 1) - layer.top));
    instant.breath = pose.breath;
    if (layer.across === 0 || layer.down === 0) {
      layer.blurred = true;
      return;
    }
    layer.brush.globalCompositeOperation = 'source-over';
    layer.brush.globalAlpha = 1;
    layer.brush.clearRect(0, 0, layer.across, layer.down);
    layer.brush.globalCompositeOperation = 'lighter';
    layer.brush.globalAlpha = 1 / BLUR_SAMPLES;
    for (let sample = 0; sample < BLUR_SAMPLES; sample += 1) {
      computeArms(open + (sample + 0.5) * step, activity, instant);
      scratchBrush.setTransform(1, 0, 0, 1, 0, 0);
      scratchBrush.clearRect(0, 0, layer.across, layer.down);
      scratchBrush.setTransform(scale, 0, 0, scale, originX - layer.left, originY - layer.top);
      drawArmPiece(scratchBrush, instant, layer.side, layer.piece);
      layer.brush.drawImage(scratch, 0, 0, layer.across, layer.down, 0, 0, layer.across, layer.down);
    }
    layer.blurred = true;
  };

  /** Brings a piece up to date and marks what it covered and covers. */
  const prepare = (layer: PieceLayer, timeSeconds: number, activity: number): void => {
    const now = layer.side < 0 ? pose.left : pose.right;
    const then = layer.side < 0 ? before.left : before.right;
    const moved = movement(timeSeconds, activity, layer);
    const still = sameArm(now, then) && (layer.piece === 'fore' || pose.breath === before.breath);
    if (still && moved <= BLUR_FROM_PIXELS && !layer.blurred && layer.box.left < layer.box.right) return;
    if (layer.box.left < layer.box.right) addBox(layer.box);
    if (moved > BLUR_FROM_PIXELS) accumulate(timeSeconds, activity, layer);
    else {
      layer.blurred = false;
      clearBox(layer.box);
      includeArm(layer.box, now, layer.side, layer.piece);
    }
    addBox(layer.box);
  };

  const paintPiece = (on: Brush, layer: PieceLayer): void => {
    if (layer.blurred) {
      on.setTransform(1, 0, 0, 1, 0, 0);
      if (layer.across > 0 && layer.down > 0) on.drawImage(layer.canvas, 0, 0, layer.across, layer.down, layer.left, layer.top, layer.across, layer.down);
      on.setTransform(scale, 0, 0, scale, originX, originY);
    } else drawArmPiece(on, pose, layer.side, layer.piece);
  };

  /** Draws everything that reaches into a rectangle of pixels, back to front. */
  const paint = (on: Brush, left: number, top: number, right: number, bottom: number): void => {
    const reaches = (box: Box): boolean =>
      originX + box.left * scale - 1 < right && originX + box.right * scale + 1 > left && originY + box.top * scale - 1 < bottom && originY + box.bottom * scale + 1 > top;
    on.setTransform(scale, 0, 0, scale, originX, originY);
    for (const layer of uppers) if (reaches(layer.box)) paintPiece(on, layer);
    if (reaches(HEAD)) drawHead(on, pose, 'back');
    if (reaches(TORSO)) {
      on.setTransform(1, 0, 0, 1, 0, 0);
      on.drawImage(torso(), torsoLeft, torsoTop);
      on.setTransform(scale, 0, 0, scale, originX, originY);
    }
    if (reaches(FACE)) drawHead(on, pose, 'face');
    if (reaches(HEAD)) drawHead(on, pose, 'front');
    for (const layer of fores) if (reaches(layer.box)) paintPiece(on, layer);
    on.setTransform(1, 0, 0, 1, 0, 0);
  };

  const prepareArms = (timeSeconds: number, activity: number): void => {
    for (const layer of uppers) prepare(layer, timeSeconds, activity);
    for (const layer of fores) prepare(layer, timeSeconds, activity);
  };

  return {
    width,
    height,
    picture,
    draw(timeSeconds, talk) {
      [before, pose] = [pose, before];
      computePose(timeSeconds, talk, pose);
      dirty.clear();
      if (!drawn) dirty.add(0, 0, width, height);
      drawn = true;
      if (pose.breath !== before.breath) addBox(CHEST);
      if (headMoved(pose, before)) addBox(HEAD);
      else {
        if (eyesMoved(pose, before)) addBox(EYES, pose.headX, pose.headY);
        if (mouthMoved(pose, before)) addBox(MOUTH, pose.headX, pose.headY);
      }
      prepareArms(timeSeconds, talk.activity);
      for (let index = 0; index < dirty.count; index += 1) {
        const left = dirty.left(index);
        const top = dirty.top(index);
        const right = dirty.right(index);
        const bottom = dirty.bottom(index);
        brush.save();
        brush.beginPath();
        brush.rect(left, top, right - left, bottom - top);
        brush.clip();
        brush.fillStyle = PALETTE.screen;
        brush.fillRect(left, top, right - left, bottom - top);
        paint(brush, left, top, right, bottom);
        brush.restore();
        // Reading back is what costs: some 14 ns a pixel, by way of a fresh buffer (no API of the canvas takes one).
        rgbaToI420(brush.getImageData(left, top, right - left, bottom - top).data, left, top, right - left, bottom - top, picture, width, height);
      }
      return dirty.count > 0;
    },
    drawTransparent(timeSeconds, talk) {
      computePose(timeSeconds, talk, pose);
      dirty.clear();
      prepareArms(timeSeconds, talk.activity);
      const clear = createCanvas(width, height).getContext('2d');
      paint(clear, 0, 0, width, height);
      // The next frame is drawn whole: what was prepared here is another moment's.
      drawn = false;
      return clear.getImageData(0, 0, width, height).data;
    },
  };
};

const headMoved = (a: Pose, b: Pose): boolean =>
  a.headX !== b.headX || a.headY !== b.headY || a.headRoll !== b.headRoll || a.yaw !== b.yaw || a.pitch !== b.pitch || a.hair !== b.hair;

const eyesMoved = (a: Pose, b: Pose): boolean =>
  a.blink !== b.blink || a.browLift !== b.browLift || a.gazeX !== b.gazeX || a.gazeY !== b.gazeY || a.smile !== b.smile;

const mouthMoved = (a: Pose, b: Pose): boolean =>
  a.mouthOpen !== b.mouthOpen || a.mouthWide !== b.mouthWide || a.mouthTeeth !== b.mouthTeeth || a.mouthTongue !== b.mouthTongue || a.smile !== b.smile;

const sameArm = (a: ArmPose, b: ArmPose): boolean =>
  a.elbowX === b.elbowX && a.elbowY === b.elbowY && a.wristX === b.wristX && a.wristY === b.wristY && a.angle === b.angle
  && a.curl === b.curl && a.spread === b.spread && a.facing === b.facing && a.point === b.point;

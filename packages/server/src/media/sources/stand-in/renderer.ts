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
const HEAD: Box = { left: -160, top: 52, right: 160, bottom: 420 };
const FACE: Box = { left: -96, top: 76, right: 96, bottom: 318 };
const EYES: Box = { left: -68, top: 156, right: 68, bottom: 230 };
const MOUTH: Box = { left: -42, top: 246, right: 42, bottom: 306 };
/** The mouth, wherever the head sways. */
const LIPS: Box = { left: -62, top: 232, right: 62, bottom: 320 };
const TORSO: Box = { left: -192, top: 254, right: 192, bottom: 884 };
/** The part of the torso that the head doesn't cover. */
const CHEST: Box = { left: -192, top: 286, right: 192, bottom: 884 };

/** Movement during an exposure, in pixels, below which a hand is not blurred; an upper arm has no fine edges and takes twice that. */
const BLUR_FROM_PIXELS = 3;
/** Moments of an exposure. 5 divides 255, so that equal shares of an opaque pixel add up to an opaque one. */
const BLUR_SAMPLES = 5;
/** The shutter is open for half of a frame. */
const SHUTTER = 0.5;
/** Side of the square that holds a piece of an arm, moved for the length of an exposure. */
const PIECE_UNITS = 470;

/** Part of the picture, kept as pixels: laying them at whole pixels is exact, however little of them is laid anew. */
interface Layer {
  readonly canvas: Canvas;
  readonly brush: Brush;
  /** Where its corner lies in the picture, in pixels. */
  left: number;
  top: number;
  /** Pixels in use, from the corner. */
  across: number;
  down: number;
}

interface PieceLayer extends Layer {
  readonly side: -1 | 1;
  readonly piece: ArmPiece;
  /** What the arm covers, in design units. */
  readonly box: Box;
  blurred: boolean;
}

/** A renderer for pictures of `width` × `height` (even, in pixels) at `rateFps`. */
export const createRenderer = (width: number, height: number, rateFps: number): Renderer => {
  const landscape = width >= height;
  const scale = landscape ? height / 720 : width / 562;
  const originX = width / 2;
  const originY = landscape ? 14 * scale : height * 0.155;

  // Hands stay near enough to be seen; only the widest gesture leaves a narrow picture.
  const reach = landscape ? 1 : 0.35;

  const picture = new Uint8Array((width * height * 3) / 2);
  const dirty = createRegions(width, height);
  const canvas = createCanvas(width, height);
  const brush = canvas.getContext('2d');

  const createLayer = (across: number, down: number): Layer => {
    const made = createCanvas(Math.max(1, across), Math.max(1, down));
    return { canvas: made, brush: made.getContext('2d'), left: 0, top: 0, across, down };
  };
  /** Moves a layer over a box, without what lies outside of the picture. */
  const place = (layer: Layer, box: Box): void => {
    layer.left = Math.max(0, Math.floor(originX + box.left * scale) - 1);
    layer.top = Math.max(0, Math.floor(originY + box.top * scale) - 1);
    layer.across = Math.max(0, Math.min(layer.canvas.width, Math.min(width, Math.ceil(originX + box.right * scale) + 1) - layer.left));
    layer.down = Math.max(0, Math.min(layer.canvas.height, Math.min(height, Math.ceil(originY + box.bottom * scale) + 1) - layer.top));
  };
  const createFixed = (box: Box): Layer => {
    const layer = createLayer(Math.ceil((box.right - box.left) * scale) + 3, Math.min(height, Math.ceil((box.bottom - box.top) * scale) + 3));
    place(layer, box);
    return layer;
  };
  /** Empties a layer's part in use and sets its brush to design units. */
  const begin = (on: Brush, layer: Layer): void => {
    on.setTransform(1, 0, 0, 1, 0, 0);
    on.clearRect(0, 0, layer.across, layer.down);
    on.setTransform(scale, 0, 0, scale, originX - layer.left, originY - layer.top);
  };

  const side = Math.ceil(PIECE_UNITS * scale);
  const scratch = createLayer(side, side);
  const createPiece = (of: -1 | 1, piece: ArmPiece): PieceLayer => ({ ...createLayer(side, side), side: of, piece, box: createBox(), blurred: false });
  const uppers = [createPiece(-1, 'upper'), createPiece(1, 'upper')];
  const fores = [createPiece(-1, 'fore'), createPiece(1, 'fore')];
  const back = createFixed(HEAD);
  const face = createFixed(FACE);
  const mouth = createFixed(LIPS);
  const front = createFixed(HEAD);
  /** The torso by the height of its breath: few, so that each is drawn once. */
  const torsos = new Map<number, Layer>();

  let pose = createPose();
  let before = createPose();
  const instant = createPose();
  let drawn = false;

  const addBox = (box: Box, dx = 0, dy = 0): void => {
    dirty.add(
      originX + (box.left + dx) * scale - 1,
      originY + (box.top + dy) * scale - 1,
      originX + (box.right + dx) * scale + 1,
      originY + (box.bottom + dy) * scale + 1,
    );
  };

  const torso = (): Layer => {
    const kept = torsos.get(pose.breath);
    if (kept !== undefined) return kept;
    const made = createFixed(TORSO);
    begin(made.brush, made);
    drawTorso(made.brush, pose);
    torsos.set(pose.breath, made);
    return made;
  };

  /** Where a piece's far end is at a moment, into `end`. */
  const end = { x: 0, y: 0 };
  const findEnd = (timeSeconds: number, activity: number, layer: PieceLayer): void => {
    computeArms(timeSeconds, activity, reach, instant);
    const arm = layer.side < 0 ? instant.left : instant.right;
    end.x = layer.piece === 'upper' ? arm.elbowX : arm.wristX + Math.sin(arm.angle) * 90;
    end.y = layer.piece === 'upper' ? arm.elbowY : arm.wristY - Math.cos(arm.angle) * 90;
  };

  /** Pixels that a piece's far end moves during the exposure. */
  const movement = (timeSeconds: number, activity: number, layer: PieceLayer): number => {
    const open = timeSeconds - SHUTTER / rateFps / 2;
    findEnd(open, activity, layer);
    const { x, y } = end;
    findEnd(open + SHUTTER / rateFps, activity, layer);
    return Math.hypot(end.x - x, end.y - y) * scale;
  };

  /** Accumulates a piece over the exposure: each moment covers with an equal share of its alpha. */
  const accumulate = (timeSeconds: number, activity: number, layer: PieceLayer): void => {
    const open = timeSeconds - SHUTTER / rateFps / 2;
    const step = SHUTTER / rateFps / BLUR_SAMPLES;
    for (let sample = 0; sample < BLUR_SAMPLES; sample += 1) {
      computeArms(open + (sample + 0.5) * step, activity, reach, instant);
      includeArm(layer.box, layer.side < 0 ? instant.left : instant.right, layer.side, layer.piece);
    }
    place(layer, layer.box);
    if (layer.across === 0 || layer.down === 0) return;
    instant.breath = pose.breath;
    scratch.left = layer.left;
    scratch.top = layer.top;
    scratch.across = layer.across;
    scratch.down = layer.down;
    layer.brush.setTransform(1, 0, 0, 1, 0, 0);
    layer.brush.clearRect(0, 0, layer.across, layer.down);
    layer.brush.globalCompositeOperation = 'lighter';
    layer.brush.globalAlpha = 1 / BLUR_SAMPLES;
    for (let sample = 0; sample < BLUR_SAMPLES; sample += 1) {
      computeArms(open + (sample + 0.5) * step, activity, reach, instant);
      begin(scratch.brush, scratch);
      drawArmPiece(scratch.brush, instant, layer.side, layer.piece);
      layer.brush.drawImage(scratch.canvas, 0, 0, layer.across, layer.down, 0, 0, layer.across, layer.down);
    }
    layer.brush.globalCompositeOperation = 'source-over';
    layer.brush.globalAlpha = 1;
  };

  /** Brings a piece of an arm up to date and marks what it covered and covers. */
  const updatePiece = (layer: PieceLayer, timeSeconds: number, activity: number): void => {
    const now = layer.side < 0 ? pose.left : pose.right;
    const then = layer.side < 0 ? before.left : before.right;
    const blurred = movement(timeSeconds, activity, layer) > (layer.piece === 'fore' ? BLUR_FROM_PIXELS : 2 * BLUR_FROM_PIXELS);
    const still = sameArm(now, then) && (layer.piece === 'fore' || pose.breath === before.breath);
    if (drawn && still && !blurred && !layer.blurred) return;
    if (drawn) addBox(layer.box);
    clearBox(layer.box);
    layer.blurred = blurred;
    if (blurred) accumulate(timeSeconds, activity, layer);
    else {
      includeArm(layer.box, now, layer.side, layer.piece);
      place(layer, layer.box);
      begin(layer.brush, layer);
      drawArmPiece(layer.brush, pose, layer.side, layer.piece);
    }
    addBox(layer.box);
  };

  /** Brings every layer up to date with the pose and marks what changed. */
  const update = (timeSeconds: number, talk: Talk): void => {
    [before, pose] = [pose, before];
    computePose(timeSeconds, talk, reach, pose);
    dirty.clear();
    if (!drawn) dirty.add(0, 0, width, height);
    if (pose.breath !== before.breath) addBox(CHEST);
    const head = !drawn || headMoved(pose, before);
    const eyes = eyesMoved(pose, before);
    const lips = mouthMoved(pose, before);
    if (head) {
      addBox(HEAD);
      begin(back.brush, back);
      drawHead(back.brush, pose, 'back');
      begin(front.brush, front);
      drawHead(front.brush, pose, 'front');
    } else {
      if (eyes) addBox(EYES, pose.headX, pose.headY);
      if (lips) addBox(MOUTH, pose.headX, pose.headY);
    }
    if (head || eyes) {
      begin(face.brush, face);
      drawHead(face.brush, pose, 'face');
    }
    if (head || lips) {
      begin(mouth.brush, mouth);
      drawHead(mouth.brush, pose, 'mouth');
    }
    for (const layer of uppers) updatePiece(layer, timeSeconds, talk.activity);
    for (const layer of fores) updatePiece(layer, timeSeconds, talk.activity);
    drawn = true;
  };

  /** Lays what of a layer falls into a rectangle of the picture. */
  const lay = (on: Brush, layer: Layer, left: number, top: number, right: number, bottom: number): void => {
    const l = Math.max(left, layer.left);
    const t = Math.max(top, layer.top);
    const across = Math.min(right, layer.left + layer.across) - l;
    const down = Math.min(bottom, layer.top + layer.down) - t;
    if (across > 0 && down > 0) on.drawImage(layer.canvas, l - layer.left, t - layer.top, across, down, l, t, across, down);
  };

  /** Lays all layers within a rectangle of pixels, back to front. */
  const compose = (on: Brush, left: number, top: number, right: number, bottom: number): void => {
    for (const layer of uppers) lay(on, layer, left, top, right, bottom);
    lay(on, back, left, top, right, bottom);
    lay(on, torso(), left, top, right, bottom);
    lay(on, face, left, top, right, bottom);
    lay(on, mouth, left, top, right, bottom);
    lay(on, front, left, top, right, bottom);
    for (const layer of fores) lay(on, layer, left, top, right, bottom);
  };

  return {
    width,
    height,
    picture,
    draw(timeSeconds, talk) {
      update(timeSeconds, talk);
      brush.fillStyle = PALETTE.screen;
      for (let index = 0; index < dirty.count; index += 1) {
        const left = dirty.left(index);
        const top = dirty.top(index);
        const across = dirty.right(index) - left;
        const down = dirty.bottom(index) - top;
        brush.fillRect(left, top, across, down);
        compose(brush, left, top, left + across, top + down);
        // Reading back costs some 14 ns a pixel, by way of a fresh buffer: the canvas has no call that takes one.
        rgbaToI420(brush.getImageData(left, top, across, down).data, left, top, across, down, picture, width, height);
      }
      return dirty.count > 0;
    },
    drawTransparent(timeSeconds, talk) {
      update(timeSeconds, talk);
      const clear = createCanvas(width, height).getContext('2d');
      compose(clear, 0, 0, width, height);
      // The picture missed this update, so the next frame is drawn whole.
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
  a.elbowX === b.elbowX &&
  a.elbowY === b.elbowY &&
  a.wristX === b.wristX &&
  a.wristY === b.wristY &&
  a.angle === b.angle &&
  a.curl === b.curl &&
  a.spread === b.spread &&
  a.facing === b.facing &&
  a.point === b.point;

import { type Canvas, createCanvas } from '@napi-rs/canvas';
import { clamp01 } from './curves.js';
import type { ArmPose } from './gestures.js';
import { rgbaToI420 } from './i420.js';
import { PALETTE } from './palette.js';
import type { Brush } from './parts/brush.js';
import { SHOULDER } from './parts/arm.js';
import { computeArms, computePose, createPose, type Pose, type Talk } from './pose.js';
import { drawBody, drawSide } from './presenter.js';
import { createRegions, type Regions } from './regions.js';

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

/** The head with its hair, wherever it sways. */
const HEAD = { left: -160, top: 48, right: 160, bottom: 424 };
const EYES = { left: -66, top: 156, right: 66, bottom: 228 };
const MOUTH = { left: -42, top: 246, right: 42, bottom: 304 };
/** The chest and all on it, without the arms. */
const BODY = { left: -200, top: 48, right: 200, bottom: 900 };
/** From the wrist to the finger tips and a margin. */
const HAND_REACH = 124;
/** 5 divides 255, so that equal weights of an opaque pixel add up to an opaque one. */
const BLUR_SAMPLES = 5;
/** The shutter is open for half of a frame. */
const SHUTTER = 0.5;
/** Less movement than this during an exposure, in pixels, is not blurred. */
const SHARP_PIXELS = 1.2;

interface ArmLayer {
  readonly canvas: Canvas;
  readonly brush: Brush;
  readonly regions: Regions;
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
  const scratch = createCanvas(width, height);
  const scratchBrush = scratch.getContext('2d');
  const createLayer = (): ArmLayer => {
    const layer = createCanvas(width, height);
    return { canvas: layer, brush: layer.getContext('2d'), regions: createRegions(width, height), blurred: false };
  };
  const layers = { left: createLayer(), right: createLayer() };

  let pose = createPose();
  let before = createPose();
  const instant = createPose();
  let drawn = false;

  const addRect = (into: Regions, rect: { left: number; top: number; right: number; bottom: number }, dx: number, dy: number): void => {
    into.add(originX + (rect.left + dx) * scale, originY + (rect.top + dy) * scale, originX + (rect.right + dx) * scale, originY + (rect.bottom + dy) * scale);
  };

  const addArm = (into: Regions, arm: ArmPose, side: -1 | 1): void => {
    const inner = Math.min(SHOULDER.x - SHOULDER.radius - 4, arm.elbowX - 44, arm.wristX - HAND_REACH * Math.max(0.45, -Math.sin(arm.angle) + 0.5));
    const outer = Math.max(SHOULDER.x + SHOULDER.radius + 4, arm.elbowX + 44, arm.wristX + HAND_REACH * clamp01(Math.max(0.6, Math.sin(arm.angle) + 0.6)));
    const top = Math.min(SHOULDER.y - SHOULDER.radius - 8, arm.wristY - HAND_REACH);
    const bottom = Math.max(arm.elbowY + 44, arm.wristY + HAND_REACH);
    const near = side * inner;
    const far = side * outer;
    into.add(originX + Math.min(near, far) * scale, originY + top * scale, originX + Math.max(near, far) * scale, originY + bottom * scale);
  };

  const enterDesign = (on: Brush): void => {
    on.setTransform(scale, 0, 0, scale, originX, originY);
  };

  /** Whether the arm moves so far during the exposure that it must be blurred. */
  const moves = (timeSeconds: number, activity: number, side: -1 | 1): boolean => {
    const open = timeSeconds - SHUTTER / rateFps / 2;
    computeArms(open, activity, instant);
    const arm = side < 0 ? instant.left : instant.right;
    const x = arm.wristX + Math.sin(arm.angle) * 90;
    const y = arm.wristY - Math.cos(arm.angle) * 90;
    computeArms(open + SHUTTER / rateFps, activity, instant);
    return Math.hypot(arm.wristX + Math.sin(arm.angle) * 90 - x, arm.wristY - Math.cos(arm.angle) * 90 - y) * scale > SHARP_PIXELS;
  };

  /** Accumulates the arm over the exposure: each moment covers with an equal share of its alpha. */
  const accumulate = (timeSeconds: number, activity: number, side: -1 | 1, layer: ArmLayer): void => {
    const { regions } = layer;
    for (let index = 0; index < regions.count; index += 1) {
      layer.brush.clearRect(regions.left(index), regions.top(index), regions.right(index) - regions.left(index), regions.bottom(index) - regions.top(index));
    }
    regions.clear();
    const open = timeSeconds - SHUTTER / rateFps / 2;
    for (let sample = 0; sample < BLUR_SAMPLES; sample += 1) {
      computeArms(open + ((sample + 0.5) / BLUR_SAMPLES) * (SHUTTER / rateFps), activity, instant);
      addArm(regions, side < 0 ? instant.left : instant.right, side);
    }
    instant.breath = pose.breath;
    const left = regions.left(0);
    const top = regions.top(0);
    const across = regions.right(0) - left;
    const down = regions.bottom(0) - top;
    layer.brush.globalCompositeOperation = 'lighter';
    layer.brush.globalAlpha = 1 / BLUR_SAMPLES;
    for (let sample = 0; sample < BLUR_SAMPLES; sample += 1) {
      computeArms(open + ((sample + 0.5) / BLUR_SAMPLES) * (SHUTTER / rateFps), activity, instant);
      scratchBrush.clearRect(left, top, across, down);
      scratchBrush.save();
      scratchBrush.beginPath();
      scratchBrush.rect(left, top, across, down);
      scratchBrush.clip();
      enterDesign(scratchBrush);
      drawSide(scratchBrush, instant, side);
      scratchBrush.restore();
      layer.brush.drawImage(scratch, left, top, across, down, left, top, across, down);
    }
    layer.blurred = true;
  };

  const prepareArms = (timeSeconds: number, talk: Talk): void => {
    for (const side of [-1, 1] as const) {
      const layer = side < 0 ? layers.left : layers.right;
      const was = layer.blurred;
      if (was) for (let index = 0; index < layer.regions.count; index += 1) dirty.add(layer.regions.left(index), layer.regions.top(index), layer.regions.right(index), layer.regions.bottom(index));
      if (moves(timeSeconds, talk.activity, side)) {
        accumulate(timeSeconds, talk.activity, side, layer);
        for (let index = 0; index < layer.regions.count; index += 1) dirty.add(layer.regions.left(index), layer.regions.top(index), layer.regions.right(index), layer.regions.bottom(index));
      } else layer.blurred = false;
    }
  };

  const paint = (on: Brush): void => {
    enterDesign(on);
    drawBody(on, pose);
    for (const side of [-1, 1] as const) {
      const layer = side < 0 ? layers.left : layers.right;
      if (layer.blurred) {
        on.setTransform(1, 0, 0, 1, 0, 0);
        const { regions } = layer;
        const left = regions.left(0);
        const top = regions.top(0);
        const across = regions.right(0) - left;
        const down = regions.bottom(0) - top;
        if (across > 0 && down > 0) on.drawImage(layer.canvas, left, top, across, down, left, top, across, down);
        enterDesign(on);
      } else drawSide(on, pose, side);
    }
    on.setTransform(1, 0, 0, 1, 0, 0);
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
      if (pose.breath !== before.breath) addRect(dirty, BODY, 0, 0);
      if (headMoved(pose, before)) addRect(dirty, HEAD, 0, 0);
      else {
        const dx = pose.headX;
        const dy = pose.headY;
        if (eyesMoved(pose, before)) addRect(dirty, EYES, dx, dy);
        if (mouthMoved(pose, before)) addRect(dirty, MOUTH, dx, dy);
      }
      for (const side of [-1, 1] as const) {
        const now = side < 0 ? pose.left : pose.right;
        const then = side < 0 ? before.left : before.right;
        if (pose.breath === before.breath && sameArm(now, then)) continue;
        addArm(dirty, now, side);
        addArm(dirty, then, side);
      }
      prepareArms(timeSeconds, talk);
      for (let index = 0; index < dirty.count; index += 1) {
        const left = dirty.left(index);
        const top = dirty.top(index);
        const across = dirty.right(index) - left;
        const down = dirty.bottom(index) - top;
        brush.save();
        brush.beginPath();
        brush.rect(left, top, across, down);
        brush.clip();
        brush.fillStyle = PALETTE.screen;
        brush.fillRect(left, top, across, down);
        paint(brush);
        brush.restore();
        rgbaToI420(brush.getImageData(left, top, across, down).data, left, top, across, down, picture, width, height);
      }
      return dirty.count > 0;
    },
    drawTransparent(timeSeconds, talk) {
      computePose(timeSeconds, talk, pose);
      prepareArms(timeSeconds, talk);
      const clear = createCanvas(width, height).getContext('2d');
      paint(clear);
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

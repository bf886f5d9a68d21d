import type { ClipFormat } from '../../messages.js';

/** Longest side of a played clip, in pixels. */
const MAX_SIDE = 1920;
/** Clips play at their own rate up to this, and faster ones at an even fraction of it (50 → 25, 60 → 30). */
const MAX_RATE_FPS = 31;
const FALLBACK_RATE = { numerator: 25, denominator: 1 };

/** A video stream as ffprobe tells it. */
export interface VideoStream {
  /** Coded size, before rotation. */
  readonly width: number;
  readonly height: number;
  /** Such as `30000/1001`, or `0/0`. */
  readonly rate: string;
  /** Width : height of one pixel, such as `1:1`. */
  readonly pixelAspect: string | undefined;
  /** Degrees. */
  readonly rotationDeg: number;
}

const even = (length: number): number => Math.max(2, Math.floor(length / 2) * 2);

/** Decides how a clip is played: sides even and at most 1920, never scaled up, square pixels, upright. */
export const formatOf = (stream: VideoStream, hasAudio: boolean): ClipFormat => {
  const [across, down] = fraction(stream.pixelAspect ?? '1:1') ?? [1, 1];
  const wide = { width: stream.width * (across / down), height: stream.height };
  const upright = Math.abs(stream.rotationDeg) % 180 === 90 ? { width: wide.height, height: wide.width } : wide;
  const scale = Math.min(1, MAX_SIDE / Math.max(upright.width, upright.height));
  const scaled = scale < 1 || across !== down;
  const width = even(scaled ? Math.round(upright.width * scale) : upright.width);
  const height = even(scaled ? Math.round(upright.height * scale) : upright.height);
  const cut = width !== upright.width || height !== upright.height;
  return { width, height, rate: playedRate(stream.rate), resize: scaled ? 'scale' : cut ? 'crop' : 'none', hasAudio };
};

const playedRate = (rate: string): ClipFormat['rate'] => {
  const [numerator, denominator] = fraction(rate) ?? [FALLBACK_RATE.numerator, FALLBACK_RATE.denominator];
  const fps = numerator / denominator;
  if (fps < 1) return FALLBACK_RATE;
  return { numerator, denominator: denominator * Math.ceil(fps / MAX_RATE_FPS) };
};

const fraction = (text: string): [number, number] | null => {
  const match = /^(\d+)[/:](\d+)$/.exec(text);
  const [numerator, denominator] = [Number(match?.[1]), Number(match?.[2])];
  return numerator > 0 && denominator > 0 ? [numerator, denominator] : null;
};

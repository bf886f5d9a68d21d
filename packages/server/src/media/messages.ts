import { z } from 'zod';

const side = z.number().int().min(2).max(1920).multipleOf(2);
const speechId = z.string().min(1).max(64);

/** Geometry and rate at which a clip is played; derived from the file by `probeClip`. */
const clipFormat = z.strictObject({
  /** Even, in pixels. */
  width: side,
  height: side,
  /** Frames a second as a fraction, because 30000/1001 has no exact decimal. */
  rate: z.strictObject({ numerator: z.number().int().positive(), denominator: z.number().int().positive() }),
  /** How the decoded picture comes to that size: untouched, its odd last row or column cut, or scaled. */
  resize: z.enum(['none', 'crop', 'scale']),
  hasAudio: z.boolean(),
});

const mediaSource = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('stand-in'),
    width: side,
    height: side,
    rateFps: z.number().positive().max(60),
    /** Null: the stand-in's own choice. */
    voiceId: z.string().nullable(),
    /** The program espeak-ng; null: it speaks silently. */
    espeakPath: z.string().nullable(),
  }),
  z.strictObject({
    type: z.literal('clip'),
    /** Absolute. */
    path: z.string(),
    /** The program ffmpeg. */
    ffmpegPath: z.string(),
    format: clipFormat,
  }),
  /** A stranger's stream; it has to be composed. */
  z.strictObject({ type: z.literal('whep'), url: z.url(), token: z.string() }),
]);

/** What stands behind a composed avatar; `fit`: how the image fills the canvas. */
const background = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('color'), color: z.string() }),
  z.strictObject({ kind: z.literal('image'), bytes: z.instanceof(Uint8Array), fit: z.enum(['cover', 'contain']) }),
]);

const share = z.number().min(0).max(1).optional();
/** How the source's pictures are composed before they are published. */
const composing = z.strictObject({
  canvas: z.strictObject({ width: side, height: side }),
  framing: z.strictObject({ scale: z.number(), x: z.number(), y: z.number(), crop: z.enum(['none', 'person']) }),
  keying: z.strictObject({
    key: z.string().optional(),
    floor: share,
    ceiling: share,
    hue_tolerance: share,
    detail: share,
    spill: share,
    plate: z.boolean().optional(),
  }),
  background,
});

/** What the parent asks of a media child. A child does one job in its life. */
export const mediaCommand = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('start'),
    source: mediaSource,
    /** Null: the pictures are published as they are. */
    composing: composing.nullable(),
    outlet: z.strictObject({ type: z.literal('whip'), url: z.url(), token: z.string() }),
  }),
  z.strictObject({ type: z.literal('speak'), speechId, text: z.string() }),
  /** Another background for a composed avatar, the newest counts. */
  z.strictObject({ type: z.literal('background'), background, transitionMs: z.number().min(0) }),
  /** Unpublish and exit. */
  z.strictObject({ type: z.literal('stop') }),
]);

/** What a media child says. */
export const mediaReply = z.discriminatedUnion('type', [
  /** Everything is loaded; a job can start. */
  z.strictObject({ type: z.literal('ready') }),
  /** The source is open. */
  z.strictObject({ type: z.literal('started') }),
  /** Connected, first frame sent. */
  z.strictObject({ type: z.literal('published') }),
  z.strictObject({ type: z.literal('speech-accepted'), speechId, audible: z.boolean() }),
  z.strictObject({ type: z.literal('speech-refused'), speechId, code: z.enum(['speech_unsupported', 'speech_busy', 'internal']), reason: z.string() }),
  z.strictObject({ type: z.literal('speech-started'), speechId, text: z.string(), durationMs: z.number().min(0), audible: z.boolean() }),
  z.strictObject({ type: z.literal('speech-ended'), speechId }),
  /** A background could not be shown; the one before stays. */
  z.strictObject({ type: z.literal('background-failed'), reason: z.string() }),
  /** The job is over; the child exits. `message` is for users, `reason` for the log. */
  z.strictObject({ type: z.literal('failed'), code: z.enum(['avatar_failed', 'clip_unreadable']), message: z.string(), reason: z.string() }),
]);

export type ClipFormat = z.infer<typeof clipFormat>;
export type MediaBackground = z.infer<typeof background>;
export type MediaComposing = z.infer<typeof composing>;
export type MediaSource = z.infer<typeof mediaSource>;
export type MediaCommand = z.infer<typeof mediaCommand>;
export type MediaReply = z.infer<typeof mediaReply>;

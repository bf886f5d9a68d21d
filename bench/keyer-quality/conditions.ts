import type { Matrix, Siting } from '@backlot/keyer';

/** How 4:2:0 codes are made of R'G'B'. The range is limited, 8 bits. */
export interface Layout {
  readonly matrix: Matrix;
  readonly siting: Siting;
}

/** How frames travel before they are keyed. */
export type Codec = { readonly kind: 'x264'; readonly crf: number } | { readonly kind: 'vp8'; readonly kilobitsPerSecond: number };

/** A way from the composed picture to the keyer. */
export interface Condition {
  readonly name: string;
  readonly layout: Layout;
  readonly codec: Codec;
}

/** Scenes of a subject's motion, at 25 fps. */
export const SCENES = 10;

const left709: Layout = { matrix: 'bt709', siting: 'left' };
/** What browsers send: libyuv averages 2×2 blocks and counts by BT.601. */
const browser: Layout = { matrix: 'bt601', siting: 'centre' };

/** The main condition, for which the goals are. */
export const BASELINE: Condition = { name: 'CRF 23', layout: left709, codec: { kind: 'x264', crf: 23 } };

/** The others: one thing changed each, and VP8 as WebRTC sends it. */
export const VARIANTS: readonly Condition[] = [
  { name: 'CRF 18', layout: left709, codec: { kind: 'x264', crf: 18 } },
  { name: 'CRF 28', layout: left709, codec: { kind: 'x264', crf: 28 } },
  { name: 'CRF 33', layout: left709, codec: { kind: 'x264', crf: 33 } },
  { name: 'CRF 23, 601', layout: { matrix: 'bt601', siting: 'left' }, codec: { kind: 'x264', crf: 23 } },
  { name: 'CRF 23, centre', layout: { matrix: 'bt709', siting: 'centre' }, codec: { kind: 'x264', crf: 23 } },
  { name: 'VP8 2 Mb/s', layout: browser, codec: { kind: 'vp8', kilobitsPerSecond: 2000 } },
  { name: 'VP8 1 Mb/s', layout: browser, codec: { kind: 'vp8', kilobitsPerSecond: 1000 } },
  { name: 'VP8 0.5 Mb/s', layout: browser, codec: { kind: 'vp8', kilobitsPerSecond: 500 } },
];

/** What `--quick` runs. */
export const QUICK: readonly Condition[] = [BASELINE, ...VARIANTS.filter(({ name }) => name === 'VP8 1 Mb/s')];

const BROWSER_NAMES = ['CRF 23, 601', 'CRF 23, centre', 'VP8 1 Mb/s'];

/** Conditions in which the WebGL build is run too; it is slow without a GPU, and another quality of coding tells little. */
export const IN_BROWSER: readonly Condition[] = [BASELINE, ...VARIANTS.filter(({ name }) => BROWSER_NAMES.includes(name))];

/** Long enough for VP8's rate control to settle, and for the screen to be measured again. */
const VP8_FRAMES = 36;

/**
 * The scenes that are coded, of which the last `count` are scored. x264 at a constant quality and without look-ahead needs
 * no more than those. VP8 gets them back and forth, so that what is scored lies 1.4 s after the key frame.
 */
export const scenesFor = ({ codec }: Condition, count: number): readonly number[] =>
  Array.from({ length: codec.kind === 'x264' ? count : VP8_FRAMES }, (_, frame) => SCENES - 1 - Math.abs(SCENES - 1 - (frame % (2 * SCENES - 2))));

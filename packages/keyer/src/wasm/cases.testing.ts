import type { Matrix } from '../color.js';
import type { KeyingParameters } from '../parameters.js';
import { composeCutout, decodeClip, type Picture } from './pictures.testing.js';

const GREEN = [0, 255, 0] as const;
const STUDIO = [64, 172, 74] as const;
const BLUE = [20, 60, 220] as const;
const studioLight = (x: number, y: number) => 0.9 + 0.14 * Math.cos(2.6 * (x - 0.4)) - 0.16 * (y - 0.3) ** 2;

/** A picture of the shared data and how it is keyed. */
export interface Case {
  readonly name: string;
  readonly picture: () => Picture;
  readonly matrix?: Matrix;
  readonly isFullRange?: boolean;
  readonly parameters?: Partial<KeyingParameters>;
}

const CUTOUTS = ['p_015cd10e', 'p_d684dae3', 'p_bd6af989', 'p_07141906', 'p_51c916fc'];
/** Real clips and cut-outs: screens, codings, sizes and parameters of many kinds. */
export const CASES: readonly Case[] = [
  { name: 'dhlive-man', picture: () => decodeClip('clips/dhlive-man-suit-720x1080.mp4', 3, 720, 1080), matrix: 'bt601', parameters: { siting: 'left' } },
  { name: 'webav-talking-man', picture: () => decodeClip('clips/webav-talking-man-480x512.mp4', 2, 480, 512), matrix: 'bt601' },
  { name: 'aframe-man', picture: () => decodeClip('clips/aframe-man-prop-360x640.mp4', 2, 360, 640) },
  ...CUTOUTS.map((name) => ({ name: `${name} on green`, picture: () => composeCutout(`cutouts/${name}.png`, 1280, 720, GREEN) })),
  {
    name: 'an uneven, noisy studio screen, left-sited',
    picture: () => composeCutout('cutouts/p_bd6af989.png', 640, 360, STUDIO, { light: studioLight, noise: 4, siting: 'left' }),
    parameters: { siting: 'left' },
  },
  {
    name: 'an uneven studio screen by BT.601',
    picture: () => composeCutout('cutouts/p_015cd10e.png', 640, 360, STUDIO, { light: studioLight, matrix: 'bt601' }),
    matrix: 'bt601',
  },
  { name: 'a blue screen of odd size', picture: () => composeCutout('cutouts/p_71bcce3a.png', 333, 251, BLUE) },
  {
    name: 'an odd size, left-sited',
    picture: () => composeCutout('cutouts/p_514ca06a.png', 477, 359, GREEN, { siting: 'left' }),
    parameters: { siting: 'left' },
  },
  { name: 'codes of the full range', picture: () => composeCutout('cutouts/p_bc5cfad1.png', 640, 360, [30, 230, 40]), isFullRange: true },
  {
    name: 'a hard matte without refinement',
    picture: () => composeCutout('cutouts/p_bc5cfad1.png', 320, 180, GREEN),
    parameters: { detail: 0, spill: 0, plate: false, hueGuard: 2, floor: 0.3, ceiling: 0.8 },
  },
];

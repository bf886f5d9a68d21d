import type { Clip } from '../clip.js';

/** The screen's true colour as R'G'B', 0 to 255, clipped, for peers that are told it so. */
export const keyColorOf = ({ key: [y, u, v], layout }: Clip): readonly [number, number, number] => {
  const [kr, kb] = layout.matrix === 'bt601' ? [0.299, 0.114] : [0.2126, 0.0722];
  const luma = (255 / 219) * (y - 16);
  const r = luma + (255 / 112) * (1 - kr) * v;
  const b = luma + (255 / 112) * (1 - kb) * u;
  const clip = (value: number) => Math.round(Math.min(255, Math.max(0, value)));
  return [clip(r), clip((luma - kr * r - kb * b) / (1 - kr - kb)), clip(b)];
};
